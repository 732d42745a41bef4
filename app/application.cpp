#include "app/application.hpp"

#include <algorithm>
#include <caf/all.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <random>
#include <thread>
#include <utility>

#include "actors/catalogue.hpp"
#include "actors/clock_timers.hpp"
#include "actors/directory.hpp"
#include "app/data_folder.hpp"
#include "app/gateway_meter.hpp"
#include "app/lane.hpp"
#include "app/log.hpp"
#include "app/part_settings.hpp"
#include "app/paused_components.hpp"
#include "app/saga_log.hpp"
#include "app/samples.hpp"
#include "app/service.hpp"
#include "app/stores.hpp"
#include "app/upkeep.hpp"
#include "consumers/consumers.hpp"
#include "consumers/curl_transport.hpp"
#include "consumers/daily_report.hpp"
#include "consumers/set_aside_store.hpp"
#include "consumers/webhooks.hpp"
#include "gateway/charge_ledger_folder.hpp"
#include "gateway/payment_breaker.hpp"
#include "http/api/api.hpp"
#include "http/api/course_import.hpp"
#include "http/api/webhooks.hpp"
#include "http/server/server.hpp"
#include "sagas/aggregate_hosts.hpp"
#include "sagas/coordinator.hpp"
#include "storage/journal_folder.hpp"
#include "views/record_source.hpp"

namespace sugang {
namespace {

/// Of a drain: for the answers to callers that have waited long enough, and for those that got 503 in the end. With
/// the longest drain-wait-ms and the stop itself they fit into 10 s.
constexpr std::chrono::milliseconds drain_answer_max{1'000};
constexpr std::chrono::milliseconds drain_write_max{500};

/// CAF's own default, four at least, costs a fifth on two processors: the HTTP side, the journal, the gateway and
/// the views have threads of their own, and a turn is too short to be worth a switch.
std::size_t actor_threads_of(unsigned processors) { return std::max(1u, processors / 2); }

struct SystemConfig : caf::actor_system_config {
  explicit SystemConfig(std::uint32_t threads) {
    // One queue for all threads halves the latency at low load against stealing.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads != 0 ? threads : actor_threads_of(std::thread::hardware_concurrency()));
  }
};

/// An import logs its progress so often.
constexpr std::size_t import_progress_rows = 10'000;

void log_import(std::size_t done, std::size_t rows) {
  if (done % import_progress_rows == 0 || done == rows)
    log_info("progress of an import", {{"event", "import_progress"}, {"registered", done}, {"rows", rows}});
}

/// A failed write is never retried: what is durable is known only after recovery.
std::function<void(const std::string& why)> end_at_once(std::string store) {
  return [store = std::move(store)](const std::string& why) {
    log_error("stopping at once: a write failed, and only recovery can find what is durable",
              {{"event", "write_failed"}, {"store", store}, {"why", why}});
    std::_Exit(EXIT_FAILURE);
  };
}

void log_damage(std::string_view aggregate, const Damage& damage) {
  LogFields fields{{"event", "journal_damaged"}, {"file", damage.file}, {"what", damage.what}};
  if (damage.position != 0) fields["position"] = damage.position;
  if (aggregate.empty()) return log_error("the journal is damaged", fields);
  fields["event"] = "quarantined";
  fields["aggregate"] = aggregate;
  log_error("an aggregate is in quarantine: its records can't all be read", fields);
}

}  // namespace

// Members stand in the order in which they start; what stands below may use what stands above.
struct Application::Impl {
  explicit Impl(const Config& config)
      : data(config.data),
        data_lock(config.data),
        shares(shares_of_limit(config)),
        metrics(std::make_shared<Metrics>()),
        system_config(config.actor_threads),
        system(system_config),
        drain_wait(config.drain_wait_ms),
        journal_folder(store_folder(config.data, "journal"), journal_limits(config), store_options(shares),
                       loads.executor(), end_at_once("journal")),
        charges(store_folder(config.data, "gateway"), store_options(shares), log_index_anew),
        webhook_entries(open_webhooks(store_folder(config.data, "webhooks"), small_store_options(shares))),
        operations(open_operations(store_folder(config.data, "operations"), small_store_options(shares))),
        rows(open_rows(store_folder(config.data, "views"), store_options(shares))),
        gateway(
            charges.ledger(), {.call_timeout_ms = Milliseconds{config.gateway_timeout_ms}}, end_at_once("gateway"),
            [this] { return timers.now(); }, std::random_device{}()),
        gateway_meter(gateway, metrics),
        breaker(
            gateway_meter, {}, [] { return std::chrono::steady_clock::now(); },
            [this](bool open) { metrics->breaker_changed(open); }),
        views(open_views()),
        directory(system, journal()),
        payment_backlog(
            timers, {},
            {.available = [this] { return payments_available(); }, .up = [this] { return breaker.closed(); }},
            [this](EnrollmentId saga) { directory.send(saga, ResumeSaga{}); }),
        node{.journal = journal(),
             .directory = directory,
             .timers = timers,
             .ids = ids,
             .gateway = breaker,
             .limits = actor_limits(config),
             .components = components,
             .payments_available = [this] { return payments_available(); },
             .payment_backlog = payment_backlog,
             .callers = callers,
             .deferred_payments = deferred_payments,
             .report =
                 [](std::string_view what) {
                   log_error("an actor survived a fault", {{"event", "actor_fault"}, {"why", what}});
                 }},
        consumers(
            journal(), timers, {},
            [](std::string_view what) {
              log_warn("a consumer is put off", {{"event", "consumer_put_off"}, {"why", what}});
            },
            end_at_once("consumers"), [this](const SetAside& entry) { keep_aside(entry); }),
        contexts(journal()),
        sealer(config.webhook_key_file.empty() ? std::filesystem::path{config.data} / "webhook.key"
                                               : std::filesystem::path{config.webhook_key_file}),
        webhooks(*webhook_entries, webhook_limits(config),
                 {.timers = timers,
                  .journal = journal(),
                  .sealer = sealer,
                  .ids = ids,
                  .transport = transport,
                  .contexts = contexts,
                  .render = webhook_body,
                  .disabled =
                      [](const Webhook& webhook) {
                        log_warn("a webhook is disabled", {{"event", "webhook_disabled"},
                                                           {"webhook", to_text(webhook.id)},
                                                           {"url", webhook.url},
                                                           {"why", webhook.disabled_reason}});
                      },
                  .on_failure = end_at_once("webhooks"),
                  .on_damage = [this](const std::string& why) { stop_webhooks(why); }}),
        catalogue(system.spawn<Catalogue>(node, Catalogue::Ports{.staging = import_staging,
                                                                 .apart = imports.executor(),
                                                                 .progress = log_import,
                                                                 .resumed = [this] { import_resumed.set_value(); },
                                                                 .on_failure = end_at_once("import")})),
        service({.node = node,
                 .components = paused_components,
                 .catalogue = catalogue,
                 .views = views,
                 .gateway = gateway,
                 .breaker = breaker,
                 .consumers = consumers,
                 .webhooks = webhooks,
                 .sealer = sealer,
                 .set_aside = set_aside,
                 .metrics = *metrics,
                 .complete_state = [this](Metrics::NodeState& state) { complete(state); },
                 .reads = reads.executor(),
                 .scans = scans.executor(),
                 .apart = decodes.executor()}),
        upkeep(config, {.timers = timers,
                        .journal_folder = journal_folder,
                        .directory = directory,
                        .service = service,
                        .metrics = *metrics}),
        server(api_site(service), server_settings(config, shares), metrics) {
    journal().quarantine().listen(log_damage);
    views.on_fault([](std::string_view what) {
      log_error("the views met a fault", {{"event", "views_damaged"}, {"why", what}});
    });
    views.on_store_damaged([this](const std::string& why) { mark_damaged(store_folder(data, "views"), why); });
    host_aggregates(node);
    consumers.add(webhooks);
    consumers.add(saga_log);
    if (!config.reports.empty()) consumers.add(report.emplace(config.reports, contexts));
    journal().on_durable([this](Position) {
      consumers.wake();
      views.wake();
      service.wake_followers();
    });
  }

