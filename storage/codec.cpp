#include "storage/codec.hpp"

#include "storage/bytes.hpp"
#include "storage/event_codes.hpp"
#include "storage/field_codec.hpp"

namespace sugang {
namespace {

// The layouts stand in docs/journal-format.md.
constexpr std::uint8_t envelope_layout = 1;

constexpr std::uint8_t has_enrollment = 1;
/// The enrollment's bits are the aggregate's own, and are not written twice.
constexpr std::uint8_t enrollment_is_aggregate = 2;
constexpr std::uint8_t has_trace = 4;
constexpr std::uint8_t flags_known = has_enrollment | enrollment_is_aggregate | has_trace;

struct EventType {
  std::uint16_t code = 0;
  std::uint16_t version = 0;
};

EventType type_of(const Event& event) {
  return std::visit(
      [](const auto& of_aggregate) {
        return std::visit([]<class E>(const E&) { return EventType{event_code<E>, E::version}; }, of_aggregate);
      },
      event);
}

std::uint8_t flags_of(const Record& record) {
  std::uint8_t flags = record.trace.present() ? has_trace : 0;
  if (!record.enrollment) return flags;
  flags |= has_enrollment;
  if (!is_named(record.aggregate.kind) && record.enrollment->uid == record.aggregate.uid)
    flags |= enrollment_is_aggregate;
  return flags;
}

void put_aggregate(std::string& out, const AggregateId& id) {
  if (!is_named(id.kind)) return put_uid(out, id.uid);
  if (id.name.size() > 0xff) throw std::invalid_argument("a name is longer than the journal can write");
  out.push_back(static_cast<char>(id.name.size()));
  out.append(id.name);
}

template <class Enum>
Enum enumerator(std::uint8_t number) {
  if (number >= EnumNames<Enum>::values.size()) throw DecodeError("unknown number of an enumerator");
  return static_cast<Enum>(number);
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

/// A later version of an event type only adds members that have a default, so every version ever written decodes by
/// the one way of reading a map.
Event decode_event(EventType type, std::string_view payload) {
  std::optional<Event> event;
  for_each_event_type([&]<std::size_t I, class E>() {
    if (type.code != event_code<E>) return;
    if (type.version == 0 || type.version > E::version) throw DecodeError("event of an unknown version");
    E decoded;
    CborReader in{payload};
    read_value(in, decoded);
    if (!in.at_end()) throw DecodeError("bytes after the payload");
    event.emplace(std::in_place_index<I>, std::move(decoded));
  });
  if (!event) throw DecodeError("event of an unknown type");
  return *std::move(event);
}

/// The envelope; `in` then stands before the payload.
Record take_envelope(ByteReader& in, EventType& type) {
  if (in.le<std::uint8_t>() != envelope_layout) throw DecodeError("envelope of an unknown layout");
  const auto flags = in.le<std::uint8_t>();
  if ((flags & ~flags_known) != 0) throw DecodeError("envelope with unknown flags");
  type.code = in.le<std::uint16_t>();
  type.version = in.le<std::uint16_t>();
  const auto kind = (type.code >> 8) - 1;
  if (kind < 0 || kind >= static_cast<int>(EnumNames<AggregateKind>::values.size()))
    throw DecodeError("event of an unknown kind of aggregate");

  Record record;
  record.causation.step = enumerator<Step>(in.le<std::uint8_t>());
  record.causation.direction = enumerator<Direction>(in.le<std::uint8_t>());
  record.sequence = in.varint();
  record.time = TimePoint{Milliseconds{in.le<std::int64_t>()}};
  record.id.uid = in.uid();
  record.aggregate = take_aggregate(in, static_cast<AggregateKind>(kind));
  if ((flags & enrollment_is_aggregate) != 0) {
    if (is_named(record.aggregate.kind) || (flags & has_enrollment) == 0)
      throw DecodeError("envelope with flags that exclude each other");
    record.enrollment = EnrollmentId{record.aggregate.uid};
  } else if ((flags & has_enrollment) != 0) {
    record.enrollment = EnrollmentId{in.uid()};
  }
  if ((flags & has_trace) != 0) record.trace = take_trace(in);
  if (!in.ok()) throw DecodeError("envelope is cut");
  return record;
}

}  // namespace

void encode_to(const Record& record, std::string& out) {
  if (record.event.index() != static_cast<std::size_t>(record.aggregate.kind))
    throw std::invalid_argument("an event of one kind of aggregate stands under an id of another");
  const auto type = type_of(record.event);
  const auto flags = flags_of(record);
  out.push_back(static_cast<char>(envelope_layout));
  out.push_back(static_cast<char>(flags));
  put_le(out, type.code);
  put_le(out, type.version);
  out.push_back(static_cast<char>(record.causation.step));
  out.push_back(static_cast<char>(record.causation.direction));
  put_varint(out, record.sequence);
  put_le(out, record.time.time_since_epoch().count());
  put_uid(out, record.id.uid);
  put_aggregate(out, record.aggregate);
  if ((flags & has_enrollment) != 0 && (flags & enrollment_is_aggregate) == 0) put_uid(out, record.enrollment->uid);
  if ((flags & has_trace) != 0) {
    out.append(reinterpret_cast<const char*>(record.trace.trace_id.data()), record.trace.trace_id.size());
    out.append(reinterpret_cast<const char*>(record.trace.span_id.data()), record.trace.span_id.size());
    out.push_back(static_cast<char>(record.trace.flags));
  }
  CborWriter payload{out};
  std::visit(
      [&](const auto& of_aggregate) {
        std::visit([&](const auto& event) { write_value(payload, event); }, of_aggregate);
      },
      record.event);
}

std::string encode(const Record& record) {
  std::string out;
  out.reserve(160);
  encode_to(record, out);
  return out;
}

Record decode_record(std::string_view bytes) {
  ByteReader in{bytes};
  EventType type;
  auto record = take_envelope(in, type);
  record.event = decode_event(type, in.rest());
  return record;
}

Record decode_envelope(std::string_view bytes) {
  ByteReader in{bytes};
  EventType type;
  return take_envelope(in, type);
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
