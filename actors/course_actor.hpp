#pragma once

#include "actors/entity_host.hpp"

namespace sugang {

/// A course. Besides the seats it gives birth to the enrollments that hold them.
class CourseActor final : public EntityHost<Course> {
 public:
  using EntityHost::EntityHost;

 private:
  caf::message_handler handlers() override;
  void begin(const BeginEnrollment& begin);
  void revise(const ReviseCourseTask& task);
  void describe(const DescribeCourse& query);
  void adopt(const AdoptCourse& adopted);
  CourseSnapshot snapshot() const;
};

}  // namespace sugang
