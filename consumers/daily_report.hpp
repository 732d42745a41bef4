#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "consumers/consumer.hpp"
#include "consumers/enrollment_context.hpp"

namespace sugang {

/// One file per course and day (UTC), `<folder>/<YYYY-MM-DD>/<courseId>.csv`, with a row for each change of an
/// enrollment's state that matters outside: time, position, enrollmentId, studentId, seats, amount (minor units),
/// currency, state. RFC 4180.
///
/// Each change is there once, though records may be repeated: they come in the order of their positions, so the
/// position in a file's last whole row shows what the file has. A row that a crash tore is cut off and written
/// anew.
class DailyReport final : public Consumer {
 public:
  DailyReport(std::filesystem::path folder, EnrollmentContexts& contexts)
      : folder_(std::move(folder)), contexts_(contexts) {}

  std::string_view name() const override { return "daily-report"; }
  bool concerns(const Record& record) const override;
  /// Throws std::system_error or StorageError when a file cannot be written, std::runtime_error when one is not
  /// ours.
  void consume(std::span<const Record> records, Done done) override;

 private:
  const std::filesystem::path folder_;
  EnrollmentContexts& contexts_;
};

/// With CRLF. A field is quoted where it must be.
std::string csv_row(const std::vector<std::string>& fields);

}  // namespace sugang
