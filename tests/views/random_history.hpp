#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "domain/outcome.hpp"
#include "views/projector.hpp"

namespace sugang {

/// A journal that could have happened: courses, and enrollments that go their ways through one another, each way
/// one of those that a saga can take. The same seed makes the same history.
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
    for (std::size_t i = 0; i < size.enrollments; ++i) add_enrollment(i);
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

  /// What the lists must show after `end` records: the folds of the timelines, by id.
  std::map<EnrollmentId, EnrollmentSummary> enrollments(Position end) const {
    std::map<EnrollmentId, EnrollmentSummary> folds;
    for (Position at = 0; at < end; ++at)
      if (records_[at].enrollment) apply(folds[*records_[at].enrollment], records_[at]);
    std::erase_if(folds, [](const auto& entry) { return entry.second.state == EnrollmentState::none; });
    return folds;
  }
  std::map<std::string, CourseSnapshot> courses(Position end, TimePoint now) const {
    std::map<std::string, std::pair<Course, Sequence>> folds;
    for (Position at = 0; at < end; ++at) {
      const auto* event = std::get_if<CourseEvent>(&records_[at].event);
      if (!event) continue;
      auto& [course, sequence] = folds[records_[at].aggregate.name];
      apply(course, *event);
      sequence = records_[at].sequence;
    }
    std::map<std::string, CourseSnapshot> snapshots;
    for (const auto& [name, fold] : folds) {
      const auto& [course, sequence] = fold;
      snapshots[name] = {.id = {name},
                         .definition = course.definition,
                         .state = state_at(course.definition, now),
                         .definition_version = course.definition_version,
                         .sequence = sequence,
                         .held = course.held,
                         .taken = course.taken,
                         .waitlisted = 0};
    }
    return snapshots;
  }

 private:
  struct Planned {
    AggregateId aggregate;
    Event event;
    Causation causation;
  };
  using Batch = std::vector<Planned>;
  /// What one enrollment, or one course, journals, batch by batch.
  struct Way {
    std::optional<EnrollmentId> enrollment;
    std::vector<Batch> batches;
    std::size_t next = 0;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  static CourseId course_id(std::size_t number) { return {"course-" + std::to_string(number)}; }

