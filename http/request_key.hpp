#pragma once

#include <string_view>

#include "actors/asker.hpp"

namespace sugang {

/// Names a keyed request by digests (the first 128 bits of SHA-256): of who calls what with which key, and of the
/// body. Where the request lives follows from the digest too, and not from the course: a key that comes again for
/// another course must be found, to be refused.
RequestKey request_key(std::string_view caller, std::string_view method, std::string_view path,
                       std::string_view key, std::string_view body);

}  // namespace sugang
