#include "tests/http/observed_backend.hpp"

#include <stdexcept>

#include "app/attempt.hpp"

namespace sugang {
namespace {

constexpr std::chrono::seconds patience{5};

std::string_view name_of(const RegisterCourses& command) {
  return command.single ? "register_course" : "import_courses";
}
std::string_view name_of(const ToCourse& command) {
  return std::holds_alternative<CancelCourse>(command.request) ? "cancel_course" : "revise_course";
}
std::string_view name_of(const PlaceEnrollment&) { return "place_enrollment"; }
std::string_view name_of(const ToEnrollment& command) {
  return std::visit(
      Overloaded{[](const PlaceEnrollment&) { return "place_enrollment"; },
                 [](const JoinSaga&) { return "join_enrollment"; },
                 [](const CancelSaga&) { return "cancel_enrollment"; },
                 [](const StaffStep&) { return "take_step"; }, [](const Operation&) { return "operate_saga"; },
                 [](const ChangeSeats&) { return "change_seats"; }},
      command.request);
}
std::string_view name_of(const CreateWebhook&) { return "create_webhook"; }
std::string_view name_of(const RemoveWebhook&) { return "remove_webhook"; }

std::string_view name_of(const ReadCourse&) { return "read_course"; }
std::string_view name_of(const ReadTimeline&) { return "read_timeline"; }
std::string_view name_of(const FindWaitlistPosition&) { return "find_waitlist_position"; }
std::string_view name_of(const ReadEvents&) { return "read_events"; }
std::string_view name_of(const ListCourses&) { return "list_courses"; }
std::string_view name_of(const auto&) { return "list"; }

}  // namespace

void ObservedBackend::note(std::string_view call) {
  std::lock_guard lock{mutex_};
  calls_.emplace_back(call);
  changed_.notify_all();
}

void ObservedBackend::answer(std::function<void()> deliver) {
  {
    std::lock_guard lock{mutex_};
    if (holding_) {
      held_.push_back(std::move(deliver));
      return changed_.notify_all();
    }
  }
  deliver();
}

void ObservedBackend::hold_answers() {
  std::lock_guard lock{mutex_};
  holding_ = true;
}

void ObservedBackend::answer_all() {
  std::vector<std::function<void()>> held;
  {
    std::lock_guard lock{mutex_};
    holding_ = false;
    held.swap(held_);
  }
  for (const auto& deliver : held) deliver();
}

void ObservedBackend::lose_answers() {
  std::vector<std::function<void()>> lost;
  std::unique_lock lock{mutex_};
  // A call is noted before its answer is held.
  changed_.wait_for(lock, patience, [&] { return !held_.empty(); });
  lost.swap(held_);
  holding_ = false;
}

void ObservedBackend::keep_placements() {
  std::lock_guard lock{mutex_};
  keeping_placements_ = true;
}

void ObservedBackend::release_placements() {
  std::vector<std::function<void()>> kept;
  {
    std::lock_guard lock{mutex_};
    keeping_placements_ = false;
    kept.swap(kept_placements_);
  }
  for (const auto& placement : kept) placement();
}

void ObservedBackend::wake_followers() {
  decltype(followers_) woken;
  {
    std::lock_guard lock{mutex_};
    woken.swap(followers_);
  }
  for (const auto& [number, done] : woken) done();
}

void ObservedBackend::forget_stored_answers() {
  std::lock_guard lock{mutex_};
  forgets_answers_ = true;
}

void ObservedBackend::end_with(std::function<void(Outcome&)> change) {
  std::lock_guard lock{mutex_};
  change_ = std::move(change);
}

void ObservedBackend::set_view_error(std::optional<ServiceError> error) {
  std::lock_guard lock{mutex_};
  view_error_ = error;
}

std::vector<std::string> ObservedBackend::calls() const {
  std::lock_guard lock{mutex_};
  return calls_;
}

std::size_t ObservedBackend::count(const std::string& call) const {
  const auto seen = calls();
  return static_cast<std::size_t>(std::count(seen.begin(), seen.end(), call));
}

bool ObservedBackend::await(const std::string& call, std::size_t times) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, patience, [&] {
    return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), call)) >= times;
  });
}

Command ObservedBackend::last_command() const {
  std::lock_guard lock{mutex_};
  return last_command_;
}
Wait ObservedBackend::last_wait() const {
  std::lock_guard lock{mutex_};
  return last_wait_;
}
TraceContext ObservedBackend::last_trace() const {
  std::lock_guard lock{mutex_};
  return last_trace_;
}
Position ObservedBackend::last_min_position() const {
  std::lock_guard lock{mutex_};
  return last_min_position_;
}
RequestKey ObservedBackend::last_request_key() const {
  std::lock_guard lock{mutex_};
  return last_key_;
}
std::size_t ObservedBackend::requests_in_progress() const {
  std::lock_guard lock{mutex_};
  return in_progress_.size();
}

