#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.hpp"

// Parsers and writers of header field values. Pure functions, fuzzed.

namespace sugang {

/// 1–255 characters of printable ASCII.
bool is_valid_idempotency_key(std::string_view text);

/// 1–128 characters of printable ASCII without spaces, so it can be echoed and logged.
bool is_valid_request_id(std::string_view text);

/// The preferences of `Prefer` (RFC 7240) that this server honours.
struct Preferences {
  std::optional<std::chrono::seconds> wait;
  bool respond_async = false;

  /// How long to wait; 0 for `respond-async` alone. Nothing: the caller has no preference.
  std::optional<std::chrono::seconds> effective_wait() const;
  /// The value of `Preference-Applied`, empty without a preference.
  std::string applied() const;
};
inline constexpr std::chrono::seconds wait_max{30};
/// Ignores what it does not understand, and cuts a wait to `wait_max`.
Preferences parse_prefer(std::string_view field);

/// W3C Trace Context, version 00 and compatible later ones. Anything else gives no trace: all zero.
TraceContext parse_traceparent(std::string_view field);
std::string traceparent_text(const TraceContext& trace);

enum class TagOf : std::uint8_t { course, enrollment };
/// The versions in `If-Match`: of a course's definition, or of an enrollment. Weak and foreign tags are left out;
/// so is an enrollment's tag with a waitlist position.
struct IfMatch {
  bool any = false;
  std::vector<std::uint64_t> versions;
};
/// Nothing: the field is not a list of entity tags.
std::optional<IfMatch> parse_if_match(std::string_view field, TagOf tags);

/// `If-None-Match` by weak comparison (RFC 9110, 13.1.2). A field that is not a list of entity tags matches
/// nothing.
bool if_none_match_hits(std::string_view field, std::string_view etag);

/// `"<definition>.<sequence>"`
std::string course_etag(std::uint64_t definition, Sequence sequence);
/// `"<version>"`, or `"<version>.<waitlist position>"`: the position of an enrollment changes without an event of
/// the enrollment.
std::string version_etag(std::uint64_t version, std::optional<std::uint64_t> waitlist_position = std::nullopt);

/// A position as clients see it: opaque.
std::string position_text(Position position);
std::optional<Position> parse_position(std::string_view text);

enum class MediaType : std::uint8_t { none, json, merge_patch, csv, other };
/// `Content-Type`; with a charset other than UTF-8 `other`.
MediaType parse_content_type(std::string_view field);

/// The media type of `offered`, which is not empty, that `Accept` prefers (RFC 9110, 12.5.1): by weight, then by
/// how specific its range is, then by order. The first if `Accept` takes none of them.
std::string_view best_offer(std::string_view accept, std::span<const std::string_view> offered);

}  // namespace sugang
