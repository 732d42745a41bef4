#pragma once

#include <string>
#include <vector>

#include "tests/http/wire_client.hpp"

namespace sugang {

/// Where the request was at fault; empty when the answer is no `invalid-request`.
inline std::vector<std::string> fault_pointers(const WireAnswer& answer) {
  if (answer.problem() != "invalid-request") return {};
  std::vector<std::string> found;
  const auto body = answer.json();
  for (const auto& fault : body["errors"]) found.push_back(fault["pointer"]);
  return found;
}

}  // namespace sugang
