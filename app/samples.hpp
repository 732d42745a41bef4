#pragma once

#include <string_view>

namespace sugang {

/// samples/catalogue.csv, carried in the program: what a demo offers.
extern const std::string_view sample_catalogue;

}  // namespace sugang
