#pragma once

#include <atomic>
#include <caf/all.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "actors/directory.hpp"
#include "actors/keyed_requests.hpp"
#include "actors/node.hpp"
#include "app/metrics.hpp"
#include "app/paused_components.hpp"
#include "consumers/consumers.hpp"
#include "consumers/set_aside_store.hpp"
#include "consumers/webhooks.hpp"
#include "gateway/embedded_gateway.hpp"
#include "gateway/payment_breaker.hpp"
#include "http/backend.hpp"
#include "views/views.hpp"

namespace sugang {

/// What the HTTP side asks, put to the actors, the journal, the views and the gateway.
class Service final : public Backend {
 public:
  using Executor = std::function<void(std::function<void()>)>;

  struct Parts {
    Node& node;
    PausedComponents& components;
    caf::actor catalogue;
    Views& views;
    EmbeddedGateway& gateway;
    PaymentBreaker& breaker;
    Consumers& consumers;
    Webhooks& webhooks;
    Sealer& sealer;
    const SetAsideStore& set_aside;
    Metrics& metrics;
    /// Fills in what is known outside this class.
    std::function<void(Metrics::NodeState&)> complete_state;
    /// Run what may block on a disk: reads by id, and what goes over many entries. Neither waits for the other.
    Executor reads;
    Executor scans;
    /// Reads the files of imports, one after another.
    Executor apart;
  };
  explicit Service(Parts parts);

  void find_request(RequestKey key, std::function<void(EarlierRequest)> done) override;
  void release_request(RequestKey key) override;

  void run_apart(std::function<void()> work) override { apart_(std::move(work)); }
  void register_course(CourseId id, CourseDefinition definition, Asker asker) override;
  void import_courses(std::vector<ImportRow> rows, Asker asker) override;
  void revise_course(CourseId id, ReviseCourse command, Asker asker) override;
  void place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) override;
  void join_enrollment(EnrollmentId id, Wait wait, Asker asker) override;
  void cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) override;
  void cancel_course(CourseId id, std::string reason, Asker asker) override;
  void take_step(EnrollmentId id, StaffStep step, Asker asker) override;
  void operate_saga(EnrollmentId id, Operation operation, Asker asker) override;
  void create_webhook(std::string url, std::vector<NoticeKind> kinds, Asker asker) override;
  void remove_webhook(WebhookId id, std::function<void(ReadResult<bool> removed)> done) override;
  void list_webhooks(Page page, std::function<void(ListResult<Webhook>)> done) override;
  void list_webhook_deliveries(WebhookId id, Page page,
                               std::function<void(std::optional<ListResult<WebhookDelivery>>)> done) override;

  void read_course(CourseId id, CourseReader done) override;
  void read_timeline(EnrollmentId id, std::function<void(ReadResult<std::vector<Record>>)> done) override;
  void read_line_position(CourseId course, EnrollmentId enrollment, LineReader done) override;
  void list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                    std::function<void(ListResult<CourseSnapshot>)> done) override;
  void list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                        std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void student_page(StudentId student, Page page, Position min_position,
                    std::function<void(ListResult<PageRow>)> done) override;
  void list_waitlist(CourseId course, Page page, Position min_position,
                     std::function<void(ListResult<WaitlistRow>)> done) override;
  void list_coaching(CoachingFilter filter, Page page, Position min_position,
                     std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void list_deliveries(DeliveryFilter filter, Page page, Position min_position,
                       std::function<void(ListResult<EnrollmentSummary>)> done) override;
  void student_mileage(StudentId student, Page page, Position min_position,
                       std::function<void(MileageStatement)> done) override;
  void student_notifications(StudentId student, Page page, Position min_position,
                             std::function<void(ListResult<Notification>)> done) override;
  void read_events(Position after, std::size_t limit, std::function<void(ReadResult<EventsRead>)> done) override;
  void await_events(Position after, std::function<void()> done) override;
  Position durable_position() const override { return node_.journal.durable_position(); }

  std::vector<ReadinessCheck> readiness() override;
  std::vector<ComponentStatus> components() override;
  void set_component(const std::string& name, bool running, std::function<void(bool found)> done) override;
  void list_set_aside(Page page, std::function<void(ListResult<SetAside>)> done) override;
  bool rebuild_view(const std::string& name) override;
  std::vector<ViewStatus> views() override;
  GatewaySettings gateway_settings() override;
  void set_gateway_settings(GatewaySettings settings) override;
  void list_charges(Page page, std::function<void(ListResult<ChargeEntry>)> done) override;
  std::string metrics() override;

  /// Lists who owes an action, and wakes them a few at a time. May block on a disk. After a start, and when a
  /// component runs again.
  void resume_owed();
  /// Holds what was paused before the start; before anything of it runs. What is paused, for the log.
  std::string pause_as_before();
  /// There are new durable records; for Journal::on_durable.
  void wake_followers();
  /// From now on /readyz says that this node takes no new work.
  void drain() { draining_ = true; }
  /// Every caller that waits for the end of a saga gets the saga's state now.
  void answer_waiting();
  /// While the disk is nearly full what needs new room is refused; sagas under way and cancels go on.
  void set_disk_low(bool low) { disk_low_ = low; }

 private:
  /// The asker, whose answer, which holds a secret, is in the journal as the sealer makes it.
  Asker sealing(Asker asker);
  /// False: the answer was sealed with another key.
  bool unseal(RequestId id, Answer& answer) const;
  /// Runs `done` once what was appended before is durable.
  void through_gate(std::function<void()> done);
  /// The number under which the caller waits.
  CallerId admit(Asker asker);
  /// Answers what cannot be taken up now; true if so.
  bool refuse(std::optional<ServiceError> why, Asker& asker);
  /// Why a change of the catalogue is not taken up now, if so.
  std::optional<ServiceError> catalogue_closed() const;
  std::optional<ServiceError> disk_closed() const;
  /// True: sagas may wait for it, and are to be resumed.
  bool switch_component(Component component, bool running);
  std::string stopped_consumers() const;
  std::string paused_names() const;
  void resume_from(std::shared_ptr<const std::vector<AggregateId>> owed, std::size_t first);
  template <class Row>
  void list(std::vector<ViewId> views, Position min_position, std::function<ListResult<Row>()> query,
            std::function<void(ListResult<Row>)> done);
  /// Runs `query` once these views show `min_position`, or `behind` when they do not in time.
  void when_reached(std::vector<ViewId> views, Position min_position, std::function<void()> query,
                    std::function<void()> behind);

  Node& node_;
  PausedComponents& components_;
  caf::actor catalogue_;
  Views& views_;
  EmbeddedGateway& gateway_;
  PaymentBreaker& breaker_;
  Consumers& consumers_;
  Webhooks& webhooks_;
  Sealer& sealer_;
  const SetAsideStore& set_aside_;
  Metrics& metrics_;
  const std::function<void(Metrics::NodeState&)> complete_state_;
  Executor reads_;
  Executor scans_;
  Executor apart_;
  KeyedRequests keyed_;
  /// What is durable of a component and what it does change together.
  std::mutex switch_mutex_;
  std::mutex followers_mutex_;
  std::vector<std::function<void()>> followers_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> disk_low_{false};
  std::atomic<bool> owed_listed_{false};
};

}  // namespace sugang
