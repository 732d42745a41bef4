#include "storage/journal_recovery.hpp"

#include <limits>

#include "storage/journal_reader.hpp"

namespace sugang {
namespace {

/// How far one scan reaches back: a megabyte or two of pages.
constexpr Position window_positions = 16'384;
constexpr Position position_max = std::numeric_limits<Position>::max();

std::string file(const KeyValueStore& store, std::string_view fault) {
  return " (file " + store.locate(fault) + ")";
}

/// A journal is made with its head at position 0, so from then on either of the two without the other was lost.
JournalEnd make_or_refuse(KeyValueStore& store, HeadFile& head_file, const std::optional<Head>& head) {
  if (head && head->position > 0) {
    const std::string text = "journal damaged: acknowledged up to position " + std::to_string(head->position) +
                             ", recovered no position at all";
    throw JournalDamaged(text + file(store, text));
  }
  if (!store.get(marks_space, format_mark)) {
    WriteSet marks;
    marks.put(marks_space, std::string{format_mark}, std::string{format_version});
    store.write(marks, Sync::yes);
  }
  if (!head) head_file.store({});
  return {};
}

struct KeyedPage {
  std::string value;
  JournalPage page;
};

std::optional<KeyedPage> page_at_or_before(const KeyValueStore& store, Position position) {
  auto found = store.last_at_or_before(pages_space, page_key(position));
  if (!found) return std::nullopt;
  KeyedPage keyed;
  keyed.value = std::move(found->second);
  keyed.page = parse_page(position_of_page(found->first), keyed.value);
  return keyed;
}

/// A head stands at the end of a page, since a batch ends with one.
void check_head(const JournalPage& page, const Head& head) {
  if (head.position < page.first || head.position > page.last()) return;
  if (head.position == page.last() && head.chain == page.chain) return;
  throw JournalDamaged("journal damaged: at position " + std::to_string(head.position) +
                       " the chain is not the one that was acknowledged");
}

/// What the pages behind a window must follow on.
struct PageStart {
  Position first = 0;
  std::uint64_t previous_chain = 0;
};

void check_follows(const JournalPage& before, const PageStart& behind) {
  if (before.records.empty() || before.last() + 1 != behind.first)
    throw JournalDamaged("journal damaged: position " + std::to_string(before.records.empty() ? 0 : before.last()) +
                         " is followed by position " + std::to_string(behind.first));
  if (before.chain != behind.previous_chain)
    throw JournalDamaged("journal damaged: the page at position " + std::to_string(behind.first) +
                         " is not chained to the one before");
}

/// Verifies the pages before `behind`, from the one that holds `from`; returns where they start.
PageStart verify_window(const KeyValueStore& store, Position from, PageStart behind, const Head& head,
                        std::uint64_t& verified_bytes) {
  const auto start = store.last_at_or_before(pages_space, page_key(from));
  if (!start)
    throw JournalDamaged("journal damaged: the first page stands at position " + std::to_string(behind.first));
  std::optional<PageStart> window;
  JournalPage last;
  auto visit = [&](std::string_view key, std::string_view value) {
    auto page = parse_page(position_of_page(key), value);
    check_head(page, head);
    if (window) check_follows(last, {page.first, page.previous_chain});
    if (!window) window = PageStart{page.first, page.previous_chain};
    last = std::move(page);
    verified_bytes += value.size();
    return true;
  };
  store.scan(pages_space, start->first, page_key(behind.first), visit);
  check_follows(last, behind);
  return *window;
}

/// Walks back from the end over `verify_bytes_max` bytes, and in any case to the head. True when that is
/// everything.
bool verify_back(const KeyValueStore& store, const KeyedPage& newest, const Head& head,
                 std::uint64_t verify_bytes_max) {
  check_head(newest.page, head);
  std::uint64_t verified_bytes = newest.value.size();
  PageStart behind{newest.page.first, newest.page.previous_chain};
  while (behind.first > 1) {
    if (verified_bytes > verify_bytes_max && behind.first <= head.position) return false;
    const auto from = behind.first > window_positions ? behind.first - window_positions : 1;
    behind = verify_window(store, from, behind, head, verified_bytes);
  }
  if (behind.previous_chain != chain_origin)
    throw JournalDamaged("journal damaged: the page at position 1 is chained to one before");
  return true;
}

JournalEnd recover_pages(const KeyValueStore& store, HeadFile& head_file, const std::optional<Head>& head,
                         const Journal::Limits& limits, const KeyedPage& newest) {
  const JournalEnd end{newest.page.last(), newest.page.chain};
  if (!head)
    throw JournalDamaged("journal damaged: it reaches position " + std::to_string(end.position) +
                         ", and the head file, which has the acknowledged position, is missing (file " +
                         head_file.name() + ")");
  if (end.position < head->position) {
    const std::string text = "journal damaged: acknowledged up to position " + std::to_string(head->position) +
                             ", recovered only up to " + std::to_string(end.position);
    throw JournalDamaged(text + file(store, text));
  }
  if (verify_back(store, newest, *head, limits.start_verify_bytes_max))
    verify_journal(store, end.position, VerifyDepth::keys, {});
  return end;
}

void check_format(const KeyValueStore& store) {
  const auto format = store.get(marks_space, format_mark);
  if (format && *format != format_version)
    throw StorageError("the journal is of format " + *format + ", this program writes format " +
                       std::string{format_version} + file(store, {}));
}

RecoveredJournal recover_or_throw(KeyValueStore& store, HeadFile& head_file, const std::optional<Head>& head,
                                  const Journal::Limits& limits) {
  check_format(store);
  const auto newest = page_at_or_before(store, position_max);
  const auto end =
      newest ? recover_pages(store, head_file, head, limits, *newest) : make_or_refuse(store, head_file, head);
  return {end, JournalReader{store}.pending_or_throw()};
}

}  // namespace

RecoveredJournal recover_journal(KeyValueStore& store, HeadFile& head_file, const Journal::Limits& limits) {
  const auto head = head_file.load();
  RecoveredJournal recovered;
  try {
    recovered = recover_or_throw(store, head_file, head, limits);
  } catch (const DamagedEntry& error) {
    std::string text = error.what();
    if (text.find("(file ") != std::string::npos) throw;
    if (head) text += "; acknowledged up to position " + std::to_string(head->position);
    throw JournalDamaged(text + file(store, text));
  }
  // What was durable but not yet acknowledged is visible to readers from now on, so it counts as acknowledged.
  const auto& end = recovered.end;
  if (head && end.position > head->position) head_file.store({end.position, end.chain});
  return recovered;
}

}  // namespace sugang
