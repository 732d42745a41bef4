#include <algorithm>
#include <filesystem>
#include <iostream>

#include "app/application.hpp"
#include "app/data_folder.hpp"
#include "domain/audit.hpp"
#include "storage/journal_folder.hpp"

namespace sugang {
namespace {

constexpr std::size_t records_at_a_time = 10'000;
constexpr Position progress_every = 1'000'000;

/// The first invariant that the journal's records break, if any.
std::optional<std::string> audit_records(const Journal& journal, Audit& audit) {
  Position told = 0;
  for (Position after = 0;;) {
    const auto records = journal.read(after, records_at_a_time);
    if (records.empty()) break;
    for (const auto& record : records)
      if (auto broken = audit.see(record)) return broken;
    after = records.back().position;
    if (after - told >= progress_every) std::cerr << "invariants hold up to position " << (told = after) << "\n";
  }
  const auto owed = journal.owed();
  const auto is_saga = [](const AggregateId& id) { return id.kind == AggregateKind::saga; };
  const auto listed = static_cast<std::size_t>(std::count_if(owed.begin(), owed.end(), is_saga));
  if (listed != audit.running_sagas())
    return "invariant 13: " + std::to_string(audit.running_sagas()) + " sagas run, " + std::to_string(listed) +
           " are listed";
  return std::nullopt;
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
    if (auto broken = audit_records(journal, audit)) {
      std::cout << *broken << "\n";
      return 1;
    }
    std::cout << "sound: " << audit.records() << " records, " << audit.courses() << " courses, "
              << audit.enrollments() << " enrollments, " << audit.running_sagas() << " sagas under way, "
              << audit.money_held() << " held of students' money\n";
    return 0;
  } catch (const std::exception& fault) {
    std::cout << fault.what() << "\n";
    return 1;
  }
}

}  // namespace sugang
