#pragma once

#include "actors/node.hpp"
#include "app/config.hpp"
#include "app/descriptors.hpp"
#include "consumers/webhooks.hpp"
#include "http/server/server.hpp"
#include "storage/journal.hpp"

namespace sugang {

// What the settings mean for each part of the server.

/// Logs what the limit of open files carries. Throws when it carries no server.
DescriptorShares shares_of_limit(const Config& config);
ServerSettings server_settings(const Config& config, const DescriptorShares& shares);
ActorLimits actor_limits(const Config& config);
Journal::Limits journal_limits(const Config& config);
Webhooks::Limits webhook_limits(const Config& config);

}  // namespace sugang
