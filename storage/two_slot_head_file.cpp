#include "storage/two_slot_head_file.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "storage/bytes.hpp"
#include "storage/durable_folder.hpp"
#include "storage/journal.hpp"

namespace sugang {
namespace {

constexpr std::string_view magic = "SGHEAD01";
/// The largest sector of the disks in use.
constexpr std::size_t slot_bytes = 4096;
constexpr std::size_t content_bytes = 32;
constexpr std::size_t written_bytes = content_bytes + 8;

struct Slot {
  std::uint64_t counter = 0;
  Head head;
};

std::string encode_slot(const Slot& slot) {
  std::string bytes{magic};
  put_le(bytes, slot.counter);
  put_le(bytes, slot.head.position);
  put_le(bytes, slot.head.chain);
  put_le(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

std::optional<Slot> decode_slot(std::string_view bytes) {
  if (bytes.size() < written_bytes || !bytes.starts_with(magic)) return std::nullopt;
  const auto content = bytes.substr(0, content_bytes);
  if (ByteReader{bytes.substr(content_bytes)}.le<std::uint64_t>() != XXH3_64bits(content.data(), content.size()))
    return std::nullopt;
  ByteReader in{content.substr(magic.size())};
  Slot slot;
  slot.counter = in.le<std::uint64_t>();
  slot.head.position = in.le<std::uint64_t>();
  slot.head.chain = in.le<std::uint64_t>();
  return slot;
}

off_t offset_of(std::uint64_t counter) { return static_cast<off_t>(counter % 2 * slot_bytes); }

bool write_at(int descriptor, std::string_view bytes, off_t offset) {
  return ::pwrite(descriptor, bytes.data(), bytes.size(), offset) == static_cast<ssize_t>(bytes.size());
}

}  // namespace

TwoSlotHeadFile::TwoSlotHeadFile(std::string path) : path_(std::move(path)) {}

TwoSlotHeadFile::~TwoSlotHeadFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void TwoSlotHeadFile::fail(const char* what) const {
  throw StorageError(std::string{what} + " " + path_ + ": " + std::strerror(errno));
}

void TwoSlotHeadFile::open_existing() {
  if (descriptor_ >= 0) return;
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor_ < 0 && errno != ENOENT) fail("cannot open");
}

std::optional<Head> TwoSlotHeadFile::load() {
  open_existing();
  if (descriptor_ < 0) return std::nullopt;
  std::optional<Slot> newest;
  for (std::uint64_t i = 0; i < 2; ++i) {
    char bytes[written_bytes];
    const auto count = ::pread(descriptor_, bytes, sizeof bytes, offset_of(i));
    if (count < 0) fail("cannot read");
    const auto slot = decode_slot({bytes, static_cast<std::size_t>(count)});
    if (slot && (!newest || slot->counter > newest->counter)) newest = slot;
  }
  if (!newest)
    throw JournalDamaged(
        "journal damaged: it is unknown up to which position it was acknowledged: no slot of the "
        "head file verifies (file " +
        path_ + ")");
  counter_ = newest->counter;
  return newest->head;
}

/// Under another name first, so that a crash leaves no head file or a whole one.
void TwoSlotHeadFile::create(const Head& head) {
  const auto fresh = path_ + ".new";
  const int descriptor = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (descriptor < 0) fail("cannot create");
  const auto bytes = encode_slot({counter_, head});
  const bool written = ::ftruncate(descriptor, 2 * slot_bytes) == 0 &&
                       write_at(descriptor, bytes, offset_of(counter_)) && ::fsync(descriptor) == 0 &&
                       ::rename(fresh.c_str(), path_.c_str()) == 0;
  descriptor_ = descriptor;
  if (!written) fail("cannot create");
  sync_folder(std::filesystem::path{path_}.parent_path());
}

void TwoSlotHeadFile::store(const Head& head) {
  // The counter goes on from the slots' own, whether or not the head was loaded.
  if (descriptor_ < 0) load();
  ++counter_;
  if (descriptor_ < 0) return create(head);
  if (!write_at(descriptor_, encode_slot({counter_, head}), offset_of(counter_))) fail("cannot write");
}

}  // namespace sugang
