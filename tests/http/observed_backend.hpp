#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/http/memory_service.hpp"

namespace sugang {

/// A service in memory. Notes what passes the port, and on request holds answers back, loses them, or changes how a
/// command ends.
class ObservedBackend final : public Backend {
 public:
  MemoryService& memory() { return memory_; }

  // What is done to answers.
  /// From now on nothing is answered until `answer_all`.
  void hold_answers();
  void answer_all();
  /// Drops what is held, as if it had been lost.
  void lose_answers();
  /// Placements are submitted, but not passed on until they are released.
  void keep_placements();
  void release_placements();
  /// Those that await events are reported of some, though there are none.
  void wake_followers();
  /// As after a crash: keyed requests are known as taken up, their answers are not.
  void forget_stored_answers();
  /// How the next commands end; nothing: as they do by themselves.
  void end_with(std::function<void(Outcome&)> change);
  void set_view_error(std::optional<ServiceError> error);
  void throw_on_place() { throws_ = true; }
  /// A read of events examines so many records at most, and passes over them as if they were none.
  void examine_at_most(std::size_t records) { events_examined_max_ = records; }
  void hide_events(bool hidden) { hides_events_ = hidden; }
  /// From this position on the journal can't be read.
  void damage_from(Position position) { damaged_from_ = position; }
  /// Runs before the query that finds a position on the waitlist.
  void before_waitlist_position(std::function<void()> action) { before_waitlist_position_ = std::move(action); }

  // What was seen.
  /// Names of commands, queries and other calls, in order.
  std::vector<std::string> calls() const;
  std::size_t count(const std::string& call) const;
  /// True once `call` was seen `times` times; false after five seconds.
  bool await(const std::string& call, std::size_t times = 1) const;
  Command last_command() const;
  template <class Value>
  Value last_command_as() const {
    return std::get<Value>(last_command());
  }
  /// What the last command requested of an enrollment.
  template <class Request>
  Request last_request() const {
    return std::get<Request>(last_command_as<ToEnrollment>().request);
  }
  Wait last_wait() const;
  TraceContext last_trace() const;
  Position last_min_position() const;
  RequestKey last_request_key() const;
  std::size_t requests_in_progress() const;

  void find_request(RequestKey key, std::function<void(EarlierRequest)> done) override;
  void release_request(RequestKey key) override;
  void submit(Command command, Wait wait, Caller caller) override;
  void query(Query query) override;
  void run_apart(std::function<void()> work) override;
  void await_events(Position after, std::function<void()> done) override;
  Position durable_position() const override { return backend_.durable_position(); }
  std::vector<ReadinessCheck> readiness() override { return backend_.readiness(); }
  std::vector<ComponentStatus> components() override { return backend_.components(); }
  void set_component(const std::string& name, bool running, std::function<void(bool found)> done) override {
    backend_.set_component(name, running, std::move(done));
  }
  bool rebuild_view(const std::string& name) override { return backend_.rebuild_view(name); }
  std::vector<ViewStatus> views() override { return backend_.views(); }
  GatewaySettings gateway_settings() override { return backend_.gateway_settings(); }
  void set_gateway_settings(GatewaySettings settings) override { backend_.set_gateway_settings(settings); }
  std::string metrics() override { return backend_.metrics(); }

 private:
  void note(std::string_view call);
  /// At once, or when answers are no longer held.
  void answer(std::function<void()> deliver);
  template <class Result>
  auto answering(std::function<void(Result)> done) {
    return [this, done = std::move(done)](Result result) {
      answer([done, result = std::move(result)] { done(result); });
    };
  }
  template <class Asked>
  void pass(Pending<Asked> pending);
  template <class Filter>
  void pass(Pending<ViewQuery<Filter>> pending);
  void pass(Pending<ReadEvents> pending);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool holding_ = false;
  bool keeping_placements_ = false;
  std::vector<std::function<void()>> held_;
  std::vector<std::function<void()>> kept_placements_;
  std::map<std::size_t, std::function<void()>> followers_;
  std::size_t followers_seen_ = 0;
  std::vector<std::string> calls_;
  std::function<void(Outcome&)> change_;
  std::optional<ServiceError> view_error_;
  std::atomic<bool> throws_{false};
  std::atomic<std::size_t> events_examined_max_{SIZE_MAX};
  std::atomic<bool> hides_events_{false};
  std::atomic<Position> damaged_from_{0};
  std::function<void()> before_waitlist_position_;
  Command last_command_;
  Wait last_wait_;
  TraceContext last_trace_;
  Position last_min_position_ = 0;
  RequestKey last_key_;
  std::set<RequestId> in_progress_;
  std::map<RequestId, EnrollmentId> enrollment_of_key_;
  bool forgets_answers_ = false;
  std::set<RequestId> forgotten_;
  // Last, so that its threads end before what they call.
  MemoryService memory_;
  Backend& backend_ = memory_.service();
};

}  // namespace sugang
