#include "tests/http/scripted_backend.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sugang {
namespace {

constexpr std::chrono::seconds patience{5};

bool is_stored(std::uint16_t status) {
  return status < 300 || status == 402 || status == 404 || status == 409 || status == 422;
}

}  // namespace

ScriptedBackend::ScriptedBackend() : thread_([this] { run(); }) {}

ScriptedBackend::~ScriptedBackend() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ScriptedBackend::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || (!holding_ && !tasks_.empty()); });
    if (stopping_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    if (std::exchange(records_told_, journal_.size()) != journal_.size()) tell_followers();
  }
}

void ScriptedBackend::tell_followers() {
  for (auto& follower : followers_) tasks_.push_back(std::move(follower));
  followers_.clear();
  changed_.notify_all();
}

void ScriptedBackend::later(std::function<void()> task) {
  std::lock_guard lock{mutex_};
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

void ScriptedBackend::note(const std::string& call) {
  std::lock_guard lock{mutex_};
  calls_.push_back(call);
  changed_.notify_all();
}

void ScriptedBackend::hold_answers() {
  std::lock_guard lock{mutex_};
  holding_ = true;
}

void ScriptedBackend::answer_all() {
  std::lock_guard lock{mutex_};
  holding_ = false;
  changed_.notify_all();
}

void ScriptedBackend::lose_answers() {
  std::deque<std::function<void()>> lost;
  std::unique_lock lock{mutex_};
  // A call is noted before its answer is held.
  changed_.wait_for(lock, patience, [&] { return !tasks_.empty(); });
  lost.swap(tasks_);
  holding_ = false;
}

void ScriptedBackend::keep_placements() {
  std::lock_guard lock{mutex_};
  keeping_placements_ = true;
}

void ScriptedBackend::release_placements() {
  std::lock_guard lock{mutex_};
  keeping_placements_ = false;
  for (auto& placement : kept_placements_) tasks_.push_back(std::move(placement));
  kept_placements_.clear();
  changed_.notify_all();
}

void ScriptedBackend::wake_followers() {
  std::lock_guard lock{mutex_};
  tell_followers();
}

void ScriptedBackend::forget_stored_answers() {
  std::lock_guard lock{mutex_};
  for (auto& [id, keyed] : keyed_) keyed.answer.reset();
}

void ScriptedBackend::end_with(std::function<void(Outcome&)> change) {
  std::lock_guard lock{mutex_};
  change_ = std::move(change);
}

std::vector<std::string> ScriptedBackend::calls() const {
  std::lock_guard lock{mutex_};
  return calls_;
}

std::size_t ScriptedBackend::count(const std::string& call) const {
  const auto seen = calls();
  return static_cast<std::size_t>(std::count(seen.begin(), seen.end(), call));
}

bool ScriptedBackend::await(const std::string& call, std::size_t times) const {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, patience, [&] {
    return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), call)) >= times;
  });
}

PlaceEnrollment ScriptedBackend::last_placement() const {
  std::lock_guard lock{mutex_};
  return last_placement_;
}
Wait ScriptedBackend::last_wait() const {
  std::lock_guard lock{mutex_};
  return last_wait_;
}
TraceContext ScriptedBackend::last_trace() const {
  std::lock_guard lock{mutex_};
  return last_trace_;
}
Position ScriptedBackend::last_min_position() const {
  std::lock_guard lock{mutex_};
  return last_min_position_;
}
RequestKey ScriptedBackend::last_request_key() const {
  std::lock_guard lock{mutex_};
  return last_request_key_;
}
EnrollmentFilter ScriptedBackend::last_filter() const {
  std::lock_guard lock{mutex_};
  return last_filter_;
}
CoachingFilter ScriptedBackend::last_coaching_filter() const {
  std::lock_guard lock{mutex_};
  return last_coaching_filter_;
}
DeliveryFilter ScriptedBackend::last_delivery_filter() const {
  std::lock_guard lock{mutex_};
  return last_delivery_filter_;
}
Operation ScriptedBackend::last_operation() const {
  std::lock_guard lock{mutex_};
  return last_operation_;
}
std::string ScriptedBackend::last_reason() const {
  std::lock_guard lock{mutex_};
  return last_reason_;
}
CourseDefinition ScriptedBackend::definition(const std::string& course) const {
  std::lock_guard lock{mutex_};
  return courses_.at(course).definition;
}
std::size_t ScriptedBackend::requests_in_progress() const {
  std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(
      std::count_if(keyed_.begin(), keyed_.end(), [](const auto& entry) { return entry.second.in_progress; }));
}

