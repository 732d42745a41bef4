#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.hpp"

// What stands in the header's fields, parsed. Pure, and fuzzed.

namespace sugang {

/// 1–255 characters of printable ASCII.
bool is_valid_idempotency_key(std::string_view text);

/// 1–128 characters of printable ASCII without spaces: fit to be echoed and logged.
bool is_valid_request_id(std::string_view text);

/// What of `Prefer` (RFC 7240) this server honours.
struct Preferences {
  std::optional<std::chrono::seconds> wait;
  bool respond_async = false;

  /// How long to wait, if the caller chose: `respond-async` alone means not at all.
  std::optional<std::chrono::seconds> effective_wait() const;
  /// The value of `Preference-Applied`, empty without a preference.
  std::string applied() const;
};
inline constexpr std::chrono::seconds wait_max{30};
/// Never fails: what is not understood is ignored, and a longer wait than `wait_max` is cut to it.
Preferences parse_prefer(std::string_view field);

/// W3C Trace Context, version 00 and what is compatible with it. Anything else starts no trace: all zero.
TraceContext parse_traceparent(std::string_view field);
std::string traceparent_text(const TraceContext& trace);

enum class TagOf : std::uint8_t { course, enrollment };
/// `If-Match`, reduced to what it compares: a course's definitions, an enrollment's versions. Weak and foreign tags
/// match nothing.
struct IfMatch {
  bool any = false;
  std::vector<std::uint64_t> versions;
};
/// Nothing: not a list of entity tags.
std::optional<IfMatch> parse_if_match(std::string_view field, TagOf tags);

/// `If-None-Match` by weak comparison (RFC 9110, 13.1.2). What is no list of entity tags matches nothing.
bool if_none_match_hits(std::string_view field, std::string_view etag);

/// `"<definition>.<sequence>"`
std::string course_etag(std::uint64_t definition, Sequence sequence);
/// With the place of an enrollment in a course's line, which moves without an event of its own.
std::string version_etag(std::uint64_t version, std::optional<std::uint64_t> place = std::nullopt);

/// Positions as clients see them: opaque.
std::string position_text(Position position);
std::optional<Position> parse_position(std::string_view text);

enum class MediaType : std::uint8_t { none, json, merge_patch, csv, other };
/// `Content-Type` reduced to what this server takes; a charset other than UTF-8 makes it `other`.
MediaType parse_content_type(std::string_view field);

/// Which of the media types, in lower case, `Accept` wants most (RFC 9110, 12.5.1): by weight, then by how exactly
/// it is named, then in their order here. The first, too, for a client that wants none of them.
std::string_view best_offer(std::string_view accept, std::span<const std::string_view> offered);

}  // namespace sugang
