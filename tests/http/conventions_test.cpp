#include <gmock/gmock.h>

#include "http/api/problem.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Where the answer's link leads on to; empty: it is the last.
std::string next_of(const WireAnswer& answer) {
  const auto link = answer.field("link");
  return link.empty() ? "" : link.substr(1, link.find('>') - 1);
}

using Prefer = ServedCourse;

TEST_F(Prefer, WhatIsHonouredComesBack) {
  EXPECT_EQ(enroll("c", "s", {{"Prefer", "wait=10"}}).field("preference-applied"), "wait=10");
  EXPECT_EQ(backend.last_wait(), seconds{10});
  EXPECT_EQ(enroll("c", "s", {{"Prefer", "respond-async"}}).field("preference-applied"), "respond-async");
  EXPECT_EQ(backend.last_wait(), seconds{0});
  EXPECT_EQ(enroll("c", "s", {{"Prefer", "return=minimal"}, {"Prefer", "wait=2"}}).field("preference-applied"),
            "wait=2");
}

TEST_F(Prefer, NothingSaidIsPassedOnAsNothing) {
  const auto answer = enroll("c", "s");
  EXPECT_EQ(answer.fields.count("preference-applied"), 0u);
  EXPECT_EQ(backend.last_wait(), std::nullopt);
}

using EntityTags = ServedCourse;

TEST_F(EntityTags, EverySingleResourceHasOneAndIsNotSentAgain) {
  const auto enrollment = enroll("c", "s").json();
  const auto id = enrollment["id"].get<std::string>();
  for (const auto& path :
       {std::string{"/v1/courses/c"}, "/v1/enrollments/" + id,
        "/v1/payments/" + enrollment["payment"]["id"].get<std::string>(), "/v1/sagas/saga_" + id.substr(4)}) {
    const auto tag = get(path).field("etag");
    ASSERT_NE(tag, "") << path;
    const auto again = get(path, {{"If-None-Match", "\"other\", W/" + tag}});
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.field("etag"), tag);
    EXPECT_EQ(get(path, {{"If-None-Match", "\"other\""}}).status, 200) << path;
  }
}

TEST_F(EntityTags, AnEditWantsIfMatchAndComparesTheDefinition) {
  const std::string json = "application/json";
  auto patch = [&](const std::string& tag, const std::string& body = R"({"title":"New"})") {
    WireFields fields{{"Content-Type", json}};
    if (!tag.empty()) fields.emplace_back("If-Match", tag);
    return call("PATCH", "/v1/courses/c", fields, body);
  };
  EXPECT_EQ(patch("").problem(), "precondition-required");
  EXPECT_EQ(patch("nonsense").problem(), "malformed");
  for (const auto* tag : {"\"2.1\"", "W/\"1.1\"", "\"x\"", "\"99999999999999999999.1\"", "\"7.1\", \"8.1\""})
    EXPECT_EQ(patch(tag).problem(), "precondition-failed") << tag;
  const auto edited = patch("\"1.999\"");
  EXPECT_EQ(edited.status, 200);
  EXPECT_EQ(edited.field("etag"), "\"2.2\"");
  EXPECT_EQ(patch("\"9.1\", \"2.1\"").status, 200);
  EXPECT_EQ(patch("*").status, 200);
  EXPECT_EQ(patch("*", R"({"title":1,"capacity":"9"})").status, 422);
  EXPECT_EQ(call("PATCH", "/v1/courses/none", {{"Content-Type", json}, {"If-Match", "*"}}, "{}").problem(),
            "course-not-found");
}

TEST_F(EntityTags, ACourseThatOpenedByTheClockIsSentAgain) {
  register_course("later", R"(,"opensAt":"2999-01-01T00:00:00Z")");
  const auto tag = get("/v1/courses/later").field("etag");
  EXPECT_EQ(get("/v1/courses/later", {{"If-None-Match", tag}}).status, 304);
}

using Lists = ServedCourse;

