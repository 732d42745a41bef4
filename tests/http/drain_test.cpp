#include <gmock/gmock.h>

#include "tests/http/placement.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

class Drains : public Served {
 protected:
  std::size_t reads_ = 0;
};

TEST_F(Drains, WhatRunsIsAnsweredAndNothingNewIsTaken) {
  register_course("c");
  backend.hold_answers();
  WireClient running{port()}, idle{port()};
  idle.send(render_request("GET", "/"));
  EXPECT_EQ(idle.read_answer()->status, 200);
  running.send(placement("c", "s"));
  ASSERT_TRUE(backend.await("place_enrollment"));
  server().drain();
  EXPECT_FALSE(server().await_answered(std::chrono::milliseconds{1}));
  const auto ready = manage("GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.json()["checks"].back()["name"], "accepting");
  idle.send(placement("c", "t"));
  const auto refused = idle.read_to_end();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].problem(), "draining");
  EXPECT_EQ(enroll("c", "u").problem(), "draining");
  backend.answer_all();
  EXPECT_TRUE(server().await_answered(std::chrono::seconds{5}));
  const auto answers = running.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 201);
  EXPECT_EQ(answers[0].field("connection"), "close");
  EXPECT_EQ(backend.count("place_enrollment"), 1u);
}

TEST_F(Drains, AnswersAfterTheEndAreThrownAway) {
  register_course("c");
  backend.hold_answers();
  WireClient client{port()};
  client.send(placement("c", "s"));
  ASSERT_TRUE(backend.await("place_enrollment"));
  server().stop();
  EXPECT_TRUE(client.at_end());
  backend.answer_all();
}

TEST_F(Drains, RequestsThatWereSentTogetherAreAllAnswered) {
  register_course("c");
  backend.hold_answers();
  WireClient client{port()};
  client.send(placement("c", "s") + render_request("GET", "/v1/courses/c") + placement("c", "t") + "\r\n");
  ASSERT_TRUE(backend.await("place_enrollment"));
  server().drain();
  backend.answer_all();
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].status, 201);
  EXPECT_EQ(answers[0].field("connection"), "");
  EXPECT_EQ(answers[1].problem(), "draining");
  EXPECT_EQ(answers[2].problem(), "draining");
  EXPECT_EQ(answers[2].json()["instance"], "/v1/enrollments");
  EXPECT_TRUE(server().await_answered(std::chrono::seconds{5}));
  EXPECT_EQ(backend.count("place_enrollment"), 1u);
}

TEST_F(Drains, ARequestThatHasComeInPartIsRefusedAtOnce) {
  const std::string whole = placement("c", "s");
  for (const auto part : {whole.size() - 1, whole.find("\r\n\r\n") + 4, std::size_t{20}}) {
    WireClient behind{port()};
    backend.hold_answers();
    behind.send(render_request("GET", "/v1/courses/c") + whole.substr(0, part));
    ASSERT_TRUE(backend.await("read_course", ++reads_));
    WireClient alone{port()};
    alone.send(render_request("GET", "/") + whole.substr(0, part));
    EXPECT_EQ(alone.read_answer()->status, 200);
    server().drain();
    const auto refused = alone.read_to_end();
    ASSERT_EQ(refused.size(), 1u) << part;
    EXPECT_EQ(refused[0].problem(), "draining");
    EXPECT_EQ(refused[0].field("connection"), "close");
    backend.answer_all();
    const auto answers = behind.read_to_end();
    ASSERT_EQ(answers.size(), 2u) << part;
    EXPECT_EQ(answers[0].problem(), "course-not-found");
    EXPECT_EQ(answers[1].problem(), "draining");
    restart();
  }
}

TEST_F(Drains, WhatHasNoAnswerInTheEndIs503) {
  register_course("c");
  backend.hold_answers();
  WireClient one{port()}, two{port()};
  one.send(placement("c", "s"));
  two.send(render_request("GET", "/v1/courses/c"));
  ASSERT_TRUE(backend.await("place_enrollment"));
  ASSERT_TRUE(backend.await("read_course"));
  server().drain();
  EXPECT_FALSE(server().await_answered(std::chrono::milliseconds{1}));
  server().answer_rest();
  EXPECT_TRUE(server().await_answered(std::chrono::seconds{5}));
  server().stop();
  for (auto* client : {&one, &two}) {
    const auto answers = client->read_to_end();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].problem(), "answer-timeout");
    EXPECT_NE(answers[0].field("retry-after"), "");
  }
}

}  // namespace
}  // namespace sugang
