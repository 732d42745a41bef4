#include <gmock/gmock.h>

#include "http/api/request_key.hpp"
#include "tests/http/placement.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

const WireFields keyed{{"Idempotency-Key", "k"}};

using IdempotencyKey = ServedCourse;

TEST_F(IdempotencyKey, IsFreeAgainWhenWhatItChangesIsNotThere) {
  for (int i = 0; i < 2; ++i) {
    const auto answer = call("PATCH", "/v1/courses/none",
                             {{"If-Match", "*"}, {"Idempotency-Key", "k"}, {"Content-Type", "application/json"}},
                             R"({"title":"Prose"})");
    EXPECT_EQ(answer.problem(), "course-not-found");
  }
}

TEST_F(IdempotencyKey, ARepeatGetsTheFirstAnswerByteForByte) {
  const auto first = enroll("c", "s", keyed);
  const auto second = enroll("c", "s", keyed);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.field("location"), first.field("location"));
  EXPECT_EQ(first.field("idempotency-replayed"), "");
  EXPECT_EQ(second.field("idempotency-replayed"), "true");
  EXPECT_EQ(backend.count("place_enrollment"), 1u);
}

TEST_F(IdempotencyKey, ARefusalIsRepeatedToo) {
  const auto first = enroll("nowhere", "s", keyed);
  const auto second = enroll("nowhere", "s", keyed);
  EXPECT_EQ(first.problem(), "course-not-found");
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.field("idempotency-replayed"), "true");
}

TEST_F(IdempotencyKey, AnotherBodyOrRouteForTheSameResourceIsRefused) {
  const auto id = enroll("c", "s", keyed).json()["id"].get<std::string>();
  EXPECT_EQ(post("/v1/enrollments", R"({"courseId":"c","studentId":"s","seats":2})", keyed).problem(),
            "idempotency-key-reused");
  EXPECT_EQ(post("/v1/enrollments/" + id + "/cancel", "{}", keyed).status, 200);
  const auto other = post("/v1/sagas/saga_" + id.substr(4) + "/retry", "{}", keyed);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.problem(), "idempotency-key-reused");
}

TEST_F(IdempotencyKey, OnTwoCoursesIsTwoRequests) {
  register_course("d");
  const auto first = enroll("c", "s", keyed);
  const auto second = enroll("d", "s", keyed);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_NE(first.json()["id"], second.json()["id"]);
  EXPECT_EQ(enroll("c", "s", keyed).body, first.body);
  EXPECT_EQ(enroll("d", "s", keyed).body, second.body);
}

