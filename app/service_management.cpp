#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answering.hpp"
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
  const auto lag = views_.lag();
  const auto stopped = views_.stopped_by();
  const auto apart = node_.journal.quarantine().aggregates();
  const auto damage = apart == 0 ? "" : ", " + std::to_string(apart) + " aggregates in quarantine";
  return {
      {"journal", true, "position " + std::to_string(node_.journal.durable_position()) + damage},
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
    all.push_back({std::string{to_text(component)}, node_.components.runs(component)});
  }
  return all;
}

void Service::set_component(const std::string& name, bool running, std::function<void(bool found)> done) {
  const auto component = parse_enum<Component>(name);
  if (!component) return done(false);
  scans_([this, component = *component, running, done = std::move(done)] {
    bool resumes = false;
    {
      const std::lock_guard lock{switch_mutex_};
      components_.set(component, running, node_.journal.durable_position());
      resumes = switch_component(component, running);
    }
    done(true);
    if (resumes) resume_pending();
  });
}

std::string Service::stopped_consumers() const {
  std::string names;
  for (const auto& name : consumers_.names())
    if (consumers_.stopped(name)) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? names : "stopped in front of records that can't be read: " + names;
}

std::string Service::paused_names() const {
  std::string names;
  for (const auto component : components_.paused()) {
    if (!names.empty()) names += ", ";
    names += to_text(component);
  }
  return names.empty() ? names : "paused: " + names;
}

std::string Service::pause_as_before() {
  for (const auto component : components_.paused()) switch_component(component, false);
  return paused_names();
}

bool Service::switch_component(Component component, bool running) {
  switch (component) {
    case Component::catalogue: return false;
    case Component::views: views_.pause(!running); return false;
    case Component::notifications:
      consumers_.pause(webhooks_.name(), !running);
      webhooks_.pause(!running);
      return false;
    case Component::payments:
      gateway_.pause(!running);
      if (running) breaker_.reset();
      return running;
    case Component::mileage: views_.pause(ViewId::mileage, !running); return false;
    case Component::coaching:
    case Component::delivery: return running;
  }
  return false;
}

bool Service::rebuild_view(const std::string& name) { return views_.rebuild(name); }

std::vector<ViewStatus> Service::views() {
  std::vector<ViewStatus> all;
  for (auto& name : Views::names()) {
    const bool rebuilding = views_.rebuilding(name);
    all.push_back({std::move(name), rebuilding});
  }
  return all;
}

GatewaySettings Service::gateway_settings() { return gateway_.settings(); }

void Service::set_gateway_settings(GatewaySettings settings) {
  const bool recovers = (gateway_.settings().hang && !settings.hang) ||
                        (gateway_.settings().fail_percent > 0 && settings.fail_percent == 0);
  gateway_.set_settings(settings);
  if (!recovers) return;
  breaker_.reset();
  scans_([this] { resume_pending(); });
}

std::string Service::metrics() {
  Metrics::NodeState state{.journal = node_.journal.stats(),
                           .durable_position = node_.journal.durable_position(),
                           .pending_bytes = node_.journal.pending_bytes(),
                           .residents = node_.directory.residents(),
                           .messages_pending = node_.directory.messages_pending(),
                           .views_lag = views_.lag(),
                           .set_aside = set_aside_.count(),
                           .webhook_backlog = webhooks_.backlog(),
                           .payments_deferred = node_.deferred_payments.load(),
                           .breaker_open = !breaker_.closed(),
                           .journal_faults = node_.journal.quarantine().faults(),
                           .quarantined = node_.journal.quarantine().aggregates()};
  for (auto& name : consumers_.names()) {
    const auto lag = consumers_.lag(name);
    const bool stopped = consumers_.stopped(name);
    state.consumers.push_back({.name = std::move(name), .lag = lag, .stopped = stopped});
  }
  const auto counts = attempt<SagaCounts>([this] { return views_.count_sagas(); });
  if (const auto* counted = std::get_if<0>(&counts))
    for (const auto saga : {SagaState::running, SagaState::waiting, SagaState::compensating, SagaState::stuck})
      state.sagas.emplace_back(to_text(saga), (*counted)[static_cast<std::size_t>(saga)]);
  complete_state_(state);
  metrics_.observe_node(state);
  return metrics_.text();
}

void Service::resume_pending() {
  std::shared_ptr<const std::vector<AggregateId>> pending;
  try {
    pending = std::make_shared<const std::vector<AggregateId>>(node_.journal.pending());
  } catch (const StorageError& fault) {
    log_error("pending sagas can't be listed now", {{"event", "read_failed"}, {"why", fault.what()}});
    node_.timers.after(resume_retry, [this] { scans_([this] { resume_pending(); }); });
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
      node_.directory.send(EnrollmentId{id.uid}, ResumeSaga{});
    else
      node_.directory.send(id, AdvanceCourse{});
  }
  if (last < pending->size())
    node_.timers.after(resume_interval, [this, pending, last] { resume_from(pending, last); });
}

}  // namespace sugang
