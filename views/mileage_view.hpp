#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "views/listing.hpp"
#include "views/paging.hpp"
#include "views/recent_map.hpp"
#include "views/row_keys.hpp"
#include "views/view.hpp"

namespace sugang {

struct MileageTables {
  explicit MileageTables(Generation generation)
      : lines(ViewId::mileage, generation, 'l'),
        balances(ViewId::mileage, generation, 'b'),
        earners(ViewId::mileage, generation, 'e') {}

  /// By student and position.
  Table lines;
  /// By student: what all lines come to, per currency.
  Table balances;
  /// By payment: whose it is and in which currency, while it may earn or reverse.
  Table earners;
};

/// The ledger of each student: a line per event of a payment that moved points, in journal order, and the balance
/// in each currency. An enrollment names its payment's student; the payment's own events have the points.
class MileageView : public View {
 public:
  /// `kept_max`: balances, and payments that may move them, kept in memory, about a hundred bytes each.
  MileageView(const KeyValueStore& store, Generation generation, std::size_t kept_max)
      : store_(store), tables_(generation), kept_max_(kept_max) {}
  void fold(const Record& record) override;
  void flush(WriteSet& changes) override;

 private:
  struct Balance {
    MileageBalances points;
    bool changed = false;
  };
  struct Earner {
    std::string student;
    Currency currency;
    bool stored = false;
  };
  Balance& balance(const std::string& student);
  const Earner* earner(const Uid& payment);
  void add_line(const Record& record, bool earned, std::int64_t points);
  /// It will move no points any more.
  void forget_earner(const Uid& payment);

  const KeyValueStore& store_;
  MileageTables tables_;
  std::size_t kept_max_;
  RecentMap<Uid, Earner> earners_;
  std::vector<Uid> new_earners_;
  std::vector<Uid> past_earners_;
  RecentMap<std::string, Balance> balances_;
  std::vector<std::pair<std::string, Balance*>> changed_;
  /// Keys and values of new lines.
  std::vector<std::pair<std::string, std::string>> lines_;
};

/// Reads one generation; from any thread, beside the writer. Throws DecodeError on a row that is damaged.
class MileageRows {
 public:
  MileageRows(const KeyValueStore& store, Generation generation) : store_(store), tables_(generation) {}

  struct Statement {
    MileageBalances balances;
    Listing<MileageRow> lines;
  };
  /// `next` in the answer is a key. The balances are those of the page's last line when the ledger ends there, so
  /// that a ledger read in one page always adds up.
  Statement read(const StudentId& student, KeyPage page) const;

 private:
  const KeyValueStore& store_;
  MileageTables tables_;
};

}  // namespace sugang
