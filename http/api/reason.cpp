#include "http/api/reason.hpp"

namespace sugang {

Decoded<std::string> decode_reason(std::string_view body) {
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    members.require("reason");
    set(value, members.text("reason", reason_chars_max));
  });
}

Decoded<std::string> decode_optional_reason(std::string_view body) {
  if (body.empty()) return std::string{};
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    set(value, members.text("reason", reason_chars_max, true));
  });
}

}  // namespace sugang
