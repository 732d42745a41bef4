#pragma once

#include <optional>
#include <string_view>

#include "actors/caller.hpp"

namespace sugang {

/// Names a keyed request by digests (SHA-256): of its caller, its resource and the key; and of method, path and
/// body, which a repeat has to have too. A request lives in the partition of its resource, so that its record and
/// the events that it causes are one append of one partition. A request without a resource (a course whose id the
/// server makes, an import, a webhook) lives in the partition of the digest of caller and key.
RequestKey request_key(std::string_view caller, const std::optional<AggregateId>& resource, std::string_view key,
                       std::string_view method, std::string_view path, std::string_view body);

}  // namespace sugang
