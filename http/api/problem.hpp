#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/outcome.hpp"
#include "http/server/response.hpp"

namespace sugang {

/// Every kind of problem (RFC 9457) that this server answers with.
enum class Problem : std::uint8_t {
  malformed,
  invalid_request,
  not_found,
  method_not_allowed,
  request_timeout,
  content_too_large,
  unsupported_media_type,
  expectation_failed,
  header_too_large,
  precondition_required,
  precondition_failed,
  overloaded,
  storage_full,
  draining,
  answer_timeout,
  request_in_progress,
  idempotency_key_reused,
  course_not_found,
  already_exists,
  course_not_open,
  sold_out,
  already_enrolled,
  too_many_seats,
  capacity_below_taken,
  state_not_reachable,
  enrollment_not_found,
  not_cancellable,
  not_changeable,
  change_under_way,
  enrollment_ended,
  enrollment_expired,
  coaching_not_found,
  not_a_training,
  not_awaited,
  not_assigned,
  not_scheduled,
  slot_taken,
  already_recorded,
  class_began,
  class_not_held,
  delivery_not_found,
  delivery_not_started,
  saga_ended,
  not_compensatable,
  too_many_changes,
  not_resolvable,
  outcome_unknown,
  webhook_not_found,
  payment_declined,
  payment_unavailable,
  catalogue_paused,
  component_paused,
  too_many_webhooks,
  view_behind,
  view_paused,
  view_damaged,
  journal_damaged,
  quarantined,
  not_ready,
  internal_error,
};

struct ProblemType {
  Problem problem;
  /// The last segment of its type, `/problems/<name>`.
  std::string_view name;
  std::string_view title;
  std::uint16_t status;
  /// For its page: what happened, and what the client can do.
  std::string_view explanation;
  /// When to retry, for what passes by itself.
  std::optional<std::uint32_t> retry_after_s;
};

/// All of them, in the order of the enum.
std::span<const ProblemType> problem_types();
const ProblemType& describe(Problem problem);
const ProblemType* find_problem_type(std::string_view name);

/// The one table from what the domain refuses to what a client reads.
Problem problem_of(const Refusal& refusal);

/// One fault of a request: where (a JSON pointer, in a CSV `/line/column`, or `?parameter`), and what.
struct FieldFault {
  std::string pointer;
  std::string detail;
  bool operator==(const FieldFault&) const = default;
};

/// What is wrong with an id that is_valid_name refuses.
inline constexpr std::string_view name_rule =
    "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, and neither . nor ..";

/// One occurrence of a problem. Everything in it follows from the request and the state, so that a repeat of the
/// request gives the same bytes.
struct ProblemReport {
  Problem problem = Problem::internal_error;
  /// Empty: the type's explanation.
  std::string detail;
  /// Path of the request.
  std::string instance;
  std::vector<FieldFault> errors;
  std::optional<EnrollmentId> enrollment;
  /// Members of this occurrence alone, as written JSON: `"a":1,"b":2`.
  std::string more_members;
};

Answer to_answer(const ProblemReport& report);
Response to_response(const ProblemReport& report);

/// The page that a problem's type leads to: HTML.
std::string problem_page(const ProblemType& type);

}  // namespace sugang