  ~Impl() {
    server.stop();
    decodes.stop();
    imports.stop();
    timers.stop();
    gateway.stop();
    webhooks.stop();
    consumers.stop();
    journal().stop();
    views.stop();
    upkeep.stop();
    for (auto* lane : {&scans, &reads, &loads}) lane->stop();
    directory.close();
    caf::anon_send_exit(catalogue, caf::exit_reason::kill);
    catalogue = nullptr;
    system.await_all_actors_done();
  }

  Journal& journal() { return journal_folder.journal(); }

  /// A store in which the views' start meets damage is begun anew.
  Views open_views() {
    auto open = [this] {
      return Views{records_of(journal()), *rows, {}, end_at_once("views"), [this] { return timers.now(); }};
    };
    try {
      return open();
    } catch (const DamagedEntry& damaged) {
      rows.reset();
      rows = begin_rows_anew(store_folder(data, "views"), store_options(shares), damaged.what());
      return open();
    }
  }

  bool payments_available() const { return components.runs(Component::payments) && breaker.available(); }
  void complete(Metrics::NodeState& state) {
    const auto http = server.stats();
    state.requests_in_flight = http.requests_in_flight;
    state.event_streams = http.event_streams;
    state.reads_pending = {{"loads", loads.pending()},
                           {"reads", reads.pending()},
                           {"scans", scans.pending()},
                           {"decodes", decodes.pending()},
                           {"imports", imports.pending()}};
    upkeep.complete(state);
  }

  /// Before anything is served, so that half of an import is never visible.
  void resume_import() {
    caf::anon_send(catalogue, ResumeImport{});
    import_resumed.get_future().wait();
  }

