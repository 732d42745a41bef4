#include "views/mileage_view.hpp"

#include "storage/bytes.hpp"
#include "storage/codec.hpp"

namespace sugang {
namespace {

/// As stored: for each currency its code (3) and the points (8).
void put_balances(std::string& bytes, const MileageBalances& balances) {
  for (const auto& [currency, points] : balances) {
    bytes += currency.text();
    put_be(bytes, points);
  }
}

Currency take_currency(ByteReader& in) {
  Currency currency;
  for (auto& letter : currency.code) letter = static_cast<char>(in.be<std::uint8_t>());
  return currency;
}

MileageBalances take_balances(ByteReader& in) {
  constexpr std::size_t balance_bytes = 11;
  MileageBalances balances;
  if (in.rest().size() % balance_bytes != 0) throw DecodeError("balances of mileage are cut");
  while (!in.at_end()) {
    const auto currency = take_currency(in);
    balances[currency] = in.be<std::int64_t>();
  }
  return balances;
}

/// A line as it is stored: earned (1), points (8), payment (16), time (8), currency (3), and the balances behind
/// it.
struct Line {
  MileageRow row;
  MileageBalances balances;
};

std::string encode_line(const Line& line) {
  std::string bytes;
  bytes.reserve(36 + 11 * line.balances.size());
  bytes.push_back(line.row.earned ? '\1' : '\0');
  put_be(bytes, line.row.points);
  put_uid(bytes, line.row.payment.uid);
  put_be(bytes, line.row.at.time_since_epoch().count());
  bytes += line.row.currency.text();
  put_balances(bytes, line.balances);
  return bytes;
}

Line decode_line(std::string_view bytes) {
  ByteReader in{bytes};
  Line line;
  line.row.earned = in.be<std::uint8_t>() != 0;
  line.row.points = in.be<std::int64_t>();
  line.row.payment = PaymentId{in.uid()};
  line.row.at = TimePoint{Milliseconds{in.be<std::int64_t>()}};
  line.row.currency = take_currency(in);
  if (!in.ok()) throw DecodeError("a line of mileage is cut");
  line.balances = take_balances(in);
  return line;
}

MileageBalances stored_balances(const KeyValueStore& store, const std::string& key) {
  const auto value = store.get(views_space, key);
  if (!value) return {};
  ByteReader in{*value};
  return take_balances(in);
}

}  // namespace

MileageView::Balance& MileageView::balance(const std::string& student) {
  if (auto* present = balances_.find(student)) return *present;
  return balances_.put(student, {stored_balances(store_, tables_.balances.key(student)), false});
}

void MileageView::add_line(const Record& record, MileageRow row) {
  const auto& student = record.aggregate.name;
  auto& entry = balance(student);
  entry.points[row.currency] += row.earned ? row.points : -row.points;
  row.at = record.time;
  auto key = tables_.lines.of_text(student);
  put_be(key, record.position);
  lines_.emplace_back(std::move(key), encode_line({row, entry.points}));
  if (entry.changed) return;
  entry.changed = true;
  changed_.emplace_back(student, &entry);
}

void MileageView::fold(const Record& record) {
  const auto* event = std::get_if<MileageEvent>(&record.event);
  if (!event) return;
  if (const auto* earned = std::get_if<MileageEarned>(event))
    add_line(record, {.earned = true,
                      .points = earned->points,
                      .payment = earned->payment,
                      .at = {},
                      .currency = earned->currency});
  // Nothing is taken back when nothing was earned: the account alone has to know that nothing will be.
  if (const auto* reversed = std::get_if<MileageReversed>(event); reversed && reversed->points != 0)
    add_line(record, {.earned = false,
                      .points = reversed->points,
                      .payment = reversed->payment,
                      .at = {},
                      .currency = reversed->currency});
}

void MileageView::flush(WriteSet& changes) {
  for (auto& [key, value] : lines_) changes.put(views_space, std::move(key), std::move(value));
  lines_.clear();
  for (auto& [student, entry] : changed_) {
    std::string value;
    put_balances(value, entry->points);
    changes.put(views_space, tables_.balances.key(student), std::move(value));
    entry->changed = false;
  }
  changed_.clear();
  balances_.trim(balances_kept_max_);
}

MileageRows::Statement MileageRows::read(const StudentId& student, std::optional<std::string> after,
                                         std::size_t limit, const ListBounds& bounds) const {
  Statement statement;
  MileageBalances behind_last;
  auto row_of = [&](std::string_view, std::string_view value) {
    auto line = decode_line(value);
    behind_last = std::move(line.balances);
    return std::optional{line.row};
  };
  statement.lines = list_rows<MileageRow>(store_, views_space, tables_.lines.of_text(student.text),
                                          std::move(after), limit, bounds, row_of);
  const bool ends_here = !statement.lines.next && !statement.lines.items.empty();
  statement.balances = ends_here ? behind_last : stored_balances(store_, tables_.balances.key(student.text));
  return statement;
}

}  // namespace sugang
