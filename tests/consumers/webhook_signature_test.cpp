#include "consumers/webhook_signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace sugang {
namespace {

using ::testing::StartsWith;

TEST(WebhookSignature, IsThatOfTheStandardsTestVector) {
  EXPECT_EQ(sign_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
                         TimePoint{std::chrono::seconds{1'614'265'330}}, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, ASecretIsFreshAndSigns) {
  const auto one = make_webhook_secret(), other = make_webhook_secret();
  EXPECT_THAT(one, StartsWith("whsec_"));
  EXPECT_EQ(one.size(), std::string{"whsec_"}.size() + 44u) << "32 bytes";
  EXPECT_NE(one, other);
  EXPECT_NE(sign_webhook(one, "a", {}, "b"), sign_webhook(other, "a", {}, "b"));
  EXPECT_NE(sign_webhook(one, "a", {}, "b"), sign_webhook(one, "a", {}, "c"));
  EXPECT_THROW(sign_webhook("secret", "a", {}, "b"), std::invalid_argument);
  EXPECT_THROW(sign_webhook("whsec_**", "a", {}, "b"), std::invalid_argument);
}

}  // namespace
}  // namespace sugang
