#pragma once

#include "storage/journal.hpp"
#include "views/projector.hpp"

namespace sugang {

/// The journal must outlive what tails it.
RecordSource tail_of(const Journal& journal);

}  // namespace sugang
