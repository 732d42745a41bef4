#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/audit.hpp"
#include "domain/notice.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/simulation/world.hpp"
#include "views/enrollments_view.hpp"

// What must hold of a node at rest, beside what the audit of its journal shows. Each returns the first fault found.

namespace sugang {

inline bool stands(const EnrollmentSummary& summary) {
  return summary.state == EnrollmentState::confirmed || summary.state == EnrollmentState::completed;
}

/// Points stand for what stands, and for nothing else.
inline std::optional<std::string> check_mileage(const Life& life, EnrollmentId id) {
  const auto summary = life.summary(id);
  const auto due = stands(summary) ? summary.mileage : 0;
  if (summary.mileage_earned == due) return std::nullopt;
  return to_text(id) + " is " + std::string{to_text(summary.state)} + " and has earned " +
         std::to_string(summary.mileage_earned) + " of " + std::to_string(due);
}

/// What the view shows each student of: the events, in journal order.
inline std::map<StudentId, std::vector<EventId>> boxes_of(const Journal& journal) {
  MemoryStore rows{views_space_count};
  EnrollmentsView view{rows, 1, 16};
  std::map<StudentId, std::vector<EventId>> boxes;
  for (Position after = 0;;) {
    const auto records = journal.read(after, 64);
    if (records.empty()) break;
    WriteSet changes;
    for (const auto& record : records) {
      view.fold(record);
      const auto* event = std::get_if<EnrollmentEvent>(&record.event);
      const auto* requested = event != nullptr ? std::get_if<EnrollmentRequested>(event) : nullptr;
      if (requested != nullptr) boxes[requested->student];
    }
    view.flush(changes);
    rows.write(changes, Sync::no);
    after = records.back().position;
  }
  constexpr auto all = std::numeric_limits<std::size_t>::max() / 2;
  for (auto& [student, events] : boxes)
    for (const auto& notice : NotificationRows{rows, 1}
                                  .list(student, journal.durable_position(), {.limit = all, .bounds = {all, all}})
                                  .items)
      events.push_back(notice.about);
  return boxes;
}

/// Each event that notifies is in the box of the enrollment's student, once, and in no other.
inline std::optional<std::string> check_notifications(const Life& life) {
  std::map<StudentId, std::vector<EventId>> expected;
  auto boxes = boxes_of(life.journal());
  for (const auto& [student, events] : boxes) expected[student];
  for (Position after = 0;;) {
    const auto records = life.journal().read(after, 64);
    if (records.empty()) break;
    for (const auto& record : records)
      if (const auto subject = notice_of(record))
        expected[life.summary(subject->enrollment).student].push_back(record.id);
    after = records.back().position;
  }
  for (const auto& [student, events] : expected)
    if (boxes[student] != events)
      return student.text + " has " + std::to_string(boxes[student].size()) + " notifications of " +
             std::to_string(events.size());
  return std::nullopt;
}

/// The course counts the seats of those enrollments that stand, and none waits.
inline std::optional<std::string> check_course(Life& life, const std::string& id,
                                               const std::vector<EnrollmentId>& ids) {
  auto course = life.describe(id);
  if (!course) return id + " is gone";
  std::uint32_t seats = 0;
  for (const auto& enrollment : ids) {
    auto summary = life.summary(enrollment);
    if (summary.course.text == id && stands(summary)) seats += summary.seats;
  }
  if (course->waitlisted != 0) return id + " has a waitlist at rest";
  if (course->held != 0 || course->taken != seats)
    return id + " counts " + std::to_string(course->taken) + " seats taken and " + std::to_string(course->held) +
           " held; confirmed are " + std::to_string(seats);
  return std::nullopt;
}

inline Ledger ledger_of(const ScriptedGateway& company) {
  Ledger ledger;
  for (const auto& [key, account] : company.accounts())
    ledger[key] = {account.amount, account.declined       ? ChargeState::declined
                                   : account.refunds != 0 ? ChargeState::refunded
                                                          : ChargeState::approved};
  return ledger;
}

/// The company's ledger against the journal, to the unit.
inline std::optional<std::string> check_ledger(const Life& life, const ScriptedGateway& company, const Audit& audit,
                                               const std::vector<EnrollmentId>& ids) {
  if (auto mistakes = company.mistakes(); !mistakes.empty()) return mistakes.front();
  const auto accounts = company.accounts();
  std::int64_t held = 0;
  std::set<PaymentId> known;
  for (const auto& id : ids) {
    const auto summary = life.summary(id);
    std::int64_t paid = 0;
    for (std::uint32_t number = 0; number < 100; ++number) {
      const auto key = key_of(payment_of(id), number);
      if (summary.charge_started) known.insert(key);
      if (accounts.contains(key)) paid += company.balance(key).amount;
    }
    held += paid;
    if (paid != (stands(summary) ? summary.amount.amount : 0))
      return to_text(id) + " holds " + std::to_string(paid) + " and is " + std::string{to_text(summary.state)};
  }
  for (const auto& call : company.calls())
    if (!known.contains(call.key)) return to_text(call.key) + " was called for without a durable start";
  if (auto broken = audit.compare(ledger_of(company))) return broken;
  if (held != audit.money_held())
    return "the company holds " + std::to_string(held) + ", the journal says " + std::to_string(audit.money_held());
  return std::nullopt;
}

}  // namespace sugang
