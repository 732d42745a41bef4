#include <gmock/gmock.h>

#include "http/api/metrics_text.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using Management = Served;

TEST_F(Management, ReadinessNamesEveryCheck) {
  EXPECT_EQ(manage("GET", "/livez").status, 200);
  EXPECT_EQ(manage("GET", "/readyz").json()["ready"], true);
  backend.memory().service().set_disk_low(true);
  const auto answer = manage("GET", "/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.problem(), "not-ready");
  std::vector<std::string> names;
  const auto checks = answer.json()["checks"];
  for (const auto& check : checks) {
    names.push_back(check["name"]);
    EXPECT_EQ(check["ready"], names.back() != "disk") << check;
  }
  EXPECT_THAT(names, testing::ElementsAre("journal", "sagas", "views", "consumers", "components", "disk",
                                          "draining", "accepting"));
}

TEST_F(Management, MetricsAreText) {
  const auto answer = manage("GET", "/metrics");
  EXPECT_EQ(answer.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, testing::StartsWith("# HELP sugang_"));
  EXPECT_EQ(answer.field("vary"), "Accept");
}

TEST_F(Management, MetricsAreOpenMetricsForThoseThatAcceptThem) {
  WireClient client{management()};
  client.send(render_request("GET", "/metrics", {{"Accept", "text/plain;q=0.5, application/openmetrics-text"}}));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_THAT(contract().faults("GET", "/metrics", *answer), testing::IsEmpty());
  EXPECT_EQ(answer->field("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_THAT(answer->body, testing::EndsWith("\n# EOF\n"));
}

TEST(OpenMetrics, ACounterThatIsNamedOtherwiseIsUnknown) {
  EXPECT_EQ(to_open_metrics("# TYPE lost counter\nlost 1\n# TYPE sub_total gauge\nsub_total 2\n"),
            "# TYPE lost unknown\nlost 1\n# TYPE sub_total gauge\nsub_total 2\n# EOF\n");
  EXPECT_EQ(to_open_metrics(
                "# HELP reported_total Reported.\n# TYPE reported_total counter\nreported_total{to=\"all\"} 2\n"),
            "# HELP reported Reported.\n# TYPE reported counter\nreported_total{to=\"all\"} 2\n# EOF\n");
  EXPECT_EQ(to_open_metrics(""), "# EOF\n");
}

TEST_F(Management, TheGatewayIsSteered) {
  const auto answer = manage("PUT", "/v1/admin/gateway", R"({"latencyMillis":[400,620],"failPercent":5})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(manage("GET", "/v1/admin/gateway").json(), answer.json());
  EXPECT_EQ(answer.json(), nlohmann::json::parse(
                               R"({"latencyMillis":[400,620],"failPercent":5,"declinePercent":0,"hang":false})"));
  EXPECT_EQ(manage("PUT", "/v1/admin/gateway", R"({"failPercent":101})").status, 422);
  EXPECT_EQ(backend.gateway_settings().fail_percent, 5u);
}

TEST_F(Management, ChargesAreListed) {
  register_course("c", R"(,"price":{"amount":1000})");
  const auto enrollment = enroll("c", "s").json();
  const auto charges = manage("GET", "/v1/admin/gateway/charges?limit=5").json()["items"];
  ASSERT_EQ(charges.size(), 1u);
  EXPECT_EQ(charges[0]["key"], enrollment["payment"]["id"]);
  EXPECT_EQ(manage("GET", "/v1/admin/gateway/charges?limit=0").status, 422);
}

TEST_F(Management, ComponentsArePausedAndRunAgain) {
  EXPECT_EQ(manage("PUT", "/v1/admin/components/payments", R"({"state":"paused"})").json()["state"], "paused");
  const auto listed = manage("GET", "/v1/admin/components").json()["items"];
  EXPECT_EQ(listed.size(), 7u);
  EXPECT_EQ(listed[1], (nlohmann::json{{"name", "payments"}, {"state", "paused"}}));
  const auto unknown = manage("PUT", "/v1/admin/components/laundry", R"({"state":"paused"})");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(
      unknown.json()["detail"],
      "there is no such component; there are catalogue, payments, mileage, notifications, coaching, delivery, "
      "views");
  EXPECT_EQ(manage("PUT", "/v1/admin/components/payments", R"({"state":"asleep"})").status, 422);
}

TEST_F(Management, WhatConsumersPassedOverIsListed) {
  for (const auto& [consumer, position] : {std::pair{"daily-report", 7}, std::pair{"webhooks", 9}})
    backend.memory().set_aside().put({.consumer = consumer,
                                      .first = static_cast<Position>(position),
                                      .last = static_cast<Position>(position),
                                      .at = some_time,
                                      .attempts = 10,
                                      .error = "not a report of ours"});
  const auto first = manage("GET", "/v1/admin/set-aside?limit=1");
  ASSERT_EQ(first.json()["items"].size(), 1u);
  EXPECT_EQ(first.json()["items"][0]["consumer"], "daily-report");
  EXPECT_EQ(first.json()["items"][0]["error"], "not a report of ours");
  const auto rest = manage("GET", "/v1/admin/set-aside?cursor=" + first.json()["next"].get<std::string>());
  EXPECT_EQ(rest.json()["items"][0]["consumer"], "webhooks");
  EXPECT_EQ(rest.json()["items"][0]["attempts"], 10);
  EXPECT_EQ(manage("GET", "/v1/admin/set-aside?limit=0").status, 422);
}

TEST_F(Management, ViewsAreRebuilt) {
  EXPECT_EQ(manage("POST", "/v1/admin/views/courses/rebuild").status, 202);
  std::vector<std::string> names;
  const auto views = manage("GET", "/v1/admin/views").json()["items"];
  for (const auto& view : views) names.push_back(view["name"]);
  EXPECT_THAT(names, testing::ElementsAre("enrollments", "courses", "mileage"));
  const auto unknown = manage("POST", "/v1/admin/views/laundry/rebuild");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json()["detail"], "there is no such view; there are enrollments, courses, mileage");
}

TEST_F(Management, IsNotOnTheClientsPortNorTheClientsOnIt) {
  EXPECT_EQ(get("/livez").status, 404);
  EXPECT_EQ(manage("GET", "/v1/courses").status, 404);
}

}  // namespace
}  // namespace sugang
