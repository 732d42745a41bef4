#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/callers.hpp"
#include "actors/earlier_request.hpp"
#include "domain/notice.hpp"
#include "domain/outcome.hpp"
#include "domain/set_aside.hpp"
#include "gateway/embedded_settings.hpp"
#include "views/listing.hpp"

// What the HTTP side asks of the rest of the server. All calls come from the HTTP thread, never block, and every
// callback runs exactly once, on any thread; the HTTP side posts it to its own.

namespace sugang {

struct ReadinessCheck {
  std::string name;
  bool ready = false;
  std::string detail;
};

struct ComponentStatus {
  std::string name;
  bool running = true;
};

struct ViewStatus {
  std::string name;
  /// It is built again while the old one serves.
  bool rebuilding = false;
};

/// A piece of the journal in its order.
struct EventsRead {
  /// Domain events only; there may be none, though more follow.
  std::vector<Record> records;
  /// Where to go on: everything up to here was examined.
  Position next = 0;
  /// The journal ended here.
  bool at_end = false;
};

class Backend {
 public:
  virtual ~Backend() = default;

  /// Looks a keyed request up and, when it is new or joined, marks it in progress until its asker is answered or
  /// `release_request` is called.
  virtual void find_request(RequestKey key, std::function<void(EarlierRequest)> done) = 0;
  virtual void release_request(RequestKey key) = 0;

  /// Runs what would hold the caller's thread up, after what was given before.
  virtual void run_apart(std::function<void()> work) = 0;

  virtual void register_course(CourseId id, CourseDefinition definition, Asker asker) = 0;
  virtual void import_courses(std::vector<ImportRow> rows, Asker asker) = 0;
  virtual void revise_course(CourseId id, ReviseCourse command, Asker asker) = 0;
  virtual void place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) = 0;
  /// Answers with the end of the enrollment's saga, as place_enrollment would have.
  virtual void join_enrollment(EnrollmentId id, Wait wait, Asker asker) = 0;
  virtual void cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) = 0;
  /// Closes the course for good and cancels every enrollment of it, a few at a time. Answers with the course.
  virtual void cancel_course(CourseId id, std::string reason, Asker asker) = 0;
  /// A person's step in the enrollment's saga. Answers with the enrollment.
  virtual void take_step(EnrollmentId id, StaffStep step, Asker asker) = 0;
  /// Answers with the enrollment as it stands once the operation is journaled.
  virtual void operate_saga(EnrollmentId id, Operation operation, Asker asker) = 0;

  /// Answers with NewWebhook.
  virtual void create_webhook(std::string url, std::vector<NoticeKind> kinds, Asker asker) = 0;
  /// False: there is no such webhook.
  virtual void remove_webhook(WebhookId id, std::function<void(ReadResult<bool> removed)> done) = 0;
  virtual void list_webhooks(Page page, std::function<void(ListResult<Webhook>)> done) = 0;
  /// None: there is no such webhook.
  virtual void list_webhook_deliveries(WebhookId id, Page page,
                                       std::function<void(std::optional<ListResult<WebhookDelivery>>)> done) = 0;

  // Reads by id see all that was durable when they arrived.
  virtual void read_course(CourseId id, CourseReader done) = 0;
  /// The records of the enrollment's timeline, empty if there is no such enrollment. Fold them with
  /// apply(EnrollmentSummary&, const Record&).
  virtual void read_timeline(EnrollmentId id, std::function<void(ReadResult<std::vector<Record>>)> done) = 0;

  virtual void read_line_position(CourseId course, EnrollmentId enrollment, LineReader done) = 0;

  // Reads from views wait until the view has reached `min_position`, at most a second.
  virtual void list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                            std::function<void(ListResult<CourseSnapshot>)> done) = 0;
  virtual void list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                                std::function<void(ListResult<EnrollmentSummary>)> done) = 0;
  virtual void student_page(StudentId student, Page page, Position min_position,
                            std::function<void(ListResult<PageRow>)> done) = 0;
  virtual void list_waitlist(CourseId course, Page page, Position min_position,
                             std::function<void(ListResult<WaitlistRow>)> done) = 0;
  virtual void list_coaching(CoachingFilter filter, Page page, Position min_position,
                             std::function<void(ListResult<EnrollmentSummary>)> done) = 0;
  virtual void list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                               std::function<void(ListResult<EnrollmentSummary>)> done) = 0;
  virtual void student_mileage(StudentId student, Page page, Position min_position,
                               std::function<void(MileageStatement)> done) = 0;
  virtual void student_notifications(StudentId student, Page page, Position min_position,
                                     std::function<void(ListResult<Notification>)> done) = 0;
  /// At most `limit` durable events after a position. A call examines a bounded number of records.
  virtual void read_events(Position after, std::size_t limit, std::function<void(ReadResult<EventsRead>)> done) = 0;
  /// `done` runs when there may be durable records after the position: at once if there are, else when the next
  /// ones are durable, whatever their position. Nobody is forgotten, so a caller has one such call under way.
  virtual void await_events(Position after, std::function<void()> done) = 0;
  /// The end of what is durable: no caller was ever shown a later position.
  virtual Position durable_position() const = 0;

  // Management.
  virtual std::vector<ReadinessCheck> readiness() = 0;
  virtual std::vector<ComponentStatus> components() = 0;
  /// `done` once it is durable: a restart does not change it. False: there is no such component.
  virtual void set_component(const std::string& name, bool running, std::function<void(bool found)> done) = 0;
  /// What consumers have passed over, by position.
  virtual void list_set_aside(Page page, std::function<void(ListResult<SetAside>)> done) = 0;
  /// Drops a view and builds it again from the journal while the old one serves. False: no such view.
  virtual bool rebuild_view(const std::string& name) = 0;
  virtual std::vector<ViewStatus> views() = 0;
  virtual GatewaySettings gateway_settings() = 0;
  virtual void set_gateway_settings(GatewaySettings settings) = 0;
  virtual void list_charges(Page page, std::function<void(ListResult<ChargeEntry>)> done) = 0;
  /// OpenMetrics or Prometheus text.
  virtual std::string metrics() = 0;
};

}  // namespace sugang
