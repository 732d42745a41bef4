#include <gmock/gmock.h>

#include "tests/http/fault_pointers.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using nlohmann::json;

class Coachings : public Served {
 protected:
  void SetUp() override {
    post("/v1/courses", R"({"id":"t","kind":"training","title":"Squats","capacity":9})");
    id = enroll("t", "s").json()["id"];
    path = "/v1/coaching/" + id;
  }
  WireAnswer assign(const std::string& who, WireFields fields = {}) {
    return post(path + "/assign", R"({"instructorId":")" + who + R"("})", std::move(fields));
  }
  WireAnswer schedule(const std::string& from = "2026-03-05T09:00:00Z",
                      const std::string& to = "2026-03-05T10:00:00Z") {
    return post(path + "/schedule", R"({"startsAt":")" + from + R"(","endsAt":")" + to + R"("})");
  }
  WireAnswer record(const std::string& result) {
    return post(path + "/result", R"({"result":")" + result + R"(","heldAt":"2026-03-05T09:00:00Z"})");
  }

  std::string id;
  std::string path;
};

TEST_F(Coachings, WaitForAManagerOnceThePaymentIsThere) {
  const auto enrolled = get("/v1/enrollments/" + id).json();
  EXPECT_EQ(enrolled["state"], "awaiting_instructor");
  EXPECT_EQ(enrolled["coaching"], json({{"state", "requested"}}));
  EXPECT_EQ(get("/v1/sagas/saga_" + id.substr(4)).json()["waitsFor"], "assign_instructor");
  const auto coaching = get(path);
  EXPECT_EQ(coaching.status, 200);
  EXPECT_NE(coaching.field("etag"), "");
  EXPECT_EQ(get(path, {{"If-None-Match", coaching.field("etag")}}).status, 304);
  EXPECT_TRUE(coaching.json()["instructorId"].is_null());
  EXPECT_TRUE(coaching.json()["schedule"].is_null());
}

TEST_F(Coachings, AreAssignedScheduledAndHeld) {
  const auto assigned = assign("anna");
  EXPECT_EQ(assigned.status, 200);
  EXPECT_EQ(assigned.json()["state"], "assigned");
  EXPECT_EQ(assigned.json()["instructorId"], "anna");
  EXPECT_EQ(get("/v1/enrollments/" + id).json()["state"], "awaiting_schedule");
  const auto scheduled = schedule();
  EXPECT_EQ(scheduled.status, 200);
  EXPECT_EQ(scheduled.json()["schedule"],
            json({{"startsAt", "2026-03-05T09:00:00.000Z"}, {"endsAt", "2026-03-05T10:00:00.000Z"}}));
  EXPECT_EQ(get("/v1/enrollments/" + id).json()["state"], "confirmed");
  EXPECT_EQ(get("/v1/sagas/saga_" + id.substr(4)).json()["waitsFor"], "record_result");
  const auto recorded = record("strong");
  EXPECT_EQ(recorded.status, 201);
  EXPECT_EQ(recorded.field("location"), path);
  EXPECT_NE(recorded.field("sugang-position"), "");
  EXPECT_EQ(recorded.json()["state"], "result_recorded");
  EXPECT_EQ(recorded.json()["result"], "strong");
  EXPECT_EQ(recorded.json()["heldAt"], "2026-03-05T09:00:00.000Z");
  EXPECT_EQ(get(path).json(), recorded.json());
  EXPECT_EQ(get("/v1/enrollments/" + id).json()["state"], "completed");
  EXPECT_TRUE(get("/v1/sagas/saga_" + id.substr(4)).json()["waitsFor"].is_null());
  const auto row = get("/v1/students/s/page").json()["enrollments"][0];
  EXPECT_EQ(row["coaching"]["instructorId"], "anna");
  EXPECT_EQ(row["coaching"]["result"], "strong");
}

TEST_F(Coachings, StepsMayBeRepeated) {
  EXPECT_EQ(assign("anna").status, 200);
  EXPECT_EQ(assign("anna").status, 200);
  EXPECT_EQ(schedule().status, 200);
  EXPECT_EQ(schedule().status, 200);
  EXPECT_EQ(record("strong").status, 201);
  EXPECT_EQ(record("strong").status, 201);
}

TEST_F(Coachings, RefuseStepsOutOfOrderAndNameTheNext) {
  EXPECT_EQ(schedule().problem(), "not-assigned");
  EXPECT_THAT(schedule().json()["detail"].get<std::string>(), testing::HasSubstr("/assign"));
  EXPECT_EQ(record("strong").problem(), "not-scheduled");
  assign("anna");
  EXPECT_EQ(record("strong").problem(), "not-scheduled");
  schedule();
  record("strong");
  EXPECT_EQ(assign("bert").problem(), "class-began");
  EXPECT_EQ(schedule("2026-03-06T09:00:00Z", "2026-03-06T10:00:00Z").problem(), "class-began");
  EXPECT_EQ(record("weak").problem(), "already-recorded");
}

TEST_F(Coachings, TwoSlotsOfOneInstructorNeverOverlap) {
  assign("anna");
  schedule();
  path = "/v1/coaching/" + enroll("t", "other").json()["id"].get<std::string>();
  assign("anna");
  const auto taken = schedule("2026-03-05T09:59:59Z", "2026-03-05T11:00:00Z");
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.problem(), "slot-taken");
  EXPECT_EQ(schedule("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z").status, 200);
}

