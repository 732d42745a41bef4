#include <gmock/gmock.h>

#include <map>
#include <mutex>
#include <thread>

#include "tests/http/placement.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Counter : public RequestObserver {
 public:
  void answered(const AnsweredRequest& request) override {
    std::lock_guard lock{mutex_};
    // From a request's first byte, and not from the process's.
    EXPECT_LT(request.took, std::chrono::minutes{1});
    EXPECT_FALSE(request.request_id.empty());
    EXPECT_EQ(request.address, "127.0.0.1");
    auto line =
        std::string{request.method} + " " + std::string{request.route} + " " + std::to_string(request.status);
    for (const auto more : {request.problem, request.caller})
      if (!more.empty()) line.append(" ").append(more);
    seen_.push_back(std::move(line));
  }
  void connections_changed(std::string_view, std::size_t) override {}
  void connection_refused(std::string_view port, std::size_t max) override {
    std::lock_guard lock{mutex_};
    refused_.push_back(std::string{port} + " beyond " + std::to_string(max));
  }
  void accept_failed(std::string_view, std::string_view) override {}
  std::vector<std::string> seen() {
    std::lock_guard lock{mutex_};
    return seen_;
  }
  std::vector<std::string> refused() {
    std::lock_guard lock{mutex_};
    return refused_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> seen_;
  std::vector<std::string> refused_;
};

using Bounds = Served;

TEST_F(Bounds, AHeaderBeyondTheLimitIs431) {
  limits.header_bytes_max = 512;
  for (const auto& request : {"GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n",
                              "GET /" + std::string(600, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n",
                              "GET / HTTP/1.1\r\nX: " + std::string(2000, 'x')}) {
    EXPECT_EQ(last_answer(request).problem(), "header-too-large");
  }
}

TEST_F(Bounds, ABodyBeyondTheLimitIs413BeforeItIsRead) {
  limits.body_bytes_max = 100;
  const std::string head = "POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  for (const auto& request :
       {head + "Content-Length: 1073741824\r\n\r\n{", head + "Content-Length: 101\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n65\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n60\r\n" + std::string(0x60, ' ') + "\r\n5\r\n"}) {
    EXPECT_EQ(last_answer(request).problem(), "content-too-large") << request;
  }
  EXPECT_THAT(backend.calls(), IsEmpty());
}

TEST_F(Bounds, ACatalogueMayBeLonger) {
  limits.body_bytes_max = 100;
  std::string csv = "id,title,capacity\n";
  for (int i = 0; i < 1000; ++i) csv += "c-" + std::to_string(i) + ",A course,10\n";
  const auto answer = call("POST", "/v1/courses/import", {{"Content-Type", "text/csv"}}, csv);
  EXPECT_EQ(answer.json(), (nlohmann::json{{"created", 1000}}));
}

TEST_F(Bounds, ExpectContinueIsAnsweredBeforeTheBody) {
  register_course("c");
  const std::string body = R"({"courseId":"c","studentId":"s"})";
  WireClient client{port()};
  client.send(
      "POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_answer()->status, 100);
  client.send(body);
  EXPECT_EQ(client.read_answer()->status, 201);
}

TEST_F(Bounds, AnExpectationThatCannotBeMetIs417) {
  EXPECT_EQ(last_answer(render_request("POST", "/v1/enrollments", {{"Expect", "200-ok"}}, "{}")).problem(),
            "expectation-failed");
}

TEST_F(Bounds, ABodyTooLargeIsRefusedInsteadOfContinued) {
  limits.body_bytes_max = 10;
  WireClient client{port()};
  client.send(
      "POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 11\r\n\r\n");
  EXPECT_EQ(client.read_answer()->status, 413);
}

TEST_F(Bounds, TooManyConnectionsAreTurnedAway) {
  limits.connections_max = 2;
  WireClient one{port()}, two{port()};
  one.send(render_request("GET", "/"));
  EXPECT_EQ(one.read_answer()->status, 200);
  two.send(render_request("GET", "/"));
  EXPECT_EQ(two.read_answer()->status, 200);
  WireClient three{port()};
  const auto answers = three.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].problem(), "overloaded");
  EXPECT_EQ(answers[0].field("retry-after"), "1");
  EXPECT_EQ(manage("GET", "/livez").status, 200);
}

TEST_F(Bounds, TheManagementPortHasConnectionsOfItsOwn) {
  limits.connections_max = 1;
  limits.management_connections_max = 2;
  auto counter = std::make_shared<Counter>();
  observer = counter;
  WireClient one{management()}, two{management()}, client{port()};
  for (auto* probe : {&one, &two}) {
    probe->send(render_request("GET", "/livez"));
    EXPECT_EQ(probe->read_answer()->status, 200);
  }
  WireClient three{management()};
  EXPECT_EQ(three.read_to_end().at(0).problem(), "overloaded");
  client.send(render_request("GET", "/"));
  EXPECT_EQ(client.read_answer()->status, 200);
  EXPECT_THAT(counter->refused(), ElementsAre("management beyond 2"));
  EXPECT_EQ(server().stats().refused, 0u);
}

