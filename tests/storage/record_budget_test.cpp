#include <gtest/gtest.h>

#include "storage/codec.hpp"

namespace sugang {
namespace {

// What an enrollment may cost in the journal, before the page around it: with ids of ten bytes and a trace, and
// without a keyed request.
constexpr std::size_t priced_bytes_max = 450;
constexpr std::size_t free_bytes_max = 300;

const CourseId course{"music-2031"};
const StudentId student{"s-20310042"};
const EnrollmentId enrollment{
    make_uid(TimePoint{Milliseconds{1'900'000'000'000}}, partition_of_name(course.text), 1, 0)};
constexpr Money price{12'000, {}};

/// The records of one append, as its actors make them.
class Joined {
 public:
  explicit Joined(Milliseconds time) : time_(TimePoint{time}) {}

  Joined& add(AggregateId aggregate, Sequence sequence, Step step, Event event) {
    Record record;
    record.aggregate = std::move(aggregate);
    record.sequence = sequence;
    record.id = EventId{make_uid(time_, enrollment.uid.partition(), 7, 0)};
    record.id.uid.low += records_.size();
    record.time = time_;
    record.enrollment = enrollment;
    record.causation = {step, Direction::act};
    record.trace.trace_id.fill(0xa1);
    record.trace.span_id.fill(0xb2);
    record.trace.flags = 1;
    record.event = std::move(event);
    records_.push_back(std::move(record));
    return *this;
  }
  /// Of the one record that holds them all.
  std::size_t bytes() const {
    std::string encoded;
    EXPECT_EQ(encode_events(records_, encoded), records_.size());
    return encoded.size();
  }

 private:
  const TimePoint time_;
  std::vector<Record> records_;
};

constexpr Milliseconds requested_at{1'900'000'000'000};
constexpr Milliseconds approved_at{1'900'000'000'250};
const TimePoint deadline{requested_at + Milliseconds{900'000}};

Joined begun(Money amount, std::int64_t mileage) {
  Joined append{requested_at};
  append
      .add(enrollment, 1, Step::request,
           EnrollmentEvent{
               EnrollmentRequested{.course = course, .student = student, .amount = amount, .mileage = mileage}})
      .add(saga_of(enrollment), 1, Step::request, SagaEvent{SagaStarted{deadline}})
      .add(course, 100'000, Step::hold_seats, CourseEvent{SeatsHeld{enrollment, student, 1}})
      .add(payment_of(enrollment), 1, Step::take_payment,
           PaymentEvent{PaymentRequested{.amount = amount, .mileage = mileage}});
  return append;
}

void settle(Joined& append, std::int64_t mileage) {
  append.add(payment_of(enrollment), 2, Step::take_payment, PaymentEvent{PaymentApproved{mileage}})
      .add(course, 100'001, Step::take_seats, CourseEvent{SeatsTaken{enrollment}})
      .add(enrollment, 2, Step::confirm, EnrollmentEvent{EnrollmentConfirmed{}})
      .add(saga_of(enrollment), 2, Step::none, SagaEvent{SagaCompleted{}});
}

TEST(RecordBudget, OfAPricedLectureInTwoRecords) {
  Joined settled{approved_at};
  settle(settled, 120);
  const auto bytes = begun(price, 120).bytes() + settled.bytes();
  RecordProperty("bytes", static_cast<int>(bytes));
  EXPECT_LE(bytes, priced_bytes_max);
}

TEST(RecordBudget, OfAFreeLectureInOneRecord) {
  auto append = begun({}, 0);
  settle(append, 0);
  RecordProperty("bytes", static_cast<int>(append.bytes()));
  EXPECT_LE(append.bytes(), free_bytes_max);
}

}  // namespace
}  // namespace sugang
