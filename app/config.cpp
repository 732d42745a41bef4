#include "app/config.hpp"

#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "app/data_folder.hpp"
#include "domain/nearest_name.hpp"

namespace sugang {
namespace {

using Access = Setting::Access;

constexpr std::string_view environment_prefix = "SUGANG_";
const std::string config_variable = "SUGANG_CONFIG";

template <class Check>
Access text(std::string Config::*member, Check check) {
  return {.set = [=](Config& config, const std::string& text) -> std::optional<std::string> {
            if (auto wrong = check(text)) return wrong;
            config.*member = text;
            return std::nullopt;
          },
          .get = [=](const Config& config) { return config.*member; }};
}

std::optional<std::string> check_endpoint(const std::string& text) {
  if (parse_endpoint(text)) return std::nullopt;
  return "must be ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080";
}

std::optional<std::string> check_one_of(const std::vector<std::string>& allowed, const std::string& text) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return std::nullopt;
  std::string list;
  for (const auto& each : allowed) list += (list.empty() ? "" : ", ") + each;
  return "must be one of: " + list;
}

std::optional<std::string> check_data(const std::string& text) {
  return text.empty() ? std::optional<std::string>{"must name a directory"} : std::nullopt;
}

std::optional<std::string> check_nothing(const std::string&) { return std::nullopt; }

std::optional<std::string> check_log_level(const std::string& text) {
  return check_one_of({"debug", "info", "warn", "error"}, text);
}

std::optional<std::string> check_auth(const std::string& text) {
  if (text == "jwt") return "jwt is not available in this version; use off";
  return check_one_of({"off"}, text);
}

std::optional<std::string> check_gateway(const std::string& text) {
  if (text.starts_with("http://") || text.starts_with("https://"))
    return "a gateway over HTTP is not available in this version; use embedded";
  return check_one_of({"embedded"}, text);
}

Access number(std::uint32_t Config::*member, std::uint32_t least, std::uint32_t most) {
  return {.set = [=](Config& config, const std::string& text) -> std::optional<std::string> {
            std::uint32_t value = 0;
            auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
              return "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most);
            config.*member = value;
            return std::nullopt;
          },
          .get = [=](const Config& config) { return std::to_string(config.*member); }};
}

const Setting* find_setting(const std::string& name) {
  const auto& all = settings();
  auto it = std::find_if(all.begin(), all.end(), [&](const Setting& setting) { return setting.name == name; });
  return it == all.end() ? nullptr : &*it;
}

std::string no_such_setting(const std::string& name, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(name, known);
  return name + ": there is no such setting" + (nearest ? "; did you mean " + *nearest + "?" : "");
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const auto& setting : settings()) names.push_back(setting.name);
  return names;
}

std::vector<std::string> variable_names() {
  std::vector<std::string> names{config_variable};
  for (const auto& setting : settings()) names.push_back(environment_name(setting));
  return names;
}

/// A value of the file as the text that a flag would have.
std::optional<std::string> text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return *text;
  if (auto integer = node.value_exact<std::int64_t>()) return std::to_string(*integer);
  return std::nullopt;
}

void load_file(const std::string& path, ConfigResult& result) {
  auto fault = [&](const toml::source_region& at, const std::string& what) {
    result.faults.push_back(path + ":" + std::to_string(at.begin.line) + ": " + what);
  };
  try {
    const auto table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      const std::string name{key.str()};
      const auto* known = find_setting(name);
      if (!known) {
        fault(node.source(), no_such_setting(name, setting_names()));
      } else if (auto text = text_of(node); !text) {
        fault(node.source(), name + ": must be a text or a whole number");
      } else if (auto wrong = known->access.set(result.config, *text)) {
        fault(node.source(), name + ": " + *wrong + ", not '" + *text + "'");
      }
    }
  } catch (const toml::parse_error& error) {
    fault(error.source(), std::string{error.description()});
  }
}

/// Callers are not authenticated: not for a network.
void check_auth_and_address(ConfigResult& result) {
  if (result.config.auth != "off") return;
  for (const auto& [name, text] :
       {std::pair{"listen", result.config.listen}, {"management", result.config.management}}) {
    auto address = parse_endpoint(text);
    if (address && !boost::asio::ip::make_address(address->address).is_loopback())
      result.faults.push_back(std::string{name} + ": with auth = off the address must be a loopback one, not '" +
                              address->address + "'");
  }
}

/// A mistyped name must not leave the default in force silently.
void check_variables(const Environment& environment, ConfigResult& result) {
  const auto known = variable_names();
  for (const auto& [name, text] : environment)
    if (std::find(known.begin(), known.end(), name) == known.end())
      result.faults.push_back(no_such_setting(name, known));
}