TEST_F(Bounds, ARefusalOfABodyNamesTheRequest) {
  limits.body_bytes_max = 10;
  limits.body_read_timeout_ms = 60;
  const std::string head = "POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  for (const auto& [request, problem] : std::map<std::string, std::string>{
           {head + "Content-Length: 11\r\n\r\n", "content-too-large"},
           {head + "Transfer-Encoding: chunked\r\n\r\n65\r\n", "content-too-large"},
           {head + "Transfer-Encoding: chunked\r\n\r\nno\r\n", "malformed"},
           {head + "Content-Length: 9\r\n\r\n{", "request-timeout"},
           {head + "Expect: 200-ok\r\nContent-Length: 9\r\n\r\n", "expectation-failed"}}) {
    const auto answer = last_answer(request);
    EXPECT_EQ(answer.problem(), problem);
    EXPECT_EQ(answer.json().value("instance", ""), "/v1/enrollments") << request;
  }
}

TEST_F(Bounds, ARefusalKnowsNothingOfTheRequestBefore) {
  limits.header_bytes_max = 512;
  for (const auto& second : {std::string{"nonsense\r\n\r\n"}, "GET / HTTP/1.1\r\nX: " + std::string(2000, 'x')}) {
    WireClient client{port()};
    client.send(render_request("HEAD", "/v1/courses", {{"X-Request-Id", "first"}}));
    EXPECT_EQ(client.read_answer(true)->field("x-request-id"), "first");
    client.send(second);
    const auto answers = client.read_to_end();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_NE(answers[0].problem(), "");
    EXPECT_NE(answers[0].field("x-request-id"), "first");
    EXPECT_FALSE(answers[0].json().contains("instance"));
  }
}

using Admissions = Served;

TEST_F(Admissions, TooManyRequestsInFlightAreRefusedBeforeAnyWork) {
  limits.requests_in_flight_max = 2;
  register_course("c");
  backend.hold_answers();
  WireClient one{port()}, two{port()}, three{port()};
  one.send(placement("c", "a"));
  two.send(placement("c", "b"));
  ASSERT_TRUE(backend.await("place_enrollment", 2));
  three.send(placement("c", "d"));
  const auto refused = three.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->problem(), "overloaded");
  EXPECT_EQ(refused->field("retry-after"), "1");
  EXPECT_EQ(backend.count("place_enrollment"), 2u);
  EXPECT_EQ(manage("GET", "/livez").status, 200);
  backend.answer_all();
  EXPECT_EQ(one.read_answer()->status, 201);
  EXPECT_EQ(two.read_answer()->status, 201);
  three.send(placement("c", "d"));
  EXPECT_EQ(three.read_answer()->status, 201);
  EXPECT_EQ(server().stats().refused, 1u);
}

TEST_F(Admissions, OneCourseCannotTakeThePlaceOfTheOthers) {
  limits.requests_in_flight_per_course_max = 1;
  register_course("hot");
  register_course("cold");
  backend.hold_answers();
  WireClient one{port()}, two{port()}, three{port()};
  one.send(placement("hot", "a"));
  ASSERT_TRUE(backend.await("place_enrollment", 1));
  two.send(placement("hot", "b"));
  EXPECT_EQ(two.read_answer()->problem(), "overloaded");
  three.send(placement("cold", "b"));
  ASSERT_TRUE(backend.await("place_enrollment", 2));
  backend.answer_all();
  EXPECT_EQ(one.read_answer()->status, 201);
  EXPECT_EQ(three.read_answer()->status, 201);
  EXPECT_EQ(enroll("hot", "b").status, 201);
}

TEST_F(Admissions, AReadOfACourseCountsToIt) {
  limits.requests_in_flight_per_course_max = 1;
  register_course("hot");
  register_course("cold");
  backend.hold_answers();
  WireClient one{port()}, two{port()}, three{port()};
  one.send(render_request("GET", "/v1/courses/hot"));
  ASSERT_TRUE(backend.await("read_course", 1));
  two.send(render_request("GET", "/v1/courses/hot"));
  const auto refused = two.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->problem(), "overloaded");
  EXPECT_FALSE(refused->field("retry-after").empty());
  three.send(render_request("GET", "/v1/courses/cold"));
  ASSERT_TRUE(backend.await("read_course", 2));
  backend.answer_all();
  EXPECT_EQ(one.read_answer()->status, 200);
  EXPECT_EQ(three.read_answer()->status, 200);
}

