#include <gmock/gmock.h>

#include "http/api/coaching.hpp"
#include "http/api/course_import.hpp"
#include "http/api/courses.hpp"
#include "http/api/json_document.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

/// One character of four bytes of UTF-8.
constexpr std::string_view wide = "\xf0\x9f\x8e\xbb";

std::string characters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += wide;
  return text;
}

TEST(CountCharacters, CountsCodePoints) {
  EXPECT_EQ(count_characters(""), 0u);
  EXPECT_EQ(count_characters("abc"), 3u);
  EXPECT_EQ(count_characters("\xed\x95\x9c\xea\xb8\x80"), 2u);
  EXPECT_EQ(count_characters(characters(7)), 7u);
}

using TextLimits = Served;

TEST_F(TextLimits, CountCharactersAsTheirDescriptionDoes) {
  const auto title_of = [&](std::size_t count) {
    return R"({"kind":"lecture","capacity":3,"title":")" + characters(count) + R"("})";
  };
  EXPECT_EQ(post("/v1/courses", title_of(title_chars_max)).status, 201);
  const auto refused = post("/v1/courses", title_of(title_chars_max + 1));
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json()["errors"][0]["detail"], "must be at most 500 characters");
  const auto schema = contract().document()["components"]["schemas"]["CourseRegistration"]["properties"]["title"];
  EXPECT_EQ(schema["maxLength"], title_chars_max);

  register_course("c");
  const auto cancel = [&](std::size_t count) {
    return post("/v1/courses/c/cancel", R"({"reason":")" + characters(count) + R"("})").status;
  };
  EXPECT_EQ(cancel(reason_chars_max + 1), 422);
  EXPECT_EQ(cancel(reason_chars_max), 202);
}

TEST_F(TextLimits, CountCharactersInACatalogueToo) {
  const auto import = [&](std::size_t title, std::size_t meets) {
    return call("POST", "/v1/courses/import", {{"Content-Type", "text/csv"}},
                "id,title,capacity,meets\nc," + characters(title) + ",3," + characters(meets) + "\n");
  };
  EXPECT_EQ(import(501, 1).json()["errors"][0]["pointer"], "/2/title");
  EXPECT_EQ(import(1, 201).json()["errors"][0]["pointer"], "/2/meets");
  EXPECT_EQ(import(500, 200).status, 201);
}

TEST_F(TextLimits, AnIdThatNoPathCanNameIsRefused) {
  for (const std::string id : {".", ".."}) {
    EXPECT_EQ(register_course(id).json()["errors"][0]["pointer"], "/id");
    EXPECT_EQ(enroll(id, "s").json()["errors"][0]["pointer"], "/courseId");
    EXPECT_EQ(enroll("c", id).json()["errors"][0]["pointer"], "/studentId");
    EXPECT_EQ(
        call("POST", "/v1/courses/import", {{"Content-Type", "text/csv"}}, "id,title,capacity\n" + id + ",t,3\n")
            .json()["errors"][0]["pointer"],
        "/2/id");
    EXPECT_EQ(get("/v1/enrollments?courseId=" + id).status, 422);
    EXPECT_EQ(get("/v1/courses/" + id).status, 404);
  }
  EXPECT_EQ(register_course("...").status, 201);
}

TEST_F(TextLimits, AListOfFaultsThatIsCutMentionsIt) {
  const auto import = [&](std::size_t faulty) {
    std::string csv = "id,title,capacity\nc,t,1\n";
    for (std::size_t i = 0; i < faulty; ++i) csv += "?,t,1\n";
    return call("POST", "/v1/courses/import", {{"Content-Type", "text/csv"}}, csv).json();
  };
  const auto whole = import(faults_listed_max), cut = import(faults_listed_max + 1);
  EXPECT_EQ(whole["errors"].size(), faults_listed_max);
  EXPECT_EQ(whole["detail"], describe(Problem::invalid_request).explanation);
  EXPECT_EQ(cut["errors"].size(), faults_listed_max);
  EXPECT_EQ(cut["detail"], "errors lists the first 100 faults; there are more");
}

TEST_F(Served, ListsOfACourseThatThereIsNotAre404) {
  for (const auto* list :
       {"/v1/courses/c/enrollments", "/v1/courses/c/waitlist", "/v1/courses/c/enrollments?limit=1"})
    EXPECT_EQ(get(list).problem(), "course-not-found");
  EXPECT_EQ(get("/v1/courses/c/enrollments?limit=0").status, 422);
  register_course("c");
  for (const auto* list : {"/v1/courses/c/enrollments", "/v1/courses/c/waitlist"})
    EXPECT_EQ(get(list).json()["items"], nlohmann::json::array());
  // A filter that nothing passes is no resource that there is not.
  EXPECT_EQ(get("/v1/enrollments?courseId=nowhere").status, 200);
}

}  // namespace
}  // namespace sugang
