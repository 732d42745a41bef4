#include "http/api/enrollments.hpp"

#include <algorithm>
#include <array>

#include "domain/rejection.hpp"
#include "http/api/coaching.hpp"
#include "http/api/events.hpp"
#include "http/api/reason.hpp"
#include "http/server/request_fields.hpp"

namespace sugang {
namespace {

void write_coaching_of(JsonWriter& json, const EnrollmentSummary& enrollment) {
  const auto coaching = shown_coaching(enrollment);
  json.key("coaching").begin_object().member("state", to_text(coaching.state));
  if (coaching.instructor) member_id(json, "instructorId", *coaching.instructor);
  if (coaching.slot) write_slot(json.key("schedule"), *coaching.slot);
  if (coaching.held_at) member_text(json, "heldAt", to_text(*coaching.held_at));
  if (coaching.result) member_text(json, "result", *coaching.result);
  json.end_object();
}

/// What there is of an enrollment besides seats and money.
void write_fulfilment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  if (enrollment.kind == CourseKind::training) write_coaching_of(json, enrollment);
  if (enrollment.stock != StockState::none)
    json.key("stock").begin_object().member("state", to_text(enrollment.stock)).end_object();
  if (enrollment.delivery == DeliveryState::none) return;
  json.key("delivery").begin_object();
  member_id(json, "id", delivery_of(enrollment.id));
  json.member("state", to_text(enrollment.delivery)).end_object();
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

/// How long the rest of the server waits for a saga's end unless the caller chooses.
constexpr std::chrono::seconds wait_unless_said{5};
constexpr std::uint32_t pending_retry_after_s = 1;
/// What one enrollment's JSON usually takes.
constexpr std::size_t enrollment_bytes = 768;

Answer enrollment_answer(std::uint16_t status, const EnrollmentSummary& enrollment,
                         std::optional<std::uint64_t> place = std::nullopt) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.location = "/v1/enrollments/" + to_text(enrollment.id);
  answer.body.reserve(enrollment_bytes);
  JsonWriter json{answer.body};
  json.begin_object();
  write_enrollment_members(json, enrollment, place);
  json.end_object();
  answer.etag = version_etag(enrollment.version, place);
  answer.position = enrollment.position;
  if (status == 202) answer.retry_after_s = pending_retry_after_s;
  return answer;
}

Answer ended_otherwise(Problem problem, const EnrollmentSummary& enrollment, const std::string& instance) {
  auto answer = to_answer(ProblemReport{.problem = problem, .instance = instance, .enrollment = enrollment.id});
  answer.position = enrollment.position;
  return answer;
}

/// What a POST of an enrollment answers: the enrollment, or how it ended without a seat.
Answer render_placement(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  switch (enrollment.state) {
    case EnrollmentState::confirmed:
    case EnrollmentState::completed: return enrollment_answer(201, enrollment);
    case EnrollmentState::rejected:
      return ended_otherwise(problem_of(rejection_of(enrollment)), enrollment, instance);
    case EnrollmentState::expired: return ended_otherwise(Problem::enrollment_expired, enrollment, instance);
    case EnrollmentState::cancel_requested:
    case EnrollmentState::cancelled: return ended_otherwise(Problem::enrollment_ended, enrollment, instance);
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

Answer render_cancellation(const std::string& instance, const Outcome& outcome) {
  if (outcome.refusal) return refusal_answer(outcome, instance);
  const auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
  return enrollment_answer(enrollment.state == EnrollmentState::cancelled ? 200 : 202, enrollment);
}

Preferences preferences(const Call& call) {
  return parse_prefer(call.request.field(RequestField::prefer).value_or(std::string_view{}));
}

EnrollmentFilter read_filter(QueryReader& query) {
  EnrollmentFilter filter;
  filter.student = query.named<StudentId>("studentId");
  filter.course = query.named<CourseId>("courseId");
  filter.state = query.one_of<EnrollmentState>("state");
  return filter;
}

/// An enrollment with its place in the course's line. The two are read one after the other, so a waiter may be
/// promoted in between.
struct EnrollmentRead {
  Backend& backend;
  Exchange exchange;
  EnrollmentId id;
  std::string instance;
  std::optional<std::string> known;

  void answer(const EnrollmentSummary& enrollment, std::optional<std::uint64_t> place) const {
    std::string body;
    JsonWriter json{body};
    json.begin_object();
    write_enrollment_members(json, enrollment, place);
    json.end_object();
    exchange.answer(single_resource(std::move(body), version_etag(enrollment.version, place), known));
  }
  void answer_as_it_stands() const {
    ask(backend, ReadTimeline{id}, [read = *this](const ReadTimeline::Result& timeline) {
      if (const auto* records = read_or_refuse(timeline, read.exchange, read.instance))
        read.answer(fold(*records), std::nullopt);
    });
  }
  void find_place(const EnrollmentSummary& enrollment) const {
    ask(backend, FindWaitlistPosition{enrollment.course, id},
        [read = *this, enrollment](const FindWaitlistPosition::Result& found) {
          const auto* place = read_or_refuse(found, read.exchange, read.instance);
          if (!place) return;
          if (*place) return read.answer(enrollment, *place);
          read.exchange.resume([read](bool waits) {
            if (waits) read.answer_as_it_stands();
          });
        });
  }
  void go_on(const ReadTimeline::Result& timeline) const {
    const auto* found = read_or_refuse(timeline, exchange, instance);
    if (!found) return;
    const auto& records = *found;
    if (records.empty()) return exchange.answer(refuse(instance, Problem::enrollment_not_found));
    const auto enrollment = fold(records);
    if (enrollment.state != EnrollmentState::waitlisted) return answer(enrollment, std::nullopt);
    exchange.resume([read = *this, enrollment](bool waits) {
      if (waits) read.find_place(enrollment);
    });
  }
};

Handled post_enrollment(Call& call) {
  auto decoded = decode_placement(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  auto& placement = std::get<PlaceEnrollment>(decoded);
  if (!call.enter_course(placement.course)) return refuse(call, Problem::overloaded);
  const auto prefer = preferences(call);
  const Wait wait = prefer.effective_wait();
  call.wait_longer(wait.value_or(wait_unless_said));
  const Render render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_placement(instance, outcome);
  };
  Submission placed{.caller = placement.student.text,
                    .resource = placement.course,
                    .wait = wait,
                    .render = render,
                    .render_joined = render,
                    .preference_applied = prefer.applied()};
  placed.command = std::move(placement);
  return submit(call, std::move(placed));
}

Handled cancel_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  auto decoded = decode_optional_reason(call.request.body);
  if (auto* refusal = std::get_if<BodyRefusal>(&decoded)) return refuse(call, std::move(*refusal));
  const auto prefer = preferences(call);
  const Wait wait = prefer.effective_wait();
  call.wait_longer(wait.value_or(wait_unless_said));
  const Render render = [instance = std::string{call.request.path}](const Outcome& outcome) {
    return render_cancellation(instance, outcome);
  };
  return submit(call, {.resource = *id,
                       .command = ToEnrollment{*id, CancelSaga{std::get<std::string>(std::move(decoded))}},
                       .wait = wait,
                       .render = render,
                       .render_joined = render,
                       .preference_applied = prefer.applied()});
}

Handled list_enrollments(Call& call) {
  QueryReader query{call.request};
  auto filter = read_filter(query);
  return list_view(call, query, std::move(filter), write_enrollment);
}

Handled get_enrollment(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  const EnrollmentRead read{call.backend, call.exchange, *id, std::string{call.request.path}, if_none_match(call)};
  ask(call.backend, ReadTimeline{*id}, [read](const ReadTimeline::Result& timeline) { read.go_on(timeline); });
  return std::nullopt;
}

Handled get_timeline(Call& call) {
  auto id = parse_id<EnrollmentTag>(call.request.path_id);
  if (!id) return refuse(call, Problem::enrollment_not_found);
  QueryReader query{call.request};
  const auto after = query.position("cursor").value_or(0);
  const auto limit = query.page().limit;
  if (!query.faults().empty()) return refuse(call, query.faults());
  ask(call.backend, ReadTimeline{*id},
      [exchange = call.exchange, after, limit,
       link = NextLink{call.request, "cursor"}](const ReadTimeline::Result& read) {
        const auto* found = read_or_refuse(read, exchange, link.path());
        if (!found) return;
        auto records = *found;
        if (records.empty()) return exchange.answer(refuse(link.path(), Problem::enrollment_not_found));
        std::erase_if(records,
                      [&](const Record& record) { return record.position <= after || !is_public(record); });
        std::optional<std::string> next;
        if (records.size() > limit) {
          records.resize(limit);
          next = position_text(records.back().position);
        }
        auto response = json_response(200, json_list(records, next, write_event));
        if (next) response.with("Link", link.field(*next));
        exchange.answer(std::move(response));
      });
  return std::nullopt;
}

}  // namespace

void write_enrollment_members(JsonWriter& json, const EnrollmentSummary& enrollment,
                              std::optional<std::uint64_t> place) {
  member_id(json, "id", enrollment.id);
  member_id(json, "courseId", enrollment.course);
  member_id(json, "studentId", enrollment.student);
  json.member("seats", enrollment.seats).member("state", to_text(enrollment.state));
  if (!enrollment.reason.empty()) member_text(json, "reason", enrollment.reason);
  if (place) json.member("waitlistPosition", *place);
  json.key("payment").begin_object();
  member_id(json, "id", payment_of(enrollment.id));
  json.member("state", to_text(enrollment.payment)).key("amount");
  write_money(json, enrollment.amount);
  json.end_object();
  json.key("mileage").begin_object().member("earned", enrollment.mileage_earned).end_object();
  write_fulfilment(json, enrollment);
  write_steps(json, enrollment);
  json.member("version", enrollment.version);
}

void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment) {
  json.begin_object();
  write_enrollment_members(json, enrollment);
  json.end_object();
}

Decoded<PlaceEnrollment> decode_placement(std::string_view body) {
  return decode_object<PlaceEnrollment>(body, read_placement);
}

std::span<const Route> enrollment_routes() {
  using enum BodyKind;
  // The hottest first: tables are searched from their front.
  static constexpr std::array routes{
      Route{Method::post, "/v1/enrollments", json, post_enrollment},
      Route{Method::get, "/v1/enrollments/{id}", none, get_enrollment},
      Route{Method::post, "/v1/enrollments/{id}/cancel", json_optional, cancel_enrollment},
      Route{Method::get, "/v1/enrollments", none, list_enrollments},
      Route{Method::get, "/v1/enrollments/{id}/events", none, get_timeline},
  };
  return routes;
}

}  // namespace sugang
