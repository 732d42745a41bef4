#include "app/part_settings.hpp"

#include <chrono>
#include <stdexcept>

#include "app/log.hpp"

namespace sugang {

DescriptorShares shares_of_limit(const Config& config) {
  const auto limit = raise_descriptor_limit();
  const auto shares = share_descriptors(limit, config.connections_max);
  if (!shares)
    throw std::runtime_error{"the limit of open files is " + std::to_string(limit) + "; at least " +
                             std::to_string(descriptor_limit_min()) + " are needed (ulimit -n)"};
  const auto connections_max = std::to_string(shares->connections_max);
  log_info("file descriptors", {{"event", "descriptors_shared"},
                                {"limit", std::to_string(limit)},
                                {"connectionsMax", connections_max},
                                {"managementConnectionsMax", std::to_string(shares->management_connections_max)},
                                {"storeFilesMax", std::to_string(shares->store_files_max)}});
  if (shares->connections_max < config.connections_max)
    log_warn("connections-max is lowered to what the limit of open files carries",
             {{"event", "connections_lowered"},
              {"wanted", std::to_string(config.connections_max)},
              {"connectionsMax", connections_max}});
  return *shares;
}

ServerSettings server_settings(const Config& config, const DescriptorShares& shares) {
  const auto client = *parse_endpoint(config.listen);
  const auto management = *parse_endpoint(config.management);
  ServerSettings settings{.client = {client.address, client.port},
                          .management = {management.address, management.port}};
  settings.limits.connections_max = shares.connections_max;
  settings.limits.management_connections_max = shares.management_connections_max;
  settings.limits.requests_in_flight_max = config.requests_in_flight_max;
  settings.limits.requests_in_flight_per_course_max = config.requests_in_flight_per_course_max;
  return settings;
}

ActorLimits actor_limits(const Config& config) {
  return {.course_idle = Milliseconds{config.course_idle_ms},
          .payment_deadline = std::chrono::seconds{config.payment_deadline_s},
          .deferred_payment_deadline = std::chrono::seconds{config.deferred_payment_deadline_s},
          .waitlist_deadline = std::chrono::seconds{config.waitlist_deadline_s},
          .staff_deadline = std::chrono::seconds{config.staff_deadline_s},
          .deferred_payments_max = config.deferred_payments_max};
}

Journal::Limits journal_limits(const Config& config) {
  return {.start_verify_bytes_max = std::uint64_t{config.start_verify_mib} << 20};
}

Webhooks::Limits webhook_limits(const Config& config) {
  return {.call_timeout = Milliseconds{config.webhook_timeout_ms},
          .retry_min = Milliseconds{config.webhook_retry_ms},
          .attempts_max = config.webhook_attempts_max,
          .dead_max = std::chrono::seconds{config.webhook_disable_after_s},
          .backlog_max = config.webhook_backlog_max};
}

}  // namespace sugang
