#include "http/api/problem.hpp"

#include <algorithm>
#include <array>

#include "domain/decision.hpp"
#include "http/api/json_writer.hpp"

namespace sugang {
namespace {

constexpr std::array<ProblemType, 60> types{{
    {Problem::malformed, "malformed", "The request is malformed", 400,
     "The bytes are not a request that this server reads: the header's framing, a field's value or the body's "
     "syntax is wrong. The detail says what. After a framing fault the connection is closed."},
    {Problem::invalid_request, "invalid-request", "The request is not valid", 422,
     "The request could be read, but members or parameters of it are missing, of the wrong type or out of range. "
     "Each entry of errors names one of them by a JSON pointer (in a CSV: /line/column; in the query: "
     "?parameter)."},
    {Problem::not_found, "not-found", "There is no such resource", 404, "Nothing is known under this path."},
    {Problem::method_not_allowed, "method-not-allowed", "The resource has no such method", 405,
     "The field Allow lists the methods that the resource has."},
    {Problem::request_timeout, "request-timeout", "The request did not arrive in time", 408,
     "The connection was open, but the rest of the request did not come. Send it again on a new connection."},
    {Problem::content_too_large, "content-too-large", "The body is too large", 413,
     "The body is longer than the server takes. Nothing of it was used, and the connection is closed."},
    {Problem::unsupported_media_type, "unsupported-media-type", "The body's media type is not taken here", 415,
     "Send the body as application/json (in UTF-8) and say so in Content-Type. The catalogue of /v1/courses/import "
     "comes as text/csv."},
    {Problem::expectation_failed, "expectation-failed", "The expectation cannot be met", 417,
     "The only expectation that the server meets is 100-continue."},
    {Problem::header_too_large, "header-too-large", "The header is too large", 431,
     "Request line and fields together are longer than the server takes; the connection is closed."},
    {Problem::precondition_required, "precondition-required", "The change wants If-Match", 428,
     "Read the resource, and send its ETag in If-Match with the change, so that no other change is lost."},
    {Problem::precondition_failed, "precondition-failed", "The resource has changed", 412,
     "The entity tag in If-Match is not the current one. Read the resource again, and decide again."},
    {Problem::overloaded, "overloaded", "The server has too much to do", 503,
     "The request was refused before any work was done for it. Send it again after Retry-After seconds.", 1},
    {Problem::storage_full, "storage-full", "The server's disk is nearly full", 503,
     "Nothing was written. Reads, cancels and what is under way continue; what needs new room is accepted again "
     "once an operator has made some. That may take long, so repeat the request seldom.",
     30},
    {Problem::draining, "draining", "The server is about to stop", 503,
     "The server finishes what it has taken up and takes nothing new. Send the request again, on a new connection.",
     1},
    {Problem::answer_timeout, "answer-timeout", "The answer did not come in time", 503,
     "The request was taken up and may have been carried out. Repeat it with the same Idempotency-Key, or read the "
     "resource, to learn how it ended.",
     2},
    {Problem::request_in_progress, "request-in-progress", "The first request is still under way", 409,
     "A request with the same Idempotency-Key is being worked on. Repeat it a little later to get its answer.", 1},
    {Problem::idempotency_key_reused, "idempotency-key-reused", "The Idempotency-Key was used for another request",
     422,
     "A key stands for one request of its caller about one course, or one enrollment. Send another request with a "
     "key of its own."},
    {Problem::course_not_found, "course-not-found", "There is no such course", 404,
     "No course is registered under this id."},
    {Problem::already_exists, "already-exists", "The course exists already", 409,
     "A course with this id is registered. Choose another id, or change that course."},
    {Problem::course_not_open, "course-not-open", "The course is not open", 409,
     "The course is a draft, opens later or is closed; it takes no enrollment now."},
    {Problem::sold_out, "sold-out", "The course has too few seats left", 409,
     "Fewer seats are left than were requested. Nothing was held and nothing was charged."},
    {Problem::already_enrolled, "already-enrolled", "The student is enrolled already", 409,
     "The course allows each student one enrollment, and this student has it; enrollmentId names it."},
    {Problem::too_many_seats, "too-many-seats", "More seats than one student may have", 409,
     "With these seats the student would have more than the course allows one student: seatsPerStudent says how "
     "many that is, and seatsLeft how many of them are left."},
    {Problem::capacity_below_taken, "capacity-below-taken", "The capacity is below what is taken", 409,
     "A course's capacity may not fall below its held and taken seats."},
    {Problem::state_not_reachable, "state-not-reachable", "The course cannot go back to that state", 409,
     "A course goes from draft to open to closed, and never back."},
    {Problem::enrollment_not_found, "enrollment-not-found", "There is no such enrollment", 404,
     "No enrollment, and so no payment and no saga of one, is known under this id."},
    {Problem::not_cancellable, "not-cancellable", "The enrollment cannot be cancelled", 409,
     "The enrollment has ended by itself (rejected or expired), so there is nothing to cancel; or its delivery has "
     "started, or its class was held, and what was done cannot be undone."},
    {Problem::not_changeable, "not-changeable", "The enrollment's seats cannot be changed", 409,
     "Seats change in a booking of a performance that is confirmed. Cancel another enrollment, and enroll again."},
    {Problem::change_under_way, "change-under-way", "A change of the seats is under way", 409,
     "The enrollment has a `change` that has not ended: its payment, or the refund of the former one, is not "
     "answered "
     "yet. Retry once the enrollment is shown without it."},
    {Problem::enrollment_ended, "enrollment-ended", "The enrollment has ended", 409,
     "The enrollment was cancelled, or ended otherwise, while the request was on its way."},
    {Problem::enrollment_expired, "enrollment-expired", "The enrollment has expired", 409,
     "A step did not end before its deadline. The seats went back, and what was charged is refunded."},
    {Problem::coaching_not_found, "coaching-not-found", "The enrollment has no coaching", 404,
     "Only the enrollment of a training has an instructor, a schedule and a result. This one is of another kind."},
    {Problem::not_a_training, "not-a-training", "The enrollment is no training", 409,
     "An instructor is assigned, a schedule agreed and a result recorded only for the enrollment of a training. "
     "This one is of another kind."},
    {Problem::not_awaited, "not-awaited", "The enrollment does not wait for this step", 409,
     "Its saga stands before this step or has gone past it: it may not be paid yet. Read the enrollment's saga: "
     "waitsFor names the step that a person is waited for at. Try again when it stands there."},
    {Problem::not_assigned, "not-assigned", "No instructor is assigned", 409,
     "A schedule is agreed with an instructor. Assign one first: POST /v1/coaching/{enrollmentId}/assign."},
    {Problem::not_scheduled, "not-scheduled", "No schedule is agreed", 409,
     "A result is recorded after the class, and no class is scheduled. Agree on a schedule first: POST "
     "/v1/coaching/{enrollmentId}/schedule."},
    {Problem::slot_taken, "slot-taken", "The instructor's time is taken", 409,
     "The slot overlaps another one in the instructor's calendar. Nothing was booked; choose another time."},
    {Problem::already_recorded, "already-recorded", "Another result is recorded", 409,
     "A class has one result, and recording the same one again changes nothing. Read the coaching to see what is "
     "recorded."},
    {Problem::class_began, "class-began", "The class has begun", 409,
     "Instructor and schedule can be changed until the class begins, and assigning or confirming the same again "
     "changes nothing. This class has begun."},
    {Problem::class_not_held, "class-not-held", "The class was not held at that time", 409,
     "A result is of a class that was held: heldAt lies in the past, and not before the start of the agreed "
     "schedule."},
    {Problem::delivery_not_found, "delivery-not-found", "There is no such delivery", 404,
     "No delivery is known under this id. A product's delivery comes with its confirmation; enrollments of other "
     "kinds have none."},
    {Problem::delivery_not_started, "delivery-not-started", "The delivery has not started", 409,
     "Only what is on its way can arrive. Start the delivery first: POST /v1/deliveries/{id}/start."},
    {Problem::saga_ended, "saga-ended", "The saga has ended", 409,
     "All its steps are done or undone; there is nothing to retry, compensate or resolve."},
    {Problem::not_compensatable, "not-compensatable", "The saga cannot be compensated here", 409,
     "It stands behind its point of no return, or is on its way back already: what is left to do is only retried. "
     "Retry the step, or resolve it when a person has settled it outside."},
    {Problem::too_many_changes, "too-many-changes", "The enrollment was changed too often", 409,
     "Its timeline holds 1,000 records. It takes the steps that are left to its end, but no step again and no "
     "retry. Cancel it, or let an operator compensate or resolve it."},
    {Problem::not_resolvable, "not-resolvable", "The step is no person's to settle", 409,
     "A step is resolved once it has been tried without success and a person has settled it outside. This one has "
     "not been tried, or is the server's own. Retry it instead."},
    {Problem::outcome_unknown, "outcome-unknown", "The outcome of the payment is unknown", 409,
     "A call to the payment gateway may have left, and its definitive answer has not come: money may have moved or "
     "may still move. Retry the step, or wait until the gateway answers; the saga then continues. Only what the "
     "gateway has refused for good can be resolved."},
    {Problem::webhook_not_found, "webhook-not-found", "There is no such webhook", 404,
     "No webhook is registered under this id; it may have been deleted."},
    {Problem::payment_declined, "payment-declined", "The payment was declined", 402,
     "The payment company refused the charge. The seats went back; enrollmentId names the rejected enrollment."},
    {Problem::payment_unavailable, "payment-unavailable", "Payments cannot be taken now", 503,
     "The payment side does not answer. Nothing was held and nothing was charged; try again later.", 5},
    {Problem::catalogue_paused, "catalogue-paused", "The catalogue is paused", 503,
     "Courses cannot be registered or changed during maintenance. Enrolling continues.", 5},
    {Problem::component_paused, "component-paused", "A part of the server is paused", 503,
     "The part that this step belongs to is down for maintenance. Nothing was done; try again later. What was "
     "taken up before waits and is done when the part runs again.",
     5},
    {Problem::too_many_webhooks, "too-many-webhooks", "There are as many webhooks as the server keeps", 409,
     "Delete one that is not needed any more, then register this one again."},
    {Problem::view_behind, "view-behind", "The view has not reached the position yet", 503,
     "The list does not show the write named in Sugang-Min-Position yet. Retry.", 1},
    {Problem::view_paused, "view-paused", "The view is paused", 503,
     "Lists are not kept up to date during maintenance. Reads of one resource by its id are current.", 5},
    {Problem::view_damaged, "view-damaged", "The view is damaged", 503,
     "Rows of the view can't be read. It is being built again from the journal; reads of one resource by its id go "
     "on.",
     5},
    {Problem::journal_damaged, "journal-damaged", "The journal is damaged here", 500,
     "What the request is about can't be read from the disk; the server has logged where. Nothing was changed. "
     "What else the server keeps is served as before."},
    {Problem::quarantined, "quarantined", "The resource is in quarantine", 503,
     "An earlier request found what is kept of this resource damaged on the disk. It is neither read nor changed "
     "until an operator has restored it.",
     60},
    {Problem::not_ready, "not-ready", "The server is not ready", 503,
     "The readiness probe's answer while a check fails; checks lists each of them.", 1},
    {Problem::internal_error, "internal-error", "Something went wrong in the server", 500,
     "The server has met a fault of its own, and logged it."},
}};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (static_cast<std::size_t>(types[i].problem) != i) return false;
  return types.back().problem == Problem::internal_error;
}
static_assert(in_enum_order());

Problem of(CourseError error) {
  switch (error) {
    case CourseError::not_found: return Problem::course_not_found;
    case CourseError::already_exists: return Problem::already_exists;
    case CourseError::not_open: return Problem::course_not_open;
    case CourseError::sold_out: return Problem::sold_out;
    case CourseError::already_enrolled: return Problem::already_enrolled;
    case CourseError::too_many_seats: return Problem::too_many_seats;
    case CourseError::capacity_below_taken: return Problem::capacity_below_taken;
    case CourseError::definition_changed: return Problem::precondition_failed;
    case CourseError::state_not_reachable: return Problem::state_not_reachable;
    case CourseError::payment_unavailable: return Problem::payment_unavailable;
    case CourseError::undone: return Problem::enrollment_ended;
  }
  return Problem::internal_error;
}

Problem of(EnrollmentError error) {
  switch (error) {
    case EnrollmentError::not_found: return Problem::enrollment_not_found;
    case EnrollmentError::not_cancellable: return Problem::not_cancellable;
    case EnrollmentError::ended: return Problem::enrollment_ended;
    case EnrollmentError::not_changeable: return Problem::not_changeable;
    case EnrollmentError::changing: return Problem::change_under_way;
    case EnrollmentError::version_changed: return Problem::precondition_failed;
  }
  return Problem::internal_error;
}

Problem of(PaymentError error) {
  switch (error) {
    case PaymentError::declined: return Problem::payment_declined;
    case PaymentError::undone: return Problem::enrollment_ended;
    case PaymentError::outcome_unknown: return Problem::outcome_unknown;
    case PaymentError::not_resolvable: return Problem::not_resolvable;
  }
  return Problem::internal_error;
}

Problem of(ServiceError error) {
  switch (error) {
    case ServiceError::storage_full: return Problem::storage_full;
    case ServiceError::catalogue_paused: return Problem::catalogue_paused;
    case ServiceError::component_paused: return Problem::component_paused;
    case ServiceError::too_many_webhooks: return Problem::too_many_webhooks;
    case ServiceError::webhook_not_found: return Problem::webhook_not_found;
    case ServiceError::views_behind: return Problem::view_behind;
    case ServiceError::view_paused: return Problem::view_paused;
    case ServiceError::view_damaged: return Problem::view_damaged;
    case ServiceError::journal_damaged: return Problem::journal_damaged;
    case ServiceError::quarantined: return Problem::quarantined;
    case ServiceError::read_failed: return Problem::internal_error;
    case ServiceError::draining: return Problem::draining;
  }
  return Problem::internal_error;
}

Problem of(SagaError error) {
  switch (error) {
    case SagaError::not_found: return Problem::enrollment_not_found;
    case SagaError::not_awaited: return Problem::not_awaited;
    case SagaError::ended: return Problem::saga_ended;
    case SagaError::not_compensatable: return Problem::not_compensatable;
    case SagaError::too_many_changes: return Problem::too_many_changes;
    case SagaError::not_resolvable: return Problem::not_resolvable;
    case SagaError::outcome_unknown: return Problem::outcome_unknown;
  }
  return Problem::internal_error;
}

Problem of(StockError error) {
  switch (error) {
    case StockError::undone: return Problem::enrollment_ended;
  }
  return Problem::internal_error;
}

Problem of(DeliveryError error) {
  switch (error) {
    case DeliveryError::not_found: return Problem::delivery_not_found;
    case DeliveryError::not_started: return Problem::delivery_not_started;
    // Only a cancel meets it.
    case DeliveryError::already_started: return Problem::not_cancellable;
    case DeliveryError::cancelled: return Problem::enrollment_ended;
  }
  return Problem::internal_error;
}

Problem of(CoachingError error) {
  switch (error) {
    // It comes with the payment.
    case CoachingError::not_found: return Problem::not_awaited;
    case CoachingError::not_assigned: return Problem::not_assigned;
    case CoachingError::not_scheduled: return Problem::not_scheduled;
    case CoachingError::already_recorded: return Problem::already_recorded;
    case CoachingError::class_began: return Problem::class_began;
    case CoachingError::not_held_then: return Problem::class_not_held;
    // Only a cancel meets it.
    case CoachingError::already_held: return Problem::not_cancellable;
    case CoachingError::released: return Problem::enrollment_ended;
  }
  return Problem::internal_error;
}

Problem of(CalendarError error) {
  switch (error) {
    case CalendarError::slot_taken: return Problem::slot_taken;
    case CalendarError::class_began: return Problem::class_began;
    case CalendarError::undone: return Problem::enrollment_ended;
  }
  return Problem::internal_error;
}

std::string render(const ProblemReport& report, const ProblemType& type) {
  std::string body;
  body.reserve(256);
  JsonWriter json{body};
  json.begin_object();
  json.key("type").raw(std::string{"\"/problems/"}.append(type.name).append("\""));
  json.member("title", type.title).member("status", type.status);
  json.member("detail", report.detail.empty() ? type.explanation : std::string_view{report.detail});
  if (!report.instance.empty()) json.member("instance", std::string_view{report.instance});
  if (report.enrollment) json.member("enrollmentId", std::string_view{to_text(*report.enrollment)});
  if (!report.more_members.empty()) json.raw(report.more_members);
  if (!report.errors.empty()) {
    json.key("errors").begin_array();
    for (const auto& fault : report.errors)
      json.begin_object()
          .member("pointer", std::string_view{fault.pointer})
          .member("detail", std::string_view{fault.detail})
          .end_object();
    json.end_array();
  }
  json.end_object();
  return body;
}

}  // namespace

