#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "storage/codec.hpp"
#include "storage/event_codes.hpp"
#include "tests/storage/golden_values.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;

/// The compiler may have been given this file's path relative to the build folder, in which the program stands.
fs::path golden_folder() {
  const auto folder = fs::path{__FILE__}.parent_path() / "golden";
  for (auto build = fs::read_symlink("/proc/self/exe").parent_path();; build = build.parent_path()) {
    if (fs::is_directory(build / folder)) return build / folder;
    if (build == build.root_path()) return folder;
  }
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
    if (i % 32 == 31 || i + 1 == bytes.size()) text += '\n';
  }
  return text;
}

std::string from_hex(std::string_view text) {
  std::string bytes, digits;
  for (char c : text)
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string file_name(std::string_view name, int version) {
  return std::string{name} + ".v" + std::to_string(version) + ".hex";
}

/// With SUGANG_WRITE_GOLDEN set, a file that does not exist yet is made from `bytes_now`; none is ever changed.
std::string read_golden(const std::string& name, const std::string& bytes_now) {
  const auto path = golden_folder() / name;
  if (std::getenv("SUGANG_WRITE_GOLDEN") != nullptr && !fs::exists(path)) std::ofstream{path} << to_hex(bytes_now);
  std::ifstream file{path};
  EXPECT_TRUE(file) << "no golden file " << path;
  return from_hex(std::string{std::istreambuf_iterator<char>{file}, {}});
}

/// Records with their events, as a page gives them.
std::string encoded(const std::vector<Record>& events) {
  std::string bytes;
  EXPECT_EQ(encode_events(events, bytes), events.size());
  return bytes;
}

std::vector<Record> decoded(std::string_view bytes) {
  std::vector<Record> events;
  decode_events(bytes, events);
  return events;
}

void expect_golden(const std::string& name, const std::vector<Record>& events) {
  SCOPED_TRACE(name);
  const auto bytes = read_golden(name, encoded(events));
  EXPECT_EQ(decoded(bytes), events);
  EXPECT_EQ(to_hex(encoded(events)), to_hex(bytes));
}

template <class State, class Decode>
void expect_golden_state(const std::string& name, const State& state, const std::string& bytes_now, Decode decode) {
  SCOPED_TRACE(name);
  const auto bytes = read_golden(file_name(name, 1), bytes_now);
  EXPECT_EQ(decode(bytes), state);
  EXPECT_EQ(to_hex(bytes_now), to_hex(bytes));
  EXPECT_THROW(decode(bytes.substr(0, bytes.size() - 1)), DecodeError);
}

TEST(GoldenFiles, EveryEventDecodesToWhatWasMeantAndIsEncodedAsItWas) {
  for (const auto& event : golden_events())
    expect_golden(file_name(event_name(event.event), event_version(event.event)), {event});
}

TEST(GoldenFiles, EveryEventTypeHasOne) {
  std::set<std::string_view> present, expected;
  for (const auto& event : golden_events()) present.insert(event_name(event.event));
  for_each_event_type([&]<std::size_t I, class E>() { expected.insert(E::name); });
  EXPECT_EQ(present, expected);
}

TEST(GoldenFiles, TheEventsThatBeginAnEnrollmentAreOneRecord) {
  expect_golden("joined-record.v1.hex", golden_beginning());
}

TEST(GoldenFiles, SnapshotsAndSummariesAreAsTheyWereWritten) {
  auto expect_snapshot = [](const std::string& name, const auto& state, auto decode) {
    expect_golden_state(name, state, encode_snapshot(state), decode);
  };
  expect_snapshot("course-snapshot", golden_course(), decode_course);
  expect_snapshot("calendar-snapshot", golden_calendar(), decode_calendar);
  expect_snapshot("webhook-registry-snapshot", golden_webhooks(), decode_webhooks);
  expect_golden_state("enrollment-summary", golden_summary(), encode(golden_summary()), decode_summary);
}

}  // namespace
}  // namespace sugang