void ScriptedBackend::find_request(RequestKey key, std::function<void(EarlierRequest)> done) {
  note("find_request");
  later([this, key, done = std::move(done)] {
    EarlierRequest earlier;
    {
      std::lock_guard lock{mutex_};
      last_request_key_ = key;
      auto [it, is_new] = keyed_.try_emplace(key.id, Keyed{.body = key.body});
      auto& keyed = it->second;
      using Kind = EarlierRequest::Kind;
      if (is_new)
        earlier.kind = Kind::none;
      else if (keyed.body != key.body)
        earlier.kind = Kind::other_body;
      else if (keyed.answer)
        earlier = {Kind::answered, *keyed.answer, {}};
      else if (keyed.in_progress)
        earlier.kind = Kind::in_progress;
      else
        earlier = {Kind::joined, {}, keyed.enrollment};
    }
    done(earlier);
  });
}

void ScriptedBackend::release_request(RequestKey key) {
  {
    std::lock_guard lock{mutex_};
    keyed_.erase(key.id);
  }
  note("release_request");
}

void ScriptedBackend::answer(const Asker& asker, const Outcome& outcome) {
  auto rendered = asker.render(outcome);
  {
    std::lock_guard lock{mutex_};
    rendered.position = journal_.size() + 1;
    if (asker.key) {
      if (is_stored(rendered.status)) {
        auto& keyed = keyed_[asker.key->id];
        keyed.in_progress = false;
        keyed.answer = rendered;
        keyed.answer->etag.clear();
        keyed.answer->retry_after_s.reset();
        keyed.answer->position = 0;
      } else {
        keyed_.erase(asker.key->id);
      }
    }
  }
  asker.deliver(std::move(rendered));
}

