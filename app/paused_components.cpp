#include "app/paused_components.hpp"

#include <utility>

#include "storage/bytes.hpp"

namespace sugang {
namespace {

constexpr Position everything = std::numeric_limits<Position>::max();

}  // namespace

PausedComponents::PausedComponents(KeyValueStore& store, std::uint8_t space, Components& components,
                                   OnFailure on_failure)
    : store_(store), space_(space), components_(components), on_failure_(std::move(on_failure)) {
  for (auto& until : until_) until = everything;
  store_.scan(space_, {}, {}, [&](std::string_view name, std::string_view end) {
    const auto component = parse_enum<Component>(name);
    if (!component) return true;
    until_[static_cast<std::size_t>(*component)] = ByteReader{end}.be<Position>();
    components_.set(*component, false);
    return true;
  });
}

void PausedComponents::set(Component component, bool runs, Position journal_end) {
  const std::lock_guard lock{mutex_};
  if (components_.runs(component) == runs) return;
  WriteSet changes;
  std::string name{to_text(component)};
  if (runs) {
    changes.erase(space_, std::move(name));
  } else {
    changes.put(space_, std::move(name), be_bytes(journal_end));
  }
  try {
    store_.write(changes, Sync::yes);
  } catch (const StorageError& error) {
    on_failure_(error.what());
    throw;
  }
  until_[static_cast<std::size_t>(component)] = runs ? everything : journal_end;
  components_.set(component, runs);
}

Position PausedComponents::shown_until(Component component) const {
  return until_[static_cast<std::size_t>(component)];
}

std::vector<Component> PausedComponents::paused() const {
  std::vector<Component> found;
  for (std::size_t i = 0; i < EnumNames<Component>::values.size(); ++i)
    if (const auto component = static_cast<Component>(i); !components_.runs(component)) found.push_back(component);
  return found;
}

}  // namespace sugang
