#include "http/api/course_import.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "http/api/courses.hpp"

namespace sugang {
namespace {

/// A large file's registration, beyond the time that any answer has.
constexpr std::chrono::seconds import_wait{50};
constexpr std::uint32_t credits_max = 1000;
constexpr std::size_t meets_chars_max = 200;

/// One record of the file, its cells without their quotes.
struct CsvRecord {
  std::size_t line = 0;
  std::vector<std::string> cells;
};

/// Takes RFC 4180 apart. A quoted cell may hold commas, quotes (twice) and line ends.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  bool at_end() const { return text_.empty(); }

  /// The next record, or why there is none.
  std::optional<std::string> read(CsvRecord& record) {
    record.line = line_;
    record.cells.clear();
    for (;;) {
      if (auto fault = read_cell(record.cells.emplace_back())) return fault;
      if (!take(',')) break;
    }
    if (take('\r') && (text_.empty() || text_.front() != '\n')) return "a carriage return without a line feed";
    if (take('\n')) {
      ++line_;
    } else if (!text_.empty()) {
      return "text after a closing quote";
    }
    return std::nullopt;
  }

 private:
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> read_cell(std::string& cell) {
    if (take('"')) return read_quoted(cell);
    auto end = std::min(text_.find_first_of(",\r\n"), text_.size());
    if (text_.substr(0, end).find('"') != std::string_view::npos) return "a quote inside a cell that is not quoted";
    cell = text_.substr(0, end);
    text_.remove_prefix(end);
    return std::nullopt;
  }
  std::optional<std::string> read_quoted(std::string& cell) {
    for (;;) {
      auto quote = text_.find('"');
      if (quote == std::string_view::npos) return "a quote that is never closed";
      line_ += static_cast<std::size_t>(
          std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
      cell.append(text_.substr(0, quote));
      text_.remove_prefix(quote + 1);
      if (!take('"')) return std::nullopt;
      cell += '"';
    }
  }

  std::string_view text_;
  std::size_t line_ = 1;
};

enum class Column : std::uint8_t { id, title, capacity, kind, price, credits, enrolled, meets };
constexpr auto names_of(Column) {
  return names("id", "title", "capacity", "kind", "price", "credits", "enrolled", "meets");
}

class CatalogueDecoder {
 public:
  CatalogueDecoder(std::string_view body, std::size_t rows_max) : reader_(body), rows_max_(rows_max) {}

  Decoded<std::vector<ImportRow>> decode() {
    if (reader_.at_end()) {
      fault_in_line(1, "must name the columns id, title and capacity");
    } else if (CsvRecord header; next(header)) {
      read_header(header);
    }
    if (faults_.empty()) read_rows();
    if (faults_.empty() && rows_.empty()) faults_.push_back({"", "must have a course"});
    if (!faults_.empty()) return BodyRefusal{{}, std::move(faults_)};
    return std::move(rows_);
  }

 private:
  bool next(CsvRecord& record) {
    auto fault = reader_.read(record);
    if (fault) fault_in_line(record.line, *fault);
    return !fault;
  }

  void read_header(const CsvRecord& header) {
    std::array<bool, EnumNames<Column>::values.size()> seen{};
    const auto seen_at = [&](Column column) -> bool& { return seen[static_cast<std::size_t>(column)]; };
    for (const auto& name : header.cells) {
      const auto column = parse_enum<Column>(name);
      if (!column) {
        fault_in_line(1, "unknown column " + shown(name));
        continue;
      }
      if (std::exchange(seen_at(*column), true)) fault_in_line(1, "column " + name + " stands twice");
      columns_.push_back(*column);
    }
    for (auto required : {Column::id, Column::title, Column::capacity})
      if (!seen_at(required)) fault_in_line(1, "column " + std::string{to_text(required)} + " is required");
  }

  void fault_in_line(std::size_t line, std::string detail) {
    faults_.push_back({"/" + std::to_string(line), std::move(detail)});
  }

  /// Part of a client's text, fit for a message.
  static std::string shown(const std::string& text) {
    constexpr std::size_t shown_bytes_max = 40;
    return is_utf8(text) && text.size() <= shown_bytes_max ? '"' + text + '"'
                                                           : std::string{"that is too long or not UTF-8"};
  }

  void read_rows() {
    for (CsvRecord record; !reader_.at_end() && faults_.size() <= faults_listed_max;) {
      if (!next(record)) return;
      if (record.cells.size() == 1 && record.cells[0].empty()) continue;
      if (rows_.size() == rows_max_)
        return fault_in_line(record.line,
                             "is more than the " + std::to_string(rows_max_) + " courses that one file may have");
      read_row(record);
    }
  }

