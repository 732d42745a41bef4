#include "domain/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace sugang {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  std::size_t fewest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto& candidate : known) {
    const auto edits = edit_distance(name, candidate);
    if (edits >= fewest) continue;
    fewest = edits;
    nearest = &candidate;
  }
  return nearest ? std::optional{*nearest} : std::nullopt;
}

}  // namespace sugang
