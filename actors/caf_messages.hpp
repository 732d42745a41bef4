#pragma once

// The one place that knows CAF's version: 0.17 wants in-process message types declared. Messages stay on the node
// (storage is the only thing that is encoded), so every type of this namespace may be one, and none is
// serializable.

#include <caf/all.hpp>

namespace sugang {

/// Found by the lookup in an argument's own namespace, and so for this namespace's types alone.
template <class T>
void stays_on_node(const T&);

}  // namespace sugang

template <class T>
requires requires(const T& message) { stays_on_node(message); }
struct caf::allowed_unsafe_message_type<T> : std::true_type {};
