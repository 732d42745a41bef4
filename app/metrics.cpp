#include "app/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <tuple>

#include "app/log.hpp"
#include "app/process_state.hpp"
#include "app/sampled_lines.hpp"
#include "http/api/problem.hpp"

namespace sugang {
namespace {

using Labels = prometheus::Labels;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets request_seconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const Buckets gateway_seconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

// Names: `sugang_`, the part of the server, what is measured, its unit last; `_total` for what only grows. What the
// kernel accounts for has the names that all Prometheus clients give it, `process_…`.
struct Metrics::Impl {
  /// Of one route: found once for every answer.
  struct Answers {
    prometheus::Counter* count = nullptr;
    prometheus::Histogram* latency = nullptr;
  };

  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = counters("sugang_http_requests_total", "Requests answered.");
  prometheus::Family<prometheus::Histogram>& latencies =
      histograms("sugang_http_request_duration_seconds",
                 "From the whole request read to its answer; wait: chosen where Prefer chose to wait.");
  prometheus::Family<prometheus::Counter>& problems =
      counters("sugang_http_problems_total", "Answers that are problems, by the problem's name.");
  prometheus::Family<prometheus::Histogram>& gateway_latencies =
      histograms("sugang_gateway_call_duration_seconds", "From a call to the payment gateway to its answer.");
  prometheus::Counter& breaker_openings =
      counters("sugang_gateway_breaker_openings_total", "How often the payment gateway was found to be down.")
          .Add({});
  prometheus::Family<prometheus::Gauge>& connections = gauges("sugang_http_connections", "Open connections.");
  prometheus::Family<prometheus::Counter>& connections_refused = counters(
      "sugang_http_connections_refused_total",
      "Connections refused: there were as many as there may be (limit), or the system gave none (system).");

  SampledLines refused_lines;
  SampledLines failed_lines;

  std::mutex mutex;
  /// By the addresses of the names, which are constants: this is looked up for every answer.
  std::map<std::tuple<const char*, const char*, std::uint16_t, bool>, Answers> answers;
  std::map<const ProblemType*, prometheus::Counter*> problem_counters;

  Impl() {
    set("sugang_build_info", "1, with the version of the program.", 1, {{"version", SUGANG_VERSION}});
    // From the start, so that a rate sees the first of them too.
    for (const auto* port : {"client", "management"})
      for (const auto* reason : {"limit", "system"}) connections_refused.Add({{"port", port}, {"reason", reason}});
  }

  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  void set(const char* name, const char* help, auto value, const Labels& labels = {}) {
    gauges(name, help).Add(labels).Set(static_cast<double>(value));
  }
  /// For what is counted elsewhere.
  void raise_to(const char* name, const char* help, auto value) {
    auto& counter = counters(name, help).Add({});
    counter.Increment(static_cast<double>(value) - counter.Value());
  }
  void observe_process();

