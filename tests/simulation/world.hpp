#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "actors/catalogue.hpp"
#include "actors/course_actor.hpp"
#include "actors/directory.hpp"
#include "actors/keyed_requests.hpp"
#include "actors/payment_actor.hpp"
#include "gateway/payment_breaker.hpp"
#include "sagas/aggregate_hosts.hpp"
#include "sagas/coordinator.hpp"
#include "storage/journal_keys.hpp"
#include "tests/gateway/scripted_gateway.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/simulation/simulated_time.hpp"

namespace sugang {

struct TestingSystemConfig : caf::actor_system_config {
  TestingSystemConfig() { set("scheduler.policy", caf::atom("testing")); }
};

/// What survives a crash: the disk, the company's ledger, the time.
struct Durables {
  std::unique_ptr<MemoryStore> store = std::make_unique<MemoryStore>(marks_space + 1);
  std::unique_ptr<MemoryHeadFile> head = std::make_unique<MemoryHeadFile>();
  std::unique_ptr<MemoryStore> imports = std::make_unique<MemoryStore>(1);
  ScriptedGateway company;
  SimulatedTimers timers{TimePoint{std::chrono::hours{500'000}}};
};

/// One life of a node, from start to crash, in which nothing happens but what the test lets happen: one actor's
/// turn, one batch of the journal, one read of the disk, one answer of the company, one alarm.
class Life {
 public:
  /// Held reads wait for run_one_read, in any order, as on several threads.
  enum class Reads : std::uint8_t { at_once, held };

  explicit Life(Durables& durables, std::uint64_t seed = 1, ActorLimits limits = {}, Journal::Limits disk = {},
                Reads reads = Reads::at_once)
      : durables_(durables),
        ids_(seed),
        reads_(reads),
        system_(std::make_unique<caf::actor_system>(config_)),
        journal_(
            *durables.store, *durables.head, disk,
            [this](std::function<void()> read) { read_away(std::move(read)); },
            [this](const std::string& why) { failure_ = why; }),
        directory_(*system_, journal_),
        breaker_(durables.company, {},
                 [&timers = durables.timers] { return std::chrono::steady_clock::time_point{timers.uptime()}; }),
        payment_backlog_(
            durables.timers, {},
            {.available = [this] { return calls_may_leave(); }, .up = [this] { return breaker_.closed(); }},
            [this](EnrollmentId saga) { directory_.send(saga, ResumeSaga{}); }),
        node_{.journal = journal_,
              .directory = directory_,
              .timers = durables.timers,
              .ids = ids_,
              .gateway = breaker_,
              .limits = limits,
              .components = components,
              .payments_available = [this] { return calls_may_leave(); },
              .payment_backlog = payment_backlog_,
              .callers = callers_,
              .deferred_payments = deferred_payments_,
              .report = [this](std::string_view what) { reports.emplace_back(what); }} {
    host_aggregates(node_);
    catalogue_ = system_->spawn<Catalogue>(
        node_,
        Catalogue::Ports{.staging = staging_,
                         .apart = [](const std::function<void()>& work) { work(); },
                         .progress = [this](std::size_t done, std::size_t) { imported_rows.push_back(done); },
                         .resumed = [this] { import_resumed_ = true; },
                         .on_failure = [this](const std::string& why) { failure_ = why; }});
    while (run_one_turn()) {
    }
  }

  /// A crash: nothing more is committed, whatever was under way is forgotten.
  ~Life() {
    held_reads_.clear();
    directory_.close();
    caf::anon_send_exit(catalogue_, caf::exit_reason::kill);
    while (run_one_turn()) {
    }
    // What left in the last turns is dropped.
    while (!durables_.company.waiting().empty()) durables_.company.leave_unknown(ScriptedGateway::Moved::no);
    durables_.timers.forget_alarms();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// Lets the `which`-th of the actors that have something to do take one turn. False: none has.
  bool run_one_turn(std::size_t which = 0) {
    auto& jobs = scheduler().jobs;
    if (jobs.empty()) return false;
    std::rotate(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(which % jobs.size()), jobs.end());
    return scheduler().try_run_once();
  }
  std::size_t actors_with_work() { return scheduler().jobs.size(); }
  /// Lets the `which`-th of the reads that are held happen. False: none is.
  bool run_one_read(std::size_t which = 0) {
    if (held_reads_.empty() || failure_) return false;
    const auto it = held_reads_.begin() + static_cast<std::ptrdiff_t>(which % held_reads_.size());
    const auto read = std::move(*it);
    held_reads_.erase(it);
    read();
    return true;
  }
  void read_away(std::function<void()> read) {
    if (reads_ == Reads::at_once) return read();
    held_reads_.push_back(std::move(read));
  }
  bool commit() { return journal_.commit_once(); }
  void sweep() { directory_.sweep(durables_.timers.uptime()); }

  /// Turns, reads and batches until nothing moves by itself.
  void settle() {
    for (bool moved = true; moved && !failure_;) {
      moved = false;
      while (run_one_turn()) moved = true;
      while (run_one_read()) moved = true;
      while (!failure_ && commit()) moved = true;
    }
  }
  /// As settle, and the company approves whatever it is asked.
  void settle_with_company() {
    for (settle(); durables_.company.approve_all() > 0;) settle();
  }

  void resume_pending() {
    for (const auto& id : journal_.pending()) {
      if (id.kind == AggregateKind::saga)
        directory_.send(EnrollmentId{id.uid}, ResumeSaga{});
      else
        directory_.send(id, AdvanceCourse{});
    }
  }

  void register_course(const std::string& id, CourseDefinition definition, Caller caller = silent()) {
    caf::anon_send(catalogue_, CallCatalogue{{.rows = {{CourseId{id}, std::move(definition), 0}}, .single = true},
                                             callers_.commands.add(std::move(caller))});
  }
  void import_courses(std::vector<ImportRow> rows, Caller caller = silent()) {
    caf::anon_send(catalogue_, CallCatalogue{{std::move(rows)}, callers_.commands.add(std::move(caller))});
  }
  /// As at a start: true once an import that was decided before is done.
  bool resume_import() {
    caf::anon_send(catalogue_, ResumeImport{});
    settle();
    return import_resumed_;
  }
  /// The caller of a request whose key no one has sent before.
  Caller with_key(RequestKey key, Caller caller) {
    keyed_.find(key, [](const EarlierRequest&) {});
    caller.key = key;
    return keyed_.releasing(std::move(caller));
  }
  EnrollmentId place(PlaceEnrollment command, Caller caller, Wait wait = std::nullopt) {
    const EnrollmentId id{ids_.mint_for_test(durables_.timers.now(), partition_of_name(command.course.text))};
    place_as(id, std::move(command), std::move(caller), wait);
    return id;
  }
  void join(EnrollmentId id, Caller caller, Wait wait = std::nullopt) {
    directory_.send(id, CallSaga{JoinSaga{}, wait, callers_.commands.add(std::move(caller))});
  }
  void place_as(EnrollmentId id, PlaceEnrollment command, Caller caller, Wait wait = std::nullopt) {
    directory_.send(id, CallSaga{std::move(command), wait, callers_.commands.add(std::move(caller))});
  }
  /// The turn that mints the next id throws.
  void fail_next_mint() { ids_.fail_next(); }
  void cancel(EnrollmentId id, Caller caller = silent(), Wait wait = std::nullopt) {
    directory_.send(id, CallSaga{CancelSaga{"changed my mind"}, wait, callers_.commands.add(std::move(caller))});
  }
  void change_seats(EnrollmentId id, std::uint32_t seats, Caller caller = silent(), Wait wait = std::nullopt) {
    directory_.send(id, CallSaga{ChangeSeats{seats, {}}, wait, callers_.commands.add(std::move(caller))});
  }
  void take_step(EnrollmentId id, StaffStep step, Caller caller = silent()) {
    directory_.send(id, CallSaga{std::move(step), {}, callers_.commands.add(std::move(caller))});
  }
  void operate(EnrollmentId id, OperatorAction action, Caller caller = silent(),
               std::string reason = "settled by phone") {
    directory_.send(id,
                    CallSaga{Operation{action, std::move(reason)}, {}, callers_.commands.add(std::move(caller))});
  }
  void cancel_course(const std::string& id, Caller caller = silent()) {
    directory_.send(CourseId{id},
                    CallCourse{CancelCourse{"the hall burned down"}, callers_.commands.add(std::move(caller))});
  }
  void revise(const std::string& id, ReviseCourse command, Caller caller = silent()) {
    directory_.send(CourseId{id}, CallCourse{std::move(command), callers_.commands.add(std::move(caller))});
  }
  void read_course(const CourseId& course, CourseReader done) {
    directory_.send(course, DescribeCourse{callers_.course_reads.add(std::move(done))});
  }
  void describe_waitlist_position(const CourseId& course, EnrollmentId id, WaitlistPositionReader done) {
    directory_.send(course, DescribeWaitlistPosition{id, callers_.waitlist_position_reads.add(std::move(done))});
  }
  std::optional<CourseSnapshot> describe(const std::string& course) {
    auto seen = std::make_shared<std::optional<CourseSnapshot>>();
    read_course(CourseId{course}, [seen](const ReadResult<std::optional<CourseSnapshot>>& read, Position) {
      *seen = std::get<0>(read);
    });
    settle();
    return *seen;
  }
  EnrollmentSummary summary(EnrollmentId id) const {
    EnrollmentSummary folded;
    for (const auto& record : journal_.timeline(id)) sugang::apply(folded, record);
    return folded;
  }

  /// A caller: `on_outcome` gets how it ended, `on_answer` runs when the answer is out.
  static Caller caller(
      std::function<void(const Outcome&)> on_outcome, std::function<void(Answer)> on_answer = [](Answer) {}) {
    Caller caller;
    caller.render = [on_outcome = std::move(on_outcome)](const Outcome& outcome) {
      on_outcome(outcome);
      return Answer{.status = static_cast<std::uint16_t>(outcome.refusal ? 409 : outcome.under_way ? 202 : 201)};
    };
    caller.deliver = std::move(on_answer);
    return caller;
  }
  static Caller silent() {
    return caller([](const Outcome&) {});
  }

  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }
  KeyedRequests& keyed() { return keyed_; }
  Directory& directory() { return directory_; }
  Node& node() { return node_; }
  const std::optional<std::string>& failure() const { return failure_; }

  SeededIds& ids() { return ids_; }
  const PaymentBacklog& payment_backlog() const { return payment_backlog_; }

  PaymentBreaker& breaker() { return breaker_; }

  bool payments_available = true;
  Components components;
  std::vector<std::string> reports;
  /// What the log would say of imports.
  std::vector<std::size_t> imported_rows;

 private:
  bool calls_may_leave() const {
    return payments_available && components.runs(Component::payments) && breaker_.available();
  }
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  }

  Durables& durables_;
  std::atomic<std::uint32_t> deferred_payments_{0};
  SeededIds ids_;
  const Reads reads_;
  TestingSystemConfig config_;
  std::optional<std::string> failure_;
  // Ends last: what the others still hold of actors lets go of them first.
  std::unique_ptr<caf::actor_system> system_;
  std::vector<std::function<void()>> held_reads_;
  Journal journal_;
  KeyedRequests keyed_{journal_, [this](std::function<void()> read) { read_away(std::move(read)); }};
  Directory directory_;
  PaymentBreaker breaker_;
  PaymentBacklog payment_backlog_;
  Callers callers_;
  bool import_resumed_ = false;
  Node node_;
  ImportStaging staging_{*durables_.imports, 0};
  caf::actor catalogue_;
};

inline CourseDefinition lecture(std::uint32_t capacity, std::int64_t price = 12'000) {
  CourseDefinition definition;
  definition.title = "Compilers";
  definition.capacity = capacity;
  definition.price = {price, {}};
  return definition;
}
inline CourseDefinition performance(std::uint32_t capacity, std::int64_t price = 50'000) {
  auto definition = lecture(capacity, price);
  definition.kind = CourseKind::performance;
  definition.seats_per_student = 0;
  definition.payment_unavailable = PaymentUnavailable::defer;
  return definition;
}
inline CourseDefinition product(std::uint32_t capacity, std::int64_t price = 30'000) {
  auto definition = lecture(capacity, price);
  definition.kind = CourseKind::product;
  definition.seats_per_student = 0;
  return definition;
}
inline CourseDefinition training(std::uint32_t capacity, std::int64_t price = 80'000) {
  auto definition = lecture(capacity, price);
  definition.kind = CourseKind::training;
  return definition;
}
inline CourseDefinition with_waitlist(CourseDefinition definition) {
  definition.waitlist = true;
  return definition;
}

}  // namespace sugang
