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
#include "http/api/backend.hpp"
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

  void submit(Command command, Wait wait, Caller caller) override;
  void query(Query query) override;
  void run_apart(std::function<void()> work) override { to_.apart(std::move(work)); }
  void await_events(Position after, std::function<void()> done) override;
  Position durable_position() const override { return to_.node.journal.durable_position(); }

  std::vector<ReadinessCheck> readiness() override;
  std::vector<ComponentStatus> components() override;
  void set_component(const std::string& name, bool running, std::function<void(bool found)> done) override;
  bool rebuild_view(const std::string& name) override;
  std::vector<ViewStatus> views() override;
  GatewaySettings gateway_settings() override;
  void set_gateway_settings(GatewaySettings settings) override;
  std::string metrics() override;

  /// Lists what is pending, and resumes it a few at a time. May block on a disk. After a start, and when a
  /// component runs again.
  void resume_pending();
  /// Holds what was paused before the start; before anything of it runs. What is paused, for the log.
  std::string pause_as_before();
  /// There are new durable records; for Journal::on_durable.
  void wake_followers();
  /// From now on /readyz reports that this node takes no new work.
  void drain() { draining_ = true; }
  /// Every caller that waits for the end of a saga gets the saga's state now.
  void answer_waiting();
  /// While the disk is nearly full what needs new room is refused; sagas under way and cancels continue.
  void set_disk_low(bool low) { disk_low_ = low; }

 private:
  void run(RegisterCourses command, Wait wait, Caller caller);
  void run(ToCourse command, Wait wait, Caller caller);
  void run(PlaceEnrollment command, Wait wait, Caller caller);
  void run(ToEnrollment command, Wait wait, Caller caller);
  void run(CreateWebhook command, Wait wait, Caller caller);
  void run(RemoveWebhook command, Wait wait, Caller caller);

  template <class Asked>
  using Done = std::function<void(typename Asked::Result)>;
  void run(const ReadCourse& query, Done<ReadCourse> done);
  void run(const ReadTimeline& query, Done<ReadTimeline> done);
  void run(const FindWaitlistPosition& query, Done<FindWaitlistPosition> done);
  void run(const ReadEvents& query, Done<ReadEvents> done);
  void run(const ListWebhookDeliveries& query, Done<ListWebhookDeliveries> done);
  template <class Row>
  void run(const ListAll<Row>& query, Done<ListAll<Row>> done);
  template <class Filter>
  void run(const ViewQuery<Filter>& query, Done<ViewQuery<Filter>> done);

  ListResult<Webhook> read(const ListAll<Webhook>& query) const { return to_.webhooks.list(query.page); }
  ListResult<SetAside> read(const ListAll<SetAside>& query) const { return to_.set_aside.list(query.page); }
  ListResult<ChargeEntry> read(const ListAll<ChargeEntry>& query) const { return to_.gateway.charges(query.page); }
  auto read(const ListCourses& query) const { return to_.views.list_courses(query.filter.kind, query.page); }
  auto read(const ListEnrollments& query) const { return to_.views.list_enrollments(query.filter, query.page); }
  auto read(const ListWaitlist& query) const { return to_.views.list_waitlist(query.filter.course, query.page); }
  auto read(const ListCoaching& query) const { return to_.views.list_coaching(query.filter, query.page); }
  auto read(const ListDeliveries& query) const { return to_.views.list_deliveries(query.filter, query.page); }
  auto read(const ReadStudentPage& query) const { return to_.views.student_page(query.filter.student, query.page); }
  auto read(const ReadMileage& query) const { return to_.views.student_mileage(query.filter.student, query.page); }
  ListResult<Notification> read(const ReadNotifications& query) const;

  /// The caller, whose answer, which holds a secret, is in the journal as the sealer makes it.
  Caller sealing(Caller caller);
  /// False: the answer was sealed with another key.
  bool unseal(RequestId id, Answer& answer) const;
  /// Runs `done` once what was appended before is durable.
  void through_gate(std::function<void()> done);
  /// The number under which the caller waits.
  CallerId admit(Caller caller) { return to_.node.callers.commands.add(std::move(caller)); }
  /// Answers what cannot be taken up now; true if so.
  bool refuse(std::optional<ServiceError> why, Caller& caller);
  /// Why a change of the catalogue is not taken up now, if so.
  std::optional<ServiceError> catalogue_closed() const;
  std::optional<ServiceError> disk_closed() const;
  /// True: sagas may wait for it, and are to be resumed.
  bool switch_component(Component component, bool running);
  std::string stopped_consumers() const;
  std::string paused_names() const;
  void resume_from(std::shared_ptr<const std::vector<AggregateId>> pending, std::size_t first);

  const Parts to_;
  KeyedRequests keyed_;
  /// What is durable of a component and what it does change together.
  std::mutex switch_mutex_;
  std::mutex followers_mutex_;
  std::vector<std::function<void()>> followers_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> disk_low_{false};
  std::atomic<bool> pending_listed_{false};
};

}  // namespace sugang
