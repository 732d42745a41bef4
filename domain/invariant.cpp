#include "domain/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace sugang {

void invariant_broken(const char* invariant) {
  std::fprintf(stderr, "sugangd: broken invariant: %s\n", invariant);
  std::abort();
}

}  // namespace sugang
