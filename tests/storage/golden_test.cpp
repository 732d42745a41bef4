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

TEST(GoldenFiles, EveryVersionOfEveryEventDecodesToWhatWasMeant) {
  for (const auto& [version, record] : golden_records()) {
    SCOPED_TRACE(event_name(record.event));
    const auto bytes = read_golden(file_name(event_name(record.event), version), encode(record));
    EXPECT_EQ(decode_record(bytes), record);
  }
}

TEST(GoldenFiles, TodaysBytesAreThoseOfTheCurrentVersion) {
  for (const auto& [version, record] : golden_records()) {
    if (version != event_version(record.event)) continue;
    SCOPED_TRACE(event_name(record.event));
    const auto bytes = encode(record);
    EXPECT_EQ(to_hex(bytes), to_hex(read_golden(file_name(event_name(record.event), version), bytes)));
  }
}

TEST(GoldenFiles, EveryEventTypeHasOneOfEachVersion) {
  std::set<std::string> present, expected;
  for (const auto& [version, record] : golden_records())
    present.insert(file_name(event_name(record.event), version));
  for_each_event_type([&]<std::size_t I, class E>() {
    for (int version = 1; version <= E::version; ++version) expected.insert(file_name(E::name, version));
  });
  EXPECT_EQ(present, expected);
}

TEST(GoldenFiles, EveryVersionOfACourseSnapshotDecodesToWhatWasMeant) {
  for (int version = 1; version <= course_version; ++version) {
    SCOPED_TRACE(version);
    const auto course = golden_course(version);
    const auto bytes = read_golden(file_name("course-snapshot", version), encode_snapshot(course));
    EXPECT_EQ(decode_course(bytes), course);
    if (version == course_version) EXPECT_EQ(to_hex(encode_snapshot(course)), to_hex(bytes));
  }
}

TEST(GoldenFiles, TheSnapshotsOfTheOtherParticipantsThatGrowAreAsTheyWereWritten) {
  auto expect_golden = [](const std::string& name, const auto& state, auto decode) {
    SCOPED_TRACE(name);
    const auto bytes = read_golden(file_name(name, 1), encode_snapshot(state));
    EXPECT_EQ(decode(bytes), state);
    EXPECT_EQ(to_hex(encode_snapshot(state)), to_hex(bytes));
    EXPECT_THROW(decode(bytes.substr(0, bytes.size() - 1)), DecodeError);
  };
  expect_golden("calendar-snapshot", golden_calendar(), decode_calendar);
  expect_golden("mileage-account-snapshot", golden_account(), decode_account);
  expect_golden("notification-box-snapshot", golden_box(), decode_box);
}

TEST(GoldenFiles, EveryVersionOfAnEnrollmentSummaryDecodesToWhatWasMeant) {
  for (int version = 1; version <= summary_version; ++version) {
    SCOPED_TRACE(version);
    const auto summary = golden_summary(version);
    const auto bytes = read_golden(file_name("enrollment-summary", version), encode(summary));
    EXPECT_EQ(decode_summary(bytes), summary);
    if (version == summary_version) EXPECT_EQ(to_hex(encode(summary)), to_hex(bytes));
  }
}

}  // namespace
}  // namespace sugang
