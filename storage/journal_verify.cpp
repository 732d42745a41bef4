#include <xxhash.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "storage/codec.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_reader.hpp"
#include "storage/journal_recovery.hpp"

namespace sugang {
namespace {

constexpr std::uint64_t events_between_progress = 100'000;

/// The sum over a set of (group, position) of a hash of each: two sets are the same if their sums are, whatever the
/// order, so that pages and index need not be held in memory to be compared.
class SetSum {
 public:
  void add(std::string_view group, Position position) {
    sum_ += XXH3_64bits_withSeed(group.data(), group.size(), position);
    ++count_;
  }
  bool operator==(const SetSum&) const = default;

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t count_ = 0;
};

[[noreturn]] void damaged(Position position, const std::string& what) {
  throw JournalDamaged("journal damaged: at position " + std::to_string(position) + " " + what);
}

// The aggregates of which there are snapshots, and how one is read.
Course decode_as(const Course&, std::string_view bytes) { return decode_course(bytes); }
InstructorCalendar decode_as(const InstructorCalendar&, std::string_view bytes) { return decode_calendar(bytes); }
WebhookRegistry decode_as(const WebhookRegistry&, std::string_view bytes) { return decode_webhooks(bytes); }
using Folded = std::variant<Course, InstructorCalendar, WebhookRegistry>;

Folded empty_of(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::calendar: return InstructorCalendar{};
    case AggregateKind::webhook_registry: return WebhookRegistry{};
    default: return Course{};
  }
}

class Verification {
 public:
  Verification(const KeyValueStore& store, Position until, VerifyDepth depth,
               const std::function<void(Position)>& progress)
      : store_(store), reader_(store), until_(until), depth_(depth), progress_(progress) {
    if (const auto mark = store.get(marks_space, requests_expired_mark))
      requests_expired_before_ = TimePoint{Milliseconds{std::stoll(*mark)}};
  }

  void run() {
    read_snapshots();
    for_each_record([this](const Record& record) { check_record(record); });
    if (!snapshots_.empty())
      damaged(until_, "the journal ends, and the snapshot of " + to_text(snapshots_.begin()->first) +
                          " covers an event that it does not hold");
    check_index();
    if (depth_ == VerifyDepth::meaning) check_pending();
  }

 private:
  struct PendingSnapshot {
    StoredSnapshot stored;
    Folded folded;
  };

  /// Every event in order, from pages that follow on one another.
  template <class Visit>
  void for_each_record(Visit visit) const {
    Position next = 1;
    auto chain = chain_origin;
    std::vector<Record> events;
    store_.scan(pages_space, {}, {}, [&](std::string_view key, std::string_view value) {
      if (next > until_) return false;
      const auto page = parse_page(position_of_page(key), value);
      if (page.first != next || page.previous_chain != chain) damaged(next, "the chain of pages is broken");
      chain = page.chain;
      for (const auto& record : page.records) {
        decode_record(record, events);
        for (const auto& event : events) {
          visit(event);
          if (progress_ && event.position % events_between_progress == 0) progress_(event.position);
        }
      }
      next = page.last() + 1;
      return true;
    });
    if (next <= until_) damaged(next, "the pages end, before the journal does");
  }

  void read_snapshots() {
    store_.scan(snapshots_space, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto id = parse_snapshot_key(key);
      auto stored = parse_snapshot(id, value);
      if (stored.position <= until_) snapshots_[id] = {std::move(stored), empty_of(id.kind)};
      return true;
    });
  }

  void check_record(const Record& record) {
    list_in_groups(record);
    check_snapshot(record);
    const auto* event = std::get_if<SagaEvent>(&record.event);
    if (event == nullptr) return;
    const EnrollmentId saga{record.aggregate.uid};
    if (std::holds_alternative<SagaStarted>(*event) || std::holds_alternative<SagaTurned>(*event)) {
      live_sagas_[saga] = record.position;
    } else if (!std::holds_alternative<SagaStepFailed>(*event)) {
      // Completed, compensated or stuck: it continues only on a command.
      live_sagas_.erase(saga);
    }
  }

  void list_in_groups(const Record& record) {
    std::array<std::string, 2> groups;
    const auto count = groups_of(record, groups);
    for (std::size_t i = 0; i < count; ++i) {
      const bool may_be_forgotten =
          kind_of_group(groups[i]) == GroupKind::request && record.time < requests_expired_before_;
      if (!may_be_forgotten || reader_.is_indexed(groups[i], record.position))
        pages_.add(groups[i], record.position);
    }
  }

