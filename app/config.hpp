#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sugang {

/// What an operator may set; settings() has what each means. Defaults are those of a demo on one's own machine.
struct Config {
  std::string listen = "127.0.0.1:8080";
  std::string management = "127.0.0.1:9090";
  std::string data = "data";
  std::string auth = "off";
  std::string gateway = "embedded";
  std::string log_level = "info";
  std::uint32_t actor_threads = 0;
  std::uint32_t connections_max = 10'000;
  std::uint32_t requests_in_flight_max = 20'000;
  std::uint32_t requests_in_flight_per_course_max = 10'000;
  std::uint32_t drain_wait_ms = 5'000;
  std::uint32_t course_idle_ms = 30'000;
  std::uint32_t payment_deadline_s = 15 * 60;
  std::uint32_t deferred_payment_deadline_s = 24 * 60 * 60;
  /// With more, new ones are refused.
  std::uint32_t deferred_payments_max = 100'000;
  std::uint32_t staff_deadline_s = 7 * 24 * 60 * 60;
  std::uint32_t waitlist_deadline_s = 90 * 24 * 60 * 60;
  /// A call without an answer for so long has an unknown outcome.
  std::uint32_t gateway_timeout_ms = 2'000;
  /// So that work is refused before a write can fail.
  std::uint32_t disk_free_mib_min = 256;
  /// The rest is verified by reads, by the scrub and by `verify`.
  std::uint32_t start_verify_mib = 64;
  std::uint32_t scrub_mib_per_s = 4;
  std::uint32_t scrub_interval_h = 24;
  std::string reports;
  std::uint32_t webhook_retry_ms = 5'000;
  std::uint32_t webhook_attempts_max = 8;
  std::uint32_t webhook_timeout_ms = 10'000;
  std::uint32_t webhook_backlog_max = 10'000;
  std::uint32_t webhook_disable_after_s = 3 * 24 * 60 * 60;
  std::string webhook_key_file;
};

/// One thing an operator may set: `name` in the TOML file, `--name` as a flag, `SUGANG_NAME` in the environment
/// (dashes become underscores).
struct Setting {
  /// The one member of Config that a setting stands for, as text.
  struct Access {
    /// Sets it; returns what is wrong with the text otherwise.
    std::function<std::optional<std::string>(Config&, const std::string&)> set;
    std::function<std::string(const Config&)> get;
  };

  std::string name;
  std::string help;
  Access access;

  std::string default_text() const { return access.get(Config{}); }
};

const std::vector<Setting>& settings();
std::string environment_name(const Setting& setting);

/// Names and texts of environment variables.
using Environment = std::map<std::string, std::string>;
/// Those of this process that begin with `SUGANG_`, which are all the server's own.
Environment sugang_environment();

struct ConfigResult {
  Config config;
  /// Every wrong setting, each with where it stands: `sugang.toml:3: listen: …`, `SUGANG_LISTEN: …`, `--listen: …`.
  std::vector<std::string> faults;
};

/// Puts the layers together: flag > environment > file > `defaults`. The file is the one of the flag, else of
/// `SUGANG_CONFIG`. Looks at the folders that the settings name, and creates none.
/// `flags`: setting name → text.
ConfigResult load_config(std::optional<std::string> file, const std::map<std::string, std::string>& flags,
                         const Environment& environment, const Config& defaults = {});

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};
/// `127.0.0.1:8080`, `[::1]:8080`; port 0 takes a free one.
std::optional<Endpoint> parse_endpoint(const std::string& text);

}  // namespace sugang
