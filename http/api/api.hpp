#pragma once

#include "http/api/backend.hpp"
#include "http/server/site.hpp"

namespace sugang {

/// Every route of the clients' port.
std::span<const Route> client_routes();
/// Of the management port.
std::span<const Route> management_routes();

/// openapi.json, as the build found it.
extern const std::string_view openapi_document;

/// The API over this backend, for a server. The backend must outlive the server.
Site api_site(Backend& backend);

}  // namespace sugang
