#include "views/journal_tail.hpp"

namespace sugang {

RecordSource tail_of(const Journal& journal) {
  return {[&journal](Position after, std::size_t limit) { return journal.read(after, limit); },
          [&journal] { return journal.durable_position(); }};
}

}  // namespace sugang
