#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "domain/literal.hpp"

namespace sugang {

/// An event that says all by its name.
template <Literal literal>
struct BareEvent {
  static constexpr std::string_view name = literal;
  bool operator==(const BareEvent&) const = default;
  static void fields(auto&, auto&&) {}
};

/// What an aggregate answers to a command: events (none, when the command was obeyed before) or one error.
template <class Event, class Error>
struct Decision {
  std::vector<Event> events;
  std::optional<Error> error;

  Decision() = default;
  Decision(Error refusal) : error(refusal) {}
  template <class... Events>
  requires(sizeof...(Events) > 0 && (std::constructible_from<Event, Events> && ...)) static Decision
      of(Events&&... happened) {
    Decision decision;
    decision.events.reserve(sizeof...(Events));
    (decision.events.emplace_back(std::forward<Events>(happened)), ...);
    return decision;
  }
};

/// Overloads of lambdas, for std::visit.
template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
// Clang before 17 does not deduce an aggregate's template arguments by itself.
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

/// Visits by one lambda per alternative: `match(event)([](const A&) { … }, [](const B&) { … })`.
template <class Variant>
auto match(Variant& variant) {
  return [&variant]<class... Fs>(Fs... fs) { return std::visit(Overloaded{std::move(fs)...}, variant); };
}

}  // namespace sugang
