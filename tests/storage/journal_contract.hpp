#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {

inline const AggregateId music{CourseId{"music"}};

/// The claims of storage/journal.hpp, over each store. Every file of them begins with
/// TYPED_TEST_SUITE(JournalContract, JournalHosts).
template <class Host>
class JournalContract : public ::testing::Test {
 protected:
  JournalContract() { open(); }

  void open(Journal::Limits limits = {}) {
    journal.reset();
    journal = std::make_unique<SteppedJournal>(host, limits);
  }
  void reopen() {
    journal.reset();
    host.restart();
    open();
  }
  Journal& j() { return **journal; }

  Ticket append(std::vector<Record> records, std::function<void(Position)> then = {}) {
    return append_as_owner(j(), Append{.records = std::move(records), .then = std::move(then)});
  }
  void append_durably(std::vector<Record> records, std::function<void(Position)> then = {}) {
    append(std::move(records), std::move(then));
    journal->commit_all();
  }
  void append_durably(Append append) {
    append_as_owner(j(), std::move(append));
    journal->commit_all();
  }
  Record held() {
    const auto id = story.new_enrollment("music");
    return story.record(music, CourseEvent{SeatsHeld{id, {"s"}, 1}}, id);
  }
  /// One enrollment from end to end, a batch for each append.
  EnrollmentId enroll(bool one_batch = false) {
    const auto id = story.new_enrollment("music");
    for (auto& each : story.enrollment("music", id)) {
      append_as_owner(j(), std::move(each));
      if (!one_batch) journal->commit_all();
    }
    journal->commit_all();
    return id;
  }
  static std::vector<Sequence> sequences(const std::vector<Record>& records) {
    std::vector<Sequence> all;
    for (const auto& record : records) all.push_back(record.sequence);
    return all;
  }

  Host host;
  Story story;
  std::unique_ptr<SteppedJournal> journal;
};

using JournalHosts = ::testing::Types<MemoryHost, RocksHost>;

}  // namespace sugang
