#pragma once

#include "http/call.hpp"

namespace sugang {

Handled list_deliveries(Call& call);
Handled get_delivery(Call& call);
Handled start_delivery(Call& call);
Handled complete_delivery(Call& call);

}  // namespace sugang
