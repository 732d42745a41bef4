#include "consumers/daily_report.hpp"
#include "tests/consumers/consumer_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "tests/consumers/consumed.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string header = "time,position,enrollmentId,studentId,seats,amount,currency,state";

std::string read_file(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}
void write_file(const fs::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
}

/// The rows without their CRLF; each must have one.
std::vector<std::string> rows_of(const fs::path& path) {
  std::vector<std::string> rows;
  const auto text = read_file(path);
  std::size_t from = 0;
  for (auto end = text.find("\r\n"); end != std::string::npos; end = text.find("\r\n", from)) {
    rows.push_back(text.substr(from, end - from));
    from = end + 2;
  }
  EXPECT_EQ(from, text.size()) << "a row without an end: " << text.substr(from);
  return rows;
}

Record confirmed(Position position, EnrollmentId id, TimePoint time) {
  Record record;
  record.position = position;
  record.aggregate = id;
  record.enrollment = id;
  record.time = time;
  record.event = EnrollmentEvent{EnrollmentConfirmed{}};
  return record;
}

class DailyReports : public ::testing::Test {
 protected:
  void report(const std::vector<Record>& records) {
    DailyReport each{folder.path(), contexts};
    std::vector<Record> concerning;
    for (const auto& record : records)
      if (each.concerns(record)) concerning.push_back(record);
    bool done = false;
    each.consume(concerning, Done{[&](const std::string&) { done = true; }});
    EXPECT_TRUE(done);
  }
  fs::path file(const std::string& course, TimePoint day = story_begin) const {
    return folder.path() / to_text(day).substr(0, 10) / (course + ".csv");
  }

  TempFolder folder{true};
  Consumed node;
  EnrollmentContexts contexts{node.j()};
};

TEST_F(DailyReports, WriteEachChangeOfAnEnrollmentToItsCoursesFile) {
  node.append({node.story.course("music"), node.story.course("chess")});
  const auto first = node.enroll("music");
  node.enroll("chess");
  const auto records = node.j().read(0, 100);
  report(records);
  const auto rows = rows_of(file("music"));
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0], header);
  const auto& requested = records[2];
  const auto student = std::get<EnrollmentRequested>(std::get<EnrollmentEvent>(requested.event)).student.text;
  EXPECT_EQ(rows[1], to_text(requested.time) + ",3," + to_text(first) + "," + student + ",1,12000,KRW,requested");
  EXPECT_THAT(rows[2], EndsWith("," + student + ",1,12000,KRW,confirmed"));
  EXPECT_THAT(rows_of(file("chess")), SizeIs(3));
}

TEST_F(DailyReports, HaveARowForEveryStateThatMatters) {
  node.append({node.story.course("music")});
  const auto id = node.enroll("music");
  Record record = confirmed(100, id, story_begin);
  const std::vector<EnrollmentEvent> events{EnrollmentConfirmed{}, EnrollmentCompleted{}, EnrollmentRejected{"no"},
                                            EnrollmentExpired{},   CancelRequested{"no"}, EnrollmentCancelled{}};
  std::vector<Record> records;
  for (const auto& event : events) {
    record.event = event;
    records.push_back(record);
    ++record.position;
  }
  report(records);
  std::vector<std::string> states;
  for (const auto& row : rows_of(file("music"))) states.push_back(row.substr(row.rfind(',') + 1));
  EXPECT_THAT(states, ElementsAre("state", "confirmed", "completed", "rejected", "expired", "cancelled"));
}

TEST_F(DailyReports, BeginANewFileWithTheUtcDay) {
  node.append({node.story.course("music")});
  const auto id = node.enroll("music");
  const auto midnight = std::chrono::ceil<std::chrono::days>(story_begin);
  report({confirmed(100, id, midnight - Milliseconds{1}), confirmed(101, id, midnight)});
  EXPECT_THAT(rows_of(file("music", story_begin)), SizeIs(2));
  EXPECT_THAT(rows_of(file("music", midnight)), SizeIs(2));
}

