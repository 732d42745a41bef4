#include <algorithm>
#include <vector>

#include "storage/codec.hpp"
#include "storage/field_codec.hpp"

namespace sugang {
namespace {

/// A claim is an array [enrollment, student, seats, taken] and not a map: a hot course has 100,000 of them. A later
/// version appends elements, which older claims lack.
constexpr std::uint64_t claim_elements = 4;

struct ClaimList {
  decltype(Course::claims)& claims;
};
struct ConstClaimList {
  const decltype(Course::claims)& claims;
};
/// The line, in its order: an array [ticket, enrollment, student, seats] each.
constexpr std::uint64_t waiter_elements = 4;
struct WaiterList {
  decltype(Course::waitlist)& waitlist;
};
struct ConstWaiterList {
  const decltype(Course::waitlist)& waitlist;
};
struct ReleasedList {
  decltype(Course::released)& ids;
};
struct ConstReleasedList {
  const decltype(Course::released)& ids;
};

/// Sorted by enrollment, so that a course has one encoding.
void write_value(CborWriter& out, const ConstClaimList& list) {
  std::vector<const std::pair<const EnrollmentId, Course::Claim>*> sorted;
  sorted.reserve(list.claims.size());
  for (const auto& entry : list.claims) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
  out.array(sorted.size());
  for (const auto* entry : sorted) {
    const auto& [enrollment, claim] = *entry;
    out.array(claim_elements);
    write_value(out, enrollment);
    write_value(out, claim.student);
    write_value(out, claim.seats);
    write_value(out, claim.taken);
  }
}

void read_value(CborReader& in, ClaimList& list) {
  list.claims.clear();
  for (auto left = in.array(); left > 0; --left) {
    auto elements = in.array();
    if (elements < claim_elements) throw DecodeError("a claim lacks elements");
    EnrollmentId enrollment;
    Course::Claim claim;
    read_value(in, enrollment);
    read_value(in, claim.student);
    read_value(in, claim.seats);
    read_value(in, claim.taken);
    for (elements -= claim_elements; elements > 0; --elements) in.skip();
    if (!list.claims.emplace(enrollment, std::move(claim)).second)
      throw DecodeError("a course has two claims of one enrollment");
  }
}

void write_value(CborWriter& out, const ConstWaiterList& list) {
  out.array(list.waitlist.size());
  for (const auto& [ticket, waiter] : list.waitlist) {
    out.array(waiter_elements);
    write_value(out, ticket);
    write_value(out, waiter.enrollment);
    write_value(out, waiter.student);
    write_value(out, waiter.seats);
  }
}

void read_value(CborReader& in, WaiterList& list) {
  list.waitlist.clear();
  for (auto left = in.array(); left > 0; --left) {
    auto elements = in.array();
    if (elements < waiter_elements) throw DecodeError("a waiter lacks elements");
    std::uint64_t ticket = 0;
    Course::Waiter waiter;
    read_value(in, ticket);
    read_value(in, waiter.enrollment);
    read_value(in, waiter.student);
    read_value(in, waiter.seats);
    for (elements -= waiter_elements; elements > 0; --elements) in.skip();
    if (!list.waitlist.emplace(ticket, std::move(waiter)).second)
      throw DecodeError("a course gave one ticket to two waiters");
  }
}

void write_value(CborWriter& out, const ConstReleasedList& list) {
  out.array(list.ids.size());
  for (const auto& id : list.ids.in_order()) write_value(out, id);
}

void read_value(CborReader& in, ReleasedList& list) {
  list.ids = {};
  for (auto left = in.array(); left > 0; --left) {
    EnrollmentId id;
    read_value(in, id);
    list.ids.insert(id);
  }
}

}  // namespace

std::string encode_snapshot(const Course& course) {
  std::string out;
  out.reserve(256 + course.claims.size() * 48 + course.released.size() * 17);
  CborWriter writer{out};
  writer.map(11);
  auto member = [&](std::string_view name, const auto& value) {
    writer.text(name);
    write_value(writer, value);
  };
  member("registered", course.registered);
  member("definition", course.definition);
  member("definitionVersion", course.definition_version);
  member("held", course.held);
  member("taken", course.taken);
  member("claims", ConstClaimList{course.claims});
  member("released", ConstReleasedList{course.released});
  member("line", ConstWaiterList{course.waitlist});
  member("lastTicket", course.last_ticket);
  member("cancelled", course.cancelled);
  member("cancelReason", course.cancel_reason);
  return out;
}

Course decode_course(std::string_view bytes) {
  Course course;
  ClaimList claims{course.claims};
  ReleasedList released{course.released};
  WaiterList line{course.waitlist};
  CborReader in{bytes};
  read_members(in, [&](auto&& match) {
    match("registered", course.registered);
    match("definition", course.definition);
    match("definitionVersion", course.definition_version);
    match("held", course.held);
    match("taken", course.taken);
    match("claims", claims);
    match("released", released);
    match("line", line);
    match("lastTicket", course.last_ticket);
    match("cancelled", course.cancelled);
    match("cancelReason", course.cancel_reason);
  });
  if (!in.at_end()) throw DecodeError("bytes after the course");
  for (const auto& [enrollment, claim] : course.claims)
    add_to_share(course, claim.student, enrollment, claim.seats);
  for (const auto& [ticket, waiter] : course.waitlist) {
    course.waitlist_by_seats.emplace(waiter.seats, ticket);
    course.tickets[waiter.enrollment] = ticket;
    course.waitlisted += waiter.seats;
    add_to_share(course, waiter.student, waiter.enrollment, waiter.seats);
  }
  return course;
}

}  // namespace sugang
