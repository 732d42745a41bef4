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

JournalFolder open(const TempFolder& folder) {
  return {folder.path().string(),
          {},
          {},
          [](const std::function<void()>& read) { read(); },
          [](const std::string& why) { FAIL() << why; }};
}

/// An enrollment's eight events in the appends of its four commands, or as its birth and its settlement.
std::vector<Append> enrollment_in(std::size_t appends, Story& story) {
  const auto id = story.new_enrollment("music");
  auto all = story.enrollment("music", id);
  all[0].created = {id, payment_of(id), saga_of(id)};
  for (auto behind = all.size(); appends == 2 && behind > 0; behind -= 2) {
    auto& records = all[behind - 2].records;
    auto& joined = all[behind - 1];
    records.insert(records.end(), joined.records.begin(), joined.records.end());
    Story::join(records);
    all[behind - 2].owed.insert(all[behind - 2].owed.end(), joined.owed.begin(), joined.owed.end());
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(behind - 1));
  }
  for (auto& append : all) append.then = [](Position) {};
  return all;
}

void measure(int batches, std::size_t appends_each) {
  TempFolder folder;
  Story story;
  double append_cpu = 0, commit_cpu = 0, wall = 0;
  {
    auto place = open(folder);
    auto& journal = place.journal();
    append_as_owner(journal, {story.course("music")});
    journal.commit_once();
    for (int batch = 0; batch < batches; ++batch) {
      std::vector<Append> appends;
      std::vector<AggregateId> loaded;
      for (int i = 0; i < enrollments_per_batch; ++i)
        for (auto& append : enrollment_in(appends_each, story)) {
          for (const auto& id : append.created) journal.wake_new(id), loaded.push_back(id);
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
      for (const auto& id : loaded) journal.forget(id);
    }
    const auto stats = journal.stats();
    const double count = static_cast<double>(batches) * enrollments_per_batch;
    std::printf(
        "per enrollment of 8 events in %zu appends, batches of %d: append %.2f us CPU, commit %.2f us CPU "
        "(compactions included), %.2f us in all by the clock, %.0f bytes; store.write %.2f us\n",
        appends_each, enrollments_per_batch, append_cpu / count, commit_cpu / count, wall / count,
        static_cast<double>(stats.bytes) / count, static_cast<double>(stats.sync_micros) / count);
  }
  const auto began = cpu_micros();
  auto place = open(folder);
  std::printf("opened again in %.0f ms CPU\n", (cpu_micros() - began) / 1000);
  const auto verifying = cpu_micros();
  place.journal().verify();
  std::printf("verified in %.0f ms CPU\n", (cpu_micros() - verifying) / 1000);
}

/// What the journal alone costs: the records are made before the clock starts. Prints its figures, claims nothing,
/// and runs only when SUGANG_MEASURE names a count of enrollments.
TEST(JournalCost, PerEnrollmentOfEightEvents) {
  const char* setting = std::getenv("SUGANG_MEASURE");
  if (setting == nullptr) GTEST_SKIP() << "SUGANG_MEASURE is not set";
  for (const std::size_t appends : {4u, 2u}) measure(std::atoi(setting) / enrollments_per_batch, appends);
}

}  // namespace
}  // namespace sugang
