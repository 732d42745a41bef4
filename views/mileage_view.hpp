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
      : lines(ViewId::mileage, generation, 'l'), balances(ViewId::mileage, generation, 'b') {}

  /// By student and position.
  Table lines;
  /// By student: what all lines come to, per currency.
  Table balances;
};

/// The ledger of each student: a line per event that moved points, in journal order, and the balance in each
/// currency.
class MileageView : public View {
 public:
  /// `balances_kept_max`: students whose balance is kept in memory, about a hundred bytes each.
  MileageView(const KeyValueStore& store, Generation generation, std::size_t balances_kept_max)
      : store_(store), tables_(generation), balances_kept_max_(balances_kept_max) {}
  void fold(const Record& record) override;
  void flush(WriteSet& changes) override;

 private:
  struct Balance {
    MileageBalances points;
    bool changed = false;
  };
  Balance& balance(const std::string& student);
  void add_line(const Record& record, MileageRow row);

  const KeyValueStore& store_;
  MileageTables tables_;
  std::size_t balances_kept_max_;
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
  /// A page after the line with the key `after`; `next` in the answer is a key. The balances are those of the
  /// page's last line when the ledger ends there, so that a ledger read in one page always adds up.
  Statement read(const StudentId& student, std::optional<std::string> after, std::size_t limit,
                 const ListBounds& bounds) const;

 private:
  const KeyValueStore& store_;
  MileageTables tables_;
};

}  // namespace sugang
