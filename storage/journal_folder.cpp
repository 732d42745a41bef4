#include "storage/journal_folder.hpp"

#include <filesystem>

#include "storage/damage.hpp"
#include "storage/durable_folder.hpp"
#include "storage/journal_keys.hpp"

namespace sugang {
namespace {

std::string made(const std::string& folder) {
  make_folder(folder);
  return folder;
}

/// A store that does not open does not show how far it reached; the head does.
std::string with_acknowledged(const std::string& text, TwoSlotHeadFile& head) {
  const auto acknowledged = head.load();
  return text + "; acknowledged up to position " + std::to_string(acknowledged ? acknowledged->position : 0);
}

std::string open_path(const std::string& folder) { return (std::filesystem::path{folder} / "store").string(); }

RocksStore open_store(const std::string& folder, RocksOptions options, TwoSlotHeadFile& head) {
  try {
    return RocksStore{open_path(folder), journal_spaces(), std::move(options)};
  } catch (const JournalDamaged& error) {
    throw JournalDamaged(with_acknowledged(error.what(), head));
  }
}

}  // namespace

std::vector<RocksSpace> journal_spaces() {
  return {{"pages"}, {"index", group_bytes}, {"snapshots"}, {"pending"}, {"marks"}};
}

JournalFolder::JournalFolder(const std::string& folder, Journal::Limits limits, RocksOptions options,
                             Journal::ReadExecutor reads, Journal::OnFailure on_failure)
    : head_((std::filesystem::path{made(folder)} / "head").string()),
      store_(open_store(folder, noting(std::move(options)), head_)),
      journal_(store_, head_, limits, std::move(reads), std::move(on_failure)) {}

RocksOptions JournalFolder::noting(RocksOptions options) {
  options.on_compactions_ended = [this](const std::string& why) {
    const auto cause = cause_of(why);
    journal_.quarantine().note(JournalDamaged("journal damaged: " + why, 0, store_.locate(cause), cause));
  };
  return options;
}

}  // namespace sugang
