#include <gmock/gmock.h>

#include <tuple>
#include <vector>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

using testing::StartsWith;

using EnrollmentAnswers = ServedCourse;

TEST_F(EnrollmentAnswers, ConfirmedIs201WithItsPlaceAndVersion) {
  const auto answer = enroll("c", "s");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.field("location"), "/v1/enrollments/" + answer.json()["id"].get<std::string>());
  EXPECT_EQ(answer.field("etag"), "\"" + std::to_string(answer.json()["version"].get<int>()) + "\"");
  EXPECT_NE(answer.field("sugang-position"), "");
  EXPECT_EQ(answer.json()["payment"]["state"], "approved");
}

TEST_F(EnrollmentAnswers, PendingIs202WithRetryAfter) {
  backend.end_with([](Outcome& outcome) {
    std::get<EnrollmentSummary>(outcome.subject).state = EnrollmentState::payment_pending;
    outcome.under_way = true;
  });
  const auto answer = enroll("c", "s");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.field("retry-after"), "1");
  EXPECT_EQ(answer.json()["state"], "payment_pending");
}

TEST_F(EnrollmentAnswers, DeclinedIs402AndNamesTheEnrollment) {
  backend.end_with([](Outcome& outcome) {
    std::get<EnrollmentSummary>(outcome.subject).state = EnrollmentState::rejected;
    outcome.refusal = PaymentError::declined;
  });
  const auto answer = enroll("c", "s");
  EXPECT_EQ(answer.status, 402);
  EXPECT_EQ(answer.problem(), "payment-declined");
  EXPECT_THAT(answer.json()["enrollmentId"].get<std::string>(), StartsWith("enr_"));
}

TEST_F(EnrollmentAnswers, EveryRefusalHasItsStatus) {
  const std::vector<std::tuple<Refusal, int, std::string>> table{
      {CourseError::sold_out, 409, "sold-out"},
      {CourseError::already_enrolled, 409, "already-enrolled"},
      {CourseError::not_open, 409, "course-not-open"},
      {CourseError::not_found, 404, "course-not-found"},
      {CourseError::too_many_seats, 409, "too-many-seats"},
      {CourseError::payment_unavailable, 503, "payment-unavailable"},
      {EnrollmentError::ended, 409, "enrollment-ended"},
      {ServiceError::journal_damaged, 500, "journal-damaged"},
      {ServiceError::quarantined, 503, "quarantined"},
      {ServiceError::storage_full, 503, "storage-full"},
  };
  for (const auto& [refusal, status, name] : table) {
    backend.end_with([refusal = refusal](Outcome& outcome) { outcome = {.refusal = refusal}; });
    const auto answer = enroll("c", "s");
    EXPECT_EQ(answer.status, status) << name;
    EXPECT_EQ(answer.problem(), name);
    EXPECT_EQ(answer.field("retry-after").empty(), status != 503) << name;
    EXPECT_EQ(answer.json()["instance"], "/v1/enrollments");
  }
}

TEST_F(EnrollmentAnswers, AlreadyEnrolledNamesTheEnrollmentAndTooManySeatsTheLimit) {
  const EnrollmentId existing{{1, 2}};
  backend.end_with([&](Outcome& outcome) {
    outcome = {.refusal = CourseError::already_enrolled, .hold = HoldRefusal{existing, 1, 0}};
  });
  EXPECT_EQ(enroll("c", "s").json()["enrollmentId"], to_text(existing));
  backend.end_with([&](Outcome& outcome) {
    outcome = {.refusal = CourseError::too_many_seats, .hold = HoldRefusal{existing, 4, 1}};
  });
  const auto answer = enroll("c", "s").json();
  EXPECT_EQ(answer["seatsPerStudent"], 4);
  EXPECT_EQ(answer["seatsLeft"], 1);
  EXPECT_FALSE(answer.contains("enrollmentId"));
}

TEST_F(EnrollmentAnswers, ADismissalFromTheWaitlistIsNoDeclinedPayment) {
  backend.end_with([](Outcome& outcome) {
    auto& enrollment = std::get<EnrollmentSummary>(outcome.subject);
    enrollment.state = EnrollmentState::rejected;
    enrollment.payment = PaymentState::none;
  });
  const auto answer = enroll("c", "s");
  EXPECT_EQ(answer.problem(), "sold-out");
  EXPECT_THAT(answer.json()["enrollmentId"].get<std::string>(), StartsWith("enr_"));
}

TEST_F(EnrollmentAnswers, ACancelIs200OrUnderWay) {
  const auto id = enroll("c", "s").json()["id"].get<std::string>();
  const auto cancelled = call("POST", "/v1/enrollments/" + id + "/cancel");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.json()["state"], "cancelled");
  const auto other = enroll("c", "t").json()["id"].get<std::string>();
  backend.end_with([](Outcome& outcome) {
    std::get<EnrollmentSummary>(outcome.subject).state = EnrollmentState::cancel_requested;
    outcome.under_way = true;
  });
  const auto pending = post("/v1/enrollments/" + other + "/cancel", R"({"reason":"ill"})");
  EXPECT_EQ(pending.status, 202);
  EXPECT_EQ(pending.json()["reason"], "ill");
  backend.end_with([](Outcome& outcome) { outcome.refusal = EnrollmentError::not_cancellable; });
  EXPECT_EQ(post("/v1/enrollments/" + id + "/cancel", "{}").problem(), "not-cancellable");
  EXPECT_EQ(post("/v1/enrollments/none/cancel", "{}").problem(), "enrollment-not-found");
}

}  // namespace
}  // namespace sugang
