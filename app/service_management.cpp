#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answers.hpp"
#include "app/attempt.hpp"
#include "app/service.hpp"
#include "sagas/coordinator.hpp"

// The switches: components, the embedded gateway, webhooks, probes; and resuming what is pending.

namespace sugang {
namespace {

/// So many are woken at a time, so that a restart serves new requests beside the old, and a gateway that comes back
/// is not overrun.
constexpr std::size_t resume_batch = 500;
constexpr Milliseconds resume_interval{50};
constexpr Milliseconds resume_retry{1'000};

}  // namespace

std::vector<ReadinessCheck> Service::readiness() {
  const auto lag = to_.views.lag();
  const auto stopped = to_.views.stopped_by();
  const auto apart = to_.node.journal.quarantine().aggregates();
  const auto damage = apart == 0 ? "" : ", " + std::to_string(apart) + " aggregates in quarantine";
  return {
      {"journal", true, "position " + std::to_string(to_.node.journal.durable_position()) + damage},
      {"sagas", pending_listed_, pending_listed_ ? "" : "pending sagas are being listed"},
      // Enrolling and reading by id do not need the views: so a lag is no reason to be unready.
      {"views", true,
       std::to_string(lag) + " records behind the journal" + (stopped.empty() ? "" : ": stopped by " + stopped)},
      {"consumers", true, stopped_consumers()},
      // Neither is a paused component, whose work waits durably.
      {"components", true, paused_names()},
      {"disk", !disk_low_, disk_low_ ? "nearly full: what needs new room is refused" : ""},
      {"draining", !draining_, draining_ ? "this node is shutting down and takes no new work" : ""},
  };
}

std::vector<ComponentStatus> Service::components() {
  std::vector<ComponentStatus> all;
  for (std::size_t i = 0; i < EnumNames<Component>::values.size(); ++i) {
    const auto component = static_cast<Component>(i);
    all.push_back({std::string{to_text(component)}, to_.node.components.runs(component)});
  }
  return all;
}

void Service::set_component(const std::string& name, bool running, std::function<void(bool found)> done) {
  const auto component = parse_enum<Component>(name);
  if (!component) return done(false);
  to_.scans([this, component = *component, running, done = std::move(done)] {
    bool resumes = false;
    {
      const std::lock_guard lock{switch_mutex_};
      to_.components.set(component, running, to_.node.journal.durable_position());
      resumes = switch_component(component, running);
    }
    done(true);
    if (resumes) resume_pending();
  });
}

std::string Service::stopped_consumers() const {
  std::string names;
  for (const auto& consumer : to_.consumers.states())
    if (consumer.stopped) names += (names.empty() ? "" : ", ") + consumer.name;
  return names.empty() ? names : "stopped in front of records that can't be read: " + names;
}

std::string Service::paused_names() const {
  std::string names;
  for (const auto component : to_.components.paused()) {
    if (!names.empty()) names += ", ";
    names += to_text(component);
  }
  return names.empty() ? names : "paused: " + names;
}

std::string Service::pause_as_before() {
  for (const auto component : to_.components.paused()) switch_component(component, false);
  return paused_names();
}

bool Service::switch_component(Component component, bool running) {
  switch (component) {
    case Component::catalogue: return false;
    case Component::views: to_.views.pause(!running); return false;
    case Component::notifications:
      to_.consumers.pause(to_.webhooks.name(), !running);
      to_.webhooks.pause(!running);
      return false;
    case Component::payments:
      to_.gateway.pause(!running);
      if (running) to_.breaker.reset();
      return running;
    case Component::mileage: to_.views.pause(ViewId::mileage, !running); return false;
    case Component::coaching:
    case Component::delivery: return running;
  }
  return false;
}

bool Service::rebuild_view(const std::string& name) { return to_.views.rebuild(name); }

std::vector<ViewStatus> Service::views() {
  std::vector<ViewStatus> all;
  for (auto& name : Views::names()) {
    const bool rebuilding = to_.views.rebuilding(name);
    all.push_back({std::move(name), rebuilding});
  }
  return all;
}

GatewaySettings Service::gateway_settings() { return to_.gateway.settings(); }

void Service::set_gateway_settings(GatewaySettings settings) {
  const bool recovers = (to_.gateway.settings().hang && !settings.hang) ||
                        (to_.gateway.settings().fail_percent > 0 && settings.fail_percent == 0);
  to_.gateway.set_settings(settings);
  if (!recovers) return;
  to_.breaker.reset();
  to_.scans([this] { resume_pending(); });
}

std::string Service::metrics() {
  Metrics::NodeState state{.journal = to_.node.journal.stats(),
                           .durable_position = to_.node.journal.durable_position(),
                           .pending_bytes = to_.node.journal.pending_bytes(),
                           .residents = to_.node.directory.residents(),
                           .messages_pending = to_.node.directory.messages_pending(),
                           .views_lag = to_.views.lag(),
                           .set_aside = to_.set_aside.count(),
                           .consumers = to_.consumers.states(),
                           .webhook_backlog = to_.webhooks.backlog(),
                           .payments_deferred = to_.node.deferred_payments.load(),
                           .breaker_open = !to_.breaker.closed(),
                           .journal_faults = to_.node.journal.quarantine().faults(),
                           .quarantined = to_.node.journal.quarantine().aggregates()};
  const auto counts = attempt<SagaCounts>([this] { return to_.views.count_sagas(); });
  if (const auto* counted = std::get_if<0>(&counts))
    for (const auto saga : {SagaState::running, SagaState::waiting, SagaState::compensating, SagaState::stuck})
      state.sagas.emplace_back(to_text(saga), (*counted)[static_cast<std::size_t>(saga)]);
  to_.complete_state(state);
  to_.metrics.observe_node(state);
  return to_.metrics.text();
}

void Service::resume_pending() {
  std::shared_ptr<const std::vector<AggregateId>> pending;
  try {
    pending = std::make_shared<const std::vector<AggregateId>>(to_.node.journal.pending());
  } catch (const StorageError& fault) {
    log_error("pending sagas can't be listed now", {{"event", "read_failed"}, {"why", fault.what()}});
    to_.node.timers.after(resume_retry, [this] { to_.scans([this] { resume_pending(); }); });
    return;
  }
  pending_listed_ = true;
  resume_from(std::move(pending), 0);
}

void Service::resume_from(std::shared_ptr<const std::vector<AggregateId>> pending, std::size_t first) {
  const auto last = std::min(pending->size(), first + resume_batch);
  for (auto i = first; i < last; ++i) {
    const auto& id = (*pending)[i];
    if (id.kind == AggregateKind::saga)
      to_.node.directory.send(EnrollmentId{id.uid}, ResumeSaga{});
    else
      to_.node.directory.send(id, AdvanceCourse{});
  }
  if (last < pending->size())
    to_.node.timers.after(resume_interval, [this, pending, last] { resume_from(pending, last); });
}

}  // namespace sugang
