#pragma once

#include "http/api/command.hpp"

namespace sugang {

inline constexpr std::size_t webhook_url_chars_max = 2048;

/// The address is http or https, names a host, and carries no user or password.
Decoded<CreateWebhook> decode_webhook(std::string_view body);

void write_webhook_delivery(JsonWriter& json, const WebhookDelivery& delivery);

/// What is posted to a webhook.
std::string webhook_body(const Notice& notice);

}  // namespace sugang
