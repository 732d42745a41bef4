#pragma once

#include "domain/record.hpp"
#include "storage/key_value_store.hpp"

namespace sugang {

/// Folds the journal into the rows of one generation. A chunk of records is folded in memory and then flushed, so
/// that a row which many records changed is written once. Not thread-safe; the projector owns it.
class View {
 public:
  virtual ~View() = default;
  /// Records come in journal order, each once. Total: what a record can't mean is left alone.
  virtual void fold(const Record& record) = 0;
  /// Adds the changed rows to `changes`; they are in the store before the next fold.
  virtual void flush(WriteSet& changes) = 0;
};

}  // namespace sugang
