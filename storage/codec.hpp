#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "domain/course.hpp"
#include "domain/record.hpp"
#include "domain/timeline.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// Bytes that are no record, or of a version from the future.
struct DecodeError : DamagedEntry {
  using DamagedEntry::DamagedEntry;
};

/// Envelope and payload without the position, which a page implies. Throws std::invalid_argument when the event is
/// none of the aggregate's kind. The payload is a CBOR map (RFC 8949) from field
/// name to value, so that fields come and go and old records decode for ever.
std::string encode(const Record& record);
void encode_to(const Record& record, std::string& out);
/// Decodes every version ever written. Throws DecodeError.
Record decode_record(std::string_view bytes);
/// As decode_record, but leaves the event at its default: for who it concerns and when. Throws DecodeError.
Record decode_envelope(std::string_view bytes);

// The state of an aggregate that grows. Decoding throws DecodeError.
std::string encode_snapshot(const Course& course);
Course decode_course(std::string_view bytes);
std::string encode_snapshot(const InstructorCalendar& calendar);
InstructorCalendar decode_calendar(std::string_view bytes);
std::string encode_snapshot(const MileageAccount& account);
MileageAccount decode_account(std::string_view bytes);
std::string encode_snapshot(const NotificationBox& box);
NotificationBox decode_box(std::string_view bytes);

std::string encode(const EnrollmentSummary& summary);
EnrollmentSummary decode_summary(std::string_view bytes);

}  // namespace sugang
