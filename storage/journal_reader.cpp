#include "storage/journal_reader.hpp"

#include <algorithm>
#include <limits>

#include "storage/damage.hpp"

namespace sugang {
namespace {

JournalDamaged no_page_of(Position position) {
  return JournalDamaged("no page holds position " + std::to_string(position));
}

}  // namespace

JournalDamaged damage_at(const KeyValueStore& store, Position position, std::uint8_t space, std::string_view key,
                         const std::exception& fault) {
  const auto cause = cause_of(fault.what());
  const auto file = store.locate(cause, space, key);
  const auto place = position == 0 ? std::string{} : "at position " + std::to_string(position) + ": ";
  return {"journal damaged: " + place + cause + " (file " + file + ")", position, file, cause};
}

std::vector<Record> JournalReader::read(Position after, Position until, std::size_t limit) const {
  std::vector<Record> records, events;
  if (after >= until || limit == 0) return records;
  const auto last = until - after > limit ? after + limit : until;
  auto next = after + 1;
  auto visit = [&](std::string_view key, std::string_view value) {
    const auto page = parse_page(position_of_page(key), value);
    if (next < page.first || page.last() < next) throw no_page_of(next);
    for (const auto& record : page.records) {
      if (record.last() < next) continue;
      if (next > last) break;
      decode_record(record, events);
      for (auto& event : events)
        if (event.position >= next && event.position <= last) records.push_back(std::move(event));
      next = std::min(record.last(), last) + 1;
    }
    return next <= last;
  };
  const auto key = page_key(next);
  try {
    const auto first = store_.last_at_or_before(pages_space, key);
    if (first) store_.scan(pages_space, first->first, {}, visit);
    if (next <= last) throw no_page_of(next);
  } catch (const DamagedEntry& fault) {
    if (records.empty()) throw damage_at(store_, next, pages_space, key, fault);
  } catch (const StorageError&) {
    if (records.empty()) throw;
  }
  return records;
}

std::vector<Position> JournalReader::positions_of(std::string_view group, Position after, Position until) const {
  std::vector<Position> positions;
  std::string from{group};
  try {
    if (after > 0) {
      // The entry of the batch that `after` stands in may list positions behind it too.
      const auto covering = store_.last_at_or_before(index_space, index_key(group, after));
      if (covering && covering->first.starts_with(group)) from = covering->first;
    }
    store_.scan(index_space, from, after_prefix(group), [&](std::string_view key, std::string_view value) {
      for (auto position : parse_index_entry(key, value).positions)
        if (position > after && position <= until) positions.push_back(position);
      return true;
    });
  } catch (const DamagedEntry& fault) {
    throw damage_at(store_, positions.empty() ? after + 1 : positions.back(), index_space, from, fault);
  }
  return positions;
}

std::vector<Record> JournalReader::records_at(const std::vector<Position>& positions) const {
  std::vector<Record> records, events;
  records.reserve(positions.size());
  std::string bytes;
  JournalPage page;
  for (auto position : positions) {
    const auto key = page_key(position);
    try {
      if (events.empty() || position > events.back().position) {
        if (page.records.empty() || position > page.last()) {
          auto found = store_.last_at_or_before(pages_space, key);
          if (!found) throw no_page_of(position);
          bytes = std::move(found->second);
          page = parse_page(position_of_page(found->first), bytes);
          if (position > page.last()) throw no_page_of(position);
        }
        decode_record(page.holding(position), events);
      }
      records.push_back(std::move(events[position - events.front().position]));
    } catch (const DamagedEntry& fault) {
      throw damage_at(store_, position, pages_space, key, fault);
    }
  }
  return records;
}

std::vector<Record> JournalReader::group(std::string_view group, Position after, Position until) const {
  return records_at(positions_of(group, after, until));
}

Recovered JournalReader::recover(const AggregateId& id, Position until) const {
  Recovered recovered;
  Position covered = 0;
  const auto key = snapshot_key(id);
  try {
    if (auto value = store_.get(snapshots_space, key)) {
      auto stored = parse_snapshot(id, *value);
      covered = stored.position;
      recovered.snapshot = std::move(stored.snapshot);
    }
  } catch (const DamagedEntry& fault) {
    throw damage_at(store_, until, snapshots_space, key, fault);
  }
  auto sequence = recovered.snapshot ? recovered.snapshot->sequence : 0;
  for (auto& record : group(group_of(id), covered, until)) {
    if (record.aggregate != id || record.sequence <= sequence) continue;
    if (record.sequence != sequence + 1)
      throw damage_at(store_, record.position, pages_space, page_key(record.position),
                      DamagedEntry(to_text(id) + " continues with event " + std::to_string(record.sequence) +
                                   " after event " + std::to_string(sequence)));
    ++sequence;
    recovered.tail.push_back(std::move(record));
  }
  return recovered;
}

std::vector<AggregateId> JournalReader::pending(const Found& found) const {
  std::vector<AggregateId> pending;
  std::string reached;
  auto visit = [&](std::string_view key, std::string_view) {
    reached = key;
    try {
      pending.push_back(parse_pending_key(key));
    } catch (const DamagedEntry& fault) {
      found(damage_at(store_, 0, pending_space, key, fault));
    }
    return true;
  };
  for (std::optional<std::string> from = ""; from;) try {
      store_.scan(pending_space, *from, {}, visit);
      break;
    } catch (const DamagedEntry& fault) {
      found(damage_at(store_, 0, pending_space, reached, fault));
      from = pending_of_next_partition(std::max(reached, *from));
    }
  return pending;
}

bool JournalReader::is_indexed(std::string_view group, Position position) const {
  const auto positions = positions_of(group, position - 1, position);
  return std::find(positions.begin(), positions.end(), position) != positions.end();
}

bool JournalReader::is_known(std::string_view group) const {
  bool known = false;
  try {
    store_.scan(index_space, group, after_prefix(group), [&](std::string_view, std::string_view) {
      known = true;
      return false;
    });
  } catch (const DamagedEntry& fault) {
    throw damage_at(store_, 0, index_space, group, fault);
  }
  return known;
}

Position JournalReader::cursor(std::string_view consumer) const {
  const auto key = cursor_key(consumer);
  try {
    const auto value = store_.get(marks_space, key);
    return value ? parse_cursor(consumer, *value) : 0;
  } catch (const DamagedEntry& fault) {
    throw damage_at(store_, 0, marks_space, key, fault);
  }
}

}  // namespace sugang
