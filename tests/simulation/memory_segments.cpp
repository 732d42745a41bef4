#include "tests/simulation/memory_segments.hpp"

#include <algorithm>
#include <utility>

#include "storage/key_value_store.hpp"

namespace sugang {
namespace {

constexpr std::size_t sector_bytes = 512;

}  // namespace

std::vector<std::uint64_t> MemorySegments::list() const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, segment] : segments_) numbers.push_back(number);
  return numbers;
}

void MemorySegments::create(std::uint64_t number, std::uint64_t bytes) {
  if (std::exchange(disk_is_full_, false)) throw StorageError("cannot create " + name(number) + ": no space left");
  const std::string zeros(bytes, '\0');
  segments_[number] = {zeros, zeros};
}

void MemorySegments::write(std::uint64_t number, std::uint64_t offset, std::string_view bytes) {
  auto& segment = segments_.at(number);
  ++writes_;
  if (writes_left_-- == 0) {
    break_off(segment, offset, bytes);
    throw StorageError("cannot write " + name(number));
  }
  segment.visible.replace(offset, bytes.size(), bytes);
  segment.durable.replace(offset, bytes.size(), bytes);
}

void MemorySegments::break_off(Segment& segment, std::uint64_t offset, std::string_view bytes) {
  // In order, as a short write; or each sector by itself.
  const auto in_order = dice_.chance(30) ? dice_.below(bytes.size() + 1) : std::string::npos;
  for (std::size_t at = 0; at < bytes.size(); at += sector_bytes) {
    auto sector = std::min(sector_bytes, bytes.size() - at);
    if (in_order != std::string::npos) {
      sector = std::min(sector, in_order - std::min(in_order, at));
    } else if (dice_.chance(10)) {
      sector = dice_.below(sector + 1);
    } else if (dice_.chance(40)) {
      continue;
    }
    segment.visible.replace(offset + at, sector, bytes.substr(at, sector));
    if (dice_.chance(50)) segment.durable.replace(offset + at, sector, bytes.substr(at, sector));
  }
}

void MemorySegments::sync(std::uint64_t number) {
  auto& segment = segments_.at(number);
  segment.durable = segment.visible;
}

void MemorySegments::read(std::uint64_t number, std::uint64_t offset, char* to, std::size_t bytes) const {
  const auto& visible = segments_.at(number).visible;
  if (offset + bytes > visible.size()) throw DamagedEntry(name(number) + " is cut short");
  std::copy_n(visible.data() + offset, bytes, to);
}

void MemorySegments::cut_power() {
  for (auto& [number, segment] : segments_) segment.visible = segment.durable;
}

std::string& MemorySegments::bytes_of(std::uint64_t number) { return segments_.at(number).visible; }

}  // namespace sugang
