#include <gmock/gmock.h>

#include "tests/http/placement.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using testing::IsEmpty;

const WireFields at_once{{"Content-Type", "application/json"}, {"Prefer", "wait=0"}};

using Timeouts = Served;

TEST_F(Timeouts, AHeaderThatDoesNotEndIs408) {
  limits.header_read_timeout_ms = 60;
  EXPECT_EQ(last_answer("POST /v1/enrollments HTTP/1.1\r\nHost: lo").problem(), "request-timeout");
}

TEST_F(Timeouts, BytesNowAndThenDoNotStretchIt) {
  limits.header_read_timeout_ms = 60;
  limits.header_bytes_max = SIZE_MAX;
  limits.linger_timeout_ms = 20;
  WireClient client{port()};
  client.send("GET / HTTP/1.1\r\nX: ");
  // A client that dribbles for ever; it ends when the server has had enough.
  while (client.send("x")) {
  }
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(Timeouts, AnAnswerThatIsTakenSlowlyDoesNotStretchIt) {
  limits.header_read_timeout_ms = 60;
  WireClient client{port(), 4096};
  client.send(render_request("GET", "/openapi.json") + "GET / HTTP/1.1\r\nHost: lo");
  EXPECT_EQ(client.read_answer()->status, 200);
  const auto refused = client.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->problem(), "request-timeout");
}

TEST_F(Timeouts, ABodyThatDoesNotEndIs408AndReachesNothing) {
  limits.body_read_timeout_ms = 60;
  EXPECT_EQ(last_answer("POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: "
                        "application/json\r\nContent-Length: 9\r\n\r\n{")
                .problem(),
            "request-timeout");
  EXPECT_THAT(backend.calls(), IsEmpty());
}

TEST_F(Timeouts, AnIdleConnectionIsClosedWithoutAnAnswer) {
  limits.idle_timeout_ms = 60;
  WireClient client{port()};
  client.send(render_request("GET", "/"));
  EXPECT_EQ(client.read_answer()->status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(Timeouts, ALostAnswerIs503AndItsPlaceIsFreeAgain) {
  limits.answer_timeout_ms = 60;
  limits.requests_in_flight_max = 1;
  limits.requests_in_flight_per_course_max = 1;
  register_course("c");
  backend.hold_answers();
  WireClient client{port()};
  client.send(placement("c", "s", at_once));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->problem(), "answer-timeout");
  EXPECT_EQ(answer->json()["instance"], "/v1/enrollments");
  backend.lose_answers();
  EXPECT_EQ(server().stats().requests_in_flight, 0u);
  EXPECT_EQ(enroll("c", "t").status, 201);
}

TEST_F(Timeouts, AnAnswerThatComesTooLateIsDropped) {
  limits.answer_timeout_ms = 60;
  register_course("c");
  backend.hold_answers();
  WireClient client{port()};
  client.send(placement("c", "s", at_once));
  EXPECT_EQ(client.read_answer()->problem(), "answer-timeout");
  backend.answer_all();
  client.send(render_request("GET", "/v1/courses/c"));
  EXPECT_EQ(client.read_answer()->json()["id"], "c");
  client.send(render_request("GET", "/v1/courses/c"));
  EXPECT_EQ(client.read_answer()->json()["id"], "c");
}

TEST_F(Timeouts, AKeyedRequestThatIsAbandonedReleasesItsKey) {
  limits.answer_timeout_ms = 60;
  register_course("c");
  backend.hold_answers();
  WireClient client{port()};
  client.send(
      placement("c", "s", {{"Content-Type", "application/json"}, {"Prefer", "wait=0"}, {"Idempotency-Key", "k"}}));
  EXPECT_EQ(client.read_answer()->problem(), "answer-timeout");
  backend.answer_all();
  ASSERT_TRUE(backend.await("release_request"));
  EXPECT_EQ(backend.requests_in_progress(), 0u);
  EXPECT_EQ(backend.count("place_enrollment"), 0u);
  EXPECT_EQ(enroll("c", "s", {{"Idempotency-Key", "k"}}).status, 201);
}

TEST_F(Timeouts, AnAnswerThatWillNeverComeIs500AtOnce) {
  register_course("c");
  for (const auto& request : {placement("c", "s"), render_request("GET", "/v1/courses/c")}) {
    backend.hold_answers();
    WireClient client{port()};
    client.send(request);
    ASSERT_TRUE(backend.await(request.starts_with("POST") ? "place_enrollment" : "read_course"));
    backend.lose_answers();
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->problem(), "internal-error");
    EXPECT_EQ(answer->json()["instance"], request.starts_with("POST") ? "/v1/enrollments" : "/v1/courses/c");
    EXPECT_EQ(server().stats().requests_in_flight, 0u);
  }
}

}  // namespace
}  // namespace sugang
