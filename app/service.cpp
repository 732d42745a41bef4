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

Caller Service::sealing(Caller caller) {
  if (!caller.key) return caller;
  caller.render = [this, id = caller.key->id, render = std::move(caller.render)](const Outcome& outcome) {
    auto answer = render(outcome);
    answer.body = std::string{sealed_mark} + sealer_.seal(answer.body, to_text(id));
    return answer;
  };
  caller.deliver = [this, id = caller.key->id, deliver = std::move(caller.deliver)](Answer answer) {
    unseal(id, answer);
    deliver(std::move(answer));
  };
  return caller;
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

void Service::submit(Command command, Wait wait, Caller caller) {
  std::visit([&](auto& what) { run(std::move(what), wait, keyed_.releasing(std::move(caller))); }, command);
}

bool Service::refuse(std::optional<ServiceError> why, Caller& caller) {
  if (!why) return false;
  answer(node_, std::move(caller), {.refusal = *why});
  return true;
}

std::optional<ServiceError> Service::disk_closed() const {
  return disk_low_ ? std::optional{ServiceError::storage_full} : std::nullopt;
}

std::optional<ServiceError> Service::catalogue_closed() const {
  return node_.components.runs(Component::catalogue) ? disk_closed() : ServiceError::catalogue_paused;
}

void Service::run(RegisterCourses command, Wait, Caller caller) {
  if (refuse(catalogue_closed(), caller)) return;
  caf::anon_send(catalogue_, CallCatalogue{std::move(command), admit(std::move(caller))});
}

void Service::run(ToCourse command, Wait, Caller caller) {
  if (refuse(catalogue_closed(), caller)) return;
  node_.directory.send(command.course, CallCourse{std::move(command.request), admit(std::move(caller))});
}

void Service::run(PlaceEnrollment command, Wait wait, Caller caller) {
  if (refuse(disk_closed(), caller)) return;
  const EnrollmentId id{node_.ids.mint(node_.timers.now(), partition_of_name(command.course.text))};
  run(ToEnrollment{id, std::move(command)}, wait, std::move(caller));
}

/// What moves on gives seats and money back, and needs little room on the disk.
void Service::run(ToEnrollment command, Wait wait, Caller caller) {
  node_.directory.send(command.enrollment, CallSaga{std::move(command.request), wait, admit(std::move(caller))});
}

void Service::run(CreateWebhook command, Wait, Caller caller) {
  if (refuse(disk_closed(), caller)) return;
  scans_([this, command = std::move(command), caller = sealing(std::move(caller))]() mutable {
    const auto complete = [&](const NewWebhook& made, Append& append) {
      Outcome outcome;
      outcome.subject = made;
      add_answer(node_, append, std::move(caller), outcome);
    };
    const auto created = attempt<bool>(
        [&] { return webhooks_.create(std::move(command.url), std::move(command.kinds), complete).has_value(); });
    const auto* error = std::get_if<ServiceError>(&created);
    if (error || !std::get<0>(created)) refuse(error ? *error : ServiceError::too_many_webhooks, caller);
  });
}

void Service::run(RemoveWebhook command, Wait, Caller caller) {
  scans_([this, id = command.webhook, caller = std::move(caller)]() mutable {
    const auto removed = attempt<bool>([&] { return webhooks_.remove(id); });
    const auto* error = std::get_if<ServiceError>(&removed);
    if (error || !std::get<0>(removed))
      return void(refuse(error ? *error : ServiceError::webhook_not_found, caller));
    answer(node_, std::move(caller), {});
  });
}

void Service::answer_waiting() { node_.directory.send_to_residents(AggregateKind::enrollment, AnswerWaiting{}); }

}  // namespace sugang