  void add_course(std::size_t number) {
    const auto id = course_id(number);
    CourseDefinition definition{.kind = number % 2 ? CourseKind::performance : CourseKind::lecture,
                                .title = "Course " + std::to_string(number),
                                .capacity = 100'000,
                                .price = {1'000, {}},
                                .seats_per_student = 0};
    Way way;
    way.batches.push_back({{id, CourseEvent{CourseRegistered{definition}}, {}}});
    for (auto left = below(3); left > 0; --left) {
      CourseRevised revised{.title = "Revised " + std::to_string(below(100)), .capacity = {}, .state = {}};
      way.batches.push_back({{id, CourseEvent{std::move(revised)}, {}}});
    }
    first_batches_.push_back(way.batches.front());
    way.batches.erase(way.batches.begin());
    ways_.push_back(std::move(way));
  }

  void add_enrollment(std::size_t number) {
    const EnrollmentId id{
        make_uid(TimePoint{Milliseconds{1'700'000'000'000 + static_cast<std::int64_t>(number / 3)}},
                 Partition{static_cast<std::uint16_t>(below(partition_count))}, random_(), 0)};
    const auto course = course_id(below(size_.courses));
    const StudentId student{"s" + std::to_string(below(size_.students))};
    const auto seats = static_cast<std::uint32_t>(1 + below(4));
    const Money amount{1'000 * static_cast<std::int64_t>(seats), {}};
    const auto method = PaymentMethod::test_approve;
    Way way{.enrollment = id, .batches = {}, .next = 0};
    auto add = [&](std::vector<Planned> batch) { way.batches.push_back(std::move(batch)); };
    const Causation hold{Step::hold_seats, Direction::act}, pay{Step::take_payment, Direction::act},
        take{Step::take_seats, Direction::act}, confirm{Step::confirm, Direction::act},
        release{Step::hold_seats, Direction::undo}, refund{Step::take_payment, Direction::undo};
    const CourseEvent released = SeatsReleased{id, seats};

    // One in twelve was undone before it was asked for, and half of those were never asked for at all.
    if (below(12) == 0) {
      add({{course, CourseEvent{SeatsReleased{id, 0}}, release}});
      if (below(2) == 0) return ways_.push_back(std::move(way));
    }
    Batch first;
    if (below(3) == 0)
      first.push_back({RequestId{make_uid({}, {}, random_(), 1)}, RequestEvent{RequestClaimed{{}, id}}, {}});
    first.push_back(
        {id,
         EnrollmentEvent{EnrollmentRequested{course, student, seats, CourseKind::lecture, amount, method}},
         {Step::request, Direction::act}});
    first.push_back({saga_of(id), SagaEvent{SagaStarted{}}, {}});
    first.push_back({course, CourseEvent{SeatsHeld{id, student, seats}}, hold});
    add(std::move(first));
    add({{payment_of(id), PaymentEvent{PaymentRequested{amount, method}}, pay}});

    const auto way_taken = below(6);
    if (way_taken == 0) {  // declined
      add({{payment_of(id), PaymentEvent{PaymentDeclined{"no"}}, pay}});
      add({{saga_of(id), SagaEvent{SagaTurned{TurnCause::declined, "no"}}, {}}});
      add({{course, released, release}, {id, EnrollmentEvent{EnrollmentRejected{"no"}}, {}}});
      add({{saga_of(id), SagaEvent{SagaCompensated{}}, {}}});
    } else if (way_taken == 1) {  // expired
      add({{saga_of(id), SagaEvent{SagaStepFailed{Step::take_payment, Direction::act, 1, "silence"}}, {}}});
      add({{saga_of(id), SagaEvent{SagaTurned{TurnCause::expired, "late"}}, {}}, {course, released, release}});
      add({{payment_of(id), PaymentEvent{PaymentVoidRequested{}}, refund}});
      add({{payment_of(id), PaymentEvent{PaymentVoided{}}, refund},
           {id, EnrollmentEvent{EnrollmentExpired{}}, {}}});
      add({{saga_of(id), SagaEvent{SagaCompensated{}}, {}}});
    } else if (way_taken > 2) {  // confirmed; way 2 is still on its way
      add({{payment_of(id), PaymentEvent{PaymentApproved{}}, pay}, {course, CourseEvent{SeatsTaken{id}}, take}});
      add({{id, EnrollmentEvent{EnrollmentConfirmed{}}, confirm}, {saga_of(id), SagaEvent{SagaCompleted{}}, {}}});
    }
    if (way_taken == 3 || way_taken == 4) {  // cancelled; and one of them stuck
      add({{id, EnrollmentEvent{CancelRequested{"changed my mind"}}, {}},
           {saga_of(id), SagaEvent{SagaTurned{TurnCause::cancelled, "changed my mind"}}, {}}});
      add({{course, released, release}, {payment_of(id), PaymentEvent{RefundRequested{}}, refund}});
      if (way_taken == 4) {
        add({{saga_of(id), SagaEvent{SagaStuck{Step::take_payment, Direction::undo, "refused"}}, {}}});
      } else {
        add({{payment_of(id), PaymentEvent{PaymentRefunded{}}, refund},
             {id, EnrollmentEvent{EnrollmentCancelled{}}, {}}});
        add({{saga_of(id), SagaEvent{SagaCompensated{}}, {}}});
      }
    }
    ways_.push_back(std::move(way));
  }

  void journal(const Batch& batch, const std::optional<EnrollmentId>& enrollment) {
    for (const auto& step : batch) {
      const auto at = TimePoint{Milliseconds{1'700'000'000'000 + static_cast<std::int64_t>(records_.size())}};
      records_.push_back({.position = records_.size() + 1,
                          .aggregate = step.aggregate,
                          .sequence = ++sequences_[step.aggregate],
                          .id = {make_uid(at, {}, random_(), 2)},
                          .time = at,
                          .enrollment = enrollment,
                          .causation = step.causation,
                          .trace = {},
                          .event = step.event});
    }
  }

  void interleave() {
    for (const auto& batch : first_batches_) journal(batch, std::nullopt);
    while (!ways_.empty()) {
      // Mostly among the oldest, so that enrollments begin and end all the time.
      const auto pick = below(std::min<std::size_t>(ways_.size(), 12));
      auto& way = ways_[pick];
      if (way.next < way.batches.size()) journal(way.batches[way.next++], way.enrollment);
      if (way.next >= way.batches.size()) ways_.erase(ways_.begin() + static_cast<std::ptrdiff_t>(pick));
    }
  }

  std::mt19937_64 random_;
  Size size_;
  std::vector<Batch> first_batches_;
  std::vector<Way> ways_;
  std::map<AggregateId, Sequence> sequences_;
  std::vector<Record> records_;
};

}  // namespace sugang
