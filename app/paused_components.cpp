#include "app/paused_components.hpp"

#include <utility>

namespace sugang {

PausedComponents::PausedComponents(KeyValueStore& store, std::uint8_t space, Components& components,
                                   OnFailure on_failure)
    : store_(store), space_(space), components_(components), on_failure_(std::move(on_failure)) {
  store_.scan(space_, {}, {}, [&](std::string_view name, std::string_view) {
    if (const auto component = parse_enum<Component>(name)) components_.set(*component, false);
    return true;
  });
}

void PausedComponents::set(Component component, bool runs) {
  const std::lock_guard lock{mutex_};
  WriteSet changes;
  std::string name{to_text(component)};
  if (runs) {
    changes.erase(space_, std::move(name));
  } else {
    changes.put(space_, std::move(name), {});
  }
  try {
    store_.write(changes, Sync::yes);
  } catch (const StorageError& error) {
    on_failure_(error.what());
    throw;
  }
  components_.set(component, runs);
}

std::vector<Component> PausedComponents::paused() const {
  std::vector<Component> found;
  for (std::size_t i = 0; i < EnumNames<Component>::values.size(); ++i)
    if (const auto component = static_cast<Component>(i); !components_.runs(component)) found.push_back(component);
  return found;
}

}  // namespace sugang
