#include <algorithm>
#include <filesystem>
#include <iostream>

#include "app/application.hpp"
#include "app/data_folder.hpp"
#include "domain/audit.hpp"
#include "gateway/charge_ledger_folder.hpp"
#include "storage/journal_folder.hpp"
#include "storage/rocks_store.hpp"

namespace sugang {
namespace {

constexpr std::size_t records_at_a_time = 10'000;
constexpr Position progress_every = 1'000'000;
constexpr std::size_t charges_at_a_time = 200;

/// The first invariant that the journal's records break, if any.
std::optional<std::string> audit_records(const Journal& journal, Audit& audit) {
  Position reported = 0;
  for (Position after = 0;;) {
    const auto records = journal.read(after, records_at_a_time);
    if (records.empty()) break;
    for (const auto& record : records)
      if (auto broken = audit.see(record)) return broken;
    after = records.back().position;
    if (after - reported >= progress_every)
      std::cerr << "invariants hold up to position " << (reported = after) << "\n";
  }
  const auto pending = journal.pending();
  const auto is_saga = [](const AggregateId& id) { return id.kind == AggregateKind::saga; };
  const auto listed = static_cast<std::size_t>(std::count_if(pending.begin(), pending.end(), is_saga));
  if (listed != audit.running_sagas())
    return "invariant 13: " + std::to_string(audit.running_sagas()) + " sagas run, " + std::to_string(listed) +
           " are listed";
  return std::nullopt;
}

/// The embedded gateway's ledger; nothing where the folder has none.
std::optional<Ledger> read_ledger(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(folder)) return std::nullopt;
  ChargeLedgerFolder opened{folder.string(), {}, [](const std::string&) {}};
  const auto& charges = opened.ledger();
  charges.verify();
  Ledger ledger;
  for (Page page{.limit = charges_at_a_time, .cursor = {}};;) {
    const auto found = charges.list(page).listing;
    for (const auto& charge : found.items) ledger[charge.key] = {charge.amount, charge.state};
    if (!found.next) return ledger;
    page.cursor = *found.next;
  }
}

}  // namespace

int verify(const std::string& data) {
  const auto folder = std::filesystem::path{data} / "journal";
  if (!std::filesystem::exists(folder)) {
    std::cout << data << ": there is no journal here\n";
    return 1;
  }
  try {
    const DataFolderLock lock{data};
    JournalFolder opened{
        folder.string(), {}, {}, [](const std::function<void()>& read) { read(); }, [](const std::string&) {}};
    auto& journal = opened.journal();
    journal.verify([](Position position) { std::cerr << "pages verify up to position " << position << "\n"; });
    Audit audit;
    auto broken = audit_records(journal, audit);
    const auto ledger = read_ledger(std::filesystem::path{data} / "gateway");
    if (!broken && ledger) broken = audit.compare(*ledger);
    if (broken) {
      std::cout << *broken << "\n";
      return 1;
    }
    std::cout << "sound: " << audit.records() << " records, " << audit.courses() << " courses, "
              << audit.enrollments() << " enrollments, " << audit.running_sagas() << " sagas under way, "
              << audit.money_held() << " held of students' money, "
              << (ledger ? std::to_string(ledger->size()) + " charges in the gateway's ledger"
                         : "no gateway's ledger")
              << "\n";
    return 0;
  } catch (const std::exception& fault) {
    std::cout << fault.what() << "\n";
    return 1;
  }
}

}  // namespace sugang
