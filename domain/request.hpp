#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "domain/ids.hpp"

namespace sugang {

/// A request with an Idempotency-Key was taken up; journaled with the first event that it caused.
struct RequestClaimed {
  static constexpr std::string_view name = "request.claimed";
  /// Digest of the body: a repeat with another body is refused.
  Uid body;
  /// The saga whose end answers a repeat, when a crash came before the answer.
  std::optional<EnrollmentId> enrollment;
  bool operator==(const RequestClaimed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("body", self.body);
    field("enrollmentId", self.enrollment);
  }
};

/// The answer that every repeat gets, byte for byte.
struct RequestAnswered {
  static constexpr std::string_view name = "request.answered";
  std::uint16_t status = 0;
  std::string content_type;
  std::string location;
  std::string body;
  std::string etag;
  bool operator==(const RequestAnswered&) const = default;
  static void fields(auto& self, auto&& field) {
    field("status", self.status);
    field("contentType", self.content_type);
    field("location", self.location);
    field("body", self.body);
    field("etag", self.etag);
  }
};

using RequestEvent = std::variant<RequestClaimed, RequestAnswered>;

}  // namespace sugang
