#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/outcome.hpp"

namespace sugang {

struct Page {
  std::size_t limit = 50;
  /// Opaque to callers; empty from the start.
  std::string cursor;
};
template <class Row>
struct Listing {
  std::vector<Row> items;
  std::optional<std::string> next;
  /// The view's position.
  Position position = 0;
};
/// A read from a view: rows, or why not. `cursor_invalid`: the cursor is not one of ours.
template <class Row>
struct ListResult {
  std::optional<ServiceError> error;
  bool cursor_invalid = false;
  Listing<Row> listing;
};

}  // namespace sugang
