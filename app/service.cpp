#include "app/service.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answering.hpp"
#include "actors/catalogue.hpp"
#include "sagas/coordinator.hpp"

namespace sugang {
namespace {

/// So many sagas are woken at a time, so that a restart serves new requests beside the old.
constexpr std::size_t resume_batch = 500;
constexpr Milliseconds resume_interval{50};

Answer stored_answer(const RequestAnswered& answered) {
  return {.status = answered.status,
          .content_type = answered.content_type,
          .location = answered.location,
          .body = answered.body};
}

EarlierRequest earlier_request(const RequestKey& key, const std::vector<Record>& history) {
  EarlierRequest earlier;
  for (const auto& record : history)
    std::visit(Overloaded{
                   [&](const RequestClaimed& claimed) {
                     earlier.kind =
                         claimed.body == key.body ? EarlierRequest::Kind::joined : EarlierRequest::Kind::other_body;
                     earlier.enrollment = claimed.enrollment;
                   },
                   [&](const RequestAnswered& answered) {
                     if (earlier.kind == EarlierRequest::Kind::other_body) return;
                     earlier.kind = EarlierRequest::Kind::answered;
                     earlier.answer = stored_answer(answered);
                   },
               },
               std::get<RequestEvent>(record.event));
  return earlier;
}

}  // namespace

Service::Service(Node& node, caf::actor catalogue, Views& views, EmbeddedGateway& gateway, Metrics& metrics,
                 Executor reads)
    : node_(node),
      catalogue_(std::move(catalogue)),
      views_(views),
      gateway_(gateway),
      metrics_(metrics),
      reads_(std::move(reads)) {}

// --- keyed requests
// ------------------------------------------------------------------------------------------------

void Service::find_request(RequestKey key, std::function<void(EarlierRequest)> done) {
  bool looks_up = false;
  {
    std::lock_guard lock{in_progress_mutex_};
    auto [it, is_new] = in_progress_.try_emplace(key.id);
    looks_up = is_new;
    if (!it->second.looked_up) it->second.asking.emplace_back(key, std::exchange(done, nullptr));
  }
  if (done) return done({.kind = EarlierRequest::Kind::in_progress});
  if (looks_up) reads_([this, id = key.id] { tell_earlier(id, node_.journal.history(id)); });
}

/// Everybody is told of an answer that is there. Of none, or of a saga to join, only the first: he goes on with it.
void Service::tell_earlier(RequestId id, const std::vector<Record>& history) {
  using Kind = EarlierRequest::Kind;
  const auto goes_on = [&](const auto& asks) {
    const auto kind = earlier_request(asks.first, history).kind;
    return kind == Kind::none || kind == Kind::joined;
  };
  decltype(InProgress::asking) asking;
  bool taken = false;
  {
    std::lock_guard lock{in_progress_mutex_};
    auto& entry = in_progress_[id];
    asking.swap(entry.asking);
    entry.looked_up = true;
    if (std::none_of(asking.begin(), asking.end(), goes_on)) in_progress_.erase(id);
  }
  for (const auto& asks : asking) {
    const bool later = goes_on(asks) && std::exchange(taken, true);
    asks.second(later ? EarlierRequest{.kind = Kind::in_progress} : earlier_request(asks.first, history));
  }
}

void Service::release_request(RequestKey key) {
  std::lock_guard lock{in_progress_mutex_};
  in_progress_.erase(key.id);
}

Asker Service::releasing(Asker asker) {
  if (!asker.key) return asker;
  asker.deliver = [this, key = *asker.key, deliver = std::move(asker.deliver)](Answer answer) {
    release_request(key);
    deliver(std::move(answer));
  };
  return asker;
}

// --- commands
// ------------------------------------------------------------------------------------------------------

bool Service::refuse(std::optional<ServiceError> why, Asker& asker) {
  if (!why) return false;
  Outcome outcome;
  outcome.refusal = *why;
  answer(node_, releasing(std::move(asker)), outcome);
  return true;
}

std::optional<ServiceError> Service::disk_closed() const {
  return disk_low_ ? std::optional{ServiceError::overloaded} : std::nullopt;
}

std::optional<ServiceError> Service::catalogue_closed() const {
  return catalogue_running_ ? disk_closed() : ServiceError::catalogue_paused;
}

void Service::register_course(CourseId id, CourseDefinition definition, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  RegisterCourses job{
      .rows = {{std::move(id), std::move(definition), 0}}, .single = true, .asker = releasing(std::move(asker))};
  caf::anon_send(catalogue_, std::move(job));
}

void Service::import_courses(std::vector<ImportRow> rows, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  caf::anon_send(catalogue_, RegisterCourses{.rows = std::move(rows), .asker = releasing(std::move(asker))});
}

void Service::revise_course(CourseId id, ReviseCourse command, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, ReviseCourseTask{std::move(command), releasing(std::move(asker))});
}

void Service::place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) {
  if (refuse(disk_closed(), asker)) return;
  const EnrollmentId id{node_.ids.mint(node_.timers.now(), partition_of_name(command.course.text))};
  node_.directory.send(saga_of(id), StartEnrollment{std::move(command), wait, releasing(std::move(asker))});
}

void Service::join_enrollment(EnrollmentId id, Wait wait, Asker asker) {
  asker.claimed = true;
  node_.directory.send(saga_of(id), JoinEnrollment{wait, releasing(std::move(asker))});
}

void Service::cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) {
  node_.directory.send(saga_of(id), CancelRequest{std::move(reason), wait, releasing(std::move(asker))});
}

// --- reads
// ---------------------------------------------------------------------------------------------------------

