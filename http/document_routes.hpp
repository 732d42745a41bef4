#pragma once

#include <string_view>

#include "http/call.hpp"

namespace sugang {

/// openapi.json, as the build found it.
extern const std::string_view openapi_document;

Handled get_index(Call& call);
Handled get_openapi(Call& call);
Handled get_problem(Call& call);

}  // namespace sugang
