#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "storage/journal_folder.hpp"
#include "tests/storage/story.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {
namespace {

constexpr int enrollments_per_batch = 50;

double cpu_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double wall_micros() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What the journal alone costs: the records are made before the clock starts. Prints its figures, claims nothing,
/// and runs only when SUGANG_MEASURE names a count of enrollments.
TEST(JournalCost, PerEnrollmentOfEightRecords) {
  const char* setting = std::getenv("SUGANG_MEASURE");
  if (setting == nullptr) GTEST_SKIP() << "SUGANG_MEASURE is not set";
  const int batches = std::atoi(setting) / enrollments_per_batch;
  TempFolder folder;
  Story story;
  double append_cpu = 0, commit_cpu = 0, wall = 0;
  {
    JournalFolder place{folder.path().string(),
                        {},
                        {},
                        [](const std::function<void()>& read) { read(); },
                        [](const std::string& why) { FAIL() << why; }};
    auto& journal = place.journal();
    Append course;
    course.records = {story.course("music")};
    journal.append(std::move(course));
    journal.wake_new(CourseId{"music"}, 1);
    for (int batch = 0; batch < batches; ++batch) {
      std::vector<Append> appends;
      for (int i = 0; i < enrollments_per_batch; ++i)
        for (auto& append : story.enrollment("music", story.new_enrollment("music"))) {
          append.then = [] {};
          appends.push_back(std::move(append));
        }
      const auto began = cpu_micros();
      const auto began_wall = wall_micros();
      for (auto& append : appends) journal.append(std::move(append));
      const auto appended = cpu_micros();
      journal.commit_once();
      append_cpu += appended - began;
      commit_cpu += cpu_micros() - appended;
      wall += wall_micros() - began_wall;
    }
    const auto stats = journal.stats();
    const double count = static_cast<double>(batches) * enrollments_per_batch;
    std::printf(
        "per enrollment of 8 records, batches of %d: append %.2f us CPU, commit %.2f us CPU (compactions "
        "included), %.2f us in all by the clock, %.0f bytes; store.write %.2f us\n",
        enrollments_per_batch, append_cpu / count, commit_cpu / count, wall / count,
        static_cast<double>(stats.bytes) / count, static_cast<double>(stats.sync_micros) / count);
  }
  const auto began = cpu_micros();
  JournalFolder place{folder.path().string(),
                      {},
                      {},
                      [](const std::function<void()>& read) { read(); },
                      [](const std::string& why) { FAIL() << why; }};
  std::printf("opened again in %.0f ms CPU\n", (cpu_micros() - began) / 1000);
  const auto verifying = cpu_micros();
  place.journal().verify();
  std::printf("verified in %.0f ms CPU\n", (cpu_micros() - verifying) / 1000);
}

}  // namespace
}  // namespace sugang
