#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "planned_way.hpp"
#include "reading.hpp"
#include "storage/codec.hpp"
#include "tests/simulation/memory_store.hpp"
#include "views/enrollments_view.hpp"
#include "views/mileage_view.hpp"

namespace sugang {
namespace {

using ::testing::_;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;

const EnrollmentId id{make_uid(test_now, Partition{7}, 1, 0)};
const StudentId student{"s1"};

Record record_of(Position position, AggregateId aggregate, Event event) {
  return {.position = position,
          .aggregate = std::move(aggregate),
          .sequence = 1,
          .id = {make_uid(test_now, {}, position << 2, 2)},
          .time = test_now,
          .enrollment = id,
          .causation = {},
          .trace = {},
          .event = std::move(event)};
}
Record requested(CourseKind kind) {
  return record_of(1, id, EnrollmentEvent{EnrollmentRequested{.course = {"c"}, .student = student, .kind = kind}});
}

Record of_enrollment(Position position, EnrollmentId of, AggregateId aggregate, Event event) {
  auto record = record_of(position, std::move(aggregate), std::move(event));
  record.enrollment = of;
  return record;
}
/// An enrollment whose payment is to earn mileage.
Record earning(Position position, EnrollmentId of, Currency currency = {}) {
  return of_enrollment(position, of, of,
                       EnrollmentEvent{EnrollmentRequested{
                           .course = {"c"}, .student = student, .amount = {7'000, currency}, .mileage = 70}});
}
Record approved(Position position, EnrollmentId of, std::int64_t points) {
  return of_enrollment(position, of, payment_of(of), PaymentEvent{PaymentApproved{points}});
}

/// Keys that the view writes for these records, by the letter of their table.
std::map<char, std::size_t> puts_by_table(View& view, const std::vector<Record>& records) {
  WriteSet changes;
  for (const auto& record : records) view.fold(record);
  view.flush(changes);
  std::map<char, std::size_t> puts;
  for (const auto& change : changes.changes)
    if (change.value) ++puts[change.key[generation_prefix({}, 0).size()]];
  return puts;
}

class RowsWritten : public ::testing::Test {
 protected:
  MemoryStore store_{views_space_count};
};

TEST_F(RowsWritten, OfALectureAreItsRowItsStudentItsCourseAndItsSagaWhichIsCounted) {
  for (const auto kind : {CourseKind::lecture, CourseKind::performance}) {
    EnrollmentsView view{store_, 1, 10};
    EXPECT_THAT(puts_by_table(view, {requested(kind), record_of(2, saga_of(id), SagaEvent{SagaStarted{}})}),
                ElementsAre(Pair('c', 1), Pair('g', 1), Pair('n', 1), Pair('r', 1), Pair('s', 1)));
    EXPECT_THAT(puts_by_table(view, {record_of(3, saga_of(id), SagaEvent{SagaCompleted{}})}),
                ElementsAre(Pair('r', 1)))
        << "no saga runs, so none is counted";
  }
}

TEST_F(RowsWritten, OfANotificationAreOneBesideTheEnrollments) {
  EnrollmentsView view{store_, 1, 10};
  EXPECT_THAT(puts_by_table(view, {requested(CourseKind::lecture)}), Not(Contains(Pair('m', _))));
  EXPECT_THAT(puts_by_table(view, {record_of(2, id, EnrollmentEvent{EnrollmentConfirmed{}})}),
              ElementsAre(Pair('m', 1), Pair('r', 1)));
}

/// Invariant 8: what is folded again is the same row, whatever was unloaded meanwhile.
TEST_F(RowsWritten, OfANotificationAreTheSameWhenTheViewBeginsAgain) {
  const auto confirmed = record_of(2, id, EnrollmentEvent{EnrollmentConfirmed{}});
  const auto cancelled = record_of(3, id, EnrollmentEvent{EnrollmentCancelled{}});
  for (int life = 0; life < 3; ++life) {
    EnrollmentsView view{store_, 1, 0};
    for (const auto& record : {requested(CourseKind::lecture), confirmed, cancelled}) {
      WriteSet changes;
      view.fold(record);
      view.flush(changes);
      store_.write(changes, Sync::no);
    }
  }
  const auto box = NotificationRows{store_, 1}.list(student, 9, {.limit = 10}).items;
  ASSERT_EQ(box.size(), 2u);
  EXPECT_EQ(box[0], make_notice(confirmed, *notice_of(confirmed), student, {"c"}));
  EXPECT_EQ(box[1], make_notice(cancelled, *notice_of(cancelled), student, {"c"}));
  EXPECT_EQ((NotificationRows{store_, 1}.list(student, 2, {.limit = 10}).items.size()), 1u)
      << "those up to a position";
}

TEST_F(RowsWritten, OfAPromotionAreInTheBoxOfItsStudent) {
  const EnrollmentId waiter{make_uid(test_now, Partition{7}, 8, 0)};
  EnrollmentsView view{store_, 1, 10};
  view.fold(requested(CourseKind::lecture));
  auto waiting = record_of(2, waiter, EnrollmentEvent{EnrollmentRequested{.course = {"c"}, .student = {"s2"}}});
  waiting.enrollment = waiter;
  view.fold(waiting);
  view.fold(record_of(3, CourseId{"c"}, CourseEvent{WaiterPromoted{waiter, 1}}));
  WriteSet changes;
  view.flush(changes);
  store_.write(changes, Sync::no);
  EXPECT_TRUE((NotificationRows{store_, 1}.list(student, 9, {.limit = 10}).items.empty()));
  const auto box = NotificationRows{store_, 1}.list({"s2"}, 9, {.limit = 10}).items;
  ASSERT_EQ(box.size(), 1u);
  EXPECT_EQ(box[0].enrollment, waiter);
}

TEST_F(RowsWritten, OfAPaymentThatEarnsAreItsEntryTheBalanceAndItsStudent) {
  MileageView view{store_, 1, 10};
  EXPECT_THAT(puts_by_table(view, {earning(1, id)}), ElementsAre(Pair('e', 1)));
  EXPECT_THAT(puts_by_table(view, {approved(2, id, 70)}), ElementsAre(Pair('b', 1), Pair('l', 1)));
}

TEST_F(RowsWritten, OfAPaymentThatMovesNoPointsAreNone) {
  MileageView view{store_, 1, 10};
  const auto free = record_of(1, id, EnrollmentEvent{EnrollmentRequested{.course = {"c"}, .student = student}});
  const auto of_payment = [&](PaymentEvent event) { return record_of(2, payment_of(id), std::move(event)); };
  EXPECT_THAT(puts_by_table(view, {free, approved(2, id, 0), of_payment(RefundRequested{0})}), ElementsAre());
  EXPECT_THAT(puts_by_table(view, {earning(1, id), of_payment(PaymentDeclined{"no"})}), ElementsAre());
  EXPECT_THAT(puts_by_table(view, {earning(1, id), of_payment(PaymentVoided{})}), ElementsAre());
  EXPECT_THAT(puts_by_table(view, {earning(1, id), approved(2, id, 0), of_payment(RefundRequested{0})}),
              ElementsAre());
}

TEST_F(RowsWritten, OfWhoseAPaymentIsAreGoneOnceItWillMoveNoPoints) {
  MileageView view{store_, 1, 10};
  auto fold = [&](std::vector<Record> records) {
    WriteSet changes;
    for (const auto& record : records) view.fold(record);
    view.flush(changes);
    store_.write(changes, Sync::no);
  };
  const PaymentEvent ends[] = {PaymentDeclined{"no"}, PaymentVoided{}, RefundRequested{0}, RefundRequested{70}};
  const auto row = MileageTables{1}.earners.key(payment_of(id).uid);
  for (const auto& end : ends) {
    fold({earning(1, id)});
    ASSERT_TRUE(store_.get(views_space, row));
    fold({record_of(2, payment_of(id), end)});
    EXPECT_FALSE(store_.get(views_space, row));
  }
}

TEST_F(RowsWritten, OfPendingWorkAreGoneWhenItIsDone) {
  EnrollmentsView view{store_, 1, 10};
  auto keys = [&](char table) {
    std::size_t count = 0;
    const auto prefix = generation_prefix(ViewId::enrollments, 1) + table;
    store_.scan(views_space, prefix, after_prefix(prefix), [&](auto, auto) { return ++count > 0; });
    return count;
  };
  auto fold = [&](const Record& record) {
    WriteSet changes;
    view.fold(record);
    view.flush(changes);
    store_.write(changes, Sync::no);
  };
  fold(requested(CourseKind::product));
  fold(record_of(2, delivery_of(id), DeliveryEvent{DeliveryRequested{}}));
  fold(record_of(3, delivery_of(id), DeliveryEvent{DeliveryStarted{}}));
  fold(record_of(4, coaching_of(id), CoachingEvent{CoachingRequested{}}));
  fold(record_of(5, coaching_of(id), CoachingEvent{CoachingAssigned{{"i1"}}}));
  EXPECT_EQ(keys('e'), 1u);
  EXPECT_EQ(keys('b'), 1u);
  EXPECT_EQ(keys('i'), 1u);
  fold(record_of(6, delivery_of(id), DeliveryEvent{DeliveryCompleted{}}));
  fold(record_of(7, coaching_of(id), CoachingEvent{CoachingReleased{}}));
  EXPECT_EQ(keys('e'), 0u);
  EXPECT_EQ(keys('b'), 0u);
  EXPECT_EQ(keys('d'), 1u);
  EXPECT_EQ(keys('a'), 1u);
  EXPECT_EQ(keys('i'), 0u);
}

TEST_F(RowsWritten, AreReadByTheirContentAndNotByTheirIndexEntry) {
  EnrollmentsView view{store_, 1, 10};
  WriteSet changes;
  view.fold(requested(CourseKind::training));
  view.fold(record_of(2, coaching_of(id), CoachingEvent{CoachingReleased{}}));
  view.flush(changes);
  // As a reader finds it who has read the entries before a write, and the row after it.
  const EnrollmentTables tables{1};
  auto of_enrollment = [&](std::string key) {
    put_uid(key, id.uid);
    return key;
  };
  std::string ticket = tables.waitlist.of_text("c");
  put_be(ticket, std::uint64_t{1});
  changes.put(views_space, ticket, of_enrollment({}));
  changes.put(views_space, of_enrollment(tables.by_coaching.of_state(CoachingState::requested)), {});
  changes.put(views_space, of_enrollment(tables.by_instructor.of_text("i9")), {});
  changes.put(views_space, of_enrollment(tables.by_delivery.of_state(DeliveryState::requested)), {});
  store_.write(changes, Sync::no);
  const EnrollmentRows rows{store_, 1};
  EXPECT_EQ(rows.list(CoachingFilter{}, {.limit = 10}).items.size(), 1u);
  EXPECT_TRUE(rows.list_waitlist({"c"}, {.limit = 10}).items.empty());
  EXPECT_TRUE(rows.list(CoachingFilter{CoachingState::requested, {}}, {.limit = 10}).items.empty());
  EXPECT_TRUE(rows.list(CoachingFilter{{}, InstructorId{"i9"}}, {.limit = 10}).items.empty());
  EXPECT_TRUE(rows.list(DeliveryFilter{DeliveryState::requested, {}}, {.limit = 10}).items.empty());
}

TEST_F(RowsWritten, ThatAreDamagedAreNoRows) {
  const auto lines = MileageTables{1}.lines.of_text("s1");
  const auto rows = NotificationTable{1}.rows.of_text("s1");
  WriteSet damage;
  damage.put(views_space, MileageTables{1}.earners.key(payment_of(id).uid), "US");
  damage.put(views_space, lines + "12345678", "cut");
  damage.put(views_space, rows + "12345678", "cut");
  store_.write(damage, Sync::no);
  EXPECT_THROW((MileageRows{store_, 1}.read(student, {.limit = 10})), DecodeError);
  EXPECT_THROW((MileageView{store_, 1, 10}.fold(approved(2, id, 70))), DecodeError);
  EXPECT_THROW((NotificationRows{store_, 1}.list(student, 9, {.limit = 10})), DecodeError);
  damage.put(views_space, rows + "12345678", std::string(44, '\xff'));
  store_.write(damage, Sync::no);
  EXPECT_THROW((NotificationRows{store_, 1}.list(student, 9, {.limit = 10})), DecodeError);
}

TEST_F(RowsWritten, MakeALedgerInOnePageAddUpThoughTheBalanceHasMovedOn) {
  MileageView view{store_, 1, 10};
  const EnrollmentId other{make_uid(test_now, {}, 5, 5)};
  WriteSet changes;
  for (const auto& record : {earning(1, id), earning(2, other), approved(3, id, 70), approved(4, other, 30)})
    view.fold(record);
  view.flush(changes);
  store_.write(changes, Sync::no);
  // As a reader may find it between whose read of the lines and of the balance a write fell.
  WriteSet later;
  later.put(views_space, MileageTables{1}.balances.key(std::string_view{"s1"}),
            "KRW" + std::string(7, '\0') + '\5');
  store_.write(later, Sync::no);
  EXPECT_EQ((MileageRows{store_, 1}.read(student, {.limit = 10}).balances.at({})), 100);
  EXPECT_EQ((MileageRows{store_, 1}.read(student, {.limit = 1}).balances.at({})), 5);
}

TEST_F(RowsWritten, KeepABalanceForEachCurrency) {
  const Currency dollars{{'U', 'S', 'D'}};
  const EnrollmentId other{make_uid(test_now, {}, 5, 5)};
  // A view for each record finds in the store alone whose a payment is.
  for (const auto& record :
       {earning(1, id), earning(2, other, dollars), approved(3, id, 70), approved(4, other, 30),
        of_enrollment(5, other, payment_of(other), PaymentEvent{RefundRequested{10}})}) {
    MileageView view{store_, 1, 10};
    WriteSet changes;
    view.fold(record);
    view.flush(changes);
    store_.write(changes, Sync::no);
  }
  const MileageBalances expected{{Currency{}, 70}, {dollars, 20}};
  for (const std::size_t limit : {std::size_t{10}, std::size_t{1}})
    EXPECT_EQ((MileageRows{store_, 1}.read(student, {.limit = limit}).balances), expected) << limit;
}

}  // namespace
}  // namespace sugang
