#include "consumers/daily_report.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>
#include <system_error>

#include "storage/durable_folder.hpp"

namespace sugang {
namespace {

/// Rows are shorter: their longest fields are three ids.
constexpr std::size_t tail_bytes_usual = 4'096;
constexpr std::size_t date_bytes = std::string_view{"2026-03-02"}.size();

const std::string& header() {
  static const std::string row =
      csv_row({"time", "position", "enrollmentId", "studentId", "seats", "amount", "currency", "state"});
  return row;
}

/// The state that is worth a row.
std::optional<EnrollmentState> state_after(const Record& record) {
  const auto* event = std::get_if<EnrollmentEvent>(&record.event);
  if (event == nullptr) return std::nullopt;
  using State = std::optional<EnrollmentState>;
  return std::visit(Overloaded{
                        [](const EnrollmentRequested&) -> State { return EnrollmentState::requested; },
                        [](const EnrollmentConfirmed&) -> State { return EnrollmentState::confirmed; },
                        [](const EnrollmentCompleted&) -> State { return EnrollmentState::completed; },
                        [](const EnrollmentRejected&) -> State { return EnrollmentState::rejected; },
                        [](const EnrollmentExpired&) -> State { return EnrollmentState::expired; },
                        [](const EnrollmentCancelled&) -> State { return EnrollmentState::cancelled; },
                        [](const SeatsChanged&) -> State { return EnrollmentState::confirmed; },
                        [](const auto&) -> State { return std::nullopt; },
                    },
                    *event);
}

struct Row {
  Position position = 0;
  std::string text;
};

Row row_of(const Record& record, const EnrollmentContext& context) {
  return {
      record.position,
      csv_row({to_text(record.time), std::to_string(record.position), to_text(EnrollmentId{record.aggregate.uid}),
               context.student.text, std::to_string(context.seats), std::to_string(context.amount.amount),
               std::string{context.amount.currency.text()}, std::string{to_text(*state_after(record))}})};
}

/// A report on the disk, open for more rows.
class ReportFile {
 public:
  explicit ReportFile(const std::filesystem::path& path) : path_(path) {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0) fail("cannot be opened");
  }
  ~ReportFile() { ::close(file_); }
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  /// Adds the rows that it does not have yet, and makes them durable.
  void add(const std::vector<Row>& rows) {
    const auto last = cut_torn_row();
    std::string text = size_ == 0 ? header() : "";
    for (const auto& row : rows)
      if (row.position > last) text += row.text;
    if (text.empty()) return;
    write(text);
    if (::fsync(file_) != 0) fail("cannot be made durable");
  }

 private:
  /// Leaves whole rows alone, and returns the last one's position; 0 when there is none.
  Position cut_torn_row() {
    struct ::stat state {};
    if (::fstat(file_, &state) != 0) fail("cannot be read");
    size_ = state.st_size;
    const auto tail = read_tail();
    const auto end = tail.rfind('\n');
    if (end == std::string::npos) {
      // Zeros are what a power cut leaves of bytes that did not reach the disk.
      if (!header().starts_with(tail.substr(0, tail.find('\0')))) not_ours();
      return cut(0), 0;
    }
    cut(size_ - static_cast<off_t>(tail.size() - end - 1));
    const auto before = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
    return position_of(tail.substr(before + 1, end + 1 - (before + 1)));
  }

  /// With a whole row, unless the file has none.
  std::string read_tail() const {
    std::string tail;
    for (auto wanted = tail_bytes_usual;; wanted *= 2) {
      tail.resize(std::min(static_cast<std::size_t>(size_), wanted));
      const auto count = ::pread(file_, tail.data(), tail.size(), size_ - static_cast<off_t>(tail.size()));
      if (count != static_cast<ssize_t>(tail.size())) fail("cannot be read");
      if (tail.size() < wanted || std::count(tail.begin(), tail.end(), '\n') > 1) return tail;
    }
  }

  void cut(off_t size) {
    if (size == size_) return;
    if (::ftruncate(file_, size) != 0) fail("cannot be cut");
    size_ = size;
  }

  /// A file of another program is not to be spoiled, nor to be taken for a report without rows.
  Position position_of(const std::string& row) const {
    if (row == header()) return 0;
    Position position = 0;
    const auto comma = row.find(',');
    const char* const end = row.data() + row.size();
    const char* const from = comma == std::string::npos ? end : row.data() + comma + 1;
    const auto [stop, error] = std::from_chars(from, end, position);
    if (error != std::errc{} || stop == end || *stop != ',') not_ours();
    return position;
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const auto count = ::pwrite(file_, text.data(), text.size(), size_);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail("cannot be written");
      size_ += count;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  [[noreturn]] void not_ours() const {
    throw std::runtime_error(path_.string() + " ends with a row that is not ours: move the file away");
  }
  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), path_.string() + " " + what);
  }

  const std::filesystem::path path_;
  int file_ = -1;
  off_t size_ = 0;
};

}  // namespace

std::string csv_row(const std::vector<std::string>& fields) {
  std::string row;
  for (const auto& field : fields) {
    if (&field != &fields.front()) row += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      row += field;
      continue;
    }
    row += '"';
    for (char c : field) row.append(c == '"' ? 2 : 1, c);
    row += '"';
  }
  return row += "\r\n";
}

bool DailyReport::concerns(const Record& record) const {
  return state_after(record) || EnrollmentContexts::learns_from(record);
}

void DailyReport::consume(std::span<const Record> records, Done done) {
  std::map<std::filesystem::path, std::vector<Row>> files;
  for (const auto& record : records) {
    contexts_.learn(record);
    if (!state_after(record)) continue;
    const auto context = contexts_.find(EnrollmentId{record.aggregate.uid}, record.position);
    if (!context) continue;
    const auto day = folder_ / to_text(record.time).substr(0, date_bytes);
    files[day / (context->course.text + ".csv")].push_back(row_of(record, *context));
  }
  for (const auto& [path, rows] : files) {
    const auto day = path.parent_path();
    const bool is_new = !std::filesystem::exists(path);
    make_folder(day);
    ReportFile{path}.add(rows);
    if (is_new) sync_folder(day);
  }
  done();
}

}  // namespace sugang
