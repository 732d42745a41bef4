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
void write_page_row(JsonWriter& json, const PageRow& row);
void write_payment(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_saga(JsonWriter& json, const EnrollmentSummary& enrollment);
void write_charge(JsonWriter& json, const ChargeEntry& charge);
void write_gateway_settings(JsonWriter& json, const GatewaySettings& settings);
void write_component(JsonWriter& json, const ComponentStatus& component);

/// CloudEvents 1.0, structured. Only for records that callers may see (`is_public`).
void write_event(JsonWriter& json, const Record& record);
/// What the server notes for itself about keyed requests is no event of the domain.
bool is_public(const Record& record);

/// Body of one thing.
template <class Thing, class Write>
std::string json_of(const Thing& thing, Write write) {
  std::string body;
  body.reserve(640);
  JsonWriter json{body};
  write(json, thing);
  return body;
}

/// `{"items": […], "next": …}`, the items written by `write(json, item)`.
template <class Items, class Write>
std::string json_list(const Items& items, const std::optional<std::string>& next, Write write) {
  std::string body;
  body.reserve(64 + items.size() * 512);
  JsonWriter json{body};
  json.begin_object().key("items").begin_array();
  for (const auto& item : items) write(json, item);
  json.end_array().key("next");
  if (next)
    json.value(std::string_view{*next});
  else
    json.null();
  json.end_object();
  return body;
}

}  // namespace sugang