  void keep_aside(const SetAside& entry) {
    set_aside.put(entry);
    log_error("records are set aside", {{"event", "records_set_aside"},
                                        {"consumer", entry.consumer},
                                        {"first", entry.first},
                                        {"last", entry.last},
                                        {"attempts", entry.attempts},
                                        {"error", entry.error}});
  }

  void load_webhooks() {
    std::promise<Recovered> woken;
    journal().wake(AggregateId::webhooks(), [&](Recovered recovered) { woken.set_value(std::move(recovered)); });
    const auto registry = woken.get_future().get();
    if (registry.unreadable) {
      log_error("no webhook is called, and none can be registered: the journal's registry of them can't be read",
                {{"event", "webhooks_unreadable"}, {"why", registry.unreadable->why}});
      return webhooks.stand_still();
    }
    for (const auto id : webhooks.load(registry))
      log_error(
          "a webhook is not called: its secret was enciphered with another key; restore the key's file and "
          "restart, or delete the webhook and register it anew",
          {{"event", "webhook_key_wrong"}, {"webhook", to_text(id)}, {"file", sealer.file().string()}});
  }

  void stop_webhooks(const std::string& why) {
    log_error("no webhook is called any more: their store is damaged; a restart sets it aside",
              {{"event", "webhooks_damaged"}, {"why", why}});
    mark_damaged(store_folder(data, "webhooks"), why);
  }

  const std::chrono::steady_clock::time_point created_at = std::chrono::steady_clock::now();
  const std::string data;
  const DataFolderLock data_lock;
  const DescriptorShares shares;
  std::shared_ptr<Metrics> metrics;
  SystemConfig system_config;
  caf::actor_system system;
  const std::chrono::milliseconds drain_wait;
  ClockTimers timers;
  RandomIds ids;
  /// Aggregates that load; reads by id; lists and all else that goes over many entries; files of imports that are
  /// read; and the import under way, which does not wait for the next one's file.
  Lane loads, reads, scans, decodes, imports;
  JournalFolder journal_folder;
  ChargeLedgerFolder charges;
  std::unique_ptr<RocksStore> webhook_entries;
  std::unique_ptr<RocksStore> operations;
  SetAsideStore set_aside{*operations, set_aside_space};
  ImportStaging import_staging{*operations, import_space};
  std::unique_ptr<RocksStore> rows;
  EmbeddedGateway gateway;
  GatewayMeter gateway_meter;
  PaymentBreaker breaker;
  Views views;
  Directory directory;
  Components components;
  PaymentBacklog payment_backlog;
  Callers callers;
  std::promise<void> import_resumed;
  PausedComponents paused_components{*operations, paused_space, components, end_at_once("components")};
  std::atomic<std::uint32_t> deferred_payments{0};
  Node node;
  Consumers consumers;
  EnrollmentContexts contexts;
  CurlTransport transport;
  Sealer sealer;
  Webhooks webhooks;
  SagaLog saga_log;
  std::optional<DailyReport> report;
  caf::actor catalogue;
  Service service;
  Upkeep upkeep;
  Server server;
};

Application::Application(const Config& config) : impl_(std::make_unique<Impl>(config)) {}
Application::~Application() = default;

void Application::start() {
  auto& all = *impl_;
  const auto took =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - all.created_at);
  log_info("recovered", {{"event", "journal_recovered"},
                         {"position", all.journal().durable_position()},
                         {"durationMs", took.count()}});
  if (const auto paused = all.service.pause_as_before(); !paused.empty())
    log_warn("components are paused, as before the start",
             {{"event", "components_paused"}, {"components", paused}});
  all.journal().start();
  all.gateway.start();
  all.views.start();
  all.load_webhooks();
  all.webhooks.start();
  all.consumers.start();
  all.upkeep.start();
  all.resume_import();
  all.service.resume_pending();
  all.server.start();
}

void Application::offer_samples() {
  if (impl_->journal().durable_position() != 0) return;
  auto rows = std::get<std::vector<ImportRow>>(decode_catalogue(sample_catalogue, Limits{}.import_rows_max));
  auto imported = std::make_shared<std::promise<void>>();
  Caller caller;
  caller.render = [](const Outcome&) { return Answer{}; };
  caller.deliver = [imported](Answer) { imported->set_value(); };
  impl_->service.submit(RegisterCourses{std::move(rows)}, {}, std::move(caller));
  imported->get_future().wait();
}

bool Application::drain() {
  auto& service = impl_->service;
  auto& server = impl_->server;
  service.drain();
  server.drain();
  bool answered = server.await_answered(impl_->drain_wait);
  if (!answered) {
    service.answer_waiting();
    answered = server.await_answered(drain_answer_max);
  }
  if (!answered) {
    server.answer_rest();
    server.await_answered(drain_write_max);
  }
  server.stop();
  return answered;
}

std::string Application::client_address() const { return impl_->server.client_address(); }
std::string Application::management_address() const { return impl_->server.management_address(); }

}  // namespace sugang
