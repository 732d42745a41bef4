#include <gmock/gmock.h>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

const WireFields csv{{"Content-Type", "text/csv"}};

std::string catalogue(const std::string& id) { return "id,title,capacity\n" + id + ",A course,10\n"; }

std::string import_of(const std::string& id) {
  return render_request("POST", "/v1/courses/import", csv, catalogue(id));
}

class Imports : public Served {
 protected:
  /// Places are free again once the work is over, which may be after its answer.
  void import_as_soon_as_there_is_a_place(const std::string& id) {
    for (;;) {
      WireClient client{port()};
      client.send(import_of(id));
      const auto answer = client.read_answer();
      ASSERT_TRUE(answer);
      if (answer->problem() == "overloaded") continue;
      EXPECT_EQ(answer->status, 201) << answer->body;
      return;
    }
  }
};

TEST_F(Imports, HaveAPathOfTheirOwn) {
  EXPECT_EQ(call("POST", "/v1/courses/import", csv, catalogue("a")).json(), (nlohmann::json{{"created", 1}}));
  EXPECT_EQ(call("POST", "/v1/courses", csv, catalogue("b")).problem(), "unsupported-media-type");
  EXPECT_EQ(post("/v1/courses/import", "{}").problem(), "unsupported-media-type");
  EXPECT_EQ(get("/v1/courses/b").status, 404);
}

TEST_F(Imports, NoCourseTakesTheirPath) {
  const auto read = get("/v1/courses/import");
  EXPECT_EQ(read.status, 405);
  EXPECT_EQ(read.field("allow"), "POST, OPTIONS");
  EXPECT_EQ(register_course("import").json()["errors"][0]["pointer"], "/id");
  const auto imported = call("POST", "/v1/courses/import", csv, catalogue("import"));
  EXPECT_EQ(imported.status, 422);
  EXPECT_EQ(imported.json()["errors"][0]["pointer"], "/2/id");
  EXPECT_EQ(register_course("imports").status, 201);
}

TEST_F(Imports, BeyondTheirBoundAreRefusedBeforeTheyAreRead) {
  limits.imports_max = 2;
  backend.hold_answers();
  WireClient one{port()}, two{port()}, three{port()};
  one.send(import_of("a"));
  two.send(import_of("b"));
  ASSERT_TRUE(backend.await("run_apart", 2));
  three.send(
      "POST /v1/courses/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 9999999\r\n\r\n");
  const auto refused = three.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->problem(), "overloaded");
  EXPECT_EQ(refused->field("retry-after"), "1");
  EXPECT_EQ(get("/").status, 200);
  EXPECT_EQ(server().stats().refused, 1u);
  backend.answer_all();
  EXPECT_EQ(one.read_answer()->status, 201);
  EXPECT_EQ(two.read_answer()->status, 201);
  import_as_soon_as_there_is_a_place("c");
}

TEST_F(Imports, AreCountedFromTheirFirstByte) {
  limits.imports_max = 1;
  {
    WireClient slow{port()};
    slow.send(
        "POST /v1/courses/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nExpect: 100-continue\r\n"
        "Content-Length: 99\r\n\r\n");
    ASSERT_EQ(slow.read_answer()->status, 100);
    EXPECT_EQ(call("POST", "/v1/courses/import", csv, catalogue("a")).problem(), "overloaded");
  }
  import_as_soon_as_there_is_a_place("a");
}

TEST_F(Imports, OfAbandonedCallsAreCountedUntilTheWorkIsOver) {
  limits.imports_max = 1;
  backend.hold_answers();
  {
    WireClient leaves{port()};
    leaves.send(import_of("a"));
    ASSERT_TRUE(backend.await("run_apart"));
  }
  EXPECT_EQ(call("POST", "/v1/courses/import", csv, catalogue("b")).problem(), "overloaded");
  backend.answer_all();
  import_as_soon_as_there_is_a_place("b");
}

TEST_F(Imports, ThatAreRefusedLeaveTheirPlace) {
  limits.imports_max = 2;
  for (int i = 0; i < 3; ++i) {
    // The import before may leave its place a moment behind its answer.
    EXPECT_EQ(call("POST", "/v1/courses/import", csv, "id,colour\n").status, 422);
    import_as_soon_as_there_is_a_place("c-" + std::to_string(i));
  }
}

}  // namespace
}  // namespace sugang
