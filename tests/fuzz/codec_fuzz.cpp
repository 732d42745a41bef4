#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/codec.hpp"

namespace {

/// What decodes is encoded and decodes to the same; what does not throws DecodeError and nothing else.
template <class Decode, class Encode>
void check(std::string_view bytes, Decode decode, Encode encode) {
  std::optional<decltype(decode(bytes))> value;
  try {
    value = decode(bytes);
  } catch (const sugang::DecodeError&) {
    return;
  }
  if (!(decode(encode(*value)) == *value)) std::abort();
}

std::vector<sugang::Record> decode_record(std::string_view bytes) {
  std::vector<sugang::Record> events;
  sugang::decode_events(bytes, events);
  return events;
}

std::string encode_record(const std::vector<sugang::Record>& events) {
  std::string bytes;
  if (sugang::encode_events(events, bytes) != events.size()) std::abort();
  return bytes;
}

}  // namespace

/// The first byte chooses what the rest is taken for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 5) {
    case 0: check(bytes, decode_record, encode_record); break;
    case 1:
      check(bytes, sugang::decode_course,
            [](const sugang::Course& course) { return sugang::encode_snapshot(course); });
      break;
    case 2:
      check(bytes, sugang::decode_calendar,
            [](const sugang::InstructorCalendar& calendar) { return sugang::encode_snapshot(calendar); });
      break;
    case 3:
      check(bytes, sugang::decode_webhooks,
            [](const sugang::WebhookRegistry& registry) { return sugang::encode_snapshot(registry); });
      break;
    default:
      check(bytes, sugang::decode_summary,
            [](const sugang::EnrollmentSummary& summary) { return sugang::encode(summary); });
  }
  return 0;
}