void ObservedBackend::find_request(RequestKey key, std::function<void(EarlierRequest)> done) {
  note("find_request");
  backend_.find_request(key, [this, key, done = std::move(done)](EarlierRequest earlier) {
    using Kind = EarlierRequest::Kind;
    {
      std::lock_guard lock{mutex_};
      last_key_ = key;
      if (forgets_answers_ && earlier.kind == Kind::answered) {
        earlier = {.kind = Kind::joined};
        if (const auto it = enrollment_of_key_.find(key.id); it != enrollment_of_key_.end())
          earlier.enrollment = it->second;
        forgotten_.insert(key.id);
      }
      if (earlier.kind == Kind::none || earlier.kind == Kind::joined) in_progress_.insert(key.id);
    }
    answer([done, earlier] { done(earlier); });
  });
}

void ObservedBackend::release_request(RequestKey key) {
  {
    std::lock_guard lock{mutex_};
    in_progress_.erase(key.id);
  }
  backend_.release_request(key);
  note("release_request");
}

void ObservedBackend::submit(Command command, Wait wait, Caller caller) {
  const auto name = std::visit([](const auto& each) { return name_of(each); }, command);
  const bool places = name == "place_enrollment";
  if (places && throws_) throw std::runtime_error{"a fault"};
  {
    std::lock_guard lock{mutex_};
    last_command_ = command;
    last_wait_ = wait;
    last_trace_ = caller.trace;
    caller.render = [this, key = caller.key, change = change_,
                     render = std::move(caller.render)](const Outcome& outcome) {
      auto changed = outcome;
      if (change) change(changed);
      if (const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject); key && enrollment) {
        std::lock_guard rendering{mutex_};
        enrollment_of_key_[key->id] = enrollment->id;
      }
      return render(changed);
    };
    caller.deliver = [this, key = caller.key, deliver = std::move(caller.deliver)](Answer given) {
      if (key) {
        std::lock_guard delivering{mutex_};
        in_progress_.erase(key->id);
      }
      answer([deliver, given = std::move(given)] { deliver(given); });
    };
    // The journal has the answer that is forgotten here.
    if (caller.key && forgotten_.contains(caller.key->id)) caller.key.reset();
    if (places && keeping_placements_) {
      kept_placements_.push_back([this, command, wait, caller] { backend_.submit(command, wait, caller); });
      calls_.emplace_back(name);
      return changed_.notify_all();
    }
  }
  backend_.submit(std::move(command), wait, std::move(caller));
  note(name);
}

void ObservedBackend::query(Query query) {
  std::visit(
      [this](auto& pending) {
        const auto name = name_of(pending.query);
        pass(std::move(pending));
        note(name);
      },
      query);
}

template <class Asked>
void ObservedBackend::pass(Pending<Asked> pending) {
  if constexpr (std::is_same_v<Asked, FindWaitlistPosition>)
    if (const auto action = std::exchange(before_waitlist_position_, nullptr)) action();
  pending.done = answering(std::move(pending.done));
  backend_.query(std::move(pending));
}

template <class Filter>
void ObservedBackend::pass(Pending<ViewQuery<Filter>> pending) {
  std::optional<ServiceError> error;
  {
    std::lock_guard lock{mutex_};
    last_min_position_ = pending.query.min_position;
    error = view_error_;
  }
  pending.done = answering(std::move(pending.done));
  if (error) return pending.done(failed<typename Filter::Result>(*error));
  backend_.query(std::move(pending));
}

void ObservedBackend::pass(Pending<ReadEvents> pending) {
  pending.query.limit = std::min<std::size_t>(pending.query.limit, events_examined_max_);
  pending.done = [this, done = answering(std::move(pending.done)),
                  after = pending.query.after](ReadEvents::Result read) {
    if (auto* found = std::get_if<EventsRead>(&read)) {
      const Position damaged = damaged_from_;
      if (damaged != 0 && after + 1 >= damaged) return done(ServiceError::journal_damaged);
      if (damaged != 0 && found->next >= damaged) {
        std::erase_if(found->records, [&](const Record& record) { return record.position >= damaged; });
        found->next = damaged - 1;
        found->at_end = false;
      }
      if (hides_events_) found->records.clear();
    }
    done(std::move(read));
  };
  backend_.query(std::move(pending));
}

void ObservedBackend::run_apart(std::function<void()> work) {
  note("run_apart");
  answer([this, work = std::move(work)] { backend_.run_apart(work); });
}

void ObservedBackend::await_events(Position after, std::function<void()> done) {
  std::size_t number = 0;
  {
    std::lock_guard lock{mutex_};
    followers_.emplace(number = ++followers_seen_, std::move(done));
  }
  backend_.await_events(after, [this, number] {
    std::function<void()> woken;
    {
      std::lock_guard lock{mutex_};
      const auto follower = followers_.extract(number);
      if (follower) woken = follower.mapped();
    }
    if (woken) woken();
  });
  note("await_events");
}

}  // namespace sugang
