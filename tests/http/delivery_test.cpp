#include <gmock/gmock.h>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

using nlohmann::json;

class Deliveries : public Served {
 protected:
  void SetUp() override {
    post("/v1/courses", R"({"id":"p","kind":"product","title":"Mug","capacity":9,"price":{"amount":12000}})");
    enrolled = enroll("p", "s").json();
    id = enrolled["delivery"]["id"];
    path = "/v1/deliveries/" + id;
  }
  WireAnswer move(const std::string& verb, WireFields fields = {}) {
    return call("POST", path + "/" + verb, std::move(fields));
  }

  json enrolled;
  std::string id;
  std::string path;
};

TEST_F(Deliveries, ComeWithTheConfirmationOfAProduct) {
  EXPECT_EQ(enrolled["state"], "confirmed");
  EXPECT_EQ(enrolled["stock"], json({{"state", "prepared"}}));
  EXPECT_EQ(enrolled["delivery"]["state"], "requested");
  EXPECT_EQ(enrolled["mileage"], json({{"earned", 120}}));
  const auto delivery = get(path);
  EXPECT_EQ(delivery.json()["enrollmentId"], enrolled["id"]);
  EXPECT_EQ(delivery.json()["studentId"], "s");
  EXPECT_EQ(delivery.json()["courseId"], "p");
  EXPECT_EQ(get(path, {{"If-None-Match", delivery.field("etag")}}).status, 304);
  EXPECT_EQ(get("/v1/students/s/page").json()["enrollments"][0]["delivery"]["id"], id);
}

TEST_F(Deliveries, StartAndArrive) {
  const auto early = move("complete");
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(early.problem(), "delivery-not-started");
  const auto started = move("start");
  EXPECT_EQ(started.status, 200);
  EXPECT_EQ(started.json()["state"], "started");
  EXPECT_NE(started.field("etag"), "");
  EXPECT_EQ(move("start").status, 200);
  EXPECT_EQ(move("complete").json()["state"], "completed");
  EXPECT_EQ(move("complete").status, 200);
  EXPECT_EQ(get("/v1/enrollments/" + enrolled["id"].get<std::string>()).json()["state"], "completed");
}

TEST_F(Deliveries, AreOnlyOfProducts) {
  register_course("c");
  const auto other = enroll("c", "s").json()["id"].get<std::string>();
  for (const auto& nowhere : {"dlv_" + other.substr(4), std::string{"dlv_00000000000000000000000000"}, other}) {
    path = "/v1/deliveries/" + nowhere;
    EXPECT_EQ(get(path).problem(), "delivery-not-found") << nowhere;
    EXPECT_EQ(move("start").problem(), "delivery-not-found") << nowhere;
    EXPECT_EQ(move("complete").problem(), "delivery-not-found") << nowhere;
  }
  EXPECT_FALSE(get("/v1/enrollments/" + other).json().contains("delivery"));
}

TEST_F(Deliveries, AnswerForACancelledOrderAndAPausedSide) {
  for (const auto& [refusal, name] :
       std::vector<std::pair<Refusal, std::string>>{{DeliveryError::cancelled, "enrollment-ended"},
                                                    {SagaError::not_awaited, "not-awaited"},
                                                    {SagaError::not_found, "delivery-not-found"},
                                                    {EnrollmentError::ended, "enrollment-ended"},
                                                    {ServiceError::component_paused, "component-paused"}}) {
    backend.end_with([refusal = refusal](Outcome& outcome) { outcome.refusal = refusal; });
    EXPECT_EQ(move("start").problem(), name);
  }
}

TEST_F(Deliveries, OnceStartedRefuseTheCancel) {
  backend.end_with([](Outcome& outcome) { outcome.refusal = DeliveryError::already_started; });
  const auto refused = post("/v1/enrollments/" + enrolled["id"].get<std::string>() + "/cancel", "{}");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.problem(), "not-cancellable");
}

TEST_F(Deliveries, AreListed) {
  move("start");
  enroll("p", "other");
  EXPECT_EQ(get("/v1/deliveries").json()["items"].size(), 2u);
  const auto started = get("/v1/deliveries?state=started&studentId=s").json()["items"];
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0]["id"], id);
  EXPECT_EQ(get("/v1/deliveries?state=started&studentId=other").json()["items"].size(), 0u);
  EXPECT_EQ(get("/v1/deliveries?state=lost").json()["errors"][0]["pointer"], "?state");
}

TEST_F(Deliveries, AKeyedStartIsReplayed) {
  const auto first = move("start", {{"Idempotency-Key", "k"}});
  move("complete");
  const auto again = move("start", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.field("idempotency-replayed"), "true");
}

}  // namespace
}  // namespace sugang
