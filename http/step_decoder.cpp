#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "http/object_decoding.hpp"

// What people say when they take a step in an enrollment's saga, or want to be told.

namespace sugang {
namespace {

void read_slot(ObjectReader& members, AgreeOnSlot& agreed) {
  members.require("startsAt");
  members.require("endsAt");
  const auto from = members.time("startsAt");
  const auto to = members.time("endsAt");
  if (!from || !to) return;
  agreed.slot = {*from, *to};
  if (*to <= *from)
    members.fault("endsAt", "must be after startsAt");
  else if (*to - *from > slot_max)
    members.fault("endsAt", "must be at most 24 hours after startsAt");
}

/// Why nothing can be posted there; empty: it can.
std::string url_fault(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed ||
      (parsed->scheme_id() != boost::urls::scheme::http && parsed->scheme_id() != boost::urls::scheme::https))
    return "must be an absolute http or https URL";
  if (parsed->encoded_host().empty()) return "must name a host";
  if (parsed->has_userinfo()) return "must not carry a user or a password";
  return {};
}

void read_webhook(ObjectReader& members, CreateWebhook& webhook) {
  members.require("url");
  if (auto url = members.text("url", webhook_url_chars_max)) {
    if (auto fault = url_fault(*url); !fault.empty()) members.fault("url", std::move(fault));
    webhook.url = std::move(*url);
  }
  webhook.kinds = members.some_of<NoticeKind>("events");
}

}  // namespace

Decoded<std::string> decode_reason(std::string_view body) {
  return decode_object<std::string>(body, [](ObjectReader& members, std::string& value) {
    members.require("reason");
    set(value, members.text("reason", reason_chars_max));
  });
}

Decoded<AssignInstructor> decode_assignment(std::string_view body) {
  return decode_object<AssignInstructor>(body, [](ObjectReader& members, AssignInstructor& value) {
    members.require("instructorId");
    set(value.instructor.text, members.name("instructorId"));
  });
}

Decoded<AgreeOnSlot> decode_schedule(std::string_view body) { return decode_object<AgreeOnSlot>(body, read_slot); }

Decoded<RecordResult> decode_result(std::string_view body) {
  return decode_object<RecordResult>(body, [](ObjectReader& members, RecordResult& value) {
    members.require("result");
    members.require("heldAt");
    set(value.result, members.text("result", result_chars_max));
    set(value.held_at, members.time("heldAt"));
  });
}

Decoded<CreateWebhook> decode_webhook(std::string_view body) {
  return decode_object<CreateWebhook>(body, read_webhook);
}

}  // namespace sugang
