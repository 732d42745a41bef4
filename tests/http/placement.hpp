#pragma once

#include <string>

#include "tests/http/wire_client.hpp"

namespace sugang {

inline const WireFields json_fields{{"Content-Type", "application/json"}};

/// The bytes of a request that places an enrollment.
inline std::string placement(const std::string& course, const std::string& student,
                             const WireFields& fields = json_fields) {
  return render_request("POST", "/v1/enrollments", fields,
                        R"({"courseId":")" + course + R"(","studentId":")" + student + R"("})");
}

}  // namespace sugang
