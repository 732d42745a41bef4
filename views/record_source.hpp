#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "storage/journal.hpp"

namespace sugang {

/// The journal as the projector sees it: durable records after a position, up to a limit, in order; and the
/// position of the last durable one.
struct RecordSource {
  std::function<std::vector<Record>(Position after, std::size_t limit)> read;
  std::function<Position()> end;
};

/// The journal must outlive the source.
inline RecordSource records_of(const Journal& journal) {
  return {[&journal](Position after, std::size_t limit) { return journal.read(after, limit); },
          [&journal] { return journal.durable_position(); }};
}

}  // namespace sugang