TEST_F(Lists, GoOnWhereThePageEnded) {
  for (int i = 0; i < 5; ++i) enroll("c", "s" + std::to_string(i));
  std::string target = "/v1/enrollments?courseId=c&limit=2";
  std::vector<std::size_t> sizes;
  while (!target.empty()) {
    const auto page = get(target);
    sizes.push_back(page.json()["items"].size());
    target = next_of(page);
    EXPECT_EQ(target.empty(), page.json()["next"].is_null());
    if (!target.empty()) {
      EXPECT_THAT(target, HasSubstr("courseId=c&limit=2&cursor="));
    }
  }
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

TEST_F(Lists, RefuseParametersThatAreNotOurs) {
  for (const auto* target :
       {"/v1/courses?limit=0", "/v1/courses?limit=201", "/v1/courses?limit=x", "/v1/courses?limit=",
        "/v1/courses?limit=-1", "/v1/enrollments?limit=1.5", "/v1/events?limit=99999999999999999999",
        "/v1/sagas?state=asleep", "/v1/sagas?state=none", "/v1/enrollments?state=none", "/v1/courses?kind=opera",
        "/v1/courses?cursor=bogus", "/v1/events?after=x", "/v1/payments", "/v1/payments?enrollmentId=x",
        "/v1/enrollments?studentId=a%20b", "/v1/enrollments?cursor=%zz"}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.problem(), "invalid-request") << target;
    if (answer.status == 422) {
      EXPECT_THAT(answer.json()["errors"][0]["pointer"].get<std::string>(), StartsWith("?"));
    }
  }
}

TEST_F(Lists, PassFiltersOn) {
  register_course("d");
  const auto id = enroll("c", "s").json()["id"];
  for (const auto& [course, student] : {std::pair{"c", "t"}, std::pair{"d", "s"}}) enroll(course, student);
  const auto count = [this](const std::string& target) { return get(target).json()["items"].size(); };
  const auto one = get("/v1/enrollments?studentId=s&courseId=c&state=confirmed").json()["items"];
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0]["id"], id);
  EXPECT_EQ(count("/v1/enrollments?studentId=s&courseId=c&state=cancelled"), 0u);
  EXPECT_EQ(count("/v1/enrollments?studentId=s"), 2u);
  EXPECT_EQ(count("/v1/sagas?state=completed"), 3u);
  EXPECT_EQ(count("/v1/sagas?state=stuck"), 0u);
  EXPECT_EQ(count("/v1/courses/c/enrollments"), 2u);
  EXPECT_EQ(count("/v1/courses/c/enrollments?state=cancelled"), 0u);
}

TEST_F(Lists, WaitForTheCallersOwnWrite) {
  const auto position = enroll("c", "s").field("sugang-position");
  EXPECT_EQ(get("/v1/students/s/page", {{"Sugang-Min-Position", position}}).status, 200);
  EXPECT_EQ(get("/v1/students/s/page", {{"Sugang-Min-Position", "yesterday"}}).problem(), "malformed");
  EXPECT_NE(backend.last_min_position(), 0u);
  backend.set_view_error(ServiceError::views_behind);
  const auto behind = get("/v1/courses", {{"Sugang-Min-Position", position}});
  EXPECT_EQ(behind.problem(), "view-behind");
  EXPECT_EQ(behind.field("retry-after"), "1");
}

TEST_F(Lists, MyPageShowsTitlesAndItsPosition) {
  enroll("c", "s");
  const auto page = get("/v1/students/s/page").json();
  EXPECT_EQ(page["enrollments"][0]["courseTitle"], "Verse");
  EXPECT_TRUE(page["position"].is_string());
  EXPECT_TRUE(get("/v1/students/stranger/page").json()["enrollments"].empty());
  EXPECT_EQ(get("/v1/students/a%20b/page").status, 404);
}

TEST_F(Lists, PaymentsAndSagasOfAnEnrollmentAreListsOfOne) {
  const auto id = enroll("c", "s").json()["id"].get<std::string>();
  const auto payments = get("/v1/payments?enrollmentId=" + id).json()["items"];
  ASSERT_EQ(payments.size(), 1u);
  EXPECT_EQ(payments[0]["enrollmentId"], id);
  EXPECT_EQ(get("/v1/sagas?enrollmentId=" + id).json()["items"].size(), 1u);
  EXPECT_EQ(get("/v1/sagas?state=stuck&enrollmentId=" + id).json()["items"].size(), 0u);
  EXPECT_EQ(get("/v1/payments?enrollmentId=enr_00000000000000000000000000").json()["items"].size(), 0u);
}

using Events = ServedCourse;

