#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace sugang {

/// A string literal as a template argument.
template <std::size_t size>
struct Literal {
  char text[size];
  constexpr Literal(const char (&from)[size]) { std::copy_n(from, size, text); }
  constexpr operator std::string_view() const { return {text, size - 1}; }
};

}  // namespace sugang
