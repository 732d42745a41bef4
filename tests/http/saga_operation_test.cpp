#include <gmock/gmock.h>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

class SagaOperations : public Served {
 protected:
  void SetUp() override {
    register_course("c");
    enrollment = enroll("c", "s").json()["id"];
    path = "/v1/sagas/saga_" + enrollment.substr(4);
    // Which sagas may be operated is not reported here.
    backend.end_with([](Outcome& outcome) { outcome.refusal.reset(); });
  }

  std::string enrollment;
  std::string path;
};

TEST_F(SagaOperations, AreTakenUpWithTheirReason) {
  const auto retried = call("POST", path + "/retry");
  EXPECT_EQ(retried.status, 202);
  EXPECT_EQ(retried.json()["enrollmentId"], enrollment);
  EXPECT_EQ(retried.field("location"), path);
  EXPECT_EQ(backend.last_request<Operation>().action, OperatorAction::retry);
  EXPECT_EQ(backend.last_request<Operation>().reason, "");
  EXPECT_EQ(post(path + "/retry", R"({"reason":"it is up again"})").status, 202);
  EXPECT_EQ(backend.last_request<Operation>().reason, "it is up again");
  EXPECT_EQ(post(path + "/compensate", R"({"reason":"asked for"})").status, 202);
  EXPECT_EQ(backend.last_request<Operation>().action, OperatorAction::compensate);
  EXPECT_EQ(post(path + "/resolve", R"({"reason":"by hand"})").status, 202);
  EXPECT_EQ(backend.last_request<Operation>().action, OperatorAction::resolve);
  EXPECT_EQ(backend.last_request<Operation>().reason, "by hand");
}

TEST_F(SagaOperations, WantAReasonButForARetry) {
  for (const auto* verb : {"/compensate", "/resolve"})
    for (const auto& body :
         {std::string{"{}"}, std::string{R"({"reason":""})"}, R"({"reason":")" + std::string(501, 'x') + R"("})"})
      EXPECT_EQ(post(path + verb, body).json()["errors"][0]["pointer"], "/reason") << verb << body;
  EXPECT_EQ(post(path + "/retry", R"({"reason":5})").json()["errors"][0]["pointer"], "/reason");
  EXPECT_EQ(backend.count("operate_saga"), 0u);
}

TEST_F(SagaOperations, AreRefusedWithWhatToDoInstead) {
  for (const auto& [error, name, status] : std::vector<std::tuple<SagaError, std::string, int>>{
           {SagaError::ended, "saga-ended", 409},
           {SagaError::not_compensatable, "not-compensatable", 409},
           {SagaError::not_resolvable, "not-resolvable", 409},
           {SagaError::outcome_unknown, "outcome-unknown", 409},
           {SagaError::not_awaited, "not-awaited", 409},
           {SagaError::too_many_changes, "too-many-changes", 409},
           {SagaError::not_found, "enrollment-not-found", 404}}) {
    backend.end_with([error = error](Outcome& outcome) { outcome.refusal = error; });
    const auto refused = post(path + "/compensate", R"({"reason":"x"})");
    EXPECT_EQ(refused.problem(), name);
    EXPECT_EQ(refused.status, status);
  }
  backend.end_with({});
  EXPECT_EQ(post(path + "/compensate", R"({"reason":"x"})").problem(), "not-compensatable");
  EXPECT_EQ(call("POST", "/v1/sagas/saga_00000000000000000000000000/retry").problem(), "enrollment-not-found");
  EXPECT_EQ(call("POST", "/v1/sagas/mine/retry").problem(), "enrollment-not-found");
}

TEST_F(SagaOperations, AKeyedOneIsDoneOnceThoughTheServerCrashed) {
  const std::string body = R"({"reason":"x"})";
  const auto first = post(path + "/compensate", body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(post(path + "/compensate", body, {{"Idempotency-Key", "k"}}).body, first.body);
  backend.forget_stored_answers();
  const auto joined = post(path + "/compensate", body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(joined.status, 202);
  EXPECT_EQ(joined.json()["id"], first.json()["id"]);
  EXPECT_EQ(backend.count("operate_saga"), 1u);
  EXPECT_EQ(backend.count("join_enrollment"), 1u);
}

}  // namespace
}  // namespace sugang
