#pragma once

#include "http/call.hpp"

namespace sugang {

Handled get_livez(Call& call);
Handled get_readyz(Call& call);
Handled get_metrics(Call& call);
Handled get_gateway(Call& call);
Handled put_gateway(Call& call);
Handled list_charges(Call& call);
Handled list_components(Call& call);
Handled put_component(Call& call);
Handled list_views(Call& call);
Handled list_set_aside(Call& call);
Handled rebuild_view(Call& call);

}  // namespace sugang
