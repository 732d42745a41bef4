#include "http/api/enrollments.hpp"

#include <algorithm>
#include <array>

#include "http/api/coaching.hpp"
#include "http/api/events.hpp"
#include "http/api/routes.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_coaching_of(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.member("state", coaching.state);
  if (coaching.instructor) json.member("instructorId", *coaching.instructor);
  if (coaching.slot) json.member("schedule", *coaching.slot);
  if (coaching.held_at) json.member("heldAt", *coaching.held_at);
  if (coaching.result) json.member("result", *coaching.result);
}

/// Coaching, stock and delivery, where the enrollment has them.
void write_fulfilment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  if (enrollment.kind == CourseKind::training) json.key("coaching").object(enrollment, write_coaching_of);
  if (enrollment.stock != StockState::none)
    json.key("stock").begin_object().member("state", enrollment.stock).end_object();
  if (enrollment.delivery == DeliveryState::none) return;
  json.key("delivery").begin_object().member("id", delivery_of(enrollment.id));
  json.member("state", enrollment.delivery).end_object();
}

void read_placement(ObjectReader& members, PlaceEnrollment& placement) {
  members.require("courseId");
  members.require("studentId");
  set(placement.course.text, members.name("courseId"));
  set(placement.student.text, members.name("studentId"));
  set(placement.seats, members.integer("seats", 1, seats_per_request_max));
  // A course without a waitlist handles "waitlist" as "fail".
  placement.may_wait = members.one_of("onFull", {"fail", "waitlist"}) == "waitlist";
  set(placement.method, members.one_of<PaymentMethod>("paymentMethod"));
}

void read_change(ObjectReader& members, ChangeSeats& change) {
  members.require("seats");
  set(change.seats, members.integer("seats", 1, seats_per_request_max));
}

/// At least how long a saga's end is awaited for a caller without a preference (ActorLimits::default_wait).
constexpr std::chrono::seconds default_wait{5};

std::string enrollment_json(const EnrollmentSummary& enrollment, std::optional<std::uint64_t> waitlist_position) {
  return json_of(enrollment, [waitlist_position](JsonWriter& json, const EnrollmentSummary& summary) {
    write_enrollment_at(json, summary, waitlist_position);
  });
}

Answer enrollment_answer(std::uint16_t status, const EnrollmentSummary& enrollment,
                         std::optional<std::uint64_t> waitlist_position = std::nullopt) {
  return {.status = status,
          .content_type = "application/json",
          .location = "/v1/enrollments/" + to_text(enrollment.id),
          .body = enrollment_json(enrollment, waitlist_position),
          .etag = version_etag(enrollment.version, waitlist_position),
          .position = enrollment.position};
}

Answer ended_without_seat(Problem problem, const EnrollmentSummary& enrollment, const std::string& instance) {
  auto answer = to_answer(ProblemReport{.problem = problem, .instance = instance, .enrollment = enrollment.id});
  answer.position = enrollment.position;
  return answer;
}

/// The answer to a POST: the enrollment, or how it ended without a seat.
Answer render_placement(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  switch (enrollment.state) {
    case EnrollmentState::confirmed:
    case EnrollmentState::completed: return enrollment_answer(201, enrollment);
    case EnrollmentState::rejected:
      return ended_without_seat(problem_of(rejection_of(enrollment)), enrollment, instance);
    case EnrollmentState::expired: return ended_without_seat(Problem::enrollment_expired, enrollment, instance);
    case EnrollmentState::cancel_requested:
    case EnrollmentState::cancelled: return ended_without_seat(Problem::enrollment_ended, enrollment, instance);
    case EnrollmentState::none:
    case EnrollmentState::requested:
    case EnrollmentState::waitlisted:
    case EnrollmentState::seats_held:
    case EnrollmentState::payment_pending:
    case EnrollmentState::awaiting_instructor:
    case EnrollmentState::awaiting_schedule: break;
  }
  return enrollment_answer(202, enrollment, outcome.waitlist_position);
}

Answer render_cancellation(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  return enrollment_answer(enrollment.state == EnrollmentState::cancelled ? 200 : 202, enrollment);
}

Answer render_change(const Outcome& outcome, const std::string& instance) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  return enrollment_answer(outcome.under_way ? 202 : 200, std::get<EnrollmentSummary>(outcome.subject));
}

/// Reads `Prefer`, and moves the answer's deadline by the wait.
Preferences take_preferences(Call& call) {
  const auto prefer = parse_prefer(call.request.field(RequestField::prefer).value_or(std::string_view{}));
  call.wait_longer(prefer.effective_wait().value_or(default_wait));
  return prefer;
}

/// Reads an enrollment and then, if it is waitlisted, its position from the course. If it has none there, it may
/// have left the waitlist in between, and is read again.
struct EnrollmentRead {
  Backend& backend;
  EnrollmentId id;
  std::optional<std::string> if_none_match;

  void answer(const Reply& reply, const EnrollmentSummary& enrollment,
              std::optional<std::uint64_t> waitlist_position) const {
    reply.answer(single_resource(enrollment_json(enrollment, waitlist_position),
                                 version_etag(enrollment.version, waitlist_position), if_none_match));
  }
  void read_again(const Reply& to) const {
    read(backend, to, ReadTimeline{id}, [self = *this](const std::vector<Record>& records, const Reply& reply) {
      self.answer(reply, fold(records), std::nullopt);
    });
  }
  void find_position(const Reply& to, const EnrollmentSummary& enrollment) const {
    read(backend, to, FindWaitlistPosition{enrollment.course, id},
         [self = *this, enrollment](std::optional<std::uint64_t> position, const Reply& reply) {
           if (position) return self.answer(reply, enrollment, position);
           reply.exchange.resume([self, reply](bool waits) {
             if (waits) self.read_again(reply);
           });
         });
  }
  void continue_with(const std::vector<Record>& records, const Reply& reply) const {
    if (records.empty()) return reply.refuse(Problem::enrollment_not_found);
    const auto enrollment = fold(records);
    if (enrollment.state != EnrollmentState::waitlisted) return answer(reply, enrollment, std::nullopt);
    reply.exchange.resume([self = *this, reply, enrollment](bool waits) {
      if (waits) self.find_position(reply, enrollment);
    });
  }
};

