#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/course.hpp"
#include "domain/record.hpp"
#include "domain/timeline.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// Bytes that are no record, or of a version from the future.
struct DecodeError : DamagedEntry {
  using DamagedEntry::DamagedEntry;
};

/// Events that one record holds at most.
inline constexpr std::size_t events_joined_max = 16;

/// One record of the journal holds consecutive events that share time and trace and concern one enrollment at most.
/// Encodes the first of `events` and those behind it that join it, without positions, which a page implies; returns
/// how many they are. Throws std::invalid_argument when an event is none of its aggregate's kind.
std::size_t encode_events(std::span<const Record> events, std::string& out);
/// How many events the record holds. Throws DecodeError.
std::size_t count_events(std::string_view bytes);
/// Appends the record's events to `events`. Decodes every version ever written. Throws DecodeError.
void decode_events(std::string_view bytes, std::vector<Record>& events);

// The state of an aggregate that grows. Decoding throws DecodeError.
std::string encode_snapshot(const Course& course);
Course decode_course(std::string_view bytes);
std::string encode_snapshot(const InstructorCalendar& calendar);
InstructorCalendar decode_calendar(std::string_view bytes);
std::string encode_snapshot(const WebhookRegistry& registry);
WebhookRegistry decode_webhooks(std::string_view bytes);

std::string encode(const EnrollmentSummary& summary);
EnrollmentSummary decode_summary(std::string_view bytes);

}  // namespace sugang
