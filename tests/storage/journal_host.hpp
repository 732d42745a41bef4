#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/journal.hpp"
#include "storage/journal_folder.hpp"
#include "storage/journal_keys.hpp"
#include "tests/simulation/memory_store.hpp"
#include "tests/storage/temp_folder.hpp"

namespace sugang {

/// Where a journal lives: what stays when the journal goes.
class JournalHost {
 public:
  virtual ~JournalHost() = default;
  virtual KeyValueStore& store() = 0;
  virtual HeadFile& head() = 0;
  /// No journal is open.
  virtual void restart() = 0;

  /// Behind the journal's back, and durable.
  void put(std::uint8_t space, std::string key, std::string value) {
    WriteSet change;
    change.put(space, std::move(key), std::move(value));
    store().write(change, Sync::yes);
  }
  void erase(std::uint8_t space, std::string key) {
    WriteSet change;
    change.erase(space, std::move(key));
    store().write(change, Sync::yes);
  }
};

class MemoryHost final : public JournalHost {
 public:
  KeyValueStore& store() override { return *store_; }
  HeadFile& head() override { return *head_; }
  MemoryStore& memory() { return *store_; }
  /// Reads of the aggregate's own records fail from now on; those of the records one after another do not.
  void spoil_index(const AggregateId& id) {
    const auto group = group_of(id);
    store_->scan(index_space, group, after_prefix(group), [&](std::string_view key, std::string_view) {
      store_->spoil(index_space, std::string{key});
      return true;
    });
  }
  void restart() override {
    store_ = store_->crash();
    head_ = head_->crash();
  }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>(journal_space_count);
  std::unique_ptr<MemoryHeadFile> head_ = std::make_unique<MemoryHeadFile>();
};

class RocksHost final : public JournalHost {
 public:
  RocksHost() { open(); }
  KeyValueStore& store() override { return *store_; }
  HeadFile& head() override { return *head_; }
  void restart() override {
    store_.reset();
    head_.reset();
    open();
  }

 private:
  void open() {
    store_ = std::make_unique<RocksStore>((folder_.path() / "store").string(), journal_spaces());
    head_ = std::make_unique<TwoSlotHeadFile>((folder_.path() / "head").string());
  }

  TempFolder folder_{true};
  std::unique_ptr<RocksStore> store_;
  std::unique_ptr<TwoSlotHeadFile> head_;
};

/// A journal that commits when reported to, and reads at once.
class SteppedJournal {
 public:
  explicit SteppedJournal(JournalHost& host, Journal::Limits limits = {})
      : journal_(
            host.store(), host.head(), limits, [](const std::function<void()>& read) { read(); },
            [this](const std::string& why) { failures.push_back(why); }) {}

  Journal* operator->() { return &journal_; }
  Journal& operator*() { return journal_; }
  void commit_all() {
    while (journal_.commit_once()) {
    }
  }
  Recovered wake(const AggregateId& id) {
    std::optional<Recovered> found;
    journal_.wake(id, [&](Recovered recovered) { found = std::move(recovered); });
    commit_all();
    // Each load is answered.
    return std::move(found).value();
  }

  std::vector<std::string> failures;

 private:
  Journal journal_;
};

}  // namespace sugang