TEST_F(Admissions, ACallThatIsAbandonedCountsUntilTheWorkIsDone) {
  limits.requests_in_flight_max = 1;
  register_course("c");
  backend.hold_answers();
  {
    WireClient leaves{port()};
    leaves.send(placement("c", "a"));
    ASSERT_TRUE(backend.await("place_enrollment"));
  }
  EXPECT_EQ(enroll("c", "b").problem(), "overloaded");
  backend.answer_all();
  WireClient later{port()};
  for (;;) {
    later.send(placement("c", "b"));
    const auto answer = later.read_answer();
    ASSERT_TRUE(answer);
    if (answer->status == 201) break;
  }
}

using Pipelines = Served;

TEST_F(Pipelines, AreAnsweredInOrder) {
  for (const auto* id : {"a", "b", "d"}) register_course(id);
  WireClient client{port()};
  client.send(render_request("GET", "/v1/courses/a") + render_request("GET", "/nowhere") + placement("b", "s") +
              render_request("GET", "/") + render_request("GET", "/v1/courses/d"));
  EXPECT_EQ(client.read_answer()->json()["id"], "a");
  EXPECT_EQ(client.read_answer()->status, 404);
  EXPECT_EQ(client.read_answer()->json()["courseId"], "b");
  EXPECT_EQ(client.read_answer()->json()["name"], "sugang");
  EXPECT_EQ(client.read_answer()->json()["id"], "d");
}

TEST_F(Pipelines, OfThousandsAreAnsweredWithoutReadingAhead) {
  WireClient client{port()};
  std::string many;
  constexpr int requests = 2000;
  for (int i = 0; i < requests; ++i) many += render_request("GET", "/");
  std::thread sender{[&] { client.send(many); }};
  for (int i = 0; i < requests; ++i) {
    const auto answer = client.read_answer();
    if (!answer) {
      ADD_FAILURE() << i;
      break;
    }
  }
  sender.join();
}

TEST_F(Pipelines, EndWithTheRequestThatHasConnectionClose) {
  WireClient client{port()};
  client.send(render_request("GET", "/") + render_request("GET", "/", {{"Connection", "close"}}) +
              render_request("GET", "/v1/courses"));
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].field("connection"), "close");
  EXPECT_THAT(backend.calls(), IsEmpty());
}

// A connection that is closed over unread bytes is reset, and the rest of the answer lost.
TEST_F(Pipelines, TheLastAnswerIsWholeThoughRequestsComeBehindIt) {
  WireClient client{port(), 4096};
  client.send(render_request("GET", "/openapi.json", {{"Connection", "close"}}));
  const auto header = client.read_until("\r\n\r\n");
  client.send(render_request("GET", "/"));
  const auto length = header.find("ontent-Length: ") + 15;
  EXPECT_EQ(client.read_until("\x01").size(), std::stoul(header.substr(length)));
}

TEST_F(Pipelines, AClientThatStopsSendingStillGetsItsAnswers) {
  register_course("c");
  WireClient client{port()};
  client.send(placement("c", "s"));
  client.end_sending();
  const auto answers = client.read_to_end();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 201);
}

TEST_F(Pipelines, EmptyLinesBetweenRequestsArePassedOver) {
  WireClient client{port()};
  client.send("\r\n" + render_request("GET", "/") + "\r\n\r\n" + render_request("GET", "/"));
  EXPECT_EQ(client.read_answer()->status, 200);
  EXPECT_EQ(client.read_answer()->status, 200);
}

TEST_F(Served, EveryAnswerIsCountedUnderItsRoute) {
  auto counter = std::make_shared<Counter>();
  observer = counter;
  register_course("c");
  get("/v1/courses/c");
  enroll("c", "mina");
  enroll("none", "mina");
  get("/nowhere");
  WireClient client{port()};
  client.send("nonsense\r\n\r\n");
  client.read_to_end();
  EXPECT_THAT(counter->seen(),
              ElementsAre("POST /v1/courses 201", "GET /v1/courses/{id} 200", "POST /v1/enrollments 201 mina",
                          "POST /v1/enrollments 404 course-not-found mina", "GET unrouted 404 not-found",
                          " unread 400 malformed"));
}

TEST(ServerStart, APortThatIsTakenIsAnError) {
  ObservedBackend backend;
  Server first{api_site(backend), {}};
  ServerSettings settings;
  settings.client.port = port_of(first.client_address());
  EXPECT_THROW((Server{api_site(backend), settings}), std::system_error);
}

TEST(ServerStart, ServesOnMoreThreadsToo) {
  ObservedBackend backend;
  ServerSettings settings;
  settings.threads = 3;
  Server server{api_site(backend), settings};
  server.start();
  std::vector<std::unique_ptr<WireClient>> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(std::make_unique<WireClient>(port_of(server.client_address())));
  for (auto& client : clients) client->send(render_request("GET", "/v1/courses"));
  for (auto& client : clients) EXPECT_EQ(client->read_answer()->status, 200);
}

}  // namespace
}  // namespace sugang
