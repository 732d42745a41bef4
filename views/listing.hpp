#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/page.hpp"

namespace sugang {

struct EnrollmentFilter {
  std::optional<StudentId> student;
  std::optional<CourseId> course;
  std::optional<EnrollmentState> state;
  std::optional<SagaState> saga;
};

/// A row of my page: the enrollment with the title of its course.
struct PageRow {
  EnrollmentSummary enrollment;
  std::string course_title;
};

}  // namespace sugang
