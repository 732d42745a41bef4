#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "domain/record.hpp"
#include "storage/journal.hpp"

namespace sugang {

inline constexpr TimePoint story_begin{Milliseconds{1'800'000'000'000}};

/// Appends as the actors that have loaded the aggregates: each may continue with the sequence that its record has.
inline Ticket append_as_owner(Journal& journal, Append append) {
  std::set<AggregateId> loaded;
  for (const auto& record : append.records)
    if (loaded.insert(record.aggregate).second) journal.wake_new(record.aggregate, record.sequence - 1);
  return journal.append(std::move(append));
}
inline Ticket append_as_owner(Journal& journal, std::vector<Record> records) {
  Append append;
  append.records = std::move(records);
  return append_as_owner(journal, std::move(append));
}

/// Writes enrollments as a running node would, with the sequences that each aggregate is at.
class Story {
 public:
  Record record(AggregateId aggregate, Event event, std::optional<EnrollmentId> enrollment = std::nullopt) {
    Record record;
    record.sequence = ++sequences_[aggregate];
    record.aggregate = std::move(aggregate);
    record.id = EventId{next_uid()};
    record.time = story_begin + Milliseconds{count_};
    record.enrollment = enrollment;
    record.event = std::move(event);
    return record;
  }

  Record course(const std::string& id, std::uint32_t capacity = 1'000'000) {
    CourseRegistered registered;
    registered.definition.title = "Course " + id;
    registered.definition.capacity = capacity;
    return record(CourseId{id}, CourseEvent{std::move(registered)});
  }

  /// What one enrollment in `lecture` writes from end to end, in the appends that it comes in.
  std::vector<Append> enrollment(const std::string& course, EnrollmentId id) {
    const CourseId c{course};
    const StudentId student{"s" + std::to_string(count_)};
    std::vector<Append> appends(4);
    appends[0].records = {
        record(id, EnrollmentEvent{EnrollmentRequested{c, student, 1, CourseKind::lecture, Money{12'000, {}}}}, id),
        record(saga_of(id), SagaEvent{SagaStarted{story_begin}}, id),
        record(c, CourseEvent{SeatsHeld{id, student, 1}}, id)};
    appends[0].pending = {{saga_of(id), true}};
    appends[1].records = {record(payment_of(id), PaymentEvent{PaymentRequested{Money{12'000, {}}}}, id)};
    appends[2].records = {record(payment_of(id), PaymentEvent{PaymentApproved{}}, id),
                          record(c, CourseEvent{SeatsTaken{id}}, id)};
    appends[3].records = {record(id, EnrollmentEvent{EnrollmentConfirmed{}}, id),
                          record(saga_of(id), SagaEvent{SagaCompleted{}}, id)};
    appends[3].pending = {{saga_of(id), false}};
    for (auto& append : appends) join(append.records);
    return appends;
  }

  EnrollmentId new_enrollment(const std::string& course) {
    const auto random = next_uid();
    return {make_uid(story_begin + Milliseconds{count_}, partition_of_name(course), random.low, 0)};
  }

  Uid next_uid() {
    ++count_;
    return {static_cast<std::uint64_t>(count_) * 0x9e3779b97f4a7c15ULL, static_cast<std::uint64_t>(count_)};
  }

  Sequence sequence(const AggregateId& id) { return sequences_[id]; }

  /// As one command's events: of one time, and with ids that count up.
  static void join(std::vector<Record>& records) {
    for (std::size_t i = 1; i < records.size(); ++i) {
      records[i].time = records[0].time;
      records[i].id.uid = {records[0].id.uid.high, records[0].id.uid.low + i};
    }
  }

 private:
  std::map<AggregateId, Sequence> sequences_;
  std::int64_t count_ = 0;
};

}  // namespace sugang
