#pragma once

#include <functional>
#include <optional>

#include "consumers/consumer.hpp"
#include "consumers/enrollment_context.hpp"

namespace sugang {

/// What a person is to be told of an event, if anything.
std::optional<NoticeKind> notice_of(const Event& event);

/// One person's notification, on its way to the person's box.
struct Notice {
  StudentId student;
  EnrollmentId enrollment;
  NotificationQueued queued;
  TraceContext trace;
};

/// Tells people what became of their enrollments: each event that is worth it goes to the box of the student whose
/// enrollment it is. What is told again, after a crash, the box drops.
class Notifier final : public Consumer {
 public:
  /// Called once the box has appended what it makes of a notice; with a fault when the box can't be read.
  using Appended = std::function<void(const Unreadable* fault)>;
  /// Hands the notice to the box.
  using Tell = std::function<void(Notice notice, Appended appended)>;
  /// Whether somebody brings notifications to people now.
  using Outward = std::function<bool()>;

  Notifier(EnrollmentContexts& contexts, Tell tell, Outward outward)
      : contexts_(contexts), tell_(std::move(tell)), outward_(std::move(outward)) {}

  std::string_view name() const override { return "notifier"; }
  bool concerns(const Record& record) const override;
  void consume(std::span<const Record> records, Done done) override;

 private:
  std::optional<Notice> notice_for(const Record& record, bool outward);

  EnrollmentContexts& contexts_;
  const Tell tell_;
  const Outward outward_;
};

}  // namespace sugang
