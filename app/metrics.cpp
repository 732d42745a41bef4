#include "app/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <tuple>

namespace sugang {

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("sugang_http_requests_total").Help("Requests answered.").Register(registry);
  prometheus::Histogram& latency =
      prometheus::BuildHistogram()
          .Name("sugang_http_request_duration_seconds")
          .Help("From the whole request read to its answer.")
          .Register(registry)
          .Add({}, prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                           0.25, 0.5, 1, 2.5, 5, 10, 30});
  prometheus::Counter& batches = counter("sugang_journal_batches_total", "Batches written, one fsync each.");
  prometheus::Counter& records = counter("sugang_journal_records_total", "Records written.");
  prometheus::Counter& bytes = counter("sugang_journal_bytes_total", "Encoded bytes written.");
  prometheus::Counter& sync_seconds = counter("sugang_journal_sync_seconds_total", "Time spent in synced writes.");
  prometheus::Gauge& position = gauge("sugang_journal_durable_position", "Position of the last durable record.");
  prometheus::Gauge& pending = gauge("sugang_journal_pending_bytes", "Bytes that wait for the next batch.");
  prometheus::Gauge& residents = gauge("sugang_actors", "Aggregates' actors in memory.");
  prometheus::Gauge& lag = gauge("sugang_views_lag_records", "Durable records that the views do not show yet.");

  std::mutex mutex;
  /// By the addresses of the names, which are constants: this is looked up for every answer.
  std::map<std::tuple<const char*, const char*, int>, prometheus::Counter*> request_counters;

  prometheus::Counter& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }
  prometheus::Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  static void raise_to(prometheus::Counter& counter, double value) { counter.Increment(value - counter.Value()); }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::observe_node(const NodeState& state) {
  Impl::raise_to(impl_->batches, static_cast<double>(state.journal.batches));
  Impl::raise_to(impl_->records, static_cast<double>(state.journal.records));
  Impl::raise_to(impl_->bytes, static_cast<double>(state.journal.bytes));
  Impl::raise_to(impl_->sync_seconds, static_cast<double>(state.journal.sync_micros) / 1e6);
  impl_->position.Set(static_cast<double>(state.durable_position));
  impl_->pending.Set(static_cast<double>(state.pending_bytes));
  impl_->residents.Set(static_cast<double>(state.residents));
  impl_->lag.Set(static_cast<double>(state.views_lag));
}

void Metrics::answered(std::string_view method, std::string_view route, std::uint16_t status,
                       std::chrono::nanoseconds took) {
  const auto status_class = status / 100;
  prometheus::Counter* counter = nullptr;
  {
    std::lock_guard lock{impl_->mutex};
    auto& known = impl_->request_counters[{method.data(), route.data(), status_class}];
    if (!known)
      known = &impl_->requests.Add({{"method", std::string{method}},
                                    {"route", std::string{route}},
                                    {"status", std::to_string(status_class) + "xx"}});
    counter = known;
  }
  counter->Increment();
  impl_->latency.Observe(std::chrono::duration<double>(took).count());
}

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(impl_->registry.Collect()); }

}  // namespace sugang
