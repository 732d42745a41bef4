#pragma once

#include "http/api/command.hpp"

namespace sugang {

/// No course may have this id: its path is the import's.
inline constexpr std::string_view reserved_course_id = "import";
inline constexpr std::string_view reserved_course_id_rule = "is reserved: /v1/courses/import takes a catalogue";

struct CourseRegistration {
  /// None: the server creates one.
  std::optional<CourseId> id;
  CourseDefinition definition;
};
/// A course whose `opensAt` is after `now` is a draft until then.
Decoded<CourseRegistration> decode_course(std::string_view body, TimePoint now);

/// Without `expected_definition`, which comes from If-Match.
Decoded<ReviseCourse> decode_revision(std::string_view body);

/// Sets the defaults that depend on the kind.
void apply_kind_defaults(CourseDefinition& definition);

void write_course(JsonWriter& json, const CourseSnapshot& course);

}  // namespace sugang
