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
  if (!in.ok()) throw DecodeError("an entry of mileage is cut");
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

const MileageView::Earner* MileageView::earner(const Uid& payment) {
  if (const auto* present = earners_.find(payment)) return present;
  const auto value = store_.get(views_space, tables_.earners.key(payment));
  if (!value) return nullptr;
  ByteReader in{*value};
  const auto currency = take_currency(in);
  if (!in.ok()) throw DecodeError("a payment that earns mileage is cut");
  return &earners_.put(payment, {std::string{in.rest()}, currency, true});
}

void MileageView::add_line(const Record& record, bool earned, std::int64_t points) {
  const auto* of = points == 0 ? nullptr : earner(record.aggregate.uid);
  if (!of) return;
  auto& entry = balance(of->student);
  entry.points[of->currency] += earned ? points : -points;
  const MileageRow row{earned, points, PaymentId{record.aggregate.uid}, record.time, of->currency};
  lines_.emplace_back(tables_.lines.of_text(of->student) + be_bytes(record.position),
                      encode_line({row, entry.points}));
  if (entry.changed) return;
  entry.changed = true;
  changed_.emplace_back(of->student, &entry);
}

void MileageView::forget_earner(const Uid& payment) {
  const auto* present = earner(payment);
  if (!present) return;
  if (present->stored) past_earners_.push_back(payment);
  earners_.erase(payment);
}

void MileageView::fold(const Record& record) {
  const auto& payment = record.aggregate.uid;
  if (const auto* event = std::get_if<EnrollmentEvent>(&record.event)) {
    const auto* requested = std::get_if<EnrollmentRequested>(event);
    if (!requested || requested->mileage == 0) return;
    const auto id = payment_of(EnrollmentId{record.aggregate.uid}).uid;
    earners_.put(id, {requested->student.text, requested->amount.currency, false});
    return new_earners_.push_back(id);
  }
  const auto* event = std::get_if<PaymentEvent>(&record.event);
  if (!event) return;
  if (const auto* approved = std::get_if<PaymentApproved>(event)) add_line(record, true, approved->mileage);
  if (const auto* replaced = std::get_if<PaymentReplaced>(event)) add_line(record, true, replaced->mileage);
  const auto* refund = std::get_if<RefundRequested>(event);
  if (refund) add_line(record, false, refund->mileage);
  const bool ends = std::holds_alternative<PaymentDeclined>(*event) ||
                    std::holds_alternative<PaymentVoided>(*event) || (refund && !refund->former);
  if (ends) forget_earner(payment);
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
  for (const auto& payment : new_earners_) {
    auto* entry = earners_.find(payment);
    if (!entry || entry->stored) continue;
    changes.put(views_space, tables_.earners.key(payment), std::string{entry->currency.text()} + entry->student);
    entry->stored = true;
  }
  new_earners_.clear();
  for (const auto& payment : past_earners_) changes.erase(views_space, tables_.earners.key(payment));
  past_earners_.clear();
  balances_.trim(kept_max_);
  earners_.trim(kept_max_);
}

MileageRows::Statement MileageRows::read(const StudentId& student, KeyPage page) const {
  Statement statement;
  MileageBalances behind_last;
  auto row_of = [&](std::string_view, std::string_view value) {
    auto line = decode_line(value);
    behind_last = std::move(line.balances);
    return std::optional{line.row};
  };
  statement.lines =
      list_rows<MileageRow>(store_, views_space, tables_.lines.of_text(student.text), std::move(page), row_of);
  const bool ends_here = !statement.lines.next && !statement.lines.items.empty();
  statement.balances = ends_here ? behind_last : stored_balances(store_, tables_.balances.key(student.text));
  return statement;
}

}  // namespace sugang
