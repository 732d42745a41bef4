#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "domain/outcome.hpp"
#include "planned_way.hpp"
#include "views/projector.hpp"

namespace sugang {

/// A journal that could have happened: courses of every kind, some with a waitlist, and enrollments that go
/// their ways through one another. The same seed makes the same history.
class RandomHistory {
 public:
  struct Size {
    std::size_t courses = 5;
    std::size_t enrollments = 60;
    std::size_t students = 7;
  };

  explicit RandomHistory(std::uint64_t seed) : RandomHistory(seed, Size{}) {}
  RandomHistory(std::uint64_t seed, Size size) : random_(seed), size_(size) {
    for (std::size_t i = 0; i < size.courses; ++i) add_course(i);
    for (std::size_t i = 0; i < size.enrollments; ++i) {
      if (i == size.enrollments / 2)
        for (std::size_t course = 0; course < size.courses; ++course) end_course(course);
      add_enrollment(i);
    }
    interleave();
  }

  const std::vector<Record>& records() const { return records_; }
  Position end() const { return records_.size(); }

  /// The records up to `*end` alone, which may grow.
  RecordSource source(const Position* end) const {
    return {[this, end](Position after, std::size_t limit) {
              std::vector<Record> read;
              for (auto at = after; at < *end && read.size() < limit; ++at) read.push_back(records_[at]);
              return read;
            },
            [end] { return *end; }};
  }

 private:
  /// What one enrollment, or one course, journals, batch by batch.
  struct Way {
    std::optional<EnrollmentId> enrollment;
    std::vector<Batch> batches;
    std::size_t next = 0;
    bool waits = false;
    bool leaving = false;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  PlannedWay plan(const Enrollee& who) {
    return PlannedWay{who, [this](std::uint64_t bound) { return below(bound); }};
  }
  static CourseId course_id(std::size_t number) { return {"course-" + std::to_string(number)}; }