void Service::read_course(CourseId id, std::function<void(std::optional<CourseSnapshot>, Position)> done) {
  node_.directory.send(id, DescribeCourse{std::move(done)});
}

void Service::read_timeline(EnrollmentId id, std::function<void(std::vector<Record>)> done) {
  reads_([this, id, done = std::move(done)] { done(node_.journal.timeline(id)); });
}

template <class Row>
void Service::list(Position min_position, std::function<ListResult<Row>()> query,
                   std::function<void(ListResult<Row>)> done) {
  views_.when_reached(min_position, [this, query = std::move(query), done = std::move(done)](bool reached) {
    if (reached) return reads_([query, done] { done(query()); });
    ListResult<Row> behind;
    behind.error = ServiceError::views_behind;
    done(std::move(behind));
  });
}

void Service::list_courses(std::optional<CourseKind> kind, Page page, Position min_position,
                           std::function<void(ListResult<CourseSnapshot>)> done) {
  list<CourseSnapshot>(
      min_position, [this, kind, page] { return views_.list_courses(kind, page); }, std::move(done));
}

void Service::list_enrollments(EnrollmentFilter filter, Page page, Position min_position,
                               std::function<void(ListResult<EnrollmentSummary>)> done) {
  list<EnrollmentSummary>(
      min_position, [this, filter, page] { return views_.list_enrollments(filter, page); }, std::move(done));
}

void Service::student_page(StudentId student, Page page, Position min_position,
                           std::function<void(ListResult<PageRow>)> done) {
  list<PageRow>(
      min_position, [this, student, page] { return views_.student_page(student, page); }, std::move(done));
}

void Service::read_events(Position after, std::size_t limit,
                          std::function<void(std::vector<Record>, Position)> done) {
  reads_([this, after, limit, done = std::move(done)] {
    std::vector<Record> events;
    auto position = after;
    while (events.size() < limit) {
      auto records = node_.journal.read(position, limit - events.size());
      if (records.empty()) break;
      position = records.back().position;
      std::copy_if(std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()),
                   std::back_inserter(events),
                   [](const Record& record) { return record.aggregate.kind != AggregateKind::request; });
    }
    done(std::move(events), position);
  });
}

void Service::await_events(Position after, std::function<void()> done) {
  {
    // A batch that is not seen here takes the lock later, and finds who waits.
    std::lock_guard lock{followers_mutex_};
    if (durable_position() <= after) return followers_.push_back(std::move(done));
  }
  done();
}

void Service::wake_followers() {
  decltype(followers_) woken;
  {
    std::lock_guard lock{followers_mutex_};
    woken.swap(followers_);
  }
  for (const auto& done : woken) done();
}

// --- management
// ----------------------------------------------------------------------------------------------------

std::vector<ReadinessCheck> Service::readiness() {
  const auto lag = views_.lag();
  return {
      {"journal", true, "position " + std::to_string(node_.journal.durable_position())},
      {"sagas", sagas_listed_, sagas_listed_ ? "" : "sagas that go on from before the start are being listed"},
      // Enrolling and reading by id do not need the views: that they are behind keeps nobody out.
      {"views", true, std::to_string(lag) + " records behind the journal"},
      {"disk", !disk_low_, disk_low_ ? "nearly full: what needs new room is refused" : ""},
      {"draining", !draining_, draining_ ? "this node is shutting down and takes no new work" : ""},
  };
}

std::vector<ComponentStatus> Service::components() {
  return {{"catalogue", catalogue_running_}, {"payments", !gateway_.paused()}, {"views", !views_.paused()}};
}

bool Service::set_component(const std::string& name, bool running) {
  if (name == "catalogue") {
    catalogue_running_ = running;
  } else if (name == "payments") {
    gateway_.pause(!running);
    if (running) reads_([this] { resume_sagas(); });
  } else if (name == "views") {
    views_.pause(!running);
  } else {
    return false;
  }
  return true;
}

bool Service::rebuild_view(const std::string& name) { return views_.rebuild(name); }

GatewaySettings Service::gateway_settings() { return gateway_.settings(); }

void Service::set_gateway_settings(GatewaySettings settings) {
  const bool recovers = (gateway_.settings().hang && !settings.hang) ||
                        (gateway_.settings().fail_percent > 0 && settings.fail_percent == 0);
  gateway_.set_settings(settings);
  if (recovers) reads_([this] { resume_sagas(); });
}

void Service::list_charges(Page page, std::function<void(ListResult<ChargeEntry>)> done) {
  reads_([this, page = std::move(page), done = std::move(done)] { done(gateway_.charges(page)); });
}

std::string Service::metrics() {
  metrics_.observe_node({.journal = node_.journal.stats(),
                         .durable_position = node_.journal.durable_position(),
                         .pending_bytes = node_.journal.pending_bytes(),
                         .residents = node_.directory.residents(),
                         .views_lag = views_.lag()});
  return metrics_.text();
}

void Service::resume_sagas() {
  auto owed = std::make_shared<const std::vector<AggregateId>>(node_.journal.owed());
  sagas_listed_ = true;
  resume_from(std::move(owed), 0);
}

void Service::resume_from(std::shared_ptr<const std::vector<AggregateId>> owed, std::size_t first) {
  const auto last = std::min(owed->size(), first + resume_batch);
  for (auto i = first; i < last; ++i)
    if ((*owed)[i].kind == AggregateKind::saga) node_.directory.send((*owed)[i], ResumeSaga{});
  if (last < owed->size())
    node_.timers.at(node_.timers.now() + resume_interval, [this, owed, last] { resume_from(owed, last); });
}

}  // namespace sugang