TEST_F(DailyReports, WriteNothingTwiceWhenRecordsAreRepeated) {
  node.append({node.story.course("music")});
  for (int i = 0; i < 20; ++i) node.enroll("music");
  const auto records = node.j().read(0, 1'000);
  report(records);
  const auto once = read_file(file("music"));
  report(records);
  EXPECT_EQ(read_file(file("music")), once);
  for (std::size_t from : {1u, 50u, 120u})
    report({records.begin() + static_cast<std::ptrdiff_t>(from), records.end()});
  EXPECT_EQ(read_file(file("music")), once);
}

/// Wherever a crash cuts the file, the rows of repeated records complete it.
TEST_F(DailyReports, RepairARowThatACrashTore) {
  node.append({node.story.course("music")});
  for (int i = 0; i < 5; ++i) node.enroll("music");
  const auto records = node.j().read(0, 1'000);
  report(records);
  const auto whole = read_file(file("music"));
  for (std::size_t kept = 0; kept < whole.size(); ++kept) {
    write_file(file("music"), whole.substr(0, kept));
    report(records);
    ASSERT_EQ(read_file(file("music")), whole) << "cut to " << kept;
  }
  write_file(file("music"), whole + std::string(30'000, '\0'));
  report(records);
  EXPECT_EQ(read_file(file("music")), whole) << "with zeros that a power cut left";
}

TEST_F(DailyReports, LeaveAFileAloneThatIsNotTheirs) {
  node.append({node.story.course("music")});
  node.enroll("music");
  const auto records = node.j().read(0, 1'000);
  report(records);
  const std::vector<std::string> files{"time;position\n2026;7\n", "a,b\r\n", std::string(10'000, 'x'), "x"};
  for (const auto& foreign : files) {
    write_file(file("music"), foreign);
    EXPECT_THROW(report(records), std::runtime_error);
    EXPECT_EQ(read_file(file("music")), foreign);
  }
}

TEST_F(DailyReports, SetAsideWhatConcernsAnEnrollmentThatCannotBeReadAndGoOn) {
  node.append({node.story.course("music")});
  const auto spoiled = node.enroll("music"), sound = node.enroll("music");
  node.crash();
  node.spoil_timeline(spoiled);
  EnrollmentContexts own{node.j(), 1};
  DailyReport reports{folder.path(), own};
  node.consumers->add(reports);
  const auto lost =
      node.append_durably({node.story.record(spoiled, EnrollmentEvent{EnrollmentCancelled{}}, spoiled)});
  node.append({node.story.record(sound, EnrollmentEvent{EnrollmentCancelled{}}, sound)});
  node.journal->commit_all();
  node.settle();
  EXPECT_THAT(rows_of(file("music")), SizeIs(1 + 5));
  ASSERT_THAT(node.set_aside, SizeIs(1));
  EXPECT_EQ(node.set_aside[0].first, lost);
  EXPECT_EQ(state_of(*node.consumers, "daily-report").lag, 0u);
}

TEST_F(DailyReports, AFolderThatCannotBeWrittenIsReported) {
  write_file(folder.path() / "taken", "a file");
  node.append({node.story.course("music")});
  node.enroll("music");
  DailyReport reports{folder.path() / "taken", contexts};
  node.consumers->add(reports);
  node.settle();
  EXPECT_THAT(node.reports, ElementsAre(HasSubstr("daily-report: ")));
  EXPECT_GT(state_of(*node.consumers, "daily-report").lag, 0u);
}

/// Every change stands in the files exactly once, through crashes that come before, between and after the write of
/// a file and that of the cursor.
TEST_F(DailyReports, WriteEverythingOnceThroughCrashes) {
  std::mt19937_64 random{7};
  std::size_t enrolled = 0;
  for (int life = 0; life < 25; ++life) {
    EnrollmentContexts own{node.j(), 3};
    DailyReport reports{folder.path(), own};
    node.consumers->add(reports);
    if (life == 0) node.append({node.story.course("music")});
    for (int i = 0; i < 6; ++i, ++enrolled) {
      node.enroll("music");
      if (random() % 2 == 0) node.consumers->run_once();
      node.timers.advance(Milliseconds{random() % 120});
      if (random() % 2 == 0) node.journal->commit_all();
    }
    if (const auto path = file("music"); fs::exists(path) && random() % 2 == 0) {
      // The cursor stands in front of what the file lost only if it was never synced.
      const auto cursor = node.j().cursor("daily-report");
      auto text = read_file(path);
      const auto row = text.rfind("\r\n", text.size() - 3);
      const auto last = text.substr(row + 2);
      const auto comma = last.find(',');
      if (comma != std::string::npos && std::strtoull(last.c_str() + comma + 1, nullptr, 10) > cursor)
        write_file(path, text.substr(0, text.size() - 1 - random() % last.size()));
    }
    node.crash();
  }
  EnrollmentContexts own{node.j()};
  DailyReport reports{folder.path(), own};
  node.consumers->add(reports);
  node.settle();
  std::vector<Position> reported, expected;
  for (const auto& day : fs::directory_iterator{folder.path()})
    for (const auto& row : rows_of(day.path() / "music.csv"))
      if (row != header) reported.push_back(std::strtoull(row.c_str() + row.find(',') + 1, nullptr, 10));
  for (const auto& record : node.j().read(0, 100'000))
    if (reports.concerns(record)) expected.push_back(record.position);
  EXPECT_EQ(expected.size(), 2 * enrolled);
  EXPECT_EQ(reported, expected);
}

TEST(CsvRow, QuotesAsInRfc4180) {
  EXPECT_EQ(csv_row({"plain", "", "a,b", "say \"no\"", "two\r\nlines", "x"}),
            "plain,,\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\",x\r\n");
}

}  // namespace
}  // namespace sugang
