#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/api/api.hpp"
#include "http/api/coaching.hpp"
#include "http/api/course_import.hpp"
#include "http/api/courses.hpp"
#include "http/api/enrollments.hpp"
#include "http/api/json_document.hpp"
#include "http/api/management.hpp"
#include "http/api/webhooks.hpp"
#include "http/server/framing_policy.hpp"
#include "http/server/request_fields.hpp"
#include "http/server/router.hpp"

namespace {

using namespace sugang;

constexpr TimePoint now{Milliseconds{1'772'445'600'000}};
constexpr std::size_t rows_max = 50;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A refusal says why, in UTF-8, and is either malformed or has faults.
template <class Value>
const Value* check(const Decoded<Value>& decoded) {
  if (const auto* refusal = std::get_if<BodyRefusal>(&decoded)) {
    require(refusal->malformed.empty() != refusal->faults.empty());
    require(refusal->faults.size() <= faults_listed_max);
    require(is_utf8(refusal->malformed));
    for (const auto& fault : refusal->faults) require(is_utf8(fault.detail) && is_utf8(fault.pointer));
  }
  return std::get_if<Value>(&decoded);
}

void check_definition(const CourseDefinition& course) {
  require(course.capacity >= 1 && course.capacity <= capacity_max);
  require(!course.title.empty() && count_characters(course.title) <= title_chars_max && is_utf8(course.title));
  require(course.price.amount >= 0 && course.price.amount <= price_max);
  require(course.mileage_percent <= 100);
}

void fuzz_json(std::string_view body) {
  const auto course = decode_course(body, now);
  if (const auto* value = check(course)) {
    check_definition(value->definition);
    require(!value->id || is_valid_name(value->id->text));
  }
  const auto placement = decode_placement(body);
  if (const auto* value = check(placement)) {
    require(is_valid_name(value->course.text) && is_valid_name(value->student.text));
    require(value->seats >= 1 && value->seats <= seats_per_request_max);
  }
  check(decode_revision(body));
  const auto cancellation = decode_optional_reason(body);
  if (const auto* value = check(cancellation)) require(count_characters(*value) <= reason_chars_max);
  const auto reason = decode_reason(body);
  if (const auto* value = check(reason)) require(!value->empty() && count_characters(*value) <= reason_chars_max);
  const auto assignment = decode_assignment(body);
  if (const auto* value = check(assignment)) require(is_valid_name(value->instructor.text));
  const auto agreed = decode_schedule(body);
  if (const auto* value = check(agreed)) {
    require(value->slot.starts_at < value->slot.ends_at);
    require(value->slot.ends_at - value->slot.starts_at <= slot_max);
  }
  const auto result = decode_result(body);
  if (const auto* value = check(result)) require(count_characters(value->result) <= result_chars_max);
  const auto subscription = decode_webhook(body);
  if (const auto* value = check(subscription)) {
    require(count_characters(value->url) <= webhook_url_chars_max);
    require(value->kinds.size() <= EnumNames<NoticeKind>::values.size());
  }
  const auto settings = decode_gateway_settings(body);
  if (const auto* value = check(settings)) require(value->latency_min_ms <= value->latency_max_ms);
  check(decode_component_state(body));
}

void fuzz_catalogue(std::string_view body) {
  const auto rows = decode_catalogue(body, rows_max);
  const auto* value = check(rows);
  if (!value) return;
  require(!value->empty() && value->size() <= rows_max);
  for (const auto& row : *value) {
    require(is_valid_name(row.id.text) && row.line > 1);
    check_definition(row.definition);
  }
}

void fuzz_fields(std::string_view field) {
  const auto prefer = parse_prefer(field);
  require(!prefer.wait || *prefer.wait <= wait_max);
  const auto trace = parse_traceparent(field);
  if (trace.present()) require(parse_traceparent(traceparent_text(trace)) == trace);
  if (const auto position = parse_position(field)) require(parse_position(position_text(*position)) == position);
  parse_if_match(field, TagOf::course);
  if_none_match_hits(field, "\"1.1\"");
  is_valid_idempotency_key(field);
  is_valid_request_id(field);
  parse_content_type(field);
  constexpr std::array<std::string_view, 2> offered{"application/json", "text/event-stream"};
  best_offer(field, offered);
  percent_decode(field, true);
  for (auto routes : {client_routes(), management_routes()}) find_route(routes, Method::get, field);
}

/// What the policy lets pass frames its body in one way only.
void fuzz_header(std::string_view bytes) {
  HeaderScanner scanner;
  auto found = HeaderScanner::Found::more;
  for (std::size_t size = 0; size <= bytes.size() && found == HeaderScanner::Found::more; ++size)
    found = scanner.scan(bytes.substr(0, size));
  HeaderScanner at_once;
  require(at_once.scan(bytes) == found);
  if (found == HeaderScanner::Found::end) {
    require(at_once.size() == scanner.size());
    framing_fault(bytes.substr(0, scanner.size()));
  }
  framing_fault(bytes);
}

}  // namespace

/// The first byte chooses what the rest is taken for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 4) {
    case 0: fuzz_json(bytes); break;
    case 1: fuzz_catalogue(bytes); break;
    case 2: fuzz_fields(bytes); break;
    default: fuzz_header(bytes);
  }
  return 0;
}
