#include "domain/decision.hpp"
#include "http/representation.hpp"
#include "http/request_fields.hpp"

namespace sugang {
namespace {

/// Writes any event's payload member by member, as `fields` names them. Absent optionals are left out.
struct PayloadWriter {
  JsonWriter& json;

  template <class Value>
  void operator()(std::string_view name, const Value& value) const {
    json.key(name);
    write(value);
  }
  template <class Value>
  void operator()(std::string_view name, const std::optional<Value>& value) const {
    if (value) (*this)(name, *value);
  }

  void write(const std::string& text) const { json.value(std::string_view{text}); }
  void write(bool flag) const { json.value(flag); }
  void write(std::integral auto number) const { json.value(number); }
  void write(NamedEnum auto value) const { json.value(to_text(value)); }
  void write(TimePoint time) const { write(to_text(time)); }
  void write(const Uid& uid) const { write(to_text(uid)); }
  template <class Tag>
  void write(const NamedId<Tag>& id) const {
    write(id.text);
  }
  template <class Tag>
  void write(const ServerId<Tag>& id) const {
    write(to_text(id));
  }
  void write(const Currency& currency) const { json.value(currency.text()); }
  template <class T>
  void write(const std::vector<T>& values) const {
    json.begin_array();
    for (const auto& value : values) write(value);
    json.end_array();
  }
  void write(const Money& money) const {
    json.begin_object().member("amount", money.amount).member("currency", money.currency.text()).end_object();
  }
};

void write_payload(JsonWriter& json, const Event& event) {
  json.begin_object();
  std::visit(
      [&](const auto& of_aggregate) {
        std::visit([&]<class E>(const E& e) { E::fields(e, PayloadWriter{json}); }, of_aggregate);
      },
      event);
  json.end_object();
}

void write_correlation(JsonWriter& json, const Record& record) {
  if (!record.enrollment) return;
  const auto saga = to_text(saga_of(*record.enrollment));
  json.member("enrollmentid", std::string_view{to_text(*record.enrollment)});
  json.member("sagaid", std::string_view{saga});
  if (record.causation.step == Step::none) return;
  std::string causation = saga;
  causation.append(":").append(to_text(record.causation.step));
  causation.append(":").append(to_text(record.causation.direction));
  json.member("causationid", std::string_view{causation});
}

}  // namespace

void write_event(JsonWriter& json, const Record& record) {
  json.begin_object().member("specversion", "1.0");
  json.member("id", std::string_view{to_text(record.id)}).member("source", "/sugang");
  json.member("type", std::string_view{"sugang." + std::string{event_name(record.event)}});
  json.member("subject", std::string_view{to_text(record.aggregate)});
  json.member("time", std::string_view{to_text(record.time)}).member("datacontenttype", "application/json");
  // 64-bit numbers stand as text: a CloudEvents integer has 32 bits.
  json.member("sequence", std::string_view{std::to_string(record.sequence)});
  json.member("position", std::string_view{position_text(record.position)});
  json.member("schemaversion", event_version(record.event));
  write_correlation(json, record);
  if (record.trace.present()) json.member("traceparent", std::string_view{traceparent_text(record.trace)});
  json.key("data");
  write_payload(json, record.event);
  json.end_object();
}

}  // namespace sugang
