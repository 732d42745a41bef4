#pragma once

#include "http/api/command.hpp"

namespace sugang {

/// The one name that no course may have, for its path is that of the import; and what is wrong with it.
inline constexpr std::string_view reserved_course_id = "import";
inline constexpr std::string_view reserved_course_id_rule = "is reserved: /v1/courses/import takes a catalogue";

struct CourseRegistration {
  /// Nothing: the server makes one.
  std::optional<CourseId> id;
  CourseDefinition definition;
};
/// A course whose `opensAt` is after `now` is a draft until then.
Decoded<CourseRegistration> decode_course(std::string_view body, TimePoint now);

/// Without `expected_definition`, which stands in If-Match.
Decoded<ReviseCourse> decode_revision(std::string_view body);

/// The defaults that depend on the kind.
void apply_kind_defaults(CourseDefinition& definition);

void write_course(JsonWriter& json, const CourseSnapshot& course);

}  // namespace sugang
