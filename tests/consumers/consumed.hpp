#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "consumers/consumers.hpp"
#include "tests/simulation/simulated_time.hpp"
#include "tests/storage/journal_host.hpp"
#include "tests/storage/story.hpp"

namespace sugang {

/// A consumer that keeps what it is given, and is done when the test says so, or at once.
class ScriptedConsumer final : public Consumer {
 public:
  explicit ScriptedConsumer(std::string name) : name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  bool concerns(const Record& record) const override { return concerned(record); }
  void consume(std::span<const Record> records, Done done) override {
    ++calls;
    if (!fault.empty()) throw std::runtime_error(fault);
    for (const auto& record : records) given.push_back(record.position);
    if (at_once) return done();
    waiting.push_back(std::move(done));
  }
  void finish() {
    for (auto& done : std::exchange(waiting, {})) done();
  }

  bool at_once = true;
  std::string fault;
  std::function<bool(const Record&)> concerned = [](const Record&) { return true; };
  std::vector<Position> given;
  int calls = 0;
  std::vector<Done> waiting;

 private:
  std::string name_;
};

/// A journal in memory and what reads it, in steps.
struct Consumed {
  explicit Consumed(Consumers::Limits wanted = {}) : limits(wanted) { open(); }

  void open() {
    journal = std::make_unique<SteppedJournal>(host);
    consumers = std::make_unique<Consumers>(
        **journal, timers, limits, [this](std::string_view what) { reports.emplace_back(what); },
        [this](const std::string& why) { reports.push_back("failed: " + why); },
        [this](const SetAside& entry) { keep_aside(entry); });
  }
  /// What was not committed is forgotten; consumers are to be added again.
  void crash() {
    consumers.reset();
    journal.reset();
    host.restart();
    timers.forget_alarms();
    open();
  }
  Journal& j() { return **journal; }

  void append(std::vector<Record> records) { append_as_owner(j(), std::move(records)); }
  /// As append, and durable; returns the position of the last.
  Position append_durably(std::vector<Record> records) {
    append(std::move(records));
    journal->commit_all();
    return j().durable_position();
  }
  /// So many courses are registered, and that is durable.
  void courses(int count) {
    for (int i = 0; i < count; ++i) append({story.course("c" + std::to_string(next_course++))});
    journal->commit_all();
  }
  EnrollmentId enroll(const std::string& course) {
    const auto id = story.new_enrollment(course);
    for (auto& each : story.enrollment(course, id)) append_as_owner(j(), std::move(each));
    journal->commit_all();
    return id;
  }
  /// Reads of the enrollment's timeline fail from now on; those of its records one after another do not.
  void spoil_timeline(EnrollmentId id) { host.spoil_index(id); }
  /// Until nothing moves without the time.
  void settle() {
    while (consumers->run_once()) {
    }
    journal->commit_all();
  }

  const Consumers::Limits limits;
  MemoryHost host;
  Story story;
  SimulatedTimers timers{story_begin};
  std::vector<std::string> reports;
  std::vector<SetAside> set_aside;
  Consumers::KeepAside keep_aside = [this](const SetAside& entry) { set_aside.push_back(entry); };
  std::unique_ptr<SteppedJournal> journal;
  std::unique_ptr<Consumers> consumers;
  int next_course = 0;
};

}  // namespace sugang
