#pragma once

#include <caf/all.hpp>
#include <future>
#include <string>
#include <thread>

#include "actors/catalogue.hpp"
#include "actors/clock_timers.hpp"
#include "app/metrics.hpp"
#include "app/service.hpp"
#include "consumers/enrollment_context.hpp"
#include "http/api/webhooks.hpp"
#include "sagas/aggregate_hosts.hpp"
#include "storage/journal_keys.hpp"
#include "tests/simulation/memory_ledger.hpp"
#include "tests/simulation/read_threads.hpp"
#include "tests/storage/temp_folder.hpp"
#include "views/record_source.hpp"
#include "views/row_keys.hpp"

namespace sugang {

/// Accepts every call.
class AcceptingTransport final : public WebhookTransport {
 public:
  void post(WebhookCall, Done done) override { done({204, {}}); }
};

/// The service as the program runs it, with its stores in memory.
class MemoryService {
 public:
  MemoryService() {
    host_aggregates(node_);
    journal_.on_durable([this](Position) {
      consumers_.wake();
      views_.wake();
      service_.wake_followers();
    });
    consumers_.add(webhooks_);
    journal_.start();
    gateway_.start();
    views_.start();
    std::promise<Recovered> registry;
    journal_.wake(AggregateId::webhooks(), [&](Recovered recovered) { registry.set_value(std::move(recovered)); });
    webhooks_.load(registry.get_future().get());
    webhooks_.start();
    consumers_.start();
    service_.resume_pending();
  }
  ~MemoryService() {
    timers_.stop();
    gateway_.stop();
    webhooks_.stop();
    consumers_.stop();
    journal_.stop();
    views_.stop();
    reads_.stop();
    directory_.close();
    caf::anon_send_exit(catalogue_, caf::exit_reason::kill);
    catalogue_ = nullptr;
    system_.await_all_actors_done();
  }

  Service& service() { return service_; }
  SetAsideStore& set_aside() { return set_aside_; }
  /// Waits until lists show all that is durable.
  void await_views() {
    while (views_.lag() != 0 || consumers_.states().front().lag != 0) std::this_thread::yield();
  }

 private:
  struct Config : caf::actor_system_config {
    Config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", 1);
    }
  };
  [[noreturn]] static void end(const std::string& why) {
    throw std::logic_error{"a store in memory failed: " + why};
  }
  std::function<void(std::function<void()>)> reads() {
    return [this](std::function<void()> read) { reads_.run(std::move(read)); };
  }

  enum Space : std::uint8_t { paused, aside, imports, operations_spaces };

  TempFolder folder_;
  MemoryStore journal_store_{journal_space_count}, hooks_{WebhookStore::space_count},
      operations_{operations_spaces}, rows_{views_space_count};
  MemoryHeadFile head_;
  Config config_;
  caf::actor_system system_{config_};
  ClockTimers timers_;
  RandomIds ids_;
  ReadThreads reads_{1};
  Journal journal_{journal_store_, head_, {}, reads(), end};
  SetAsideStore set_aside_{operations_, aside};
  ImportStaging staging_{operations_, imports};
  MemoryCharges charges_;
  MemoryLedger ledger_{charges_};
  EmbeddedGateway gateway_{ledger_.ledger, {}, end, [this] { return timers_.now(); }, 1};
  PaymentBreaker breaker_{gateway_, {}, [] { return std::chrono::steady_clock::now(); }};
  Views views_{records_of(journal_), rows_, {}, end, [this] { return timers_.now(); }};
  Directory directory_{system_, journal_};
  Components components_;
  PausedComponents paused_components_{operations_, paused, components_, end};
  PaymentBacklog payment_backlog_{timers_,
                                  {},
                                  {[this] { return breaker_.available(); }, [this] { return breaker_.closed(); }},
                                  [this](EnrollmentId saga) { directory_.send(saga, ResumeSaga{}); }};
  Callers callers_;
  std::atomic<std::uint32_t> deferred_payments_{0};
  Node node_{.journal = journal_,
             .directory = directory_,
             .timers = timers_,
             .ids = ids_,
             .gateway = breaker_,
             .limits = {},
             .components = components_,
             .payments_available = [this] { return components_.runs(Component::payments) && breaker_.available(); },
             .payment_backlog = payment_backlog_,
             .callers = callers_,
             .deferred_payments = deferred_payments_,
             .report = [](std::string_view) {}};
  Consumers consumers_{journal_, timers_, {}, [](std::string_view) {}, end};
  EnrollmentContexts contexts_{journal_};
  AcceptingTransport transport_;
  Sealer sealer_{folder_.path() / "webhook.key"};
  Webhooks webhooks_{hooks_,
                     {},
                     {.timers = timers_,
                      .journal = journal_,
                      .sealer = sealer_,
                      .ids = ids_,
                      .transport = transport_,
                      .contexts = contexts_,
                      .render = webhook_body,
                      .disabled = [](const Webhook&) {},
                      .on_failure = end}};
  caf::actor catalogue_ =
      system_.spawn<Catalogue>(node_, Catalogue::Ports{.staging = staging_,
                                                       .apart = reads(),
                                                       .progress = [](std::size_t, std::size_t) {},
                                                       .resumed = [] {},
                                                       .on_failure = end});
  Metrics metrics_;
  Service service_{{.node = node_,
                    .components = paused_components_,
                    .catalogue = catalogue_,
                    .views = views_,
                    .gateway = gateway_,
                    .breaker = breaker_,
                    .consumers = consumers_,
                    .webhooks = webhooks_,
                    .sealer = sealer_,
                    .set_aside = set_aside_,
                    .metrics = metrics_,
                    .complete_state = [](Metrics::NodeState&) {},
                    .reads = reads(),
                    .scans = reads(),
                    .apart = reads()}};
};

}  // namespace sugang