TEST_F(Events, AreCloudEventsThatNameTheirCause) {
  const auto id = enroll("c", "s", {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}})
                      .json()["id"]
                      .get<std::string>();
  const auto timeline = get("/v1/enrollments/" + id + "/events").json()["items"];
  ASSERT_EQ(timeline.size(), 8u);
  EXPECT_EQ(timeline[0]["type"], "sugang.enrollment.requested");
  EXPECT_EQ(timeline[0]["data"]["courseId"], "c");
  EXPECT_EQ(timeline[0]["data"]["amount"]["currency"], "KRW");
  EXPECT_EQ(timeline[2]["subject"], "c");
  EXPECT_EQ(timeline[2]["causationid"], "saga_" + id.substr(4) + ":hold_seats:act");
  EXPECT_EQ(timeline[2]["enrollmentid"], id);
  EXPECT_EQ(timeline[2]["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(timeline[7]["type"], "sugang.saga.completed");
  EXPECT_FALSE(timeline[7].contains("causationid"));
}

TEST_F(Events, GoOnToTheEndAndHideWhatTheServerNotesForItself) {
  enroll("c", "s");
  std::string target = "/v1/events?limit=3";
  std::vector<std::string> types;
  std::string last;
  while (!target.empty()) {
    const auto batch = get(target);
    EXPECT_EQ(batch.field("content-type"), "application/cloudevents-batch+json");
    for (const auto& event : batch.json()) types.push_back(event["type"]);
    target = next_of(batch);
    last = batch.field("sugang-position");
  }
  EXPECT_EQ(types.size(), 9u);
  EXPECT_THAT(types, Each(Not(HasSubstr("request."))));
  enroll("c", "t");
  EXPECT_EQ(get("/v1/events?after=" + last).json().size(), 8u);
}

TEST_F(Events, ATimelineIsPagedToo) {
  const auto id = enroll("c", "s").json()["id"].get<std::string>();
  const auto first = get("/v1/enrollments/" + id + "/events?limit=4");
  EXPECT_EQ(first.json()["items"].size(), 4u);
  EXPECT_EQ(get(next_of(first)).json()["items"].size(), 4u);
  EXPECT_EQ(get("/v1/enrollments/enr_00000000000000000000000000/events").problem(), "enrollment-not-found");
}

using Courses = ServedCourse;

TEST_F(Courses, GetAnIdWhenTheyBringNone) {
  const auto made = post("/v1/courses", R"({"kind":"performance","title":"Opera","capacity":10})");
  EXPECT_EQ(made.status, 201);
  const auto id = made.json()["id"].get<std::string>();
  EXPECT_TRUE(is_valid_name(id)) << id;
  EXPECT_THAT(id, StartsWith("crs_"));
  EXPECT_EQ(made.field("location"), "/v1/courses/" + id);
  EXPECT_EQ(get(made.field("location")).json()["kind"], "performance");
  EXPECT_EQ(register_course("c").problem(), "already-exists");
}

TEST_F(Courses, AreImportedWholeOrNotAtAll) {
  const WireFields csv{{"Content-Type", "text/csv; charset=utf-8"}};
  const auto made = call("POST", "/v1/courses/import", csv, "id,title,capacity\na,One,1\nb,Two,2\n");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.json(), (nlohmann::json{{"created", 2}}));
  const auto again = call("POST", "/v1/courses/import", csv, "id,title,capacity\nx,One,1\nb,Two,2\n");
  EXPECT_EQ(again.problem(), "already-exists");
  EXPECT_EQ(again.json()["errors"][0]["pointer"], "/3/id");
  const auto faulty = call("POST", "/v1/courses/import", csv, "id,title,capacity\nx,One,many\n");
  EXPECT_EQ(faulty.json()["errors"][0]["pointer"], "/2/capacity");
  EXPECT_EQ(backend.count("import_courses"), 2u);
}

using Messages = ServedCourse;

TEST_F(Messages, ARequestIdIsEchoedOrMade) {
  EXPECT_EQ(get("/", {{"X-Request-Id", "mine-1"}}).field("x-request-id"), "mine-1");
  const auto first = get("/").field("x-request-id"), second = get("/").field("x-request-id");
  EXPECT_NE(first, "");
  EXPECT_NE(first, second);
  EXPECT_NE(get("/", {{"X-Request-Id", "a b"}}).field("x-request-id"), "a b");
  EXPECT_LE(get("/", {{"X-Request-Id", std::string(4000, 'x')}}).field("x-request-id").size(), 128u);
}

TEST_F(Messages, HeadIsGetWithoutABody) {
  const auto full = get("/v1/courses/c"), bare = call("HEAD", "/v1/courses/c");
  EXPECT_EQ(bare.status, 200);
  EXPECT_EQ(bare.field("etag"), full.field("etag"));
  EXPECT_EQ(bare.field("content-length"), full.field("content-length"));
}