void check_folders(ConfigResult& result) {
  const auto& config = result.config;
  for (const auto& [name, path] : {std::pair{"data", config.data}, {"reports", config.reports}})
    if (auto wrong = path.empty() ? std::nullopt : why_not_writable(path))
      result.faults.push_back(std::string{name} + ": " + *wrong);
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all{
      {"listen", "ADDRESS:PORT for clients; port 0 takes a free one", text(&Config::listen, check_endpoint)},
      {"management", "ADDRESS:PORT for probes, metrics and switches", text(&Config::management, check_endpoint)},
      {"data", "directory of the journal, the views and the embedded gateway's ledger",
       text(&Config::data, check_data)},
      {"auth", "off: callers are not authenticated (loopback only)", text(&Config::auth, check_auth)},
      {"gateway", "embedded: a payment gateway in this process, with a ledger of its own",
       text(&Config::gateway, check_gateway)},
      {"log-level", "debug, info, warn or error", text(&Config::log_level, check_log_level)},
      {"actor-threads", "threads for the actors; 0: half as many as processors",
       number(&Config::actor_threads, 0, 256)},
      {"connections-max", "open client connections; fewer if the limit of open files carries no more",
       number(&Config::connections_max, 1, 1'000'000)},
      {"requests-in-flight-max", "requests taken up at a time",
       number(&Config::requests_in_flight_max, 1, 1'000'000)},
      {"requests-in-flight-per-course-max", "the same for one course",
       number(&Config::requests_in_flight_per_course_max, 1, 1'000'000)},
      {"drain-wait-ms", "how long a drain lets callers wait before they get what is known",
       number(&Config::drain_wait_ms, 0, 7'000)},
      {"course-idle-ms", "how long an idle course stays in memory", number(&Config::course_idle_ms, 0, 86'400'000)},
      {"payment-deadline-s", "how long an unfinished charge keeps its seats",
       number(&Config::payment_deadline_s, 1, 31'536'000)},
      {"deferred-payment-deadline-s", "the same where the course defers payment",
       number(&Config::deferred_payment_deadline_s, 1, 31'536'000)},
      {"deferred-payments-max", "charges that wait for the payment side to come back",
       number(&Config::deferred_payments_max, 0, 10'000'000)},
      {"staff-deadline-s", "how long a saga waits for an instructor, a courier or a result",
       number(&Config::staff_deadline_s, 1, 31'536'000)},
      {"waitlist-deadline-s", "how long an enrollment stays on the waitlist",
       number(&Config::waitlist_deadline_s, 1, 31'536'000)},
      {"gateway-timeout-ms", "how long the gateway may take to answer",
       number(&Config::gateway_timeout_ms, 10, 600'000)},
      {"disk-free-mib-min", "with less free on the disk new work is refused",
       number(&Config::disk_free_mib_min, 0, 1'048'576)},
      {"start-verify-mib", "how much of the journal's end is verified at start",
       number(&Config::start_verify_mib, 0, 1'048'576)},
      {"scrub-mib-per-s", "how fast the scrub reads the journal for damage; 0: not at all",
       number(&Config::scrub_mib_per_s, 0, 4'096)},
      {"scrub-interval-h", "how long after a complete pass the scrub begins another",
       number(&Config::scrub_interval_h, 0, 8'760)},
      {"reports", "directory for daily enrollment reports, a CSV file per course and day; none when empty",
       text(&Config::reports, check_nothing)},
      {"webhook-retry-ms", "how long after a failed call a webhook is called again, doubled each time",
       number(&Config::webhook_retry_ms, 1, 86'400'000)},
      {"webhook-attempts-max", "calls of a webhook for one notification",
       number(&Config::webhook_attempts_max, 1, 20)},
      {"webhook-timeout-ms", "how long a webhook may take to answer",
       number(&Config::webhook_timeout_ms, 10, 600'000)},
      {"webhook-backlog-max", "calls that wait for one webhook; further ones fail at once",
       number(&Config::webhook_backlog_max, 1, 1'000'000)},
      {"webhook-disable-after-s", "how long no call of a webhook arrives before it is disabled",
       number(&Config::webhook_disable_after_s, 1, 31'536'000)},
      {"webhook-key-file",
       "the key of the webhooks' secrets, made when the first is registered; webhook.key in the data directory "
       "when empty",
       text(&Config::webhook_key_file, check_nothing)},
  };
  return all;
}

std::string environment_name(const Setting& setting) {
  std::string name{environment_prefix};
  for (char c : setting.name)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Environment sugang_environment() {
  Environment found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    if (!text.starts_with(environment_prefix)) continue;
    const auto equals = std::min(text.find('='), text.size());
    found.emplace(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
  }
  return found;
}

ConfigResult load_config(std::optional<std::string> file, const std::map<std::string, std::string>& flags,
                         const Environment& environment, const Config& defaults) {
  ConfigResult result{.config = defaults, .faults = {}};
  check_variables(environment, result);
  if (const auto named = environment.find(config_variable); !file && named != environment.end())
    file = named->second;
  if (file) load_file(*file, result);
  auto apply_text = [&](const Setting& setting, const std::string& where, const std::string& text) {
    if (auto wrong = setting.access.set(result.config, text))
      result.faults.push_back(where + ": " + *wrong + ", not '" + text + "'");
  };
  for (const auto& setting : settings()) {
    const auto variable = environment_name(setting);
    if (auto given = environment.find(variable); given != environment.end())
      apply_text(setting, variable, given->second);
    if (auto flag = flags.find(setting.name); flag != flags.end())
      apply_text(setting, "--" + setting.name, flag->second);
  }
  check_auth_and_address(result);
  check_folders(result);
  return result;
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  Endpoint endpoint;
  endpoint.address = text.substr(0, colon);
  if (endpoint.address.starts_with('[') && endpoint.address.ends_with(']'))
    endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(endpoint.address, not_an_address);
  if (not_an_address) return std::nullopt;
  auto digits = std::string_view{text}.substr(colon + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return endpoint;
}

}  // namespace sugang