std::span<const ProblemType> problem_types() { return types; }

const ProblemType& describe(Problem problem) { return types[static_cast<std::size_t>(problem)]; }

const ProblemType* find_problem_type(std::string_view name) {
  auto it = std::find_if(types.begin(), types.end(), [&](const ProblemType& type) { return type.name == name; });
  return it == types.end() ? nullptr : &*it;
}

Problem problem_of(const Refusal& refusal) {
  return std::visit([](auto error) { return of(error); }, refusal);
}

Answer to_answer(const ProblemReport& report) {
  const auto& type = describe(report.problem);
  Answer answer;
  answer.status = type.status;
  answer.content_type = "application/problem+json";
  answer.body = render(report, type);
  answer.retry_after_s = type.retry_after_s;
  return answer;
}

Response to_response(const ProblemReport& report) { return to_response(to_answer(report)); }

std::string problem_page(const ProblemType& type) {
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>";
  page.append(type.title).append("</title></head>\n<body>\n<h1>").append(type.title);
  page.append("</h1>\n<p>Problem type <code>/problems/").append(type.name);
  page.append("</code>, HTTP status ").append(std::to_string(type.status)).append(".</p>\n<p>");
  page.append(type.explanation).append("</p>\n</body>\n</html>\n");
  return page;
}

}  // namespace sugang
