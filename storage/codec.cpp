#include "storage/codec.hpp"

#include <algorithm>
#include <concepts>
#include <stdexcept>
#include <type_traits>

#include "storage/bytes.hpp"
#include "storage/event_codes.hpp"
#include "storage/field_codec.hpp"

namespace sugang {
namespace {

// The layouts stand in docs/journal-format.md.
constexpr std::uint8_t names_enrollment = 1;
constexpr std::uint8_t has_trace = 2;
constexpr std::uint8_t envelope_flags = names_enrollment | has_trace;

constexpr std::uint8_t undoes = 1;
constexpr std::uint8_t concerns_enrollment = 2;
/// The aggregate's bits are the enrollment's, and are not written again.
constexpr std::uint8_t shares_uid = 4;
/// The event's id is the one before it, plus one.
constexpr std::uint8_t counts_up = 8;
constexpr std::uint8_t event_flags = undoes | concerns_enrollment | shares_uid | counts_up;

struct EventType {
  std::uint16_t code = 0;
  std::uint16_t version = 0;
};

/// What the events of a record share.
struct Envelope {
  TimePoint time{};
  std::optional<EnrollmentId> enrollment;
  TraceContext trace;
};

EventType type_of(const Event& event) {
  return std::visit(
      [](const auto& of_aggregate) {
        return std::visit(
            []<class E>(const E&) {
              return EventType{event_code<E>, payload_version<E>()};
            },
            of_aggregate);
      },
      event);
}

EventId after(EventId id) { return {{id.uid.high, id.uid.low + 1}}; }

/// The count of those among the first of `events` that go into one record, and its envelope.
std::size_t join(std::span<const Record> events, Envelope& envelope) {
  envelope = {events.front().time, std::nullopt, events.front().trace};
  std::size_t count = 0;
  for (const auto& event : events.first(std::min(events.size(), events_joined_max))) {
    if (event.time != envelope.time || event.trace != envelope.trace) break;
    if (event.enrollment && envelope.enrollment && event.enrollment != envelope.enrollment) break;
    if (event.enrollment) envelope.enrollment = event.enrollment;
    ++count;
  }
  return count;
}

/// An event before its payload is read: members that name the record's enrollment are left out of the payload.
template <class E>
E default_event(const std::optional<EnrollmentId>& enrollment) {
  E event;
  E::fields(event, [&](std::string_view, auto& member) {
    if constexpr (std::same_as<std::remove_reference_t<decltype(member)>, EnrollmentId>)
      member = enrollment.value_or(EnrollmentId{});
  });
  return event;
}

void put_envelope(std::string& out, const Envelope& envelope, std::size_t count) {
  const bool traced = envelope.trace.present();
  out.push_back(static_cast<char>((envelope.enrollment ? names_enrollment : 0) | (traced ? has_trace : 0)));
  out.push_back(static_cast<char>(count));
  put_le(out, envelope.time.time_since_epoch().count());
  if (envelope.enrollment) put_uid(out, envelope.enrollment->uid);
  if (!traced) return;
  const auto& trace = envelope.trace;
  out.append(reinterpret_cast<const char*>(trace.trace_id.data()), trace.trace_id.size());
  out.append(reinterpret_cast<const char*>(trace.span_id.data()), trace.span_id.size());
  out.push_back(static_cast<char>(trace.flags));
}

TraceContext take_trace(ByteReader& in) {
  TraceContext trace;
  const auto bytes = in.take(trace.trace_id.size() + trace.span_id.size() + 1);
  if (!in.ok()) return trace;
  std::copy_n(bytes.begin(), trace.trace_id.size(), trace.trace_id.begin());
  std::copy_n(bytes.begin() + trace.trace_id.size(), trace.span_id.size(), trace.span_id.begin());
  trace.flags = static_cast<std::uint8_t>(bytes.back());
  if (!trace.present()) throw DecodeError("a trace id is not zero");
  return trace;
}

std::size_t take_count(ByteReader& in, std::uint8_t& flags) {
  flags = in.le<std::uint8_t>();
  const std::size_t count = in.le<std::uint8_t>();
  if (!in.ok()) throw DecodeError("record is cut");
  if ((flags & ~envelope_flags) != 0) throw DecodeError("record with unknown flags");
  if (count == 0 || count > events_joined_max) throw DecodeError("record of an impossible count of events");
  return count;
}

Envelope take_envelope(ByteReader& in, std::uint8_t flags) {
  Envelope envelope;
  envelope.time = TimePoint{Milliseconds{in.le<std::int64_t>()}};
  if ((flags & names_enrollment) != 0) envelope.enrollment = EnrollmentId{in.uid()};
  if ((flags & has_trace) != 0) envelope.trace = take_trace(in);
  return envelope;
}

void put_aggregate(std::string& out, const AggregateId& id) {
  if (!is_named(id.kind)) return put_uid(out, id.uid);
  if (id.name.size() > 0xff) throw std::invalid_argument("a name is longer than the journal can write");
  out.push_back(static_cast<char>(id.name.size()));
  out.append(id.name);
}

AggregateId take_aggregate(ByteReader& in, AggregateKind kind) {
  AggregateId id;
  id.kind = kind;
  if (is_named(kind)) {
    id.name = in.take(in.le<std::uint8_t>());
  } else {
    id.uid = in.uid();
  }
  return id;
}

void put_event(std::string& out, const Record& record, const Envelope& envelope, bool id_counts_up) {
  if (record.event.index() != static_cast<std::size_t>(record.aggregate.kind))
    throw std::invalid_argument("an event stands under an aggregate of another kind");
  const auto type = type_of(record.event);
  const bool uid_is_shared =
      envelope.enrollment && !is_named(record.aggregate.kind) && record.aggregate.uid == envelope.enrollment->uid;
  put_le(out, type.code);
  put_varint(out, type.version);
  out.push_back(static_cast<char>(record.causation.step));
  out.push_back(static_cast<char>((record.causation.direction == Direction::undo ? undoes : 0) |
                                  (record.enrollment ? concerns_enrollment : 0) | (uid_is_shared ? shares_uid : 0) |
                                  (id_counts_up ? counts_up : 0)));
  put_varint(out, record.sequence);
  if (!uid_is_shared) put_aggregate(out, record.aggregate);
  if (!id_counts_up) put_uid(out, record.id.uid);
  CborWriter payload{out};
  std::visit(
      [&](const auto& of_aggregate) {
        std::visit(
            [&]<class E>(const E& event) { write_members(payload, event, default_event<E>(envelope.enrollment)); },
            of_aggregate);
      },
      record.event);
}

/// A later version of an event type only adds members that have a default, so every version ever written decodes by
/// the one way of reading a map.
Event take_payload(ByteReader& in, EventType type, const Envelope& envelope) {
  std::optional<Event> event;
  for_each_event_type([&]<std::size_t I, class E>() {
    if (type.code != event_code<E>) return;
    if (type.version == 0 || type.version > payload_version<E>()) throw DecodeError("event of an unknown version");
    auto decoded = default_event<E>(envelope.enrollment);
    CborReader payload{in.rest()};
    read_value(payload, decoded);
    in = ByteReader{payload.rest()};
    event.emplace(std::in_place_index<I>, std::move(decoded));
  });
  if (!event) throw DecodeError("event of an unknown type");
  return *std::move(event);
}

/// `before`: the event before it in the record, if any.
Record take_event(ByteReader& in, const Envelope& envelope, const Record* before) {
  EventType type;
  type.code = in.le<std::uint16_t>();
  type.version = static_cast<std::uint16_t>(std::min<std::uint64_t>(in.varint(), 0xffff));
  const auto kind = (type.code >> 8) - 1;
  const auto step = in.le<std::uint8_t>();
  const auto flags = in.le<std::uint8_t>();
  if (!in.ok()) throw DecodeError("event is cut");
  if (kind < 0 || kind >= static_cast<int>(EnumNames<AggregateKind>::values.size()))
    throw DecodeError("event of an unknown kind of aggregate");
  if (step >= EnumNames<Step>::values.size()) throw DecodeError("event of an unknown step");
  if ((flags & ~event_flags) != 0) throw DecodeError("event with unknown flags");
  if ((flags & (concerns_enrollment | shares_uid)) != 0 && !envelope.enrollment)
    throw DecodeError("event of an enrollment that its record does not name");

  Record record;
  record.time = envelope.time;
  record.trace = envelope.trace;
  record.causation = {static_cast<Step>(step), (flags & undoes) != 0 ? Direction::undo : Direction::act};
  if ((flags & concerns_enrollment) != 0) record.enrollment = envelope.enrollment;
  record.sequence = in.varint();
  record.aggregate.kind = static_cast<AggregateKind>(kind);
  if ((flags & shares_uid) == 0) {
    record.aggregate = take_aggregate(in, record.aggregate.kind);
  } else if (is_named(record.aggregate.kind)) {
    throw DecodeError("event of an aggregate that has a name and no uid");
  } else {
    record.aggregate.uid = envelope.enrollment->uid;
  }
  if ((flags & counts_up) == 0) {
    record.id.uid = in.uid();
  } else if (before == nullptr) {
    throw DecodeError("the first event of a record has no id");
  } else {
    record.id = after(before->id);
  }
  if (!in.ok()) throw DecodeError("event is cut");
  record.event = take_payload(in, type, envelope);
  return record;
}

}  // namespace

std::size_t encode_events(std::span<const Record> events, std::string& out) {
  Envelope envelope;
  const auto count = join(events, envelope);
  put_envelope(out, envelope, count);
  for (std::size_t i = 0; i < count; ++i)
    put_event(out, events[i], envelope, i > 0 && events[i].id == after(events[i - 1].id));
  return count;
}

std::size_t count_events(std::string_view bytes) {
  ByteReader in{bytes};
  std::uint8_t flags = 0;
  return take_count(in, flags);
}

void decode_events(std::string_view bytes, std::vector<Record>& events) {
  ByteReader in{bytes};
  std::uint8_t flags = 0;
  const auto count = take_count(in, flags);
  const auto envelope = take_envelope(in, flags);
  const auto first = events.size();
  for (std::size_t i = 0; i < count; ++i)
    events.push_back(take_event(in, envelope, events.size() == first ? nullptr : &events.back()));
  if (!in.at_end()) throw DecodeError("bytes after the record");
}

std::string encode(const EnrollmentSummary& summary) {
  std::string out;
  out.reserve(512);
  CborWriter writer{out};
  write_value(writer, summary);
  return out;
}

EnrollmentSummary decode_summary(std::string_view bytes) {
  EnrollmentSummary summary;
  CborReader in{bytes};
  read_value(in, summary);
  if (!in.at_end()) throw DecodeError("bytes after the summary");
  return summary;
}

}  // namespace sugang
