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

/// How a body begins that is in the journal as the sealer makes it; no JSON does.
constexpr std::string_view sealed_mark = "sealed:";

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
      sealer_(parts.sealer),
      set_aside_(parts.set_aside),
      metrics_(parts.metrics),
      complete_state_(std::move(parts.complete_state)),
      reads_(std::move(parts.reads)),
      scans_(std::move(parts.scans)),
      apart_(std::move(parts.apart)),
      keyed_(node_.journal, reads_) {}

void Service::find_request(RequestKey key, std::function<void(EarlierRequest)> done) {
  keyed_.find(key, [this, id = key.id, done = std::move(done)](EarlierRequest earlier) {
    if (unseal(id, earlier.answer)) return done(std::move(earlier));
    done({.kind = EarlierRequest::Kind::unreadable, .error = ServiceError::read_failed});
  });
}

Asker Service::sealing(Asker asker) {
  if (!asker.key) return asker;
  asker.render = [this, id = asker.key->id, render = std::move(asker.render)](const Outcome& outcome) {
    auto answer = render(outcome);
    answer.body = std::string{sealed_mark} + sealer_.seal(answer.body, to_text(id));
    return answer;
  };
  asker.deliver = [this, id = asker.key->id, deliver = std::move(asker.deliver)](Answer answer) {
    unseal(id, answer);
    deliver(std::move(answer));
  };
  return asker;
}

bool Service::unseal(RequestId id, Answer& answer) const {
  if (!answer.body.starts_with(sealed_mark)) return true;
  auto plain = sealer_.open(std::string_view{answer.body}.substr(sealed_mark.size()), to_text(id));
  if (plain) answer.body = std::move(*plain);
  return plain.has_value();
}

void Service::through_gate(std::function<void()> done) {
  Append append;
  append.then = [done = std::move(done)](Position) { done(); };
  node_.journal.append(std::move(append));
}

void Service::release_request(RequestKey key) { keyed_.release(key); }

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

CallerId Service::admit(Asker asker) { return node_.callers.commands.add(keyed_.releasing(std::move(asker))); }

void Service::register_course(CourseId id, CourseDefinition definition, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  RegisterCourses job{
      .rows = {{std::move(id), std::move(definition), 0}}, .single = true, .caller = admit(std::move(asker))};
  caf::anon_send(catalogue_, std::move(job));
}

void Service::import_courses(std::vector<ImportRow> rows, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  caf::anon_send(catalogue_, RegisterCourses{.rows = std::move(rows), .caller = admit(std::move(asker))});
}

void Service::revise_course(CourseId id, ReviseCourse command, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, ReviseCourseTask{std::move(command), admit(std::move(asker))});
}

void Service::place_enrollment(PlaceEnrollment command, Wait wait, Asker asker) {
  if (refuse(disk_closed(), asker)) return;
  const EnrollmentId id{node_.ids.mint(node_.timers.now(), partition_of_name(command.course.text))};
  node_.directory.send(id, StartSaga{std::move(command), wait, admit(std::move(asker))});
}

void Service::join_enrollment(EnrollmentId id, Wait wait, Asker asker) {
  node_.directory.send(id, JoinSaga{wait, admit(std::move(asker))});
}

void Service::cancel_enrollment(EnrollmentId id, std::string reason, Wait wait, Asker asker) {
  node_.directory.send(id, CancelSaga{std::move(reason), wait, admit(std::move(asker))});
}

void Service::cancel_course(CourseId id, std::string reason, Asker asker) {
  if (refuse(catalogue_closed(), asker)) return;
  node_.directory.send(id, CancelCourseTask{std::move(reason), admit(std::move(asker))});
}

void Service::answer_waiting() { node_.directory.send_to_residents(AggregateKind::enrollment, AnswerWaiting{}); }

void Service::take_step(EnrollmentId id, StaffStep step, Asker asker) {
  node_.directory.send(id, TakeStaffStep{std::move(step), admit(std::move(asker))});
}

void Service::operate_saga(EnrollmentId id, Operation operation, Asker asker) {
  node_.directory.send(id, OperateSaga{std::move(operation), admit(std::move(asker))});
}

}  // namespace sugang