TEST_F(Coachings, NameEveryFaultOfABody) {
  using testing::ElementsAre;
  EXPECT_THAT(fault_pointers(post(path + "/assign", "{}")), ElementsAre("/instructorId"));
  EXPECT_THAT(fault_pointers(assign("a b")), ElementsAre("/instructorId"));
  EXPECT_THAT(fault_pointers(post(path + "/schedule", "{}")), ElementsAre("/startsAt", "/endsAt"));
  EXPECT_THAT(fault_pointers(schedule("tomorrow", "2026-03-05T10:00:00Z")), ElementsAre("/startsAt"));
  EXPECT_THAT(fault_pointers(schedule("2026-03-05T10:00:00Z", "2026-03-05T10:00:00Z")), ElementsAre("/endsAt"));
  EXPECT_THAT(fault_pointers(schedule("2026-03-05T10:00:00Z", "2026-03-06T10:00:00.001Z")), ElementsAre("/endsAt"));
  EXPECT_THAT(fault_pointers(post(path + "/result", "{}")), ElementsAre("/result", "/heldAt"));
  EXPECT_THAT(fault_pointers(record(std::string(4001, 'x'))), ElementsAre("/result"));
  EXPECT_EQ(backend.count("take_step"), 0u);
  assign("anna");
  EXPECT_EQ(schedule("2026-03-05T10:00:00Z", "2026-03-06T10:00:00Z").status, 200);
}

TEST_F(Coachings, AreOnlyOfTrainings) {
  register_course("c");
  path = "/v1/coaching/" + enroll("c", "s").json()["id"].get<std::string>();
  EXPECT_EQ(assign("anna").problem(), "not-a-training");
  EXPECT_EQ(get(path).problem(), "coaching-not-found");
  EXPECT_FALSE(get("/v1/enrollments/" + path.substr(13)).json().contains("coaching"));
  for (const auto* unknown : {"/v1/coaching/enr_00000000000000000000000000", "/v1/coaching/me"}) {
    path = unknown;
    EXPECT_EQ(assign("anna").problem(), "enrollment-not-found");
    EXPECT_EQ(get(path).problem(), "enrollment-not-found");
  }
}

TEST_F(Coachings, AnswerForAPausedSideAndACancelledEnrollment) {
  backend.end_with([](Outcome& outcome) { outcome.refusal = ServiceError::component_paused; });
  const auto paused = assign("anna");
  EXPECT_EQ(paused.status, 503);
  EXPECT_EQ(paused.problem(), "component-paused");
  EXPECT_EQ(paused.field("retry-after"), "5");
  for (const auto& [refusal, name] :
       std::vector<std::pair<Refusal, std::string>>{{CoachingError::released, "enrollment-ended"},
                                                    {CoachingError::not_found, "not-awaited"},
                                                    {CalendarError::undone, "enrollment-ended"},
                                                    {EnrollmentError::ended, "enrollment-ended"},
                                                    {SagaError::ended, "saga-ended"},
                                                    {SagaError::not_awaited, "not-awaited"}}) {
    backend.end_with([refusal = refusal](Outcome& outcome) { outcome.refusal = refusal; });
    EXPECT_EQ(assign("anna").problem(), name);
  }
}

TEST_F(Coachings, ShowNoInstructorOnceReleased) {
  assign("anna");
  backend.end_with([](Outcome& outcome) {
    std::get<EnrollmentSummary>(outcome.subject).coaching->state = CoachingState::released;
  });
  const auto released = assign("anna").json();
  EXPECT_EQ(released["state"], "released");
  EXPECT_TRUE(released["instructorId"].is_null());
}

TEST_F(Coachings, AreListedForManagersAndInstructors) {
  assign("anna");
  enroll("t", "other");
  EXPECT_EQ(get("/v1/coaching").json()["items"].size(), 2u);
  const auto assigned = get("/v1/coaching?state=assigned&instructorId=anna").json()["items"];
  ASSERT_EQ(assigned.size(), 1u);
  EXPECT_EQ(assigned[0]["enrollmentId"], id);
  EXPECT_EQ(get("/v1/coaching?state=assigned&instructorId=bora").json()["items"].size(), 0u);
  EXPECT_NE(get("/v1/coaching?limit=1").field("link"), "");
  EXPECT_THAT(fault_pointers(get("/v1/coaching?state=none&instructorId=a%20b")),
              testing::ElementsAre("?state", "?instructorId"));
}

TEST_F(Coachings, AKeyedStepIsTakenUpAgainAfterACrash) {
  const auto first = assign("anna", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(assign("anna", {{"Idempotency-Key", "k"}}).field("idempotency-replayed"), "true");
  EXPECT_EQ(backend.count("take_step"), 1u);
  backend.forget_stored_answers();
  const auto again = assign("anna", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(backend.count("take_step"), 2u);
  EXPECT_EQ(backend.count("join_enrollment"), 0u);
  EXPECT_EQ(backend.requests_in_progress(), 0u);
}

}  // namespace
}  // namespace sugang
