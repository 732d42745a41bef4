#include "http/api/coaching.hpp"
#include "http/api/course_import.hpp"
#include "http/api/courses.hpp"
#include "http/api/enrollments.hpp"
#include "http/api/management.hpp"

#include <gmock/gmock.h>

namespace sugang {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr TimePoint now{Milliseconds{1'772'445'600'000}};  // 2026-03-02T10:00:00Z

template <class Value>
std::vector<std::string> pointers(const Decoded<Value>& decoded) {
  std::vector<std::string> found;
  if (const auto* refusal = std::get_if<BodyRefusal>(&decoded)) {
    EXPECT_EQ(refusal->malformed, "");
    for (const auto& fault : refusal->faults) found.push_back(fault.pointer);
  }
  return found;
}

template <class Value>
bool is_malformed(const Decoded<Value>& decoded) {
  const auto* refusal = std::get_if<BodyRefusal>(&decoded);
  return refusal && !refusal->malformed.empty();
}

CourseDefinition course(const std::string& members) {
  auto decoded = decode_course(R"({"kind":"lecture","title":"t","capacity":1)" + members + "}", now);
  EXPECT_THAT(pointers(decoded), IsEmpty()) << members;
  return std::get<CourseRegistration>(decoded).definition;
}

std::vector<std::string> course_faults(const std::string& members) {
  return pointers(decode_course(R"({"kind":"lecture","title":"t","capacity":1)" + members + "}", now));
}

std::vector<ImportRow> rows(const std::string& text) {
  auto decoded = decode_catalogue(text, 100);
  EXPECT_THAT(pointers(decoded), IsEmpty()) << text;
  return std::get<std::vector<ImportRow>>(decoded);
}

TEST(DecodePlacement, TakesWhatIsGivenAndDefaultsTheRest) {
  auto plain = std::get<PlaceEnrollment>(decode_placement(R"({"courseId":"c","studentId":"s","other":[{}]})"));
  EXPECT_EQ(plain.course.text, "c");
  EXPECT_EQ(plain.student.text, "s");
  EXPECT_EQ(plain.seats, 1u);
  EXPECT_EQ(plain.method, PaymentMethod::test_approve);
  auto full = std::get<PlaceEnrollment>(decode_placement(
      R"({"courseId":"c","studentId":"s","seats":1000,"onFull":"waitlist","paymentMethod":"test-decline"})"));
  EXPECT_EQ(full.seats, 1000u);
  EXPECT_TRUE(full.may_wait);
  EXPECT_FALSE(plain.may_wait);
  EXPECT_EQ(full.method, PaymentMethod::test_decline);
}

TEST(DecodePlacement, NamesEveryFaultAtOnce) {
  EXPECT_THAT(pointers(decode_placement("{}")), ElementsAre("/courseId", "/studentId"));
  EXPECT_THAT(pointers(decode_placement(
                  R"({"courseId":1,"studentId":"a b","seats":1.0,"onFull":"x","paymentMethod":null})")),
              UnorderedElementsAre("/courseId", "/studentId", "/seats", "/onFull", "/paymentMethod"));
  for (auto seats : {"0", "-1", "1001", "1.5", "1e2", "99999999999999999999", "\"1\"", "null", "true", "[]"})
    EXPECT_THAT(
        pointers(decode_placement(R"({"courseId":"c","studentId":"s","seats":)" + std::string{seats} + "}")),
        ElementsAre("/seats"))
        << seats;
}

TEST(DecodeObject, RefusesWhatIsNoObjectAtItsRoot) {
  for (auto body : {"[]", "1", "\"x\"", "null", "true", "[{}]"})
    EXPECT_THAT(pointers(decode_placement(body)), ElementsAre("")) << body;
}

TEST(DecodeObject, RefusesWhatIsNotStrictJson) {
  const std::string deep(17, '[');
  std::string many = "[";
  for (int i = 0; i < 3000; ++i) many += "1,";
  for (const auto& body :
       {std::string{}, std::string{"{"}, std::string{"{\"a\":1,}"}, std::string{"{\"a\":NaN}"},
        std::string{"{} {}"}, std::string{"{\"a\":1,\"a\":1}"}, std::string{"{\"x\":{\"a\":1,\"b\":2,\"a\":3}}"},
        std::string{"{\"a\":\"\xff\"}"}, std::string{"{\"a\":\"\\ud800\"}"}, std::string{"{\"a\":01}"},
        std::string{"{/**/}"}, deep, many + "1]"})
    EXPECT_TRUE(is_malformed(decode_placement(body))) << body;
}

TEST(DecodeCourse, DefaultsFollowTheKind) {
  auto lecture = course("");
  EXPECT_EQ(lecture.seats_per_student, 1u);
  EXPECT_EQ(lecture.payment_unavailable, PaymentUnavailable::refuse);
  EXPECT_EQ(lecture.mileage_percent, 1u);
  EXPECT_EQ(lecture.price, (Money{0, {}}));
  auto performance =
      std::get<CourseRegistration>(decode_course(R"({"kind":"performance","title":"t","capacity":1})", now))
          .definition;
  EXPECT_EQ(performance.seats_per_student, 0u);
  EXPECT_EQ(performance.payment_unavailable, PaymentUnavailable::defer);
}

TEST(DecodeCourse, EveryKindHasItsDefaults) {
  auto of_kind = [](const std::string& kind) {
    auto decoded = decode_course(R"({"kind":")" + kind + R"(","title":"t","capacity":1})", now);
    return std::get<CourseRegistration>(decoded).definition;
  };
  EXPECT_EQ(of_kind("training").seats_per_student, 1u);
  EXPECT_EQ(of_kind("product").seats_per_student, 0u);
  for (const auto* kind : {"lecture", "product", "training"})
    EXPECT_EQ(of_kind(kind).payment_unavailable, PaymentUnavailable::refuse) << kind;
  EXPECT_EQ(rows("id,title,capacity,kind\na,t,1,product\nb,t,1,training\n")[1].definition.seats_per_student, 1u);
}

TEST(DecodeCourse, IsADraftWhileItsOpeningIsToCome) {
  EXPECT_EQ(course("").state, CourseState::open);
  EXPECT_EQ(course(R"(,"state":"draft")").state, CourseState::draft);
  EXPECT_EQ(course(R"(,"state":"open","opensAt":"2026-03-02T10:00:00.001Z")").state, CourseState::draft);
  EXPECT_EQ(course(R"(,"opensAt":"2026-03-02T10:00:00Z")").state, CourseState::open);
}

TEST(DecodeCourse, TakesEveryMember) {
  auto full = course(
      R"(,"price":{"amount":12000,"currency":"EUR"},"instructorId":"i-1","closesAt":"2027-01-01T00:00:00+09:00",)"
      R"("waitlist":true,"seatsPerStudent":4,"paymentUnavailable":"defer","mileagePercent":0)");
  EXPECT_EQ(full.price.amount, 12000);
  EXPECT_EQ(full.price.currency.text(), "EUR");
  EXPECT_EQ(full.instructor->text, "i-1");
  EXPECT_EQ(to_text(*full.closes_at), "2026-12-31T15:00:00.000Z");
  EXPECT_TRUE(full.waitlist);
  EXPECT_EQ(full.seats_per_student, 4u);
  EXPECT_EQ(full.payment_unavailable, PaymentUnavailable::defer);
  EXPECT_EQ(full.mileage_percent, 0u);
}

TEST(DecodeCourse, NamesEveryFault) {
  EXPECT_THAT(pointers(decode_course("{}", now)), ElementsAre("/kind", "/title", "/capacity"));
  EXPECT_THAT(course_faults(R"(,"id":"a b")"), ElementsAre("/id"));
  EXPECT_THAT(course_faults(R"(,"price":5)"), ElementsAre("/price"));
  EXPECT_THAT(course_faults(R"(,"price":{})"), ElementsAre("/price/amount"));
  EXPECT_THAT(course_faults(R"(,"price":{"amount":1000000000001,"currency":"won"})"),
              UnorderedElementsAre("/price/amount", "/price/currency"));
  EXPECT_THAT(course_faults(R"(,"state":"closed")"), ElementsAre("/state"));
  EXPECT_THAT(course_faults(R"(,"opensAt":"2026-03-02T10:00:00Z","closesAt":"2026-03-02T10:00:00Z")"),
              ElementsAre("/closesAt"));
  EXPECT_THAT(course_faults(R"(,"mileagePercent":101,"waitlist":"yes","seatsPerStudent":-1)"),
              UnorderedElementsAre("/mileagePercent", "/waitlist", "/seatsPerStudent"));
  EXPECT_THAT(
      pointers(decode_course(R"({"kind":"opera","title":")" + std::string(501, 'x') + R"(","capacity":0})", now)),
      UnorderedElementsAre("/kind", "/title", "/capacity"));
}

TEST(DecodeCancellation, NeedsNoBody) {
  EXPECT_EQ(std::get<std::string>(decode_optional_reason("")), "");
  EXPECT_EQ(std::get<std::string>(decode_optional_reason("{}")), "");
  EXPECT_EQ(std::get<std::string>(decode_optional_reason(R"({"reason":"ill"})")), "ill");
  EXPECT_THAT(pointers(decode_optional_reason(R"({"reason":7})")), ElementsAre("/reason"));
}

TEST(DecodeGatewaySettings, ReplacesTheWhole) {
  auto settings = std::get<GatewaySettings>(decode_gateway_settings(R"({"latencyMillis":[400,620],"hang":true})"));
  EXPECT_EQ(settings.latency_min_ms, 400u);
  EXPECT_EQ(settings.latency_max_ms, 620u);
  EXPECT_TRUE(settings.hang);
  EXPECT_EQ(settings.fail_percent, 0u);
  for (auto latency : {"[5]", "[9,5]", "5", "[-1,5]", "[1.5,2]", "[1,2,3]", "[0,600001]"})
    EXPECT_THAT(pointers(decode_gateway_settings("{\"latencyMillis\":" + std::string{latency} + "}")),
                ElementsAre("/latencyMillis"))
        << latency;
}

std::vector<std::string> csv_faults(const std::string& text) { return pointers(decode_catalogue(text, 3)); }

TEST(DecodeCatalogue, TakesColumnsInAnyOrderAndAnyLineEnd) {
  auto found = rows(
      "\xef\xbb\xbfprice,kind,capacity,meets,title,enrolled,credits,id\r\n"
      "5000,performance,7,TR 1005-1130,\"Race, \"\"Film\"\"\",9,4,a\r\n\r\n,,1,,x,,,b");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].line, 2u);
  EXPECT_EQ(found[0].definition.price.amount, 5000);
  EXPECT_EQ(found[0].definition.kind, CourseKind::performance);
  EXPECT_EQ(found[0].definition.seats_per_student, 0u);
  EXPECT_EQ(found[0].definition.meets, "TR 1005-1130");
  EXPECT_EQ(found[0].definition.credits, 4u);
  EXPECT_EQ(found[0].definition.title, "Race, \"Film\"");
  EXPECT_EQ(found[1].line, 4u);
  EXPECT_EQ(found[1].definition.kind, CourseKind::lecture);
  EXPECT_EQ(found[1].definition.meets, std::nullopt);
}

