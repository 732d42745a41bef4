#pragma once

#include <string>
#include <string_view>

#include "domain/outcome.hpp"
#include "gateway/embedded_settings.hpp"
#include "http/backend.hpp"
#include "http/json_writer.hpp"
#include "views/listing.hpp"

// What the server knows, as API.md shows it. Written straight to the body's string: the answer to an enrollment is
// the hottest thing that this server writes.

namespace sugang {

void write_course(JsonWriter& json, const CourseSnapshot& course);
void write_enrollment(JsonWriter& json, const EnrollmentSummary& enrollment);
/// With its place in the course's line, counted from 1, if it has one.
void write_enrollment_in_line(JsonWriter& json, const EnrollmentSummary& enrollment,
                              std::optional<std::uint64_t> place);
void write_waitlist_row(JsonWriter& json, const WaitlistRow& row);
void write_page_row(JsonWriter& json, const PageRow& row);
void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_saga(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_coaching(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_delivery(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_mileage_row(JsonWriter& json, const MileageRow& row);
void write_notification(JsonWriter& json, const Notification& notification);
/// Never its secret.
void write_webhook(JsonWriter& json, const Webhook& webhook);
/// The one answer that shows the secret.
void write_new_webhook(JsonWriter& json, const NewWebhook& created);
void write_webhook_delivery(JsonWriter& json, const WebhookDelivery& delivery);
void write_charge(JsonWriter& json, const ChargeEntry& charge);
void write_gateway_settings(JsonWriter& json, const GatewaySettings& settings);
void write_component(JsonWriter& json, const ComponentStatus& component);
void write_view(JsonWriter& json, const ViewStatus& view);
void write_set_aside(JsonWriter& json, const SetAside& entry);

/// CloudEvents 1.0, structured. Only for records that callers may see (`is_public`).
void write_event(JsonWriter& json, const Record& record);

/// What is posted to a webhook.
std::string webhook_body(const Notice& notice);

/// Body of one thing.
template <class Thing, class Write>
std::string json_of(const Thing& thing, Write write) {
  std::string body;
  body.reserve(640);
  JsonWriter json{body};
  write(json, thing);
  return body;
}

/// `"next": …`, the cursor of the next page, null on the last.
void write_next(JsonWriter& json, const std::optional<std::string>& next);

/// `{"items": […], "next": …}`, the items written by `write(json, item)`.
template <class Items, class Write>
std::string json_list(const Items& items, const std::optional<std::string>& next, Write write) {
  std::string body;
  body.reserve(64 + items.size() * 512);
  JsonWriter json{body};
  json.begin_object().key("items").begin_array();
  for (const auto& item : items) write(json, item);
  json.end_array();
  write_next(json, next);
  json.end_object();
  return body;
}

}  // namespace sugang
