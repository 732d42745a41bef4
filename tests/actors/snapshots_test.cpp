#include "storage/codec.hpp"
#include "tests/simulation/world.hpp"

namespace sugang {
namespace {

/// Every aggregate that grows is loaded from a snapshot and a bounded tail, however many events it has.
struct GrowingAggregates : testing::Test {
  static constexpr std::uint64_t events = 200;
  static constexpr std::uint64_t events_min = 8;

  Durables durables;
  std::unique_ptr<Life> life = std::make_unique<Life>(durables, 1, limits());

  static ActorLimits limits() {
    ActorLimits limits;
    limits.snapshot_events_min = events_min;
    limits.calendar_idle = Milliseconds{0};
    return limits;
  }
  static EnrollmentId enrollment(std::uint64_t n) { return {make_uid(TimePoint{}, {}, n << 2, 0)}; }
  template <class Aggregate>
  void send(const AggregateId& to, typename Aggregate::Command command) {
    life->directory().send(
        to, Task<Aggregate>{.command = std::move(command), .step = {}, .enrollment = enrollment(0), .trace = {}});
    life->settle();
  }
  Recovered load(const AggregateId& id) {
    life->sweep();
    auto recovered = std::make_shared<Recovered>();
    life->journal().wake(id, [recovered](Recovered reported) { *recovered = std::move(reported); });
    life->settle();
    return std::move(*recovered);
  }
  /// The whole state is there behind a tail that does not grow with the events.
  template <class Aggregate>
  void expect_bounded_load(const AggregateId& id, Aggregate (*decode)(std::string_view), std::uint64_t tail_max) {
    const auto history = life->journal().history(id);
    ASSERT_EQ(history.size(), events);
    const auto recovered = load(id);
    ASSERT_TRUE(recovered.snapshot);
    EXPECT_LE(recovered.tail.size(), tail_max);
    auto state = decode(recovered.snapshot->bytes);
    for (const auto& record : recovered.tail) apply(state, std::get<typename Aggregate::Event>(record.event));
    Aggregate folded;
    for (const auto& record : history) apply(folded, std::get<typename Aggregate::Event>(record.event));
    EXPECT_EQ(state, folded);
  }
};

TEST_F(GrowingAggregates, ACalendarIsLoadedFromItsSnapshot) {
  const auto id = AggregateId::calendar_of(InstructorId{"kim"});
  const auto hour = std::chrono::hours{1};
  for (std::uint64_t n = 1; n <= events; ++n) {
    const auto starts = TimePoint{} + hour * static_cast<int>(n);
    send<InstructorCalendar>(id, BookSlot{enrollment(n), {starts, starts + hour}, {}});
  }
  expect_bounded_load(id, decode_calendar, events / 2);
}

}  // namespace
}  // namespace sugang
