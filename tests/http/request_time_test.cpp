#include <mutex>

#include "tests/http/served.hpp"

namespace sugang {
namespace {

struct Timed {
  std::chrono::nanoseconds took{0};
  bool chose_to_wait = false;
};

class Times : public RequestObserver {
 public:
  void answered(const AnsweredRequest& request) override {
    std::lock_guard lock{mutex_};
    if (request.route == "/v1/enrollments") seen_.push_back({request.took, request.chose_to_wait});
  }
  void connections_changed(std::string_view, std::size_t) override {}
  void connection_refused(std::string_view, std::size_t) override {}
  void accept_failed(std::string_view, std::string_view) override {}
  std::vector<Timed> seen() {
    std::lock_guard lock{mutex_};
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::vector<Timed> seen_;
};

class RequestTime : public Served {
 protected:
  RequestTime() {
    observer = times;
    register_course("c");
  }
  const std::shared_ptr<Times> times = std::make_shared<Times>();
};

TEST_F(RequestTime, BeginsWhenTheWholeRequestIsRead) {
  using Clock = std::chrono::steady_clock;
  const auto whole = render_request("POST", "/v1/enrollments", {{"Content-Type", "application/json"}},
                                    R"({"courseId":"c","studentId":"s"})");
  WireClient slow{port()};
  const auto begun = Clock::now();
  slow.send(std::string_view{whole}.substr(0, whole.size() - 1));
  while (Clock::now() - begun < std::chrono::milliseconds{500}) EXPECT_EQ(get("/").status, 200);
  const auto upload = Clock::now() - begun;
  slow.send(std::string_view{whole}.substr(whole.size() - 1));
  ASSERT_EQ(slow.read_answer()->status, 201);
  ASSERT_EQ(times->seen().size(), 1u);
  EXPECT_LT(times->seen()[0].took, upload / 2);
}

TEST_F(RequestTime, IsMarkedWhereTheCallerChoseToWait) {
  enroll("c", "a");
  enroll("c", "b", {{"Prefer", "wait=3"}});
  enroll("c", "d", {{"Prefer", "wait=0"}});
  enroll("c", "e", {{"Prefer", "respond-async"}});
  std::vector<bool> chosen;
  for (const auto& each : times->seen()) chosen.push_back(each.chose_to_wait);
  EXPECT_EQ(chosen, (std::vector<bool>{false, true, false, false}));
}

}  // namespace
}  // namespace sugang
