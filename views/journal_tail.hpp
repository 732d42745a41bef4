#pragma once

#include "storage/journal.hpp"
#include "views/projector.hpp"

namespace sugang {

/// The journal must outlive what tails it.
inline RecordSource tail_of(const Journal& journal) {
  return {[&journal](Position after, std::size_t limit) { return journal.read(after, limit); },
          [&journal] { return journal.durable_position(); }};
}

}  // namespace sugang
