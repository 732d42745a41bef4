#include "storage/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <span>

#include "storage/event_codes.hpp"
#include "storage/field_codec.hpp"

namespace sugang {
namespace {

// A value of any member type, drawn by rapidcheck.
template <std::integral T>
void draw(T& value) {
  value = *rc::gen::arbitrary<T>();
}
template <NamedEnum T>
void draw(T& value) {
  value = static_cast<T>(*rc::gen::inRange<std::size_t>(0, EnumNames<T>::values.size()));
}
void draw(std::string& value) { value = *rc::gen::arbitrary<std::string>(); }
void draw(TimePoint& value) { value = TimePoint{Milliseconds{*rc::gen::arbitrary<std::int64_t>()}}; }
void draw(Uid& value) {
  draw(value.high);
  draw(value.low);
}
void draw(Currency& value) {
  for (auto& letter : value.code) letter = *rc::gen::inRange('A', 'Z');
}
void draw(Money& value) {
  draw(value.amount);
  draw(value.currency);
}
template <class Tag>
void draw(NamedId<Tag>& value) {
  draw(value.text);
}
template <class Tag>
void draw(ServerId<Tag>& value) {
  draw(value.uid);
}
template <WithFields T>
void draw(T& value);
template <class T>
void draw(std::optional<T>& value) {
  if (*rc::gen::arbitrary<bool>()) draw(value.emplace());
}
template <class T>
void draw(std::vector<T>& values) {
  values.resize(*rc::gen::inRange<std::size_t>(0, 5));
  for (auto& value : values) draw(value);
}
template <WithFields T>
void draw(T& value) {
  T::fields(value, [](std::string_view, auto& member) { draw(member); });
}

Record draw_envelope(AggregateKind kind) {
  Record record;
  record.aggregate.kind = kind;
  if (is_named(kind)) {
    draw(record.aggregate.name);
    record.aggregate.name.resize(std::min<std::size_t>(record.aggregate.name.size(), 255));
  } else {
    draw(record.aggregate.uid);
  }
  draw(record.sequence);
  draw(record.id);
  draw(record.time);
  draw(record.enrollment);
  if (kind == AggregateKind::payment && *rc::gen::arbitrary<bool>()) record.enrollment = {record.aggregate.uid};
  draw(record.causation.step);
  draw(record.causation.direction);
  if (*rc::gen::arbitrary<bool>()) {
    for (auto& byte : record.trace.trace_id) draw(byte);
    for (auto& byte : record.trace.span_id) draw(byte);
    draw(record.trace.flags);
    record.trace.trace_id[0] |= 1;
  }
  return record;
}

std::string encode(const Record& record) {
  std::string bytes;
  encode_events({&record, 1}, bytes);
  return bytes;
}

Record decode_record(std::string_view bytes) {
  std::vector<Record> events;
  decode_events(bytes, events);
  return events.at(0);
}

template <std::size_t I, class E>
void expect_round_trip() {
  SCOPED_TRACE(E::name);
  EXPECT_TRUE(rc::check(std::string{E::name}, [] {
    auto record = draw_envelope(static_cast<AggregateKind>(I));
    E event;
    draw(event);
    record.event.emplace<I>(event);
    const auto bytes = encode(record);
    RC_ASSERT(decode_record(bytes) == record);
    // Whatever is cut off is noticed.
    const auto kept = *rc::gen::inRange<std::size_t>(0, bytes.size());
    RC_ASSERT_THROWS_AS(decode_record(std::string_view{bytes}.substr(0, kept)), DecodeError);
  }));
}

TEST(RecordCodec, GivesBackEveryEventTypeAsItWas) {
  for_each_event_type([]<std::size_t I, class E>() { expect_round_trip<I, E>(); });
}

/// An event that a member of its payload names the enrollment of, or not.
Record draw_neighbour(const Record& first) {
  auto record = draw_envelope(*rc::gen::element(AggregateKind::course, AggregateKind::payment));
  record.time = first.time;
  record.trace = first.trace;
  if (*rc::gen::arbitrary<bool>()) record.enrollment = first.enrollment;
  if (*rc::gen::arbitrary<bool>()) record.id.uid = {first.id.uid.high, first.id.uid.low + 1};
  if (record.aggregate.kind == AggregateKind::payment) {
    if (first.enrollment && *rc::gen::arbitrary<bool>()) record.aggregate.uid = first.enrollment->uid;
    record.event = PaymentEvent{PaymentApproved{}};
    return record;
  }
  SeatsHeld held;
  draw(held);
  if (first.enrollment && *rc::gen::arbitrary<bool>()) held.enrollment = *first.enrollment;
  record.event = CourseEvent{held};
  return record;
}

RC_GTEST_PROP(RecordCodec, GivesBackTheEventsThatItJoined, ()) {
  std::vector<Record> events{draw_envelope(AggregateKind::payment)};
  events[0].event = PaymentEvent{PaymentApproved{}};
  for (auto more = *rc::gen::inRange(0, 20); more > 0; --more) events.push_back(draw_neighbour(events.back()));
  std::vector<Record> decoded;
  for (std::span<const Record> left = events; !left.empty();) {
    std::string bytes;
    const auto joined = encode_events(left, bytes);
    RC_ASSERT(count_events(bytes) == joined);
    const auto before = decoded.size();
    decode_events(bytes, decoded);
    RC_ASSERT(decoded.size() == before + joined);
    left = left.subspan(joined);
  }
  RC_ASSERT(decoded == events);
}

TEST(RecordCodec, JoinsOnlyWhatSharesTimeAndTraceAndConcernsOneEnrollment) {
  auto event = [](int n) {
    Record record;
    record.aggregate = PaymentId{{1, 2}};
    record.id = EventId{{1, static_cast<std::uint64_t>(n)}};
    record.event = PaymentEvent{PaymentApproved{}};
    return record;
  };
  const auto joined = [](const std::vector<Record>& events) {
    std::string bytes;
    return encode_events(events, bytes);
  };
  EXPECT_EQ(joined({event(1), event(2), event(3)}), 3u);
  auto of_one = event(2), of_another = event(3), later = event(3), traced = event(3);
  of_one.enrollment = EnrollmentId{{1, 2}};
  of_another.enrollment = EnrollmentId{{1, 3}};
  later.time += Milliseconds{1};
  traced.trace.trace_id[0] = 1;
  EXPECT_EQ(joined({event(1), of_one, event(3)}), 3u);
  EXPECT_EQ(joined({event(1), of_one, of_another}), 2u);
  EXPECT_EQ(joined({event(1), event(2), later}), 2u);
  EXPECT_EQ(joined({event(1), event(2), traced}), 2u);
  EXPECT_EQ(joined(std::vector<Record>(100, event(1))), events_joined_max);
}

RC_GTEST_PROP(RecordCodec, RefusesAnyBytesWithADecodeErrorOrDecodesThem, (const std::string& bytes)) {
  try {
    decode_record(bytes);
  } catch (const DecodeError&) {
  }
}

RC_GTEST_PROP(RecordCodec, SurvivesAnyByteChanged, ()) {
  auto record = draw_envelope(AggregateKind::saga);
  SagaStepFailed event;
  draw(event);
  record.event = SagaEvent{event};
  auto bytes = encode(record);
  bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  try {
    decode_record(bytes);
  } catch (const DecodeError&) {
  }
}

/// What stands at its default costs nothing, and what differs from it is there again.
TEST(RecordCodec, WritesNoMemberThatIsAtItsDefault) {
  EnrollmentRequested requested{{"music"}, {"s1"}};
  std::string bytes;
  CborWriter out{bytes};
  write_value(out, requested);
  EXPECT_EQ(bytes.find("seats"), std::string::npos);
  EXPECT_EQ(bytes.find("amount"), std::string::npos);
  requested.seats = 2;
  requested.amount.amount = 5;
  bytes.clear();
  write_value(out, requested);
  EXPECT_NE(bytes.find("seats"), std::string::npos);
  EXPECT_NE(bytes.find("amount"), std::string::npos);
  EXPECT_EQ(bytes.find("currency"), std::string::npos);
}

RC_GTEST_PROP(SummaryCodec, GivesBackASummaryAsItWas, ()) {
  EnrollmentSummary summary;
  draw(summary);
  RC_ASSERT(decode_summary(encode(summary)) == summary);
}

/// A line, and what a decoder has to find out from it.
void draw_line(Course& course) {
  std::vector<EnrollmentId> waiting;
  draw(waiting);
  for (const auto& id : waiting) {
    if (course.tickets.contains(id)) continue;
    course.last_ticket += *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
    auto& waiter = course.waitlist[course.last_ticket];
    waiter.enrollment = id;
    draw(waiter.student);
    waiter.seats = *rc::gen::inRange<std::uint32_t>(1, 1'000'000);
    course.tickets[id] = course.last_ticket;
    course.waitlisted += waiter.seats;
    course.waitlist_by_seats.emplace(waiter.seats, course.last_ticket);
    add_to_share(course, waiter.student, id, waiter.seats);
  }
  course.last_ticket += *rc::gen::inRange<std::uint64_t>(0, 5);
}

RC_GTEST_PROP(CourseCodec, GivesBackACourseAsItWas, ()) {
  Course course;
  draw(course.registered);
  draw(course.definition);
  draw(course.definition_version);
  draw(course.held);
  draw(course.taken);
  std::vector<EnrollmentId> claimed;
  draw(claimed);
  for (const auto& id : claimed) {
    auto& claim = course.claims[id];
    draw(claim.student);
    draw(claim.seats);
    draw(claim.taken);
  }
  for (const auto& [id, claim] : course.claims) add_to_share(course, claim.student, id, claim.seats);
  draw_line(course);
  draw(course.cancelled);
  draw(course.cancel_reason);
  std::vector<EnrollmentId> released;
  draw(released);
  for (const auto& id : released) course.released.insert(id);
  const auto bytes = encode_snapshot(course);
  RC_ASSERT(decode_course(bytes) == course);
  RC_ASSERT(encode_snapshot(decode_course(bytes)) == bytes);
}

TEST(CourseCodec, RefusesOneTicketForTwo) {
  Course course;
  course.waitlist[1] = {EnrollmentId{{1, 1}}, {"ann"}, 1};
  course.waitlist[2] = {EnrollmentId{{1, 2}}, {"ben"}, 1};
  auto bytes = encode_snapshot(course);
  const auto second = bytes.find("\x84\x02");
  ASSERT_NE(second, std::string::npos);
  bytes[second + 1] = 1;
  EXPECT_THROW(decode_course(bytes), DecodeError);
}

Record declined(const std::string& reason) {
  Record record;
  record.aggregate = PaymentId{{1, 2}};
  record.sequence = 3;
  record.event = PaymentEvent{PaymentDeclined{reason}};
  return record;
}

/// The record of `declined` with another payload.
std::string with_payload(const std::function<void(CborWriter&)>& write) {
  const auto whole = encode(declined(""));
  std::string payload;
  CborWriter writer{payload};
  write_value(writer, PaymentDeclined{""});
  auto bytes = whole.substr(0, whole.size() - payload.size());
  CborWriter other{bytes};
  write(other);
  return bytes;
}

TEST(OlderPayload, LacksAMemberThatThenHasItsDefault) {
  EXPECT_EQ(decode_record(with_payload([](CborWriter& out) { out.map(0); })), declined(""));
}

TEST(OlderPayload, HasAMemberThatIsGoneAndIsPassedOver) {
  const auto bytes = with_payload([](CborWriter& out) {
    out.map(3);
    out.text("gone");
    out.array(2);
    out.map(1);
    out.text("deep");
    out.integer(-70'000);
    out.bytes("abc");
    out.text("reason");
    out.text("no funds");
    out.text("goneToo");
    out.boolean(true);
  });
  EXPECT_EQ(decode_record(bytes), declined("no funds"));
}

TEST(OlderPayload, HasItsMembersInAnyOrder) {
  std::string bytes;
  CborWriter out{bytes};
  out.map(2);
  out.text("reason");
  out.text("why");
  out.text("cause");
  out.text("expired");
  SagaTurned turned;
  CborReader in{bytes};
  read_value(in, turned);
  EXPECT_EQ(turned, (SagaTurned{TurnCause::expired, "why"}));
}

TEST(RecordCodec, RefusesAVersionFromTheFuture) {
  auto bytes = encode(declined("no"));
  // Behind flags, count, time, type.
  bytes[12] = static_cast<char>(payload_version<PaymentDeclined>() + 1);
  EXPECT_THROW(decode_record(bytes), DecodeError);
}

TEST(RecordCodec, RefusesAMapThatClaimsMoreThanThereIs) {
  EXPECT_THROW(decode_record(with_payload([](CborWriter& out) { out.map(~0ULL); })), DecodeError);
  EXPECT_THROW(decode_record(with_payload([](CborWriter& out) { out.array(~0ULL); })), DecodeError);
}

TEST(RecordCodec, RefusesNestingWithoutEnd) {
  EXPECT_THROW(decode_record(with_payload([](CborWriter& out) {
                 out.map(1);
                 out.text("gone");
                 for (int i = 0; i < 10'000; ++i) out.array(1);
               })),
               DecodeError);
}

TEST(RecordCodec, RefusesToWriteAnEventUnderAnotherKindOfAggregate) {
  auto record = declined("no");
  record.aggregate = SagaId{{1, 2}};
  EXPECT_THROW(encode(record), std::invalid_argument);
}

}  // namespace
}  // namespace sugang