TEST(DecodeCatalogue, CountsTheLinesOfATitleThatHoldsALineEnd) {
  EXPECT_THAT(csv_faults("id,title,capacity\na,\"x\ny\",1\nb,t,x\n"), ElementsAre("/4/capacity"));
}

TEST(DecodeCatalogue, NamesLineAndColumnOfEveryFault) {
  EXPECT_THAT(csv_faults("id,title,capacity\na,t,x\nb c,,0\nd,t,1\n"),
              ElementsAre("/2/capacity", "/3/id", "/3/title", "/3/capacity"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,t,1\na,u,1\n"), ElementsAre("/3/id"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,t\n"), ElementsAre("/2"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,\"t,1\n"), ElementsAre("/2"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,t\"t,1\n"), ElementsAre("/2"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,\"t\"t,1\n"), ElementsAre("/2"));
  EXPECT_THAT(csv_faults("id,title,capacity\na,t,1\rb,t,1\n"), ElementsAre("/2"));
  EXPECT_THAT(csv_faults("id,title,capacity,kind,price\na,\xff,1,opera,1.5\n"),
              ElementsAre("/2/title", "/2/kind", "/2/price"));
}

TEST(DecodeCatalogue, RefusesAHeaderThatIsNotOurs) {
  EXPECT_THAT(csv_faults(""), ElementsAre("/1"));
  EXPECT_THAT(csv_faults("id,title\na,b\n"), ElementsAre("/1"));
  EXPECT_THAT(csv_faults("id,title,capacity,colour\na,b,1,red\n"), ElementsAre("/1"));
  EXPECT_THAT(csv_faults("id,title,capacity,id\na,b,1,c\n"), ElementsAre("/1"));
  EXPECT_THAT(csv_faults("id,title,capacity\n"), ElementsAre(""));
}

TEST(DecodeCatalogue, HoldsItsBounds) {
  EXPECT_THAT(csv_faults("id,title,capacity\na,t,1\nb,t,1\nc,t,1\nd,t,1\n"), ElementsAre("/5"));
  std::string many = "id,title,capacity\n";
  for (std::size_t i = 0; i < 500; ++i) many += "?,t,1\n";
  auto decoded = decode_catalogue(many, 1000);
  // One more than is listed, which shows that there are more.
  EXPECT_EQ(pointers(decoded).size(), faults_listed_max + 1);
}

}  // namespace
}  // namespace sugang