void ScriptedBackend::register_course(CourseId id, CourseDefinition definition, Asker asker) {
  note("register_course");
  later([this, id, definition, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      last_trace_ = asker.trace;
      CourseSnapshot course{
          .id = id, .definition = definition, .state = definition.state, .definition_version = 1, .sequence = 1};
      if (courses_.try_emplace(id.text, course).second)
        outcome.subject = course;
      else
        outcome.refusal = CourseError::already_exists;
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::import_courses(std::vector<ImportRow> rows, Asker asker) {
  note("import_courses");
  later([this, rows, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      for (const auto& row : rows)
        if (courses_.contains(row.id.text)) {
          outcome.refusal = CourseError::already_exists;
          outcome.line = row.line;
        }
      if (!outcome.refusal)
        for (const auto& row : rows)
          courses_[row.id.text] = {.id = row.id,
                                   .definition = row.definition,
                                   .state = row.definition.state,
                                   .definition_version = 1,
                                   .sequence = 1};
      outcome.subject = rows.size();
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::revise_course(CourseId id, ReviseCourse command, Asker asker) {
  note("revise_course");
  later([this, id, command, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      auto it = courses_.find(id.text);
      if (it == courses_.end()) {
        outcome.refusal = CourseError::not_found;
      } else if (it->second.definition_version != command.expected_definition) {
        outcome.refusal = CourseError::definition_changed;
      } else if (command.capacity && *command.capacity < it->second.held + it->second.taken) {
        outcome.refusal = CourseError::capacity_below_taken;
      } else {
        auto& course = it->second;
        if (command.title) course.definition.title = *command.title;
        if (command.capacity) course.definition.capacity = *command.capacity;
        if (command.state) course.state = course.definition.state = *command.state;
        ++course.definition_version;
        ++course.sequence;
        outcome.subject = course;
      }
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) {
  if (throws_) throw std::runtime_error{"scripted"};
  auto place = [this, command, wait, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      last_placement_ = command;
      last_wait_ = wait;
      last_trace_ = asker.trace;
      auto it = courses_.find(command.course.text);
      if (it == courses_.end()) {
        outcome.refusal = CourseError::not_found;
      } else {
        const auto& enrolled = enroll(command, it->second, asker);
        outcome.subject = enrolled.summary;
        const auto waiting = line(command.course);
        const auto found = std::find(waiting.begin(), waiting.end(), enrolled.id);
        if (found != waiting.end()) outcome.waitlist_position = found - waiting.begin() + 1;
      }
      if (!outcome.refusal && change_) change_(outcome);
    }
    answer(asker, outcome);
  };
  {
    std::lock_guard lock{mutex_};
    (keeping_placements_ ? kept_placements_.emplace_back(place) : tasks_.emplace_back(place));
  }
  note("place_enrollment");
}

void ScriptedBackend::join_enrollment(EnrollmentId id, Wait, Asker asker) {
  note("join_enrollment");
  later([this, id, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      outcome.subject = enrollments_.at(id).summary;
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) {
  note("cancel_enrollment");
  later([this, id, reason, wait, asker] {
    Outcome outcome;
    {
      std::lock_guard lock{mutex_};
      last_wait_ = wait;
      auto it = enrollments_.find(id);
      if (it == enrollments_.end()) {
        outcome.refusal = EnrollmentError::not_found;
      } else {
        it->second.summary.state = EnrollmentState::cancelled;
        it->second.summary.reason = reason;
        outcome.subject = it->second.summary;
        if (change_) change_(outcome);
      }
    }
    answer(asker, outcome);
  });
}

void ScriptedBackend::read_course(CourseId id,
                                  std::function<void(ReadResult<std::optional<CourseSnapshot>>, Position)> done) {
  note("read_course");
  later([this, id, done] {
    std::optional<CourseSnapshot> course;
    {
      std::lock_guard lock{mutex_};
      if (auto it = courses_.find(id.text); it != courses_.end()) course = it->second;
    }
    done(course, 1);
  });
}

void ScriptedBackend::read_timeline(EnrollmentId id, std::function<void(ReadResult<std::vector<Record>>)> done) {
  note("read_timeline");
  later([this, id, done] {
    std::vector<Record> timeline;
    {
      std::lock_guard lock{mutex_};
      if (auto it = enrollments_.find(id); it != enrollments_.end()) timeline = it->second.timeline;
    }
    done(timeline);
  });
}

void ScriptedBackend::list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                                   std::function<void(ListResult<CourseSnapshot>)> done) {
  note("list_courses");
  later([this, kind, page, min_position, done] {
    std::unique_lock lock{mutex_};
    std::vector<CourseSnapshot> rows;
    for (const auto& [id, course] : courses_)
      if (!kind || course.definition.kind == *kind) rows.push_back(course);
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                                       std::function<void(ListResult<EnrollmentSummary>)> done) {
  note("list_enrollments");
  later([this, filter, page, min_position, done] {
    std::unique_lock lock{mutex_};
    last_filter_ = filter;
    std::vector<EnrollmentSummary> rows;
    for (const auto& [id, enrolled] : enrollments_)
      if (!filter.course || enrolled.summary.course == *filter.course) rows.push_back(enrolled.summary);
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::student_page(StudentId student, Page page, Position min_position,
                                   std::function<void(ListResult<PageRow>)> done) {
  note("student_page");
  later([this, student, page, min_position, done] {
    std::unique_lock lock{mutex_};
    std::vector<PageRow> rows;
    for (const auto& [id, enrolled] : enrollments_)
      if (enrolled.summary.student == student)
        rows.push_back({enrolled.summary, courses_.at(enrolled.summary.course.text).definition.title});
    auto result = page_of(rows, page, min_position);
    lock.unlock();
    done(result);
  });
}

void ScriptedBackend::read_events(Position after, std::size_t limit,
                                  std::function<void(ReadResult<EventsRead>)> done) {
  note("read_events");
  later([this, after, limit, done] {
    EventsRead found{.next = after, .at_end = true};
    {
      std::lock_guard lock{mutex_};
      for (const auto& record : journal_) {
        if (record.position <= after) continue;
        if (damaged_at_ != 0 && record.position >= damaged_at_) {
          found.at_end = false;
          break;
        }
        if (found.records.size() == limit || record.position > after + events_examined_max_) {
          found.at_end = false;
          break;
        }
        if (!hides_events_) found.records.push_back(record);
        found.next = record.position;
      }
    }
    if (damaged_at_ != 0 && found.next == after && !found.at_end) return done(ServiceError::journal_damaged);
    done(found);
  });
}

void ScriptedBackend::await_events(Position after, std::function<void()> done) {
  note("await_events");
  std::lock_guard lock{mutex_};
  (journal_.size() > after ? tasks_.emplace_back() : followers_.emplace_back()) = std::move(done);
  changed_.notify_all();
}

Position ScriptedBackend::durable_position() const {
  std::lock_guard lock{mutex_};
  return journal_.size();
}

std::vector<ReadinessCheck> ScriptedBackend::readiness() {
  return {{"journal", true, ""}, {"views", ready_, ready_ ? "" : "10 events behind"}};
}

std::vector<ComponentStatus> ScriptedBackend::components() {
  std::lock_guard lock{mutex_};
  std::vector<ComponentStatus> found;
  for (const auto& [name, running] : components_) found.push_back({name, running});
  return found;
}

void ScriptedBackend::set_component(const std::string& name, bool running, std::function<void(bool found)> done) {
  later([this, name, running, done] {
    bool found = false;
    {
      std::lock_guard lock{mutex_};
      if (auto it = components_.find(name); it != components_.end()) {
        it->second = running;
        found = true;
      }
    }
    done(found);
  });
}

void ScriptedBackend::list_set_aside(Page page, std::function<void(ListResult<SetAside>)> done) {
  later([this, page, done] {
    std::unique_lock lock{mutex_};
    const std::vector<SetAside> rows{{"daily-report", 7, 7, scripted_time, 10, "not a report of ours"},
                                     {"webhooks", 9, 12, scripted_time, 10, "journal damaged"}};
    auto result = page_of(rows, page, 0);
    result.error.reset();
    lock.unlock();
    done(result);
  });
}

bool ScriptedBackend::rebuild_view(const std::string& name) {
  note("rebuild_view");
  return name == "courses";
}

std::vector<ViewStatus> ScriptedBackend::views() {
  return {{"courses", count("rebuild_view") > 0}, {"pages", false}};
}

GatewaySettings ScriptedBackend::gateway_settings() {
  std::lock_guard lock{mutex_};
  return gateway_;
}

void ScriptedBackend::set_gateway_settings(GatewaySettings settings) {
  std::lock_guard lock{mutex_};
  gateway_ = settings;
}

void ScriptedBackend::list_charges(Page page, std::function<void(ListResult<ChargeEntry>)> done) {
  later([this, page, done] {
    std::unique_lock lock{mutex_};
    std::vector<ChargeEntry> rows;
    for (const auto& [id, enrolled] : enrollments_)
      rows.push_back({payment_of(id), enrolled.summary.amount, "approved", scripted_time});
    auto result = page_of(rows, page, 0);
    result.error.reset();
    lock.unlock();
    done(result);
  });
}

std::string ScriptedBackend::metrics() {
  return "# HELP up It is up.\n# TYPE up gauge\nup 1\n"
         "# HELP told_total Told.\n# TYPE told_total counter\ntold_total{to=\"all\"} 2\n";
}

}  // namespace sugang