  Answers& answers_of(const AnsweredRequest& request) {
    auto& found = answers[{request.method.data(), request.route.data(), request.status, request.chose_to_wait}];
    if (found.count != nullptr) return found;
    Labels labels{{"method", std::string{request.method}}, {"route", std::string{request.route}}};
    auto timed = labels;
    timed["wait"] = request.chose_to_wait ? "chosen" : "default";
    found.latency = &latencies.Add(timed, request_seconds);
    labels["status"] = std::to_string(request.status);
    found.count = &requests.Add(labels);
    return found;
  }
  prometheus::Counter* problem_counter(std::string_view name) {
    const auto* type = name.empty() ? nullptr : find_problem_type(name);
    if (type == nullptr) return nullptr;
    auto& found = problem_counters[type];
    if (found == nullptr) found = &problems.Add({{"problem", std::string{type->name}}});
    return found;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::Impl::observe_process() {
  const auto process = read_process_state();
  raise_to("process_cpu_seconds_total", "Processor time, user and system.", process.cpu_seconds);
  set("process_resident_memory_bytes", "Memory in use.", process.resident_bytes);
  set("process_open_fds", "Open file descriptors.", process.open_files);
  set("process_max_fds", "File descriptors that may be open.", process.open_files_max);
  set("process_start_time_seconds", "When the process started, since the epoch.", process.start_seconds);
}

void Metrics::observe_node(const NodeState& state) {
  auto& to = *impl_;
  to.raise_to("sugang_journal_batches_total", "Batches written, one fsync each.", state.journal.batches);
  to.raise_to("sugang_journal_appends_total", "Appends written.", state.journal.appends);
  to.raise_to("sugang_journal_records_total", "Records written, of one or more events each.",
              state.journal.records);
  to.raise_to("sugang_journal_events_total", "Events written.", state.journal.events);
  to.raise_to("sugang_journal_bytes_total", "Encoded bytes written.", state.journal.bytes);
  to.raise_to("sugang_journal_sync_seconds_total", "Time spent in synced writes.",
              static_cast<double>(state.journal.sync_micros) / 1e6);
  to.set("sugang_journal_durable_position", "Position of the last durable record.", state.durable_position);
  to.set("sugang_journal_pending_bytes", "Bytes that wait for the next batch.", state.pending_bytes);
  to.set("sugang_actors", "Aggregates' actors in memory.", state.residents);
  to.set("sugang_actor_messages_pending", "Messages that actors have not finished with.", state.messages_pending);
  to.set("sugang_views_lag_records", "Durable records that the views do not show yet.", state.views_lag);
  for (const auto& consumer : state.consumers) {
    const Labels labels{{"consumer", consumer.name}};
    to.set("sugang_consumer_lag_records", "Durable records that a consumer has not done yet.", consumer.lag,
           labels);
    to.set("sugang_consumer_stopped", "1 while a consumer stands in front of records that can't be read.",
           consumer.stopped ? 1 : 0, labels);
  }
  for (const auto& [name, count] : state.sagas)
    to.set("sugang_sagas", "Sagas that have not ended, by state, as the views show them.", count,
           {{"state", std::string{name}}});
  to.set("sugang_consumers_set_aside", "Records that consumers have passed over.", state.set_aside);
  to.set("sugang_webhook_calls_pending", "Calls of webhooks that are still to be made.", state.webhook_backlog);
  to.set("sugang_payments_deferred", "Charges that wait for the payment side to come back.",
         state.payments_deferred);
  to.set("sugang_gateway_breaker_open", "1 while the payment gateway counts as down.", state.breaker_open ? 1 : 0);
  to.set("sugang_http_requests_in_flight", "Requests taken up and not answered yet.", state.requests_in_flight);
  to.set("sugang_http_event_streams", "Clients that follow the events.", state.event_streams);
  for (const auto& [name, count] : state.reads_pending)
    to.set("sugang_reads_pending", "Reads of the stores that wait or run.", count, {{"lane", std::string{name}}});
  to.set("sugang_journal_faults", "Faults that reads of the journal have met since the start.",
         state.journal_faults);
  to.set("sugang_quarantined_aggregates", "Aggregates that can't be read for a fault of the journal.",
         state.quarantined);
  to.set("sugang_scrub_position", "Position that the scrub has come to.", state.scrub_position);
  to.raise_to("sugang_scrub_passes_total", "Complete passes of the scrub over the journal.", state.scrub_passes);
  to.set("sugang_scrub_age_seconds", "Since the end of the scrub's last complete pass, or since the start.",
         state.scrub_age.count());
  to.set("sugang_disk_free_bytes", "Free on the disk of the data folder.", state.disk_free_bytes);
  to.set("sugang_disk_free_min_bytes", "With less free on the disk, new work is refused.",
         state.disk_free_bytes_min);
  to.observe_process();
}

void Metrics::answered(const AnsweredRequest& request) {
  Impl::Answers found;
  prometheus::Counter* problem = nullptr;
  {
    std::lock_guard lock{impl_->mutex};
    found = impl_->answers_of(request);
    problem = impl_->problem_counter(request.problem);
  }
  found.count->Increment();
  found.latency->Observe(seconds(request.took));
  if (problem != nullptr) problem->Increment();
  request_log_.answered(request);
}

void Metrics::gateway_answered(std::string_view call, std::string_view outcome, std::chrono::nanoseconds took) {
  impl_->gateway_latencies.Add({{"call", std::string{call}}, {"outcome", std::string{outcome}}}, gateway_seconds)
      .Observe(seconds(took));
}

void Metrics::breaker_changed(bool open) {
  if (open) impl_->breaker_openings.Increment();
  if (open)
    log_warn("the payment gateway counts as down", {{"event", "breaker_opened"}});
  else
    log_info("the payment gateway answers again", {{"event", "breaker_closed"}});
}

void Metrics::connections_changed(std::string_view port, std::size_t open) {
  impl_->connections.Add({{"port", std::string{port}}}).Set(static_cast<double>(open));
}

void Metrics::connection_refused(std::string_view port, std::size_t max) {
  impl_->connections_refused.Add({{"port", std::string{port}}, {"reason", "limit"}}).Increment();
  if (const auto since = impl_->refused_lines.next())
    log_warn("connections are refused", {{"event", "connections_refused"},
                                         {"port", std::string{port}},
                                         {"connectionsMax", std::to_string(max)},
                                         {"refused", std::to_string(*since)}});
}

void Metrics::accept_failed(std::string_view port, std::string_view why) {
  impl_->connections_refused.Add({{"port", std::string{port}}, {"reason", "system"}}).Increment();
  if (const auto since = impl_->failed_lines.next())
    log_error("the system gives no connection", {{"event", "accept_failed"},
                                                 {"port", std::string{port}},
                                                 {"why", std::string{why}},
                                                 {"times", std::to_string(*since)}});
}

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect()); }

}  // namespace sugang
