#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "http/api/api.hpp"
#include "http/server/server.hpp"
#include "tests/http/contract.hpp"
#include "tests/http/observed_backend.hpp"
#include "tests/http/wire_client.hpp"

namespace sugang {

/// 2026-03-02T10:00:00Z
inline constexpr TimePoint some_time{Milliseconds{1'772'445'600'000}};

/// Of `address:port`.
inline std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
}

/// A server on free ports with the service behind it, its stores in memory; every answer got through `call` is held
/// against the server's own description.
class Served : public testing::Test {
 protected:
  /// Tests set what they need before the first request.
  Limits limits;

  Server& server() {
    if (!server_) {
      ServerSettings settings;
      settings.limits = limits;
      server_ = std::make_unique<Server>(api_site(backend), settings, observer);
      server_->start();
    }
    return *server_;
  }
  /// The next request starts another server on the same backend.
  void restart() { server_.reset(); }
  std::uint16_t port() { return port_of(server().client_address()); }
  std::uint16_t management() { return port_of(server().management_address()); }

  WireAnswer call(std::string method, std::string target, WireFields fields = {},
                  std::optional<std::string> body = std::nullopt) {
    return call_at(port(), std::move(method), std::move(target), std::move(fields), std::move(body));
  }
  WireAnswer manage(std::string method, std::string target, std::optional<std::string> body = std::nullopt) {
    return call_at(management(), std::move(method), std::move(target),
                   body ? WireFields{{"Content-Type", "application/json"}} : WireFields{}, std::move(body));
  }
  WireAnswer get(std::string target, WireFields fields = {}) {
    return call("GET", std::move(target), std::move(fields));
  }
  WireAnswer post(std::string target, std::string body, WireFields fields = {}) {
    fields.emplace_back("Content-Type", "application/json");
    return call("POST", std::move(target), std::move(fields), std::move(body));
  }

  WireAnswer register_course(const std::string& id, const std::string& more = "") {
    return post("/v1/courses",
                R"({"id":")" + id + R"(","kind":"lecture","title":"Verse","capacity":30)" + more + "}");
  }
  WireAnswer enroll(const std::string& course, const std::string& student, WireFields fields = {}) {
    return post("/v1/enrollments", R"({"courseId":")" + course + R"(","studentId":")" + student + R"("})",
                std::move(fields));
  }

  /// The only answer to these bytes, after which the connection ends.
  WireAnswer last_answer(const std::string& bytes) {
    WireClient client{port()};
    client.send(bytes);
    auto answers = client.read_to_end();
    EXPECT_EQ(answers.size(), 1u) << bytes;
    return answers.size() == 1 ? std::move(answers[0]) : WireAnswer{};
  }

  ObservedBackend backend;
  std::shared_ptr<RequestObserver> observer;
  static const Contract& contract() {
    static const Contract contract;
    return contract;
  }

 private:
  WireAnswer call_at(std::uint16_t at, std::string method, std::string target, WireFields fields,
                     std::optional<std::string> body) {
    if (method == "GET") backend.memory().await_views();
    WireClient client{at};
    client.send(render_request(method, target, fields, body));
    auto answer = client.read_answer(method == "HEAD");
    if (!answer) {
      ADD_FAILURE() << method << " " << target << " was not answered";
      return {};
    }
    for (const auto& fault : contract().faults(method, target, *answer))
      ADD_FAILURE() << method << " " << target << " " << answer->status << ": " << fault << "\n" << answer->body;
    return *answer;
  }

  // Last, so that it ends before what it serves.
  std::unique_ptr<Server> server_;
};

/// With one course, `c`.
class ServedCourse : public Served {
 protected:
  void SetUp() override { EXPECT_EQ(register_course("c").status, 201); }
};

}  // namespace sugang
