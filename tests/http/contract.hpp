#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/http/wire_client.hpp"

namespace sugang {

/// The server's description of itself, and whether answers keep to it.
class Contract {
 public:
  Contract();

  const nlohmann::json& document() const { return document_; }
  /// What of the answer is not as described: status, media type, fields, body. Empty: all is.
  std::vector<std::string> faults(const std::string& method, const std::string& target,
                                  const WireAnswer& answer) const;
  const nlohmann::json& resolve(const nlohmann::json& node) const;
  /// The described path that this target is of; empty for none.
  std::string path_of(const std::string& target) const;

 private:
  void check(const nlohmann::json& schema, const nlohmann::json& value, const std::string& where,
             std::vector<std::string>& faults) const;
  void check_object(const nlohmann::json& schema, const nlohmann::json& value, const std::string& where,
                    std::vector<std::string>& faults) const;
  /// No member that the schema does not describe.
  void check_known(const nlohmann::json& schema, const nlohmann::json& value, const std::string& where,
                   std::vector<std::string>& faults) const;
  bool describes(const nlohmann::json& schema, const std::string& member) const;

  nlohmann::json document_;
};

}  // namespace sugang
