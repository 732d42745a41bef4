#include "app/service.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answering.hpp"
#include "actors/catalogue.hpp"
#include "app/attempt.hpp"
#include "sagas/coordinator.hpp"

namespace sugang {
namespace {

/// The history that the request would have in the journal.
std::vector<Record> history_of(const CreationAnswer& kept) {
  const auto& answer = kept.answer;
  Record claimed, answered;
  claimed.event = RequestEvent{RequestClaimed{kept.body, std::nullopt}};
  answered.event = RequestEvent{RequestAnswered{answer.status, answer.content_type, answer.location, answer.body}};
  answered.position = answer.position;
  return {std::move(claimed), std::move(answered)};
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
      set_aside_(parts.set_aside),
      metrics_(parts.metrics),
      complete_state_(std::move(parts.complete_state)),
      reads_(std::move(parts.reads)),
      scans_(std::move(parts.scans)),
      apart_(std::move(parts.apart)),
      keyed_(node_.journal, reads_, [this](RequestId id) {
        const auto kept = webhooks_.answer_to(id);
        return kept ? history_of(*kept) : std::vector<Record>{};
      }) {}

// --- keyed requests
// ------------------------------------------------------------------------------------------------

void Service::find_request(RequestKey key, std::function<void(EarlierRequest)> done) {
  keyed_.find(key, std::move(done));
}

void Service::release_request(RequestKey key) { keyed_.release(key); }

// --- commands
// ------------------------------------------------------------------------------------------------------

bool Service::refuse(std::optional<ServiceError> why, Asker& asker) {
  if (!why) return false;
  Outcome outcome;
  outcome.refusal = *why;
  answer(node_, keyed_.releasing(std::move(asker)), outcome);
  return true;
}

std::optional<ServiceError> Service::disk_closed() const {
  return disk_low_ ? std::optional{ServiceError::storage_full} : std::nullopt;
}

std::optional<ServiceError> Service::catalogue_closed() const {
  return node_.components.runs(Component::catalogue) ? disk_closed() : ServiceError::catalogue_paused;
}

void Service::register_course(CourseId id, CourseDefinition definition, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  RegisterCourses job{.rows = {{std::move(id), std::move(definition), 0}},
                      .single = true,
                      .asker = keyed_.releasing(std::move(asker))};
  caf::anon_send(catalogue_, std::move(job));
}

void Service::import_courses(std::vector<ImportRow> rows, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  caf::anon_send(catalogue_, RegisterCourses{.rows = std::move(rows), .asker = keyed_.releasing(std::move(asker))});
}

void Service::revise_course(CourseId id, ReviseCourse command, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, ReviseCourseTask{std::move(command), keyed_.releasing(std::move(asker))});
}

void Service::place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) {
  if (refuse(disk_closed(), asker)) return;
  const EnrollmentId id{node_.ids.mint(node_.timers.now(), partition_of_name(command.course.text))};
  node_.directory.send(saga_of(id), StartEnrollment{std::move(command), wait, keyed_.releasing(std::move(asker))});
}

void Service::join_enrollment(EnrollmentId id, Wait wait, Asker asker) {
  asker.claimed = true;
  node_.directory.send(saga_of(id), JoinEnrollment{wait, keyed_.releasing(std::move(asker))});
}

void Service::cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) {
  node_.directory.send(saga_of(id), CancelRequest{std::move(reason), wait, keyed_.releasing(std::move(asker))});
}

void Service::cancel_course(CourseId id, std::string reason, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, CancelCourseTask{std::move(reason), keyed_.releasing(std::move(asker))});
}

void Service::answer_waiting() { node_.directory.send_to_residents(AggregateKind::saga, AnswerWaiting{}); }

void Service::take_step(EnrollmentId id, PersonStep step, Asker asker) {
  node_.directory.send(saga_of(id), TakePersonStep{std::move(step), keyed_.releasing(std::move(asker))});
}

void Service::operate_saga(EnrollmentId id, Operation operation, Asker asker) {
  node_.directory.send(saga_of(id), OperateSaga{std::move(operation), keyed_.releasing(std::move(asker))});
}

}  // namespace sugang