  void read_row(const CsvRecord& record) {
    line_ = record.line;
    if (record.cells.size() != columns_.size())
      return fault_in_line(
          line_, "has " + std::to_string(record.cells.size()) + " cells, not " + std::to_string(columns_.size()));
    ImportRow row{.id = {}, .definition = {}, .line = line_};
    for (std::size_t i = 0; i < columns_.size(); ++i) read_cell(columns_[i], record.cells[i], row);
    apply_kind_defaults(row.definition);
    if (!row.id.text.empty()) {
      auto [first, is_new] = lines_.try_emplace(row.id.text, line_);
      if (!is_new) fault(Column::id, "is in line " + std::to_string(first->second) + " too");
    }
    rows_.push_back(std::move(row));
  }

  void read_cell(Column column, const std::string& cell, ImportRow& row) {
    auto& course = row.definition;
    switch (column) {
      case Column::id:
        if (!is_valid_name(cell)) return fault(column, std::string{name_rule});
        if (cell == reserved_course_id) return fault(column, std::string{reserved_course_id_rule});
        row.id.text = cell;
        return;
      case Column::title:
        course.title = single_spaced(cell);
        return check_text(column, course.title, title_chars_max, false);
      case Column::capacity:
        course.capacity = static_cast<std::uint32_t>(integer(column, cell, 1, capacity_max));
        return;
      case Column::kind:
        if (cell.empty()) return;
        if (auto kind = parse_enum<CourseKind>(cell))
          course.kind = *kind;
        else
          fault(column, one_of_detail(EnumNames<CourseKind>::values));
        return;
      case Column::price:
        if (!cell.empty()) course.price.amount = integer(column, cell, 0, price_max);
        return;
      case Column::credits:
        if (!cell.empty()) course.credits = static_cast<std::uint32_t>(integer(column, cell, 0, credits_max));
        return;
      case Column::enrolled:
        // The count of another system; enrollments are made here only by requests.
        if (!cell.empty()) integer(column, cell, 0, capacity_max);
        return;
      case Column::meets:
        if (cell.empty()) return;
        course.meets = single_spaced(cell);
        return check_text(column, *course.meets, meets_chars_max, true);
    }
  }

  void check_text(Column column, const std::string& text, std::size_t chars_max, bool may_be_empty) {
    auto why = is_utf8(text) ? text_fault(text, chars_max, may_be_empty) : "must be UTF-8";
    if (!why.empty()) fault(column, std::move(why));
  }

  std::int64_t integer(Column column, const std::string& cell, std::int64_t min, std::int64_t max) {
    std::int64_t number = 0;
    const auto* last = cell.data() + cell.size();
    auto [end, error] = std::from_chars(cell.data(), last, number);
    if (cell.empty() || end != last || error == std::errc::invalid_argument) {
      fault(column, "must be an integer");
    } else if (error != std::errc{} || number < min || number > max) {
      fault(column, "must be from " + std::to_string(min) + " to " + std::to_string(max));
    } else {
      return number;
    }
    return min;
  }

  void fault(Column column, std::string detail) {
    faults_.push_back({"/" + std::to_string(line_) + "/" + std::string{to_text(column)}, std::move(detail)});
  }

  CsvReader reader_;
  std::size_t rows_max_;
  std::size_t line_ = 0;
  std::vector<Column> columns_;
  std::vector<ImportRow> rows_;
  std::unordered_map<std::string, std::size_t> lines_;
  std::vector<FieldFault> faults_;
};

/// The import's place is free again once the submission, with all that was made of it, is gone.
Submission import_submission(std::vector<ImportRow> rows, const ImportPlace& place) {
  const auto render = [place](const Outcome& outcome, const std::string& instance) {
    if (outcome.refusal) return refusal_answer(outcome, instance);
    Answer answer{.status = 201, .content_type = "application/json"};
    JsonWriter{answer.body}.begin_object().member("created", std::get<std::size_t>(outcome.subject)).end_object();
    return answer;
  };
  return {.command = RegisterCourses{std::move(rows)}, .render = render};
}

}  // namespace

Decoded<std::vector<ImportRow>> decode_catalogue(std::string_view body, std::size_t rows_max) {
  return CatalogueDecoder{body, rows_max}.decode();
}

Handled import_courses(Call& call) {
  auto kept = keep_for_later(call, {}, {});
  if (auto* refusal = std::get_if<Response>(&kept)) return std::move(*refusal);
  call.wait_longer(import_wait);
  call.backend.run_apart([later = std::get<LaterCall>(std::move(kept)), body = std::move(call.body),
                          place = std::move(call.import_place), deadline = call.hold.deadline,
                          rows_max = call.limits.import_rows_max] {
    // Behind other files the caller may have been given up.
    if (std::chrono::steady_clock::now() >= deadline) return;
    auto decoded = decode_catalogue(body, rows_max);
    if (auto* refusal = std::get_if<BodyRefusal>(&decoded))
      return later.reply.answer(refuse(later.reply.instance, std::move(*refusal)));
    auto submission = import_submission(std::get<std::vector<ImportRow>>(std::move(decoded)), place);
    later.reply.exchange.resume([later, submission = std::move(submission)](bool waits) mutable {
      if (waits) submit_later(later, std::move(submission));
    });
  });
  return std::nullopt;
}

}  // namespace sugang
