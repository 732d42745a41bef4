#include "app/service.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answering.hpp"
#include "actors/catalogue.hpp"
#include "sagas/coordinator.hpp"

namespace sugang {
namespace {

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

Service::Service(Parts parts)
    : node_(parts.node),
      components_(parts.components),
      catalogue_(std::move(parts.catalogue)),
      views_(parts.views),
      gateway_(parts.gateway),
      breaker_(parts.breaker),
      consumers_(parts.consumers),
      webhooks_(parts.webhooks),
      metrics_(parts.metrics),
      reads_(std::move(parts.reads)) {}

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
  return components_.runs(Component::catalogue) ? disk_closed() : ServiceError::catalogue_paused;
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

void Service::cancel_course(CourseId id, std::string reason, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, CancelCourseTask{std::move(reason), releasing(std::move(asker))});
}

void Service::take_step(EnrollmentId id, PersonStep step, Asker asker) {
  node_.directory.send(saga_of(id), TakePersonStep{std::move(step), releasing(std::move(asker))});
}

void Service::operate_saga(EnrollmentId id, Operation operation, Asker asker) {
  node_.directory.send(saga_of(id), OperateSaga{std::move(operation), releasing(std::move(asker))});
}

}  // namespace sugang