  void add_course(std::size_t number) {
    const auto id = course_id(number);
    // Half of them are small, so that there is a line.
    const bool small = below(2) == 0;
    definitions_.push_back({.kind = static_cast<CourseKind>((number + below(4)) % 4),
                            .title = "Course " + std::to_string(number),
                            .capacity = static_cast<std::uint32_t>(small ? 4 + below(10) : 100'000),
                            .price = {1'000, {}},
                            .waitlist = small,
                            .seats_per_student = 0});
    journal({{id, CourseEvent{CourseRegistered{definitions_.back()}}, {}}}, std::nullopt);
    Way way;
    for (auto left = below(3); left > 0; --left) {
      CourseRevised revised{.title = "Revised " + std::to_string(below(100)), .capacity = {}, .state = {}};
      way.batches.push_back({{id, CourseEvent{std::move(revised)}, {}}});
    }
    ways_.push_back(std::move(way));
  }

  /// Some of the small ones grow, some close, and some are cancelled, which moves or ends the waitlist.
  void end_course(std::size_t number) {
    if (!definitions_[number].waitlist) return;
    const auto id = course_id(number);
    const Planned advanced{id, CourseCommand{AdvanceWaitlist{}}, act_hold};
    Way way;
    if (below(3) == 0)
      way.batches.push_back(
          {{id, CourseEvent{CourseRevised{{}, definitions_[number].capacity + 4, {}}}, {}}, advanced});
    if (below(3) == 0)
      way.batches.push_back({{id, CourseEvent{CourseRevised{{}, {}, CourseState::closed}}, {}}, advanced});
    if (below(3) == 0) way.batches.push_back({{id, CourseEvent{CourseCancelled{"ill"}}, {}}, advanced});
    ways_.push_back(std::move(way));
  }

  void add_enrollment(std::size_t number) {
    const auto course = below(size_.courses);
    const auto seats = static_cast<std::uint32_t>(1 + below(4));
    const auto minted = TimePoint{Milliseconds{1'700'000'000'000 + static_cast<std::int64_t>(number / 3)}};
    const Partition partition{static_cast<std::uint16_t>(below(partition_count))};
    const Enrollee who{.id = {make_uid(minted, partition, random_(), 0)},
                       .course = course_id(course),
                       .student = {"s" + std::to_string(below(size_.students))},
                       .kind = definitions_[course].kind,
                       .seats = seats,
                       .amount = definitions_[course].price * seats,
                       .mileage = 10 * static_cast<std::int64_t>(seats),
                       .may_wait = definitions_[course].waitlist,
                       .instructor = {"i" + std::to_string(below(3))},
                       .class_at = static_cast<std::int64_t>(number) * 60};
    enrollees_[who.id] = who;
    ways_.push_back(
        {.enrollment = who.id, .batches = plan(who).all(), .next = 0, .waits = false, .leaving = false});
  }

  /// Whether the course takes the enrollment up, or refuses it, which leaves no trace.
  bool is_taken_up(const Batch& batch) const {
    const auto* command = std::get_if<CourseCommand>(&batch.back().step);
    if (!command || !std::holds_alternative<HoldSeats>(*command)) return true;
    return !decide(courses_.at(batch.back().aggregate.name), *command, {}).error;
  }

  void journal(const Batch& batch, const std::optional<EnrollmentId>& enrollment) {
    for (const auto& planned : batch) {
      if (const auto* event = std::get_if<Event>(&planned.step)) {
        journal(planned.aggregate, *event, enrollment, planned.causation);
        continue;
      }
      const auto decision = decide(courses_[planned.aggregate.name], std::get<CourseCommand>(planned.step), {});
      for (const auto& event : decision.events) {
        const auto of = enrollment_in(event);
        journal(planned.aggregate, event, of, of == enrollment ? planned.causation : act_hold);
      }
    }
  }

  void journal(const AggregateId& aggregate, const Event& event, const std::optional<EnrollmentId>& enrollment,
               const Causation& causation) {
    const auto at = TimePoint{Milliseconds{1'700'000'000'000 + static_cast<std::int64_t>(records_.size())}};
    records_.push_back({.position = records_.size() + 1,
                        .aggregate = aggregate,
                        .sequence = ++sequences_[aggregate],
                        .id = {make_uid(at, {}, random_(), 2)},
                        .time = at,
                        .enrollment = enrollment,
                        .causation = causation,
                        .trace = {},
                        .event = event});
    if (const auto* of_course = std::get_if<CourseEvent>(&event)) apply(courses_[aggregate.name], *of_course);
  }

  /// An enrollment on the waitlist waits, unless it leaves; it continues once it is promoted or dismissed.
  bool waits(Way& way) {
    if (!way.waits || way.leaving) return false;
    const auto& who = enrollees_.at(*way.enrollment);
    const auto& course = courses_.at(who.course.text);
    if (!course.tickets.contains(who.id)) {
      way.waits = false;
      if (!course.claims.contains(who.id)) take(way, plan(who).reject());
      return false;
    }
    if (below(12) != 0) return true;
    way.leaving = true;
    take(way, plan(who).leave());
    return false;
  }
  static void take(Way& way, std::vector<Batch> batches) {
    way.batches = std::move(batches);
    way.next = 0;
  }

  /// Journals the way's next batch; false when it is at its end.
  bool go_on(Way& way) {
    if (way.next >= way.batches.size()) return false;
    // A waiter may wait beyond the end of this history.
    if (waits(way)) return below(24) != 0;
    const auto& batch = way.batches[way.next++];
    if (!is_taken_up(batch)) return false;
    journal(batch, way.enrollment);
    if (way.enrollment) {
      const auto& course = courses_.at(enrollees_.at(*way.enrollment).course.text);
      way.waits = course.tickets.contains(*way.enrollment);
    }
    return way.next < way.batches.size() || way.waits;
  }

  void interleave() {
    while (!ways_.empty()) {
      // Mostly among the oldest, so that enrollments begin and end all the time.
      const auto pick = below(std::min<std::size_t>(ways_.size(), 16));
      if (!go_on(ways_[pick])) ways_.erase(ways_.begin() + static_cast<std::ptrdiff_t>(pick));
    }
  }

  static constexpr Causation act_hold{Step::hold_seats, Direction::act};

  std::mt19937_64 random_;
  Size size_;
  std::vector<CourseDefinition> definitions_;
  std::map<EnrollmentId, Enrollee> enrollees_;
  std::map<std::string, Course> courses_;
  std::vector<Way> ways_;
  std::map<AggregateId, Sequence> sequences_;
  std::vector<Record> records_;
};

}  // namespace sugang
