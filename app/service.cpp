#include "app/service.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "actors/answers.hpp"
#include "actors/catalogue.hpp"
#include "app/attempt.hpp"
#include "sagas/coordinator.hpp"

namespace sugang {
namespace {

/// How a body begins that is in the journal as the sealer makes it; no JSON does.
constexpr std::string_view sealed_mark = "sealed:";

}  // namespace

Service::Service(Parts parts) : to_(std::move(parts)), keyed_(to_.node.journal, to_.reads) {}

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
    answer.body = std::string{sealed_mark} + to_.sealer.seal(answer.body, to_text(id));
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
  auto plain = to_.sealer.open(std::string_view{answer.body}.substr(sealed_mark.size()), to_text(id));
  if (plain) answer.body = std::move(*plain);
  return plain.has_value();
}

void Service::through_gate(std::function<void()> done) {
  Append append;
  append.then = [done = std::move(done)](Position) { done(); };
  to_.node.journal.append(std::move(append));
}

void Service::release_request(RequestKey key) { keyed_.release(key); }

void Service::submit(Command command, Wait wait, Caller caller) {
  std::visit([&](auto& what) { run(std::move(what), wait, keyed_.releasing(std::move(caller))); }, command);
}

bool Service::refuse(std::optional<ServiceError> why, Caller& caller) {
  if (!why) return false;
  answer(to_.node, std::move(caller), {.refusal = *why});
  return true;
}

std::optional<ServiceError> Service::disk_closed() const {
  return disk_low_ ? std::optional{ServiceError::storage_full} : std::nullopt;
}

std::optional<ServiceError> Service::catalogue_closed() const {
  return to_.node.components.runs(Component::catalogue) ? disk_closed() : ServiceError::catalogue_paused;
}

void Service::run(RegisterCourses command, Wait, Caller caller) {
  if (refuse(catalogue_closed(), caller)) return;
  caf::anon_send(to_.catalogue, CallCatalogue{std::move(command), admit(std::move(caller))});
}

void Service::run(ToCourse command, Wait, Caller caller) {
  if (refuse(catalogue_closed(), caller)) return;
  to_.node.directory.send(command.course, CallCourse{std::move(command.request), admit(std::move(caller))});
}

void Service::run(PlaceEnrollment command, Wait wait, Caller caller) {
  if (refuse(disk_closed(), caller)) return;
  const EnrollmentId id{to_.node.ids.mint(to_.node.timers.now(), partition_of_name(command.course.text))};
  run(ToEnrollment{id, std::move(command)}, wait, std::move(caller));
}

/// What moves on gives seats and money back, and needs little room on the disk.
void Service::run(ToEnrollment command, Wait wait, Caller caller) {
  to_.node.directory.send(command.enrollment, CallSaga{std::move(command.request), wait, admit(std::move(caller))});
}

void Service::run(CreateWebhook command, Wait, Caller caller) {
  if (refuse(disk_closed(), caller)) return;
  to_.scans([this, command = std::move(command), caller = sealing(std::move(caller))]() mutable {
    const auto complete = [&](const NewWebhook& made, Append& append) {
      Outcome outcome;
      outcome.subject = made;
      add_answer(to_.node, append, std::move(caller), outcome);
    };
    const auto created = attempt<bool>([&] {
      return to_.webhooks.create(std::move(command.url), std::move(command.kinds), complete).has_value();
    });
    const auto* error = std::get_if<ServiceError>(&created);
    if (error || !std::get<0>(created)) refuse(error ? *error : ServiceError::too_many_webhooks, caller);
  });
}

void Service::run(RemoveWebhook command, Wait, Caller caller) {
  to_.scans([this, id = command.webhook, caller = std::move(caller)]() mutable {
    const auto removed = attempt<bool>([&] { return to_.webhooks.remove(id); });
    const auto* error = std::get_if<ServiceError>(&removed);
    if (error || !std::get<0>(removed))
      return void(refuse(error ? *error : ServiceError::webhook_not_found, caller));
    answer(to_.node, std::move(caller), {});
  });
}

void Service::answer_waiting() { to_.node.directory.send_to_residents(AggregateKind::enrollment, AnswerWaiting{}); }

}  // namespace sugang