  /// A snapshot is the fold of its aggregate's events up to its sequence.
  void check_snapshot(const Record& record) {
    const auto it = snapshots_.find(record.aggregate);
    if (it == snapshots_.end()) return;
    auto& stored = it->second.stored;
    auto& folded = it->second.folded;
    const bool is_last = record.sequence == stored.snapshot.sequence;
    try {
      if (depth_ == VerifyDepth::meaning &&
          !std::visit([&](auto& state) { return agrees(state, record, stored); }, folded))
        damaged(record.position, "the snapshot of " + to_text(record.aggregate) + " is not the fold of its events");
    } catch (const DecodeError& error) {
      damaged(record.position,
              "the snapshot of " + to_text(record.aggregate) + " does not decode: " + error.what());
    }
    if (is_last) snapshots_.erase(it);
  }

  /// Folds the record, and compares behind the last that the snapshot covers.
  template <class Aggregate>
  static bool agrees(Aggregate& folded, const Record& record, const StoredSnapshot& stored) {
    const auto* event = std::get_if<typename Aggregate::Event>(&record.event);
    if (event == nullptr) return true;
    apply(folded, *event);
    return record.sequence != stored.snapshot.sequence || decode_as(folded, stored.snapshot.bytes) == folded;
  }

  void check_index() const {
    SetSum index;
    store_.scan(index_space, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto group = key.substr(0, group_bytes(key));
      for (auto position : parse_index_entry(key, value).positions)
        if (position <= until_) index.add(group, position);
      return true;
    });
    if (index == pages_) return;
    name_missing_entry();
    name_stray_entry();
    damaged(until_, "the index and the pages disagree");
  }

  void name_missing_entry() const {
    for_each_record([this](const Record& record) {
      std::array<std::string, 2> groups;
      const auto count = groups_of(record, groups);
      for (std::size_t i = 0; i < count; ++i) {
        if (kind_of_group(groups[i]) == GroupKind::request && record.time < requests_expired_before_) continue;
        if (!reader_.is_indexed(groups[i], record.position))
          damaged(record.position,
                  "stands a record of " + to_text(record.aggregate) + " that the index does not list");
      }
    });
  }

  void name_stray_entry() const {
    store_.scan(index_space, {}, {}, [&](std::string_view key, std::string_view value) {
      const auto group = key.substr(0, group_bytes(key));
      for (auto position : parse_index_entry(key, value).positions) {
        if (position > until_) continue;
        const auto records = reader_.read(position - 1, position, 1);
        std::array<std::string, 2> groups;
        const auto count = records.empty() ? 0 : groups_of(records.front(), groups);
        if (std::find(groups.begin(), groups.begin() + count, group) == groups.begin() + count)
          damaged(position, "the index lists a record under a group that is not its own");
      }
      return true;
    });
  }

  /// A listed aggregate with nothing to do does no harm: it is resumed and does nothing. One that is missing would
  /// never continue.
  void check_pending() const {
    std::unordered_set<EnrollmentId> pending;
    for (const auto& id : reader_.pending_or_throw()) {
      if (!reader_.is_known(group_of(id)))
        damaged(until_, "the journal ends, and does not hold " + to_text(id) + ", which is listed as pending");
      if (id.kind == AggregateKind::saga) pending.insert(EnrollmentId{id.uid});
    }
    for (const auto& [saga, position] : live_sagas_)
      if (!pending.contains(saga))
        damaged(position, "a saga continues that is not listed as pending: " + to_text(saga));
  }

  const KeyValueStore& store_;
  JournalReader reader_;
  Position until_;
  VerifyDepth depth_;
  const std::function<void(Position)>& progress_;
  TimePoint requests_expired_before_ = TimePoint::min();
  SetSum pages_;
  /// Not yet met in the pages.
  std::unordered_map<AggregateId, PendingSnapshot> snapshots_;
  /// With the position of the event that set it going.
  std::unordered_map<EnrollmentId, Position> live_sagas_;
};

}  // namespace

void verify_journal(const KeyValueStore& store, Position until, VerifyDepth depth,
                    const std::function<void(Position)>& progress) {
  Verification{store, until, depth, progress}.run();
}

}  // namespace sugang