TEST_F(IdempotencyKey, LivesInThePartitionOfWhatItsRequestIsAbout) {
  const EnrollmentId id{make_uid(some_time, Partition{700}, 5, 1)};
  const auto enrollment = to_text(id), delivery = to_text(delivery_of(id)), saga = to_text(saga_of(id));
  const auto partition = [&](const std::string& path, const std::string& body, const std::string& type) {
    const auto before = backend.count("find_request");
    call("POST", path, {{"Content-Type", type}, {"Idempotency-Key", "k"}}, body);
    EXPECT_EQ(backend.count("find_request"), before + 1) << path;
    return backend.last_request_key().id.uid.partition();
  };
  const std::string json_type = "application/json";
  const auto of_course = AggregateId{CourseId{"c"}}.partition();
  EXPECT_EQ(partition("/v1/enrollments", R"({"courseId":"c","studentId":"s"})", json_type), of_course);
  EXPECT_EQ(partition("/v1/courses/c/cancel", R"({"reason":"ill"})", json_type), of_course);
  EXPECT_EQ(partition("/v1/courses", R"({"id":"new","kind":"lecture","title":"T","capacity":1})", json_type),
            AggregateId{CourseId{"new"}}.partition());
  const std::pair<std::string, std::string> of_enrollment[] = {
      {"/v1/enrollments/" + enrollment + "/cancel", "{}"},
      {"/v1/coaching/" + enrollment + "/assign", R"({"instructorId":"anna"})"},
      {"/v1/coaching/" + enrollment + "/schedule",
       R"({"startsAt":"2026-03-03T10:00:00Z","endsAt":"2026-03-03T11:00:00Z"})"},
      {"/v1/coaching/" + enrollment + "/result", R"({"result":"good","heldAt":"2026-03-01T11:00:00Z"})"},
      {"/v1/deliveries/" + delivery + "/start", "{}"},
      {"/v1/deliveries/" + delivery + "/complete", "{}"},
      {"/v1/sagas/" + saga + "/retry", "{}"},
      {"/v1/sagas/" + saga + "/compensate", R"({"reason":"x"})"},
      {"/v1/sagas/" + saga + "/resolve", R"({"reason":"x"})"},
  };
  for (const auto& [path, body] : of_enrollment)
    EXPECT_EQ(partition(path, body, json_type), Partition{700}) << path;
  const auto of_key = request_key("", {}, "k", "", "", "").id.uid.partition();
  EXPECT_EQ(partition("/v1/courses", R"({"kind":"lecture","title":"T","capacity":1})", json_type), of_key);
  EXPECT_EQ(partition("/v1/courses/import", "id,title,capacity\nx,X,1\n", "text/csv"), of_key);
  EXPECT_EQ(partition("/v1/webhooks", R"({"url":"http://example.org"})", json_type), of_key);
}

TEST_F(IdempotencyKey, IsScopedToItsCallerAndResource) {
  const auto first = enroll("c", "s", keyed);
  EXPECT_EQ(enroll("c", "t", keyed).status, 201);
  const auto id = first.json()["id"].get<std::string>();
  EXPECT_EQ(post("/v1/enrollments/" + id + "/cancel", "{}", keyed).status, 200);
}

TEST_F(IdempotencyKey, ARepeatWhileTheFirstRunsIsRefused) {
  backend.keep_placements();
  WireClient first{port()};
  first.send(placement("c", "s", {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}}));
  ASSERT_TRUE(backend.await("place_enrollment"));
  const auto meanwhile = enroll("c", "s", keyed);
  EXPECT_EQ(meanwhile.problem(), "request-in-progress");
  EXPECT_EQ(meanwhile.field("retry-after"), "1");
  backend.release_placements();
  const auto answer = first.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(enroll("c", "s", keyed).body, answer->body);
}

TEST_F(IdempotencyKey, ARepeatAfterACrashGetsTheAnswerOfTheSagaThatHadBegun) {
  const auto begun = enroll("c", "s", keyed);
  backend.forget_stored_answers();
  const auto joined = enroll("c", "s", keyed);
  EXPECT_EQ(joined.status, 201);
  EXPECT_EQ(joined.json()["id"], begun.json()["id"]);
  EXPECT_EQ(backend.count("join_enrollment"), 1u);
  EXPECT_EQ(backend.count("place_enrollment"), 1u);
}

TEST_F(IdempotencyKey, OutOfItsBoundsIs400AndNothingHappens) {
  for (const auto& key : {std::string(256, 'k'), std::string{"a\tb"}, std::string{"\xc3\xa9"}, std::string{}})
    EXPECT_EQ(enroll("c", "s", {{"Idempotency-Key", key}}).problem(), "malformed") << key;
  EXPECT_EQ(enroll("c", "s", {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}).problem(), "malformed");
  EXPECT_EQ(backend.count("place_enrollment"), 0u);
}

TEST_F(IdempotencyKey, AFaultyBodyGetsTheSameBytesAgainAndStoresNothing) {
  const auto first = post("/v1/enrollments", R"({"courseId":1})", keyed);
  const auto second = post("/v1/enrollments", R"({"courseId":1})", keyed);
  EXPECT_EQ(first.status, 422);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(backend.count("find_request"), 0u);
}

}  // namespace
}  // namespace sugang
