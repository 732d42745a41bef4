#pragma once

#include "actors/node.hpp"

namespace sugang {

/// Registers with the node's directory which actor hosts which kind of aggregate. Once, before the first message;
/// the node must outlive its actors.
void host_aggregates(Node& node);

}  // namespace sugang
