#pragma once

#include <string_view>

#include "http/server/router.hpp"

namespace sugang {

/// openapi.json, as the build found it.
extern const std::string_view openapi_document;

std::span<const Route> document_routes();

}  // namespace sugang
