#include <gmock/gmock.h>

#include "http/api/events.hpp"
#include "http/api/json_writer.hpp"
#include "http/api/students.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using nlohmann::json;

class Students : public Served {
 protected:
  void SetUp() override {
    register_course("c", R"(,"price":{"amount":1000},"mileagePercent":3,"seatsPerStudent":2)");
    first = enroll("c", "s").json();
    enroll("c", "s");
  }
  json first;
};

TEST_F(Students, SeeTheirMileageWithItsBalance) {
  EXPECT_EQ(first["mileage"], json({{"earned", 30}}));
  const auto statement = get("/v1/students/s/mileage").json();
  EXPECT_EQ(statement["studentId"], "s");
  EXPECT_EQ(statement["balance"], 60);
  EXPECT_EQ(statement["balances"], json::parse(R"([{"currency":"KRW","balance":60}])"));
  ASSERT_EQ(statement["entries"].size(), 2u);
  EXPECT_EQ(statement["entries"][0]["kind"], "earn");
  EXPECT_EQ(statement["entries"][0]["amount"], 30);
  EXPECT_EQ(statement["entries"][0]["paymentId"], first["payment"]["id"]);
  EXPECT_TRUE(statement["next"].is_null());
  EXPECT_TRUE(statement["position"].is_string());
  const auto page = get("/v1/students/s/mileage?limit=1");
  EXPECT_NE(page.field("link"), "");
  EXPECT_EQ(page.json()["balance"], 60);
  EXPECT_EQ(get("/v1/students/stranger/mileage").json()["balance"], 0);
}

TEST_F(Students, SeeTheirNotifications) {
  const auto reported = get("/v1/students/s/notifications").json();
  ASSERT_EQ(reported["items"].size(), 2u);
  EXPECT_EQ(reported["items"][0]["kind"], "enrollment.confirmed");
  EXPECT_EQ(reported["items"][0]["state"], "sent");
  EXPECT_EQ(reported["items"][0]["enrollmentId"], first["id"]);
  EXPECT_EQ(reported["items"][0]["courseId"], "c");
  EXPECT_FALSE(reported["items"][0].contains("error"));
  EXPECT_TRUE(reported["position"].is_string());
  EXPECT_NE(get("/v1/students/s/notifications?limit=1").field("link"), "");
}

TEST_F(Students, ListsWaitForTheirOwnWriteAndRefuseWhatIsNotOurs) {
  for (const std::string list : {"mileage", "notifications", "page"}) {
    const auto path = "/v1/students/s/" + list;
    EXPECT_EQ(get(path, {{"Sugang-Min-Position", "yesterday"}}).problem(), "malformed");
    EXPECT_EQ(get(path, {{"Sugang-Min-Position", "p3"}}).status, 200);
    EXPECT_EQ(backend.last_min_position(), 3u);
    EXPECT_EQ(get(path + "?limit=0").status, 422);
    EXPECT_EQ(get(path + "?cursor=bogus").problem(), "invalid-request");
    EXPECT_EQ(get("/v1/students/a%20b/" + list).problem(), "not-found");
  }
  backend.set_view_error(ServiceError::view_paused);
  EXPECT_EQ(get("/v1/students/s/mileage").problem(), "view-paused");
  EXPECT_EQ(get("/v1/students/s/notifications").problem(), "view-paused");
}

TEST(Notifications, ThatFailedHaveTheReason) {
  const Notice notice{.about = EventId{{1, 2}}, .enrollment = EnrollmentId{{1, 3}}, .happened_at = some_time};
  const auto failed = json::parse(json_of(
      Notification{.notice = notice, .state = NotificationState::failed, .error = "no route"}, write_notification));
  EXPECT_EQ(failed["state"], "failed");
  EXPECT_EQ(failed["error"], "no route");
}

json event_of(AggregateId aggregate, Event event) {
  Record record{.position = 1, .aggregate = std::move(aggregate), .sequence = 1, .time = some_time};
  record.event = std::move(event);
  EXPECT_TRUE(is_public(record));
  return json::parse(json_of(record, write_event));
}

TEST(CloudEvents, NameTheirAggregateInTheSubject) {
  const auto approved = event_of(PaymentId{{1, 2}}, PaymentEvent{PaymentApproved{30}});
  EXPECT_EQ(approved["type"], "sugang.payment.approved");
  EXPECT_EQ(approved["data"], json({{"mileage", 30}}));
  const TimeSlot slot{some_time, some_time + std::chrono::hours{1}};
  const auto booked =
      event_of(AggregateId::calendar_of({"anna"}), CalendarEvent{SlotBooked{EnrollmentId{{1, 3}}, slot}});
  EXPECT_EQ(booked["subject"], "calendar/anna");
  EXPECT_EQ(booked["data"], json({{"enrollmentId", to_text(EnrollmentId{{1, 3}})},
                                  {"startsAt", "2026-03-02T10:00:00.000Z"},
                                  {"endsAt", "2026-03-02T11:00:00.000Z"}}));
  EXPECT_EQ(event_of(DeliveryId{{1, 5}}, DeliveryEvent{DeliveryStarted{}})["data"], json::object());
  const auto waits = event_of(SagaId{{1, 5}}, SagaEvent{SagaWaits{Step::start_delivery, some_time}});
  EXPECT_EQ(waits["data"]["step"], "start_delivery");
}

TEST(CloudEvents, HideWhatTheServerNotesForItself) {
  Record record{.aggregate = RequestId{{1, 1}}};
  record.event = RequestEvent{RequestAnswered{201, "application/json", "", R"({"secret":"whsec_x"})"}};
  EXPECT_FALSE(is_public(record));
  record.aggregate = AggregateId::webhooks();
  EXPECT_FALSE(is_public(record));
}

}  // namespace
}  // namespace sugang
