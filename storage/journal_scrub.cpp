#include "storage/journal_scrub.hpp"

#include <algorithm>
#include <utility>

#include "storage/damage.hpp"
#include "storage/journal_keys.hpp"
#include "storage/journal_page.hpp"
#include "storage/journal_reader.hpp"

namespace sugang {
namespace {

/// The longest leap over what can't be read; about a page's events.
constexpr Position skip_max = 128;

}  // namespace

JournalScrub::JournalScrub(const KeyValueStore& store, std::function<Position()> end, Found found)
    : store_(store), end_of_journal_(std::move(end)), found_(std::move(found)) {}

JournalScrub::Step JournalScrub::step(std::uint64_t bytes_max) {
  if (!std::exchange(under_way_, true)) {
    next_ = 1;
    end_ = end_of_journal_();
    chain_ = chain_origin;
    skip_ = 1;
  }
  if (next_ <= end_) return {read_pages(bytes_max), false};
  if (!files_) files_ = store_.sorted_files();
  if (!files_->empty()) return {read_file(bytes_max), false};
  files_.reset();
  under_way_ = false;
  ++passes_;
  ended_ = std::chrono::steady_clock::now();
  return {0, true};
}

std::chrono::seconds JournalScrub::age() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - ended_.load());
}

std::uint64_t JournalScrub::read_pages(std::uint64_t bytes_max) {
  std::uint64_t bytes = 0;
  const Position began = next_;
  try {
    store_.scan(
        pages_space, page_key(began), {},
        [&](std::string_view key, std::string_view value) {
          if (next_ > end_ || bytes >= bytes_max) return false;
          check_page(key, value);
          bytes += value.size();
          return true;
        },
        Caching::no);
    if (bytes == 0) {
      if (chain_) throw JournalDamaged("journal damaged: the pages end at position " + std::to_string(began - 1));
      next_ = end_ + 1;
    }
  } catch (const DamagedEntry& fault) {
    pass_over(fault);
  } catch (const StorageError&) {
    // Read again, after a rest as long as if it had been read.
    return bytes_max;
  }
  return bytes;
}

void JournalScrub::check_page(std::string_view key, std::string_view value) {
  const auto page = parse_page(position_of_page(key), value);
  const auto text = "journal damaged: the page at position " + std::to_string(page.first);
  if (chain_ && page.first != next_)
    report(next_, JournalDamaged(text + " follows position " + std::to_string(next_ - 1)));
  else if (chain_ && page.previous_chain != *chain_)
    report(page.first, JournalDamaged(text + " is not chained to the one before"));
  chain_ = page.chain;
  skip_ = 1;
  next_ = page.last() + 1;
}

void JournalScrub::pass_over(const std::exception& fault) {
  report(next_, fault);
  chain_.reset();
  next_ += skip_;
  skip_ = std::min(2 * skip_, skip_max);
}

void JournalScrub::report(Position position, const std::exception& fault) {
  found_(damage_at(store_, position, pages_space, page_key(position), fault));
}

std::uint64_t JournalScrub::read_file(std::uint64_t bytes_max) {
  const auto& file = files_->back();
  std::uint64_t bytes = 0;
  try {
    bytes = store_.check_sorted_file(file);
  } catch (const DamagedEntry& fault) {
    found_(JournalDamaged(fault.what(), 0, file, cause_of(fault.what())));
  } catch (const StorageError&) {
    return bytes_max;
  }
  files_->pop_back();
  return bytes;
}

}  // namespace sugang
