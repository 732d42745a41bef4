#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/audit.hpp"
#include "tests/domain/timeline_script.hpp"

namespace sugang {

/// A journal of one course, of three seats, and a script of one enrollment for two of them.
class JournalOf {
 public:
  explicit JournalOf(const TimelineScript& script) : course_(script.course), id_(script.id) {
    auto definition = performance(3);
    definition.price = {price_, {}};
    records_ = script.records();
    insert(0, {.aggregate = course_, .event = CourseEvent{CourseRegistered{definition}}});
  }

  JournalOf& insert(std::size_t index, Record record) {
    records_.insert(records_.begin() + static_cast<std::ptrdiff_t>(index), std::move(record));
    return *this;
  }
  JournalOf& append(AggregateId aggregate, Event event) {
    return insert(records_.size(),
                  {.aggregate = std::move(aggregate), .enrollment = id_, .event = std::move(event)});
  }
  /// Another enrollment, asked for and held.
  JournalOf& hold_for(EnrollmentId other, const StudentId& student, std::uint32_t seats) {
    const Money amount{price_ * seats, {}};
    insert(records_.size(), {.aggregate = other,
                             .enrollment = other,
                             .event = EnrollmentEvent{EnrollmentRequested{
                                 .course = course_, .student = student, .seats = seats, .amount = amount}}});
    return on_course_of(other, SeatsHeld{other, student, seats});
  }
  /// Another enrollment, requested and on the waitlist.
  JournalOf& wait_for(EnrollmentId other, const StudentId& student, std::uint32_t seats, std::uint64_t ticket) {
    const Money amount{price_ * seats, {}};
    insert(records_.size(), {.aggregate = other,
                             .enrollment = other,
                             .event = EnrollmentEvent{EnrollmentRequested{
                                 .course = course_, .student = student, .seats = seats, .amount = amount}}});
    return on_course_of(other, SeatsWaitlisted{other, student, seats, ticket});
  }
  JournalOf& on_course_of(EnrollmentId other, CourseEvent event) {
    return insert(records_.size(), {.aggregate = course_, .enrollment = other, .event = std::move(event)});
  }
  JournalOf& on_course(CourseEvent event) { return append(course_, std::move(event)); }
  JournalOf& on_enrollment(EnrollmentEvent event) { return append(id_, std::move(event)); }
  JournalOf& on_payment(PaymentEvent event) { return append(payment_of(id_), std::move(event)); }
  JournalOf& on_saga(SagaEvent event) { return append(saga_of(id_), std::move(event)); }
  template <class Happened>
  JournalOf& without() {
    std::erase_if(records_, [](const Record& record) { return event_name(record.event) == Happened::name; });
    return *this;
  }

  /// Numbered as a journal numbers them.
  std::vector<Record> records() const {
    auto numbered = records_;
    std::map<AggregateId, Sequence> sequences;
    for (std::size_t i = 0; i < numbered.size(); ++i) {
      numbered[i].position = i + 1;
      numbered[i].sequence = ++sequences[numbered[i].aggregate];
    }
    return numbered;
  }

 private:
  static constexpr std::int64_t price_ = 12'000;

  CourseId course_;
  EnrollmentId id_;
  std::vector<Record> records_;
};

/// The first thing that is broken, or nothing.
inline std::string fault_in(const std::vector<Record>& records) {
  Audit audit;
  for (const auto& record : records)
    if (auto fault = audit.see(record)) return *fault;
  return "";
}
inline std::string fault_in(const JournalOf& journal) { return fault_in(journal.records()); }

}  // namespace sugang
