#pragma once

#include "http/call.hpp"

namespace sugang {

Handled list_coaching(Call& call);
Handled get_coaching(Call& call);
Handled assign_instructor(Call& call);
Handled agree_on_schedule(Call& call);
Handled record_result(Call& call);

}  // namespace sugang
