#include <algorithm>
#include <vector>

#include "storage/codec.hpp"
#include "storage/field_codec.hpp"

// Snapshots of the participants that grow. Each is a CBOR map; its lists hold one array per entry, to whose end a
// later version may append elements.

namespace sugang {
namespace {

/// The entries of an unordered map by their keys, so that a state has one encoding.
template <class Map>
std::vector<const typename Map::value_type*> sorted(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  entries.reserve(map.size());
  for (const auto& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
  return entries;
}

template <class... Elements>
void write_array(CborWriter& out, const Elements&... elements) {
  out.array(sizeof...(Elements));
  (write_value(out, elements), ...);
}

template <class... Elements>
void read_array(CborReader& in, Elements&... elements) {
  auto count = in.array();
  if (count < sizeof...(Elements)) throw DecodeError("an entry of a snapshot lacks elements");
  (read_value(in, elements), ...);
  for (count -= sizeof...(Elements); count > 0; --count) in.skip();
}

/// A list that is read by a function, called once for each entry.
template <class ReadEntry>
struct EntriesOf {
  ReadEntry read_entry;
};
template <class ReadEntry>
EntriesOf(ReadEntry) -> EntriesOf<ReadEntry>;

template <class ReadEntry>
void read_value(CborReader& in, EntriesOf<ReadEntry>& list) {
  for (auto left = in.array(); left > 0; --left) list.read_entry(in);
}

void expect_end(const CborReader& in) {
  if (!in.at_end()) throw DecodeError("bytes after the snapshot");
}

}  // namespace

std::string encode_snapshot(const InstructorCalendar& calendar) {
  std::string bytes;
  CborWriter out{bytes};
  out.map(2);
  out.text("slots");
  out.array(calendar.slots.size());
  for (const auto* entry : sorted(calendar.slots))
    write_array(out, entry->first, entry->second.starts_at, entry->second.ends_at);
  out.text("released");
  out.array(calendar.released.size());
  for (const auto& id : calendar.released.in_order()) write_value(out, id);
  return bytes;
}

InstructorCalendar decode_calendar(std::string_view bytes) {
  InstructorCalendar calendar;
  EntriesOf slots{[&](CborReader& in) {
    EnrollmentId enrollment;
    TimeSlot slot;
    read_array(in, enrollment, slot.starts_at, slot.ends_at);
    if (!calendar.slots.emplace(enrollment, slot).second)
      throw DecodeError("a calendar has two slots for one enrollment");
  }};
  EntriesOf released{[&](CborReader& in) {
    EnrollmentId id;
    read_value(in, id);
    calendar.released.insert(id);
  }};
  CborReader in{bytes};
  read_members(in, [&](auto&& match) {
    match("slots", slots);
    match("released", released);
  });
  expect_end(in);
  return calendar;
}

std::string encode_snapshot(const WebhookRegistry& registry) {
  std::string bytes;
  CborWriter out{bytes};
  out.map(1);
  out.text("webhooks");
  out.array(registry.webhooks.size());
  for (const auto& [id, entry] : registry.webhooks)
    write_array(out, entry.registered, entry.disabled, entry.disabled_reason);
  return bytes;
}

WebhookRegistry decode_webhooks(std::string_view bytes) {
  WebhookRegistry registry;
  EntriesOf webhooks{[&](CborReader& in) {
    WebhookRegistry::Entry entry;
    read_array(in, entry.registered, entry.disabled, entry.disabled_reason);
    if (!registry.webhooks.emplace(entry.registered.webhook, entry).second)
      throw DecodeError("a webhook is registered twice");
  }};
  CborReader in{bytes};
  read_members(in, [&](auto&& match) { match("webhooks", webhooks); });
  expect_end(in);
  return registry;
}

}  // namespace sugang
