#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/backend.hpp"
#include "http/problem.hpp"

// Bodies to typed commands. Pure, and fuzzed: every fault of a body is found and named, nothing throws.

namespace sugang {

/// Why a body is refused: not readable at all (400), or readable with faults, all of them (422).
struct BodyRefusal {
  std::string malformed;
  std::vector<FieldFault> faults;
};
template <class Value>
using Decoded = std::variant<Value, BodyRefusal>;

inline constexpr std::uint32_t seats_per_request_max = 1000;
inline constexpr std::size_t reason_chars_max = 500;
inline constexpr Milliseconds slot_max = std::chrono::hours{24};
inline constexpr std::size_t webhook_url_chars_max = 2048;
inline constexpr std::uint32_t gateway_latency_max_ms = 600'000;
/// A body with more faults is refused with the first so many, and the detail says so. Reading ends there, so how
/// many there are in all is not known.
inline constexpr std::size_t faults_listed_max = 100;

struct CourseRegistration {
  /// Nothing: the server makes one.
  std::optional<CourseId> id;
  CourseDefinition definition;
};
/// A course whose `opensAt` is after `now` is a draft until then.
Decoded<CourseRegistration> decode_course(std::string_view body, TimePoint now);

/// Without `expected_definition`, which stands in If-Match.
Decoded<ReviseCourse> decode_revision(std::string_view body);

Decoded<PlaceEnrollment> decode_placement(std::string_view body);

/// The reason, empty when none is given; an empty body gives none.
Decoded<std::string> decode_cancellation(std::string_view body);

/// Why something is done that is not asked for lightly: 1 to `reason_chars_max` characters.
Decoded<std::string> decode_reason(std::string_view body);

Decoded<AssignInstructor> decode_assignment(std::string_view body);
/// A slot that ends after it starts and is no longer than `slot_max`.
Decoded<AgreeOnSlot> decode_schedule(std::string_view body);
Decoded<RecordResult> decode_result(std::string_view body);

/// The address is http or https, names a host, and carries no user or password.
Decoded<CreateWebhook> decode_webhook(std::string_view body);

/// What is not given is at its default, as PUT replaces the whole.
Decoded<GatewaySettings> decode_gateway_settings(std::string_view body);

/// `{"state": "running"|"paused"}`: whether it runs.
Decoded<bool> decode_component_state(std::string_view body);

/// RFC 4180 with LF or CRLF, with or without a byte order mark. The first line names the columns, in any order: id,
/// title, capacity, and optionally kind, price, credits, enrolled, meets. A pointer is `/line/column`, the line
/// counted in the file from 1, so `/1` is about the header; blank lines are passed over.
Decoded<std::vector<ImportRow>> decode_catalogue(std::string_view body, std::size_t rows_max);

/// The defaults that depend on the kind.
void apply_kind_defaults(CourseDefinition& definition);

}  // namespace sugang
