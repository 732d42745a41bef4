#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "reading.hpp"
#include "tests/simulation/memory_store.hpp"

namespace sugang {
namespace {

constexpr TimePoint at{Milliseconds{1'700'000'000'000}};

EnrollmentId id(std::uint64_t number) { return {make_uid(at, Partition{7}, number << 2, 0)}; }

/// Some of everything that a view keeps.
std::vector<Record> some_of_everything() {
  const CourseId course{"c"};
  const StudentId student{"s"};
  const TimeSlot slot{at, at + std::chrono::hours{1}};
  const EnrollmentEvent request =
      EnrollmentRequested{.course = course, .student = student, .amount = {1'000, {}}, .mileage = 10};
  std::vector<Record> records;
  auto add = [&](AggregateId aggregate, Event event, std::optional<EnrollmentId> enrollment) {
    records.push_back({.position = records.size() + 1,
                       .aggregate = std::move(aggregate),
                       .sequence = records.size() + 1,
                       .id = {make_uid(at, {}, records.size() << 2, 2)},
                       .time = at,
                       .enrollment = enrollment,
                       .causation = {Step::hold_seats, Direction::act},
                       .trace = {},
                       .event = std::move(event)});
  };
  add(course, CourseEvent{CourseRegistered{{.title = "Title", .capacity = 3, .waitlist = true}}}, {});
  for (std::uint64_t number = 1; number <= 2; ++number) {
    add(id(number), request, id(number));
    add(saga_of(id(number)), SagaEvent{SagaStarted{at}}, id(number));
  }
  add(course, CourseEvent{SeatsHeld{id(1), student, 3}}, id(1));
  add(course, CourseEvent{SeatsWaitlisted{id(2), student, 1, 1}}, id(2));
  add(payment_of(id(1)), PaymentEvent{PaymentRequested{{1'000, {}}, {}, true, 10}}, id(1));
  add(stock_of(id(1)), StockEvent{StockRequested{course, 3}}, id(1));
  add(delivery_of(id(1)), DeliveryEvent{DeliveryRequested{}}, id(1));
  add(coaching_of(id(1)), CoachingEvent{CoachingRequested{}}, id(1));
  add(coaching_of(id(1)), CoachingEvent{CoachingAssigned{{"i"}}}, id(1));
  add(AggregateId::calendar_of({"i"}), CalendarEvent{SlotBooked{id(1), slot}}, id(1));
  add(coaching_of(id(1)), CoachingEvent{CoachingScheduled{slot}}, id(1));
  add(payment_of(id(1)), PaymentEvent{PaymentApproved{10}}, id(1));
  add(stock_of(id(1)), StockEvent{StockPrepared{}}, id(1));
  return records;
}

std::uint64_t digest(const KeyValueStore& store) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto mix = [&](std::string_view bytes) {
    for (char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    hash = (hash ^ bytes.size()) * 0x100000001b3;
  };
  store.scan(views_space, "", "", [&](std::string_view key, std::string_view value) {
    mix(key);
    mix(value);
    return true;
  });
  return hash;
}

/// The mark is in the digest, so raising it asks for the new digest, too.
TEST(ViewsFormat, IsRaisedWheneverTheSameRecordsMakeOtherRows) {
  const auto records = some_of_everything();
  MemoryStore store{views_space_count};
  auto views = make_views({[&](Position after, std::size_t) {
                             const auto first = static_cast<std::ptrdiff_t>(after);
                             return std::vector<Record>(records.begin() + first, records.end());
                           },
                           [&] { return records.size(); }},
                          store);
  while (views.run_once()) continue;
  EXPECT_EQ(digest(store), 13469759506183558745u)
      << "A program with these rows must not read those of the one before: raise views_format, then put the new "
         "digest here.";
}

}  // namespace
}  // namespace sugang
