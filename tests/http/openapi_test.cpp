#include <gmock/gmock.h>

#include <set>

#include "http/api/api.hpp"
#include "http/api/problem.hpp"
#include "http/server/router.hpp"
#include "tests/http/served.hpp"

namespace sugang {
namespace {

std::set<std::string> described() {
  const Contract contract;
  std::set<std::string> operations;
  for (const auto& [path, item] : contract.document()["paths"].items())
    for (const auto& [method, operation] : item.items())
      if (method != "parameters" && method != "servers") operations.insert(method + " " + path);
  return operations;
}

std::set<std::string> routed() {
  std::set<std::string> operations;
  for (auto routes : {client_routes(), management_routes()})
    for (const auto& route : routes) {
      std::string method{to_text(route.method)};
      for (auto& c : method) c = static_cast<char>(std::tolower(c));
      operations.insert(method + " " + std::string{route.path});
      if (route.method == Method::get) operations.insert("head " + std::string{route.path});
    }
  return operations;
}

TEST(OpenApi, DescribesEveryRouteAndNothingElse) { EXPECT_EQ(described(), routed()); }

TEST(OpenApi, PutsEachRouteOnItsPort) {
  const Contract contract;
  for (const auto& route : client_routes())
    EXPECT_FALSE(contract.document()["paths"][std::string{route.path}].contains("servers")) << route.path;
  for (const auto& route : management_routes())
    EXPECT_TRUE(contract.document()["paths"][std::string{route.path}].contains("servers")) << route.path;
}

void follow_references(const Contract& contract, const nlohmann::json& node, std::set<std::string>& used) {
  if (node.is_object() && node.contains("$ref") && node["$ref"].is_string()) {
    EXPECT_NO_THROW(contract.resolve(node)) << node.dump();
    used.insert(node["$ref"].get<std::string>());
  }
  if (!node.is_structured()) return;
  for (const auto& member : node) follow_references(contract, member, used);
}

TEST(OpenApi, ItsReferencesLeadSomewhereAndItsComponentsAreUsed) {
  const Contract contract;
  std::set<std::string> used;
  follow_references(contract, contract.document(), used);
  for (const auto& [kind, components] : contract.document()["components"].items())
    for (const auto& [name, component] : components.items())
      EXPECT_TRUE(used.contains("#/components/" + kind + "/" + name)) << kind << " " << name;
}

TEST(OpenApi, EveryProblemThatItNamesHasAPage) {
  const Contract contract;
  for (const auto& type : problem_types())
    EXPECT_EQ(find_problem_type(type.name)->problem, type.problem) << type.name;
  const auto schema = contract.document()["components"]["schemas"]["Problem"];
  EXPECT_TRUE(schema["properties"].contains("errors"));
}

TEST_F(Served, TheDescriptionIsServed) {
  const auto answer = get("/openapi.json");
  EXPECT_EQ(answer.json()["openapi"], "3.1.0");
  EXPECT_EQ(get("/").json()["links"]["openapi"], "/openapi.json");
}

}  // namespace
}  // namespace sugang
