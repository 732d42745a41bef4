#include <gmock/gmock.h>

#include <future>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

class Waitlist : public Served {
 protected:
  void SetUp() override {
    post("/v1/courses", R"({"id":"w","kind":"lecture","title":"Verse","capacity":1,"waitlist":true})");
    first = *parse_id<EnrollmentTag>(enroll("w", "first").json()["id"].get<std::string>());
  }
  WireAnswer join_waitlist(const std::string& student, WireFields fields = {}) {
    return post("/v1/enrollments", R"({"courseId":"w","onFull":"waitlist","studentId":")" + student + R"("})",
                std::move(fields));
  }
  /// Returns once the cancel is answered.
  void cancel_first() {
    std::promise<void> answered;
    Caller caller;
    caller.render = [](const Outcome&) { return Answer{}; };
    caller.deliver = [&](const Answer&) { answered.set_value(); };
    backend.memory().service().submit(ToEnrollment{first, CancelSaga{}}, {}, std::move(caller));
    answered.get_future().wait();
  }

  EnrollmentId first;
};

TEST_F(Waitlist, IsJoinedOnRequest) {
  EXPECT_FALSE(backend.last_command_as<PlaceEnrollment>().may_wait);
  const auto waiting = join_waitlist("s");
  EXPECT_TRUE(backend.last_command_as<PlaceEnrollment>().may_wait);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_EQ(waiting.json()["state"], "waitlisted");
  EXPECT_EQ(waiting.json()["waitlistPosition"], 1);
  EXPECT_EQ(waiting.field("retry-after"), "1");
  EXPECT_EQ(join_waitlist("t").json()["waitlistPosition"], 2);
}

TEST_F(Waitlist, AnEnrollmentHasItsPositionAndSoHasItsTag) {
  const auto placed = join_waitlist("s");
  const auto read = get(placed.field("location"));
  EXPECT_EQ(read.json()["waitlistPosition"], 1);
  EXPECT_EQ(read.field("etag"), placed.field("etag"));
  EXPECT_EQ(read.field("etag"), "\"" + std::to_string(read.json()["version"].get<int>()) + ".1\"");
  EXPECT_EQ(get(placed.field("location"), {{"If-None-Match", read.field("etag")}}).status, 304);
  EXPECT_EQ(get("/v1/sagas/saga_" + placed.json()["id"].get<std::string>().substr(4)).json()["waitsFor"],
            "hold_seats");
}

TEST_F(Waitlist, APromotionBetweenTheTwoReadsIsSeen) {
  const auto placed = join_waitlist("s");
  backend.before_waitlist_position([this] { cancel_first(); });
  const auto read = get(placed.field("location"));
  EXPECT_THAT(read.json()["state"], testing::AnyOf("seats_held", "payment_pending", "confirmed"));
  EXPECT_FALSE(read.json().contains("waitlistPosition"));
  EXPECT_EQ(backend.count("read_timeline"), 2u);
}

TEST_F(Waitlist, IsListedInItsOrder) {
  join_waitlist("s");
  join_waitlist("t");
  const auto line = get("/v1/courses/w/waitlist").json()["items"];
  ASSERT_EQ(line.size(), 2u);
  EXPECT_EQ(line[0]["studentId"], "s");
  EXPECT_EQ(line[0]["waitlistPosition"], 1);
  EXPECT_EQ(line[1]["waitlistPosition"], 2);
  EXPECT_NE(get("/v1/courses/w/waitlist?limit=1").field("link"), "");
  EXPECT_EQ(get("/v1/courses/w/waitlist?limit=0").status, 422);
  EXPECT_EQ(get("/v1/courses/a%20b/waitlist").problem(), "course-not-found");
}

using StaffStep202 = Served;

TEST_F(StaffStep202, WhatWaitsForTheStaffIs202) {
  post("/v1/courses", R"({"id":"t","kind":"training","title":"Squats","capacity":9})");
  const auto answer = enroll("t", "s");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["state"], "awaiting_instructor");
  backend.end_with([](Outcome& outcome) {
    std::get<EnrollmentSummary>(outcome.subject).state = EnrollmentState::awaiting_schedule;
  });
  EXPECT_EQ(enroll("t", "u").status, 202);
  backend.end_with(
      [](Outcome& outcome) { std::get<EnrollmentSummary>(outcome.subject).state = EnrollmentState::completed; });
  EXPECT_EQ(enroll("t", "v").status, 201);
}

class CourseCancels : public Served {
 protected:
  void SetUp() override { register_course("c"); }
};

TEST_F(CourseCancels, AreTakenUpAndSeen) {
  EXPECT_FALSE(get("/v1/courses/c").json().contains("cancelled"));
  const auto cancelled = post("/v1/courses/c/cancel", R"({"reason":"the roof"})");
  EXPECT_EQ(cancelled.status, 202);
  EXPECT_EQ(cancelled.field("location"), "/v1/courses/c");
  EXPECT_EQ(cancelled.json()["state"], "closed");
  EXPECT_EQ(cancelled.json()["cancelled"], true);
  EXPECT_EQ(std::get<CancelCourse>(backend.last_command_as<ToCourse>().request).reason, "the roof");
  const auto again = post("/v1/courses/c/cancel", R"({"reason":"the roof"})");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, cancelled.body);
  EXPECT_EQ(get("/v1/courses/c").json(), cancelled.json());
}

TEST_F(CourseCancels, WantAReasonAndACourse) {
  for (const auto& body : {std::string{"{}"}, std::string{R"({"reason":""})"}, std::string{R"({"reason":1})"},
                           R"({"reason":")" + std::string(501, 'x') + R"("})"})
    EXPECT_EQ(post("/v1/courses/c/cancel", body).json()["errors"][0]["pointer"], "/reason") << body;
  EXPECT_EQ(call("POST", "/v1/courses/c/cancel").status, 415);
  EXPECT_EQ(backend.count("cancel_course"), 0u);
  EXPECT_EQ(post("/v1/courses/none/cancel", R"({"reason":"x"})").problem(), "course-not-found");
  EXPECT_EQ(post("/v1/courses/a%20b/cancel", R"({"reason":"x"})").problem(), "course-not-found");
}

TEST_F(CourseCancels, AKeyedOneIsTakenUpAgainAfterACrash) {
  const std::string body = R"({"reason":"the roof"})";
  const auto first = post("/v1/courses/c/cancel", body, {{"Idempotency-Key", "k"}});
  backend.forget_stored_answers();
  const auto again = post("/v1/courses/c/cancel", body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(backend.count("cancel_course"), 2u);
}

}  // namespace
}  // namespace sugang