Handled post_enrollment(Call& call) {
  auto decoded = decode_placement(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  auto& placement = std::get<PlaceEnrollment>(decoded);
  if (!call.enter_course(placement.course)) return refuse(call, Problem::overloaded);
  const auto prefer = take_preferences(call);
  Submission submission{.caller = placement.student.text,
                        .resource = placement.course,
                        .wait = prefer.effective_wait(),
                        .render = render_placement,
                        .render_joined = render_placement,
                        .preference_applied = prefer.applied()};
  submission.command = std::move(placement);
  return submit(call, std::move(submission));
}

Handled cancel_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode_optional_reason(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  const auto prefer = take_preferences(call);
  return submit(call, {.resource = *id,
                       .command = ToEnrollment{*id, CancelSaga{std::get<std::string>(std::move(decoded))}},
                       .wait = prefer.effective_wait(),
                       .render = render_cancellation,
                       .render_joined = render_cancellation,
                       .preference_applied = prefer.applied()});
}

Handled patch_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto condition = required_match(call, TagOf::enrollment);
  if (auto* refusal = std::get_if<Response>(&condition)) return std::move(*refusal);
  auto& match = std::get<IfMatch>(condition);
  auto decoded = decode_object<ChangeSeats>(call.request.body, read_change);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  auto& change = std::get<ChangeSeats>(decoded);
  change.expected_versions = std::move(match.versions);
  // No version is 0: without a usable tag nothing matches. An empty list would match every version.
  if (!match.any && change.expected_versions.empty()) change.expected_versions = {0};
  const auto prefer = take_preferences(call);
  return submit(call, {.resource = *id,
                       .command = ToEnrollment{*id, std::move(change)},
                       .wait = prefer.effective_wait(),
                       .render = render_change,
                       .render_joined = render_change,
                       .preference_applied = prefer.applied()});
}

Handled list_enrollments(Call& call) {
  QueryReader query{call.request};
  EnrollmentFilter filter{.student = query.named<StudentId>("studentId"),
                          .course = query.named<CourseId>("courseId"),
                          .state = query.one_of<EnrollmentState>("state")};
  return ask_view(call, query, std::move(filter), as_list(write_enrollment));
}

Handled get_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  read(call.backend, Reply{call}, ReadTimeline{*id},
       [reading = EnrollmentRead{call.backend, *id, if_none_match(call)}](
           const std::vector<Record>& records, const Reply& reply) { reading.continue_with(records, reply); });
  return std::nullopt;
}

Handled get_timeline(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  QueryReader query{call.request};
  const auto after = query.position("cursor").value_or(0);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  read(call.backend, Reply{call}, ReadTimeline{*id},
       [after, limit, link = NextLink{call.request, "cursor"}](std::vector<Record> records, const Reply& reply) {
         if (records.empty()) return reply.refuse(Problem::enrollment_not_found);
         std::erase_if(records,
                       [&](const Record& record) { return record.position <= after || !is_public(record); });
         std::optional<std::string> next;
         if (records.size() > limit) {
           records.resize(limit);
           next = position_text(records.back().position);
         }
         auto response = json_response(200, json_list(records, next, write_event));
         if (next) response.with("Link", link.field(*next));
         reply.answer(std::move(response));
       });
  return std::nullopt;
}

}  // namespace

void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  write_enrollment_at(json, enrollment, std::nullopt);
}

void write_enrollment_at(JsonWriter& json, const EnrollmentSummary& enrollment,
                         std::optional<std::uint64_t> waitlist_position) {
  json.member("id", enrollment.id)
      .member("courseId", enrollment.course)
      .member("studentId", enrollment.student)
      .member("seats", enrollment.seats)
      .member("state", enrollment.state);
  if (!enrollment.reason.empty()) json.member("reason", enrollment.reason);
  if (waitlist_position) json.member("waitlistPosition", *waitlist_position);
  json.key("payment").begin_object().member("id", payment_of(enrollment.id));
  json.member("state", enrollment.payment).member("amount", enrollment.amount).end_object();
  json.key("mileage").begin_object().member("earned", enrollment.mileage_earned).end_object();
  if (enrollment.change)
    json.key("change")
        .begin_object()
        .member("seats", enrollment.change->seats)
        .member("amount", enrollment.change->amount)
        .end_object();
  write_fulfilment(json, enrollment);
  write_steps(json, enrollment);
  json.member("version", enrollment.version);
}

Decoded<PlaceEnrollment> decode_placement(std::string_view body) {
  return decode_object<PlaceEnrollment>(body, read_placement);
}

std::span<const Route> enrollment_routes() {
  using enum BodyKind;
  // The most frequent first: routes are searched in order.
  static constexpr std::array routes{
      Route{Method::post, "/v1/enrollments", json, post_enrollment},
      Route{Method::get, "/v1/enrollments/{id}", none, get_enrollment},
      Route{Method::post, "/v1/enrollments/{id}/cancel", json_optional, cancel_enrollment},
      Route{Method::patch, "/v1/enrollments/{id}", merge_patch, patch_enrollment},
      Route{Method::get, "/v1/enrollments", none, list_enrollments},
      Route{Method::get, "/v1/enrollments/{id}/events", none, get_timeline},
  };
  return routes;
}

}  // namespace sugang
