#include <algorithm>
#include <vector>

#include "storage/codec.hpp"
#include "storage/field_codec.hpp"

// Snapshots of the aggregates that grow. Each is a CBOR map. Its lists hold an array per entry and not a map, since
// a hot course has 100,000 claims; a later version appends elements to it, which older entries lack.

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

template <class Value>
void write_member(CborWriter& out, std::string_view name, const Value& value) {
  out.text(name);
  write_value(out, value);
}

template <class Entries, class WriteEntry>
void write_list(CborWriter& out, std::string_view name, const Entries& entries, WriteEntry write_entry) {
  out.text(name);
  out.array(entries.size());
  for (const auto& entry : entries) write_entry(entry);
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

template <class RecentIds>
void write_released(CborWriter& out, const RecentIds& released) {
  write_list(out, "released", released.in_order(), [&](const auto& id) { write_value(out, id); });
}

template <class RecentIds>
auto released_into(RecentIds& released) {
  return EntriesOf{[&](CborReader& in) {
    EnrollmentId id;
    read_value(in, id);
    released.insert(id);
  }};
}

void expect_end(const CborReader& in) {
  if (!in.at_end()) throw DecodeError("bytes after the snapshot");
}

}  // namespace

std::string encode_snapshot(const Course& course) {
  std::string bytes;
  bytes.reserve(256 + course.claims.size() * 48 + course.released.size() * 17);
  CborWriter out{bytes};
  out.map(11);
  write_member(out, "registered", course.registered);
  write_member(out, "definition", course.definition);
  write_member(out, "definitionVersion", course.definition_version);
  write_member(out, "held", course.held);
  write_member(out, "taken", course.taken);
  write_list(out, "claims", sorted(course.claims), [&](const auto* entry) {
    const auto& [enrollment, claim] = *entry;
    write_array(out, enrollment, claim.student, claim.seats, claim.taken, claim.changes_to);
  });
  write_released(out, course.released);
  write_list(out, "waitlist", course.waitlist, [&](const auto& entry) {
    const auto& [ticket, waiter] = entry;
    write_array(out, ticket, waiter.enrollment, waiter.student, waiter.seats);
  });
  write_member(out, "lastTicket", course.last_ticket);
  write_member(out, "cancelled", course.cancelled);
  write_member(out, "cancelReason", course.cancel_reason);
  return bytes;
}

Course decode_course(std::string_view bytes) {
  Course course;
  EntriesOf claims{[&](CborReader& in) {
    EnrollmentId enrollment;
    Course::Claim claim;
    read_array(in, enrollment, claim.student, claim.seats, claim.taken, claim.changes_to);
    if (!course.claims.emplace(enrollment, std::move(claim)).second)
      throw DecodeError("a course has two claims of one enrollment");
  }};
  EntriesOf waitlist{[&](CborReader& in) {
    std::uint64_t ticket = 0;
    Course::Waiter waiter;
    read_array(in, ticket, waiter.enrollment, waiter.student, waiter.seats);
    if (!course.waitlist.emplace(ticket, std::move(waiter)).second)
      throw DecodeError("a course gave one ticket to two waiters");
  }};
  auto released = released_into(course.released);
  CborReader in{bytes};
  read_members(in, [&](auto&& match) {
    match("registered", course.registered);
    match("definition", course.definition);
    match("definitionVersion", course.definition_version);
    match("held", course.held);
    match("taken", course.taken);
    match("claims", claims);
    match("released", released);
    match("waitlist", waitlist);
    match("lastTicket", course.last_ticket);
    match("cancelled", course.cancelled);
    match("cancelReason", course.cancel_reason);
  });
  expect_end(in);
  for (const auto& [enrollment, claim] : course.claims)
    add_to_share(course, claim.student, enrollment, claim.seats + claim.added());
  for (const auto& [ticket, waiter] : course.waitlist) {
    course.waitlist_by_seats.emplace(waiter.seats, ticket);
    course.tickets[waiter.enrollment] = ticket;
    course.waitlisted += waiter.seats;
    add_to_share(course, waiter.student, waiter.enrollment, waiter.seats);
  }
  return course;
}

std::string encode_snapshot(const InstructorCalendar& calendar) {
  std::string bytes;
  CborWriter out{bytes};
  out.map(2);
  write_list(out, "slots", sorted(calendar.slots), [&](const auto* entry) {
    write_array(out, entry->first, entry->second.starts_at, entry->second.ends_at);
  });
  write_released(out, calendar.released);
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
  auto released = released_into(calendar.released);
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
  write_list(out, "webhooks", registry.webhooks, [&](const auto& each) {
    const auto& entry = each.second;
    write_array(out, entry.registered, entry.disabled, entry.disabled_reason);
  });
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
