#pragma once

#include "http/call.hpp"

namespace sugang {

// What an operator does with a saga; its reads are among the enrollment's.

Handled retry_saga(Call& call);
Handled compensate_saga(Call& call);
Handled resolve_saga(Call& call);

}  // namespace sugang
