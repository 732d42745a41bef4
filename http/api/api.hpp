#pragma once

#include "http/api/backend.hpp"
#include "http/server/site.hpp"

namespace sugang {

/// Every route of the clients' port.
std::span<const Route> client_routes();

/// The API over this backend, for a server. The backend must outlive the server.
Site api_site(Backend& backend);

}  // namespace sugang
