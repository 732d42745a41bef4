#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "actors/caf_messages.hpp"
#include "actors/node.hpp"

namespace sugang {

/// Registers courses: one, or a whole file's, all or nothing.
struct RegisterCourses {
  std::vector<ImportRow> rows;
  /// One course that a caller posted, rather than an import.
  bool single = false;
  Asker asker;
};

/// What a course said when it was asked whether it is registered.
struct CourseProbed {
  std::uint64_t job = 0;
  std::size_t row = 0;
  bool registered = false;
  /// Nobody knows: the course can't be read.
  std::optional<ServiceError> error = std::nullopt;
};

}  // namespace sugang

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::CourseProbed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sugang::RegisterCourses)

namespace sugang {

/// The only one who registers courses, one request at a time: what it found unregistered stays so until its one
/// append, which makes an import atomic though each course is an aggregate of its own.
class Catalogue final : public caf::event_based_actor {
 public:
  Catalogue(caf::actor_config& config, Node& node);

 private:
  caf::behavior make_behavior() override;
  void guarded(const std::function<void()>& work);
  void start_next();
  void hear(const CourseProbed& probed);
  void finish();
  void register_all(RegisterCourses& job);
  static Outcome outcome_of(const RegisterCourses& job, TimePoint now);

  Node& node_;
  std::deque<RegisterCourses> jobs_;
  std::uint64_t job_ = 0;
  bool busy_ = false;
  std::size_t unanswered_ = 0;
  std::optional<std::size_t> first_registered_;
  /// The row that could not be looked up, and why.
  std::optional<std::pair<std::size_t, ServiceError>> unread_;
};

}  // namespace sugang
