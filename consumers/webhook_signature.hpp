#pragma once

#include <string>
#include <string_view>

#include "domain/time.hpp"

namespace sugang {

// As Standard Webhooks (github.com/standard-webhooks) prescribes for its symmetric scheme, v1.

/// `whsec_` and the base64 of 32 bytes from the operating system's source.
std::string make_webhook_secret();

/// What a receiver compares with: `v1,` and the base64 of HMAC-SHA256 over `id.seconds.body`. Throws
/// std::invalid_argument when the secret is none.
std::string sign_webhook(std::string_view secret, std::string_view id, TimePoint at, std::string_view body);
/// The `webhook-timestamp` that goes with it: seconds since the Unix epoch.
std::string webhook_timestamp(TimePoint at);

}  // namespace sugang