TEST_F(Messages, EveryBodyEndsWithALineFeedAndContentLengthCountsIt) {
  const std::string big(limits.body_bytes_max + 1, 'x');
  const std::vector<WireAnswer> answers{get("/v1/courses/c"),          get("/v1/courses"),
                                        get("/v1/courses/none"),       get("/none"),
                                        get("/openapi.json"),          get("/problems/sold-out"),
                                        call("DELETE", "/v1/courses"), enroll("c", "s"),
                                        post("/v1/enrollments", "{}"), post("/v1/enrollments", big),
                                        manage("GET", "/livez"),       manage("GET", "/metrics")};
  for (const auto& answer : answers) {
    EXPECT_TRUE(answer.body.ends_with("\n") && !answer.body.ends_with("\n\n")) << answer.body;
    EXPECT_EQ(answer.field("content-length"), std::to_string(answer.body.size())) << answer.body;
  }
}

TEST_F(Messages, AMethodThatIsNotOfferedIs405AndListsThoseThatAre) {
  EXPECT_EQ(call("DELETE", "/v1/courses").field("allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(call("DELETE", "/v1/courses/c").problem(), "method-not-allowed");
  const auto options = call("OPTIONS", "/v1/courses/c");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.field("allow"), "GET, HEAD, PATCH, OPTIONS");
  EXPECT_EQ(options.fields.count("content-length"), 0u);
}

TEST_F(Messages, AnUnknownPathIs404) {
  for (const auto* path : {"/nowhere", "/v1//courses", "/v1/courses/", "/v1/courses/c/", "/%", "/v1/courses/%zz",
                           "/metrics", "/v1/admin/gateway", "/../etc/passwd"})
    EXPECT_EQ(get(path).status, 404) << path;
  EXPECT_EQ(get("/v1/courses/%ff").problem(), "course-not-found");
  EXPECT_EQ(get("/v1/courses/%63").status, 200);
  EXPECT_EQ(get("/v1/enrollments/enr_1").problem(), "enrollment-not-found");
}

TEST_F(Messages, ABodyMustBeAnnouncedAsWhatItIs) {
  const std::string body = R"({"courseId":"c","studentId":"s"})";
  for (const auto* type : {"text/plain", "text/csv", "application/xml", "application/json; charset=latin1"})
    EXPECT_EQ(call("POST", "/v1/enrollments", {{"Content-Type", type}}, body).problem(), "unsupported-media-type")
        << type;
  EXPECT_EQ(call("POST", "/v1/enrollments", {}, body).status, 415);
  EXPECT_EQ(call("POST", "/v1/enrollments", {{"Content-Type", "application/json; charset=UTF-8"}}, body).status,
            201);
}

TEST_F(Messages, MalformedBodiesReachNothing) {
  const auto before = backend.calls();
  for (const auto* body : {"", "{", "[1", "{\"a\":1}x", "{\"a\":1,\"a\":2}", "nul"}) {
    EXPECT_EQ(post("/v1/enrollments", body).problem(), "malformed") << body;
    EXPECT_EQ(post("/v1/courses", body).problem(), "malformed") << body;
  }
  for (const auto* body : {"[]", "1", "\"x\"", "null"}) {
    const auto answer = post("/v1/enrollments", body);
    EXPECT_EQ(answer.problem(), "invalid-request") << body;
    EXPECT_EQ(answer.json()["errors"][0]["pointer"], "");
  }
  EXPECT_EQ(backend.calls(), before);
}

TEST_F(Messages, EveryProblemTypeHasItsPage) {
  for (const auto& type : problem_types()) {
    const auto page = get("/problems/" + std::string{type.name});
    EXPECT_EQ(page.status, 200) << type.name;
    EXPECT_THAT(page.body, HasSubstr(std::string{type.explanation}));
  }
  EXPECT_EQ(get("/problems/none").status, 404);
}

TEST_F(Messages, AFaultInTheBackendIs500AndTheServerGoesOn) {
  backend.throw_on_place();
  EXPECT_EQ(enroll("c", "s").problem(), "internal-error");
  EXPECT_EQ(enroll("c", "s", {{"Idempotency-Key", "k"}}).problem(), "internal-error");
  EXPECT_EQ(get("/v1/courses/c").status, 200);
}

TEST_F(Messages, ATraceIsPassedOn) {
  enroll("c", "s", {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
  EXPECT_TRUE(backend.last_trace().present());
  enroll("c", "s", {{"traceparent", "nonsense"}});
  EXPECT_FALSE(backend.last_trace().present());
}

}  // namespace
}  // namespace sugang
