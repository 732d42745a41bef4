#include "http/api/request_key.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sugang {
namespace {

const CourseId course{"lecture-1"};
const EnrollmentId enrollment{make_uid(TimePoint{Milliseconds{1'772'445'600'123}}, Partition{700}, 5, 1)};
constexpr std::string_view path = "/v1/enrollments";

RequestKey of(std::string_view caller, const std::optional<AggregateId>& resource, std::string_view key) {
  return request_key(caller, resource, key, "POST", path, "{}");
}

TEST(RequestKey, NamesCallerResourceAndKeyAlone) {
  const auto key = of("s1", course, "k");
  EXPECT_EQ(key.id, request_key("s1", course, "k", "PATCH", "/v1/courses/lecture-1", "other").id);
  EXPECT_NE(key.id, of("s2", course, "k").id);
  EXPECT_NE(key.id, of("s1", CourseId{"lecture-2"}, "k").id);
  EXPECT_NE(key.id, of("s1", enrollment, "k").id);
  EXPECT_NE(key.id, of("s1", {}, "k").id);
  EXPECT_NE(key.id, of("s1", course, "l").id);
  EXPECT_NE(of("ab", {}, "c").id, of("a", {}, "bc").id);
  EXPECT_NE(of("s1", CourseId{to_text(enrollment)}, "k").id, of("s1", enrollment, "k").id)
      << "a course may be named as an enrollment is";
}

TEST(RequestKey, ComparesMethodPathAndBody) {
  const auto key = of("s1", course, "k");
  EXPECT_EQ(key.body, request_key("s2", {}, "l", "POST", path, "{}").body);
  EXPECT_NE(key.body, request_key("s1", course, "k", "POST", path, "other").body);
  EXPECT_NE(key.body, request_key("s1", course, "k", "POST", "/v1/courses", "{}").body);
  EXPECT_NE(key.body, request_key("s1", course, "k", "PATCH", path, "{}").body);
}

TEST(RequestKey, LivesInThePartitionOfItsResource) {
  EXPECT_EQ(of("s1", enrollment, "k").id.uid.partition(), Partition{700});
  for (int i = 0; i < 100; ++i) {
    const CourseId each{"lecture-" + std::to_string(i)};
    EXPECT_EQ(of("s1", each, "k").id.uid.partition(), AggregateId{each}.partition());
  }
}

TEST(RequestKey, WithoutAResourceLivesWhereCallerAndKeyPoint) {
  const auto partition_of = [](std::string_view caller, const std::string& key) {
    return of(caller, {}, key).id.uid.partition();
  };
  EXPECT_EQ(partition_of("s1", "k"), request_key("s1", {}, "k", "POST", "/v1/webhooks", "[]").id.uid.partition());
  std::set<Partition> of_keys, of_callers;
  for (int i = 0; i < 1'000; ++i) {
    of_keys.insert(partition_of("s1", std::to_string(i)));
    of_callers.insert(partition_of("s" + std::to_string(i), "k"));
  }
  // 1024 × (1 - (1 - 1/1024)^1000) = 638 of them are to be expected.
  EXPECT_GT(of_keys.size(), 500u);
  EXPECT_GT(of_callers.size(), 500u);
}

TEST(RequestKey, StaysTheSameForEver) {
  // Stored in the journal: a changed digest would run every repeated request again.
  const auto key = request_key("s1", course, "k", "POST", path, "abc");
  EXPECT_EQ(to_uuid_text(key.body), "1a82f3f4-8ac0-e9b0-2ab5-e151a6754434");
  EXPECT_EQ(to_uuid_text(key.id.uid), "e397b810-73ab-7456-b595-a44973e4c036");
  EXPECT_EQ(to_uuid_text(of("s1", {}, "k").id.uid), "3a5e5d83-4468-7926-a1ca-cd845373ba56");
}

}  // namespace
}  // namespace sugang
