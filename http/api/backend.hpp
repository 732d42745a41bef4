#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/callers.hpp"
#include "actors/earlier_request.hpp"
#include "domain/set_aside.hpp"
#include "gateway/embedded_settings.hpp"
#include "views/listing.hpp"

// What the HTTP side needs of the rest of the server. All calls come from the HTTP threads, never block, and every
// callback runs exactly once, on any thread; the HTTP side posts it to its own.

namespace sugang {

struct ToCourse {
  CourseId course;
  CourseRequest request;
};
struct ToEnrollment {
  EnrollmentId enrollment;
  SagaRequest request;
};
struct CreateWebhook {
  std::string url;
  /// All when empty.
  std::vector<NoticeKind> kinds;
};
/// A change. Its outcome's subject is the course, the enrollment, the count of an import, or the webhook.
using Command =
    std::variant<RegisterCourses, ToCourse, PlaceEnrollment, ToEnrollment, CreateWebhook, RemoveWebhook>;

// Reads by id see all that was durable when they arrived.

struct ReadCourse {
  using Result = CourseRead;
  CourseId course;
};
/// The records of an enrollment's timeline, empty if there is no such enrollment. Fold them with
/// apply(EnrollmentSummary&, const Record&).
struct ReadTimeline {
  using Result = ReadResult<std::vector<Record>>;
  EnrollmentId enrollment;
};
struct FindWaitlistPosition {
  using Result = WaitlistPositionRead;
  CourseId course;
  EnrollmentId enrollment;
};

/// A piece of the journal in its order.
struct EventsRead {
  /// Domain events only; there may be none, though more follow.
  std::vector<Record> records;
  /// Where to continue: everything up to here was examined.
  Position next = 0;
  /// The journal ended here.
  bool at_end = false;
};
/// At most `limit` durable events after a position. One query examines a bounded number of records.
struct ReadEvents {
  using Result = ReadResult<EventsRead>;
  Position after = 0;
  std::size_t limit = 0;
};

template <class Row>
struct ListAll {
  using Result = ListResult<Row>;
  Page page;
};
struct ListWebhookDeliveries {
  /// None: there is no such webhook.
  using Result = ReadResult<std::optional<ListResult<WebhookDelivery>>>;
  WebhookId webhook;
  Page page;
};

/// A query and where its result goes.
template <class Asked>
struct Pending {
  Asked query;
  std::function<void(typename Asked::Result)> done;
};
using Query =
    std::variant<Pending<ReadCourse>, Pending<ReadTimeline>, Pending<FindWaitlistPosition>, Pending<ReadEvents>,
                 Pending<ListCourses>, Pending<ListEnrollments>, Pending<ListWaitlist>, Pending<ListCoaching>,
                 Pending<ListDeliveries>, Pending<ReadStudentPage>, Pending<ReadMileage>,
                 Pending<ReadNotifications>, Pending<ListAll<Webhook>>, Pending<ListWebhookDeliveries>,
                 Pending<ListAll<SetAside>>, Pending<ListAll<ChargeEntry>>>;

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

class Backend {
 public:
  virtual ~Backend() = default;

  /// Looks a keyed request up and, when it is new or joined, marks it in progress until its caller is answered or
  /// `release_request` is called.
  virtual void find_request(RequestKey key, std::function<void(EarlierRequest)> done) = 0;
  virtual void release_request(RequestKey key) = 0;

  /// `wait`: how long the caller waits for the end of a saga that the command starts or joins.
  virtual void submit(Command command, Wait wait, Caller caller) = 0;
  virtual void query(Query query) = 0;

  /// Runs what would hold the caller's thread up, after what was given before.
  virtual void run_apart(std::function<void()> work) = 0;
  /// `done` runs when there may be durable records after the position: at once if there are, else when the next
  /// ones are durable, whatever their position. Each call is kept until then, so a caller has one under way.
  virtual void await_events(Position after, std::function<void()> done) = 0;
  /// The end of what is durable: no caller was ever shown a later position.
  virtual Position durable_position() const = 0;

  // Management.
  virtual std::vector<ReadinessCheck> readiness() = 0;
  virtual std::vector<ComponentStatus> components() = 0;
  /// `done` once it is durable: a restart does not change it. False: there is no such component.
  virtual void set_component(const std::string& name, bool running, std::function<void(bool found)> done) = 0;
  /// Drops a view and builds it again from the journal while the old one serves. False: no such view.
  virtual bool rebuild_view(const std::string& name) = 0;
  virtual std::vector<ViewStatus> views() = 0;
  virtual GatewaySettings gateway_settings() = 0;
  virtual void set_gateway_settings(GatewaySettings settings) = 0;
  /// OpenMetrics or Prometheus text.
  virtual std::string metrics() = 0;
};

}  // namespace sugang
