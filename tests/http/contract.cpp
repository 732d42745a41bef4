#include "tests/http/contract.hpp"

#include <algorithm>
#include <regex>

#include "http/api/api.hpp"

namespace sugang {
namespace {

using nlohmann::json;

/// `type` is a name, or several of which one must fit.
bool has_type(const json& value, const json& type) {
  if (type.is_array())
    return std::any_of(type.begin(), type.end(), [&](const json& each) { return has_type(value, each); });
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

/// Whether `target`'s path is of the form, where `{…}` stands for one segment.
bool is_of(const std::string& form, const std::string& path) {
  return std::regex_match(path, std::regex{std::regex_replace(form, std::regex{"\\{[^}]*\\}"}, "[^/]+")});
}

}  // namespace

Contract::Contract() : document_(json::parse(openapi_document)) {}

const json& Contract::resolve(const json& node) const {
  if (!node.contains("$ref")) return node;
  return resolve(document_.at(json::json_pointer{node["$ref"].get<std::string>().substr(1)}));
}

std::string Contract::path_of(const std::string& target) const {
  const auto path = target.substr(0, target.find('?'));
  std::string found;
  for (const auto& [form, item] : document_["paths"].items())
    if (form == path || (found.empty() && is_of(form, path))) found = form;
  return found;
}

std::vector<std::string> Contract::faults(const std::string& method, const std::string& target,
                                          const WireAnswer& answer) const {
  const auto path = path_of(target);
  std::string name = method;
  for (auto& c : name) c = static_cast<char>(std::tolower(c));
  if (path.empty())
    return answer.status == 404 ? std::vector<std::string>{} : std::vector<std::string>{"no such path"};
  const auto& item = document_["paths"][path];
  if (!item.contains(name)) {
    const bool generic = answer.status == 405 || (method == "OPTIONS" && answer.status == 204);
    return generic ? std::vector<std::string>{} : std::vector<std::string>{"no such operation"};
  }
  const auto& responses = item[name]["responses"];
  const auto status = std::to_string(answer.status);
  if (!responses.contains(status)) {
    if (responses.contains("default")) return {};
    return {"status " + status + " is not described"};
  }
  const auto& response = resolve(responses[status]);
  std::vector<std::string> faults;
  const auto headers = response.value("headers", json::object());
  for (const auto& [field, description] : headers.items()) {
    std::string lower = field;
    for (auto& c : lower) c = static_cast<char>(std::tolower(c));
    if (resolve(description).value("required", false) && answer.field(lower).empty())
      faults.push_back("field " + field + " is missing");
  }
  if (!response.contains("content")) {
    if (!answer.body.empty()) faults.push_back("a body where none is described");
    return faults;
  }
  const auto type = answer.field("content-type");
  const auto media = type.substr(0, type.find(';'));
  if (!response["content"].contains(media)) {
    faults.push_back("media type " + media + " is not described");
  } else if (media.find("json") != std::string::npos) {
    check(response["content"][media]["schema"], answer.json(), "$", faults);
    check_known(response["content"][media]["schema"], answer.json(), "$", faults);
  }
  return faults;
}

bool Contract::describes(const json& schema, const std::string& member) const {
  const auto& resolved = resolve(schema);
  if (resolved.value("additionalProperties", json{}).is_object() ||
      resolved.value("additionalProperties", json{}) == true)
    return true;
  if (resolved.contains("properties") && resolved["properties"].contains(member)) return true;
  for (const char* combined : {"allOf", "anyOf"})
    for (const auto& part : resolved.value(combined, json::array()))
      if (describes(part, member)) return true;
  return false;
}

void Contract::check_object(const json& schema, const json& value, const std::string& where,
                            std::vector<std::string>& faults) const {
  for (const auto& name : schema.value("required", json::array()))
    if (!value.contains(name.get<std::string>())) faults.push_back(where + " lacks " + name.get<std::string>());
  const auto& more = schema.contains("additionalProperties") ? schema["additionalProperties"] : json{};
  for (const auto& [name, member] : value.items()) {
    const auto& properties = schema.contains("properties") ? schema["properties"] : json::object();
    if (properties.contains(name))
      check(properties[name], member, where + "." + name, faults);
    else if (more.is_object())
      check(more, member, where + "." + name, faults);
  }
}

void Contract::check(const json& given, const json& value, const std::string& where,
                     std::vector<std::string>& faults) const {
  const auto& schema = resolve(given);
  if (schema.contains("type") && !has_type(value, schema["type"])) {
    faults.push_back(where + " is no " + schema["type"].dump() + ": " + value.dump());
    return;
  }
  if (schema.contains("const") && schema["const"] != value) faults.push_back(where + " is " + value.dump());
  if (schema.contains("enum") &&
      std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    faults.push_back(where + " is " + value.dump());
  if (schema.contains("pattern") &&
      !std::regex_search(value.get<std::string>(), std::regex{schema["pattern"].get<std::string>()}))
    faults.push_back(where + " does not match: " + value.dump());
  if (schema.contains("minimum") && value < schema["minimum"]) faults.push_back(where + " is too small");
  if (schema.contains("maximum") && value > schema["maximum"]) faults.push_back(where + " is too large");
  for (const auto& part : schema.value("allOf", json::array())) check(part, value, where, faults);
  if (schema.contains("anyOf")) {
    std::vector<std::string> all;
    for (const auto& part : schema["anyOf"]) {
      std::vector<std::string> of_part;
      check(part, value, where, of_part);
      if (of_part.empty()) {
        all.clear();
        break;
      }
      all.insert(all.end(), of_part.begin(), of_part.end());
    }
    faults.insert(faults.end(), all.begin(), all.end());
  }
  if (value.is_array() && schema.contains("items"))
    for (std::size_t i = 0; i < value.size(); ++i)
      check(schema["items"], value[i], where + "[" + std::to_string(i) + "]", faults);
  if (value.is_object()) check_object(schema, value, where, faults);
}

void Contract::check_known(const json& given, const json& value, const std::string& where,
                           std::vector<std::string>& faults) const {
  const auto& schema = resolve(given);
  if (value.is_array() && schema.contains("items"))
    for (const auto& element : value) check_known(schema["items"], element, where + "[]", faults);
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    if (!describes(schema, name))
      faults.push_back(where + "." + name + " is not described");
    else if (schema.contains("properties") && schema["properties"].contains(name))
      check_known(schema["properties"][name], member, where + "." + name, faults);
  }
}

}  // namespace sugang
