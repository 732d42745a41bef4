#include <array>

#include "http/api/enrollment_resource.hpp"
#include "http/api/routes.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

/// The step at which the saga waits: for the staff, the waitlist, the payment side or a paused component.
std::optional<std::string_view> waits_for(const EnrollmentSummary& enrollment) {
  if (enrollment.ticket) return step_label(Step::hold_seats, Direction::act);
  if (enrollment.saga != SagaState::waiting) return std::nullopt;
  // Waiting for a charge that is under way has no event.
  auto step = enrollment.awaits == Step::none ? Step::take_payment : enrollment.awaits;
  // An instructor confirms a schedule by the booking in the calendar.
  if (step == Step::book_slot) step = Step::confirm_schedule;
  return step_label(step, enrollment.turned ? Direction::undo : Direction::act);
}

/// None for a value that was never set.
template <class Value>
std::optional<Value> given(const Value& value) {
  return value == Value{} ? std::nullopt : std::optional{value};
}

void write_saga(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.member("id", saga_of(enrollment.id)).member("enrollmentId", enrollment.id).member("state", enrollment.saga);
  if (enrollment.turned) json.member("turned", *enrollment.turned);
  json.member("waitsFor", waits_for(enrollment));
  write_steps(json, enrollment);
  json.member("attempts", enrollment.attempts)
      .member("lastError", given(enrollment.last_error))
      .member("deadline", given(enrollment.deadline))
      .member("version", enrollment.version);
}

Answer saga_answer(const EnrollmentSummary& enrollment) {
  return summary_answer(202, "/v1/sagas/" + to_text(saga_of(enrollment.id)), enrollment, write_saga);
}

Answer render_operation(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  return saga_answer(std::get<EnrollmentSummary>(outcome.subject));
}

/// The operation is journaled; a saga that has ended since, however it ended, is no refusal of it.
Answer render_joined(const Outcome& outcome, const std::string& instance) {
  const auto* enrollment = std::get_if<EnrollmentSummary>(&outcome.subject);
  return enrollment ? saga_answer(*enrollment) : render_operation(outcome, instance);
}

template <OperatorAction action, Decoded<std::string> (*decode)(std::string_view)>
Handled operate(Call& call) {
  const auto id = enrollment_in_path<SagaTag>(call);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  Operation operation{action, std::get<std::string>(std::move(decoded))};
  return submit(call, {.resource = *id,
                       .command = ToEnrollment{*id, std::move(operation)},
                       .wait = Milliseconds{0},
                       .render = render_operation,
                       .render_joined = render_joined});
}

Handled get_saga(Call& call) { return get_of_enrollment(call, enrollment_in_path<SagaTag>(call), {write_saga}); }

Handled list_sagas(Call& call) {
  QueryReader query{call.request};
  auto id = query.enrollment("enrollmentId");
  EnrollmentFilter filter{.saga = query.one_of<SagaState>("state")};
  if (!id) return ask_view(call, query, std::move(filter), as_list(write_saga));
  auto page = read_view_page(call, query);
  if (auto* refusal = std::get_if<Response>(&page)) return std::move(*refusal);
  list_of_enrollment(call, *id, filter.saga, write_saga);
  return std::nullopt;
}

}  // namespace

std::span<const Route> saga_routes() {
  using enum BodyKind;
  using enum OperatorAction;
  static constexpr std::array routes{
      Route{Method::get, "/v1/sagas", none, list_sagas},
      Route{Method::get, "/v1/sagas/{id}", none, get_saga},
      Route{Method::post, "/v1/sagas/{id}/retry", json_optional, operate<retry, decode_optional_reason>},
      Route{Method::post, "/v1/sagas/{id}/compensate", json, operate<compensate, decode_reason>},
      Route{Method::post, "/v1/sagas/{id}/resolve", json, operate<resolve, decode_reason>},
  };
  return routes;
}

}  // namespace sugang
