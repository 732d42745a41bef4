#pragma once

#include <caf/all.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/catalogue.hpp"
#include "actors/clock_timers.hpp"
#include "actors/directory.hpp"
#include "actors/keyed_requests.hpp"
#include "gateway/payment_gateway.hpp"
#include "sagas/aggregate_hosts.hpp"
#include "sagas/coordinator.hpp"
#include "storage/journal_keys.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/simulation/read_threads.hpp"

namespace sugang {

/// Approves at once, on the caller's thread.
class PromptGateway final : public PaymentGateway {
 public:
  void charge(PaymentId, Money, PaymentMethod, Done done) override { done({GatewayOutcome::approved, {}}); }
  void refund(PaymentId, Money, Done done) override { done({GatewayOutcome::approved, {}}); }
};

/// Counts down what a test waits for.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count) {}
  void arrive() {
    std::lock_guard lock{mutex_};
    if (--left_ == 0) zero_.notify_all();
  }
  bool wait_for(std::chrono::seconds deadline) {
    std::unique_lock lock{mutex_};
    return zero_.wait_for(lock, deadline, [&] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  std::size_t left_;
};

/// A node as it runs in earnest, on several threads, but for its disk and the payment company.
class ThreadedNode {
 public:
  explicit ThreadedNode(std::size_t threads, ActorLimits limits = {}, std::size_t read_threads = 0)
      : config_(threads),
        system_(config_),
        reads_(read_threads),
        journal_(
            store_, head_, {}, [this](std::function<void()> read) { reads_.run(std::move(read)); },
            [this](const std::string& why) { failure_ = why; }),
        directory_(system_, journal_),
        node_{.journal = journal_,
              .directory = directory_,
              .timers = timers_,
              .ids = ids_,
              .gateway = gateway_,
              .limits = limits,
              .components = components_,
              .payments_available = [] { return true; },
              .payment_backlog = payment_backlog_,
              .callers = callers_,
              .deferred_payments = deferred_payments_,
              .report = [](std::string_view) {}} {
    host_aggregates(node_);
    catalogue_ = system_.spawn<Catalogue>(
        node_, Catalogue::Ports{.staging = staging_,
                                .apart = [](const std::function<void()>& work) { work(); },
                                .progress = [](std::size_t, std::size_t) {},
                                .resumed = [] {},
                                .on_failure = [this](const std::string& why) { failure_ = why; }});
    journal_.start();
  }
  ~ThreadedNode() {
    timers_.stop();
    journal_.stop();
    reads_.stop();
    directory_.close();
    caf::anon_send_exit(catalogue_, caf::exit_reason::kill);
    catalogue_ = nullptr;
    system_.await_all_actors_done();
  }

  void register_courses(std::vector<ImportRow> rows) {
    Countdown registered{1};
    Caller caller;
    caller.render = [](const Outcome&) { return Answer{}; };
    caller.deliver = [&](Answer) { registered.arrive(); };
    caf::anon_send(catalogue_, CallCatalogue{{std::move(rows)}, callers_.commands.add(std::move(caller))});
    registered.wait_for(std::chrono::seconds{30});
  }
  EnrollmentId place(PlaceEnrollment command, Caller caller) {
    const EnrollmentId id{ids_.mint(timers_.now(), partition_of_name(command.course.text))};
    directory_.send(id, CallSaga{std::move(command), std::nullopt, callers_.commands.add(std::move(caller))});
    return id;
  }

  Journal& journal() { return journal_; }
  KeyedRequests& keyed() { return keyed_; }
  Directory& directory() { return directory_; }
  Callers& callers() { return callers_; }
  Timers& timers() { return timers_; }
  const std::string& failure() const { return failure_; }

 private:
  struct Config : caf::actor_system_config {
    explicit Config(std::size_t threads) {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", threads);
    }
  };

  MemoryStore store_{marks_space + 1};
  MemoryStore imports_{1};
  ImportStaging staging_{imports_, 0};
  MemoryHeadFile head_;
  PromptGateway gateway_;
  RandomIds ids_;
  std::string failure_;
  Config config_;
  caf::actor_system system_;
  ClockTimers timers_;
  Components components_;
  std::atomic<std::uint32_t> deferred_payments_{0};
  ReadThreads reads_;
  Journal journal_;
  KeyedRequests keyed_{journal_, [this](std::function<void()> read) { reads_.run(std::move(read)); }};
  Directory directory_;
  PaymentBacklog payment_backlog_{timers_, {}, {[] { return true; }, [] { return true; }}, [](EnrollmentId) {}};
  Callers callers_;
  Node node_;
  caf::actor catalogue_;
};

}  // namespace sugang
