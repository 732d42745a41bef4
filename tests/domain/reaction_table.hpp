#pragma once

#include <gtest/gtest.h>

#include <array>
#include <variant>
#include <vector>

#include "tests/domain/given.hpp"

namespace sugang {

/// Of an aggregate with states: what each command comes to in each of them.
template <class Aggregate>
struct ReactionTable {
  using Event = typename Aggregate::Event;
  using Command = typename Aggregate::Command;
  using Error = typename Aggregate::Error;
  using State = decltype(Aggregate::state);
  /// Events (none: obeyed before), or a refusal.
  using Reaction = std::variant<std::vector<Event>, Error>;

  struct Row {
    State state;
    /// How it comes to be in that state.
    std::vector<Event> past;
    std::vector<Reaction> reactions;
  };

  std::vector<Command> commands;
  std::vector<Row> rows;

  template <class... Events>
  static Reaction does(Events... events) {
    return std::vector<Event>{std::move(events)...};
  }

  void expect_all() const {
    EXPECT_EQ(rows.size(), EnumNames<State>::values.size()) << "every state has its row";
    for (const auto& row : rows) {
      ASSERT_EQ(row.reactions.size(), commands.size()) << to_text(row.state);
      for (std::size_t c = 0; c < commands.size(); ++c) expect(row, c);
    }
  }

  /// Whatever comes how often, the state that the events give is the one that was answered from.
  void expect_repeats_change_nothing() const {
    for (const auto& row : rows)
      for (const auto& command : commands) {
        auto aggregate = replay<Aggregate>(row.past);
        const auto first = decide(aggregate, command, noon);
        for (const auto& event : first.events) apply(aggregate, event);
        const auto again = decide(aggregate, command, noon);
        EXPECT_TRUE(again.events.empty()) << to_text(row.state);
        EXPECT_EQ(again.error, first.error) << to_text(row.state);
      }
  }

 private:
  void expect(const Row& row, std::size_t c) const {
    SCOPED_TRACE(testing::Message() << to_text(row.state) << ", command " << c);
    const auto aggregate = replay<Aggregate>(row.past);
    EXPECT_EQ(aggregate.state, row.state);
    const auto decision = decide(aggregate, commands[c], noon);
    if (const auto* error = std::get_if<Error>(&row.reactions[c])) {
      EXPECT_THAT(decision, Refuses(*error));
    } else {
      EXPECT_EQ(decision.error, std::nullopt);
      EXPECT_EQ(decision.events, std::get<std::vector<Event>>(row.reactions[c]));
    }
  }
};

}  // namespace sugang
