#include <gmock/gmock.h>

#include "http/api/json_writer.hpp"
#include "http/api/webhooks.hpp"
#include "tests/http/fault_pointers.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Webhooks : public Served {
 protected:
  WireAnswer subscribe(const std::string& url, const std::string& more = "") {
    return post("/v1/webhooks", R"({"url":")" + url + R"(")" + more + "}");
  }
};

TEST_F(Webhooks, ShowTheirSecretOnce) {
  const auto made = subscribe("https://example.org/hook", R"(,"events":["delivery.started","delivery.started"])");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.field("location"), "/v1/webhooks/" + made.json()["id"].get<std::string>());
  EXPECT_EQ(made.json()["url"], "https://example.org/hook");
  EXPECT_EQ(made.json()["events"], json({"delivery.started"}));
  EXPECT_THAT(made.json()["secret"].get<std::string>(), testing::StartsWith("whsec_"));
  EXPECT_NE(made.json()["createdAt"], "");
  const auto listed = get("/v1/webhooks");
  ASSERT_EQ(listed.json()["items"].size(), 1u);
  EXPECT_EQ(listed.json()["items"][0]["id"], made.json()["id"]);
  EXPECT_THAT(listed.body, Not(HasSubstr("whsec_")));
  EXPECT_THAT(get("/v1/events").body, Not(HasSubstr("whsec_")));
}

TEST_F(Webhooks, TakeOnlyAddressesThatCanBePostedTo) {
  for (const auto& url :
       {std::string{"example.org"}, std::string{"/hook"}, std::string{"ftp://example.org/"}, std::string{"http://"},
        std::string{"http:///x"}, std::string{"http://user@example.org/"}, std::string{"https://u:p@example.org/"},
        std::string{"http://example.org/a b"}, std::string{"mailto:x@example.org"}, std::string{},
        "http://example.org/" + std::string(2048, 'x')})
    EXPECT_THAT(fault_pointers(subscribe(url)), ElementsAre("/url")) << url;
  EXPECT_THAT(fault_pointers(post("/v1/webhooks", R"({"url":7})")), ElementsAre("/url"));
  EXPECT_THAT(fault_pointers(post("/v1/webhooks", "{}")), ElementsAre("/url"));
  EXPECT_EQ(backend.count("create_webhook"), 0u);
  for (const auto* url : {"http://127.0.0.1:9999/x?y=1", "HTTPS://example.org", "http://[::1]:80/"})
    EXPECT_EQ(subscribe(url).status, 201) << url;
}

TEST_F(Webhooks, TakeOnlyKindsOfNotifications) {
  const std::string url = "http://example.org";
  EXPECT_THAT(fault_pointers(subscribe(url, R"(,"events":"delivery.started")")), ElementsAre("/events"));
  EXPECT_THAT(fault_pointers(subscribe(url, R"(,"events":["delivery.started","x",7])")),
              testing::UnorderedElementsAre("/events/1", "/events/2"));
  std::string many = "\"x\"";
  for (int i = 0; i < 200; ++i) many += ",\"x\"";
  EXPECT_THAT(fault_pointers(subscribe(url, ",\"events\":[" + many + "]")), ElementsAre("/events"));
  EXPECT_EQ(subscribe(url, R"(,"events":[])").json()["events"], json::array());
}

TEST_F(Webhooks, AreDeleted) {
  const auto path = subscribe("http://example.org").field("location");
  const auto deleted = call("DELETE", path);
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(call("DELETE", path).problem(), "webhook-not-found");
  EXPECT_EQ(call("DELETE", "/v1/webhooks/mine").problem(), "webhook-not-found");
  EXPECT_EQ(get("/v1/webhooks").json()["items"].size(), 0u);
  const auto other = call("PATCH", path);
  EXPECT_EQ(other.status, 405);
  EXPECT_EQ(other.field("allow"), "DELETE, OPTIONS");
}

TEST_F(Webhooks, ListWhatWasPosted) {
  const auto path = subscribe("http://example.org").field("location") + "/deliveries";
  register_course("c");
  for (const auto* student : {"s", "t"}) enroll("c", student);
  const auto listed = get(path).json()["items"];
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["kind"], "enrollment.confirmed");
  EXPECT_NE(get(path + "?limit=1").field("link"), "");
  EXPECT_EQ(get("/v1/webhooks/whk_00000000000000000000000000/deliveries").problem(), "webhook-not-found");
  EXPECT_EQ(get("/v1/webhooks/mine/deliveries").problem(), "webhook-not-found");
}

TEST(WebhookDeliveries, HaveTheEndOfTheLastCall) {
  WebhookDelivery delivery{.about = EventId{{1, 2}},
                           .kind = NoticeKind::schedule_confirmed,
                           .enrollment = EnrollmentId{{1, 3}},
                           .student = {"s"},
                           .updated_at = some_time};
  EXPECT_FALSE(json::parse(json_of(delivery, write_webhook_delivery)).contains("status"));
  delivery.state = WebhookDeliveryState::failed;
  delivery.attempts = 3;
  delivery.status = 500;
  delivery.error = "500";
  delivery.next_attempt_at = some_time;
  const auto failed = json::parse(json_of(delivery, write_webhook_delivery));
  EXPECT_EQ(failed["id"], to_text(EventId{{1, 2}}));
  EXPECT_EQ(failed["kind"], "coaching.scheduled");
  EXPECT_EQ(failed["state"], "failed");
  EXPECT_EQ(failed["status"], 500);
  EXPECT_EQ(failed["attempts"], 3);
  EXPECT_EQ(failed["nextAttemptAt"], "2026-03-02T10:00:00.000Z");
}

TEST_F(Webhooks, AKeyedOneIsMadeOnce) {
  const WireFields key{{"Idempotency-Key", "k"}};
  const auto first = post("/v1/webhooks", R"({"url":"http://example.org"})", key);
  const auto again = post("/v1/webhooks", R"({"url":"http://example.org"})", key);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.field("location"), first.field("location"));
  EXPECT_EQ(backend.count("create_webhook"), 1u);
}

TEST_F(Webhooks, AreNotEndless) {
  backend.end_with([](Outcome& outcome) { outcome = {.refusal = ServiceError::too_many_webhooks}; });
  const auto refused = subscribe("http://example.org");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.problem(), "too-many-webhooks");
}

TEST(WebhookBody, HasTheEventAndItsStudent) {
  const Notice notice{.position = 7,
                      .about = EventId{{1, 2}},
                      .kind = NoticeKind::enrollment_confirmed,
                      .enrollment = EnrollmentId{{1, 3}},
                      .student = {"s"},
                      .course = {"c"},
                      .happened_at = some_time};
  EXPECT_EQ(json::parse(webhook_body(notice)), json({{"type", "enrollment.confirmed"},
                                                     {"timestamp", "2026-03-02T10:00:00.000Z"},
                                                     {"data",
                                                      {{"notificationId", to_text(EventId{{1, 2}})},
                                                       {"enrollmentId", to_text(EnrollmentId{{1, 3}})},
                                                       {"courseId", "c"},
                                                       {"studentId", "s"}}}}));
}

}  // namespace
}  // namespace sugang
