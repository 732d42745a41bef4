#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/audit.hpp"
#include "tests/simulation/world.hpp"

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

/// Each event worth notifying was queued for its student, once.
inline std::optional<std::string> check_notifications(const Life& life, const std::vector<EnrollmentId>& ids) {
  std::map<EventId, int> missing;
  for (const auto& id : ids)
    for (const auto& record : life.journal().timeline(id)) {
      if (notice_of(record.event)) missing[record.id] += 1;
      if (const auto* event = std::get_if<NotificationEvent>(&record.event))
        if (const auto* queued = std::get_if<NotificationQueued>(event)) missing[queued->about] -= 1;
    }
  for (const auto& [event, count] : missing)
    if (count != 0) return to_text(event) + " was notified of " + std::to_string(1 - count) + " times";
  return std::nullopt;
}

/// The course counts the seats of those enrollments that stand, and nobody waits.
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
inline std::optional<std::string> check_ledger(const Life& life, const ScriptedGateway& company,
                                               const Audit& audit) {
  if (auto mistakes = company.mistakes(); !mistakes.empty()) return mistakes.front();
  std::int64_t held = 0;
  for (const auto& [key, account] : company.accounts()) {
    const auto balance = company.balance(key).amount;
    held += balance;
    const auto summary = life.summary(enrollment_of(key));
    if (balance != (stands(summary) ? summary.amount.amount : 0))
      return to_text(key) + " holds " + std::to_string(balance) + " and is " + std::string{to_text(summary.state)};
  }
  for (const auto& call : company.calls())
    if (!life.summary(enrollment_of(call.key)).charge_started)
      return to_text(call.key) + " was called for without a durable start";
  if (auto broken = audit.compare(ledger_of(company))) return broken;
  if (held != audit.money_held())
    return "the company holds " + std::to_string(held) + ", the journal says " + std::to_string(audit.money_held());
  return std::nullopt;
}

}  // namespace sugang
