#include "domain/stock.hpp"

#include <gtest/gtest.h>

#include "tests/domain/reaction_table.hpp"

namespace sugang {
namespace {

using State = StockState;
using Table = ReactionTable<StockPreparation>;

const CourseId lamps{"lamps"};
const StockRequested requested{lamps, 3};
constexpr StockPrepared prepared;
constexpr StockReleased released;

Table table() {
  const auto nothing = Table::does();
  const Table::Reaction undone{StockError::undone};
  return {.commands = {PrepareStock{lamps, 3}, ReleaseStock{}},
          .rows = {
              {State::none, {}, {Table::does(requested, prepared), Table::does(released)}},
              {State::requested, {requested}, {Table::does(prepared), Table::does(released)}},
              {State::prepared, {requested, prepared}, {nothing, Table::does(released)}},
              {State::released, {requested, prepared, released}, {undone, nothing}},
          }};
}

TEST(StockPreparation, AnswersEveryCommandInEveryStateAsInTheTable) { table().expect_all(); }

TEST(StockPreparation, AnswersARepeatedCommandWithoutAnEvent) { table().expect_repeats_change_nothing(); }

TEST(ReleaseStock, BeforeThePreparationLeavesATombstone) {
  EXPECT_THAT(given<StockPreparation>(released).when(PrepareStock{lamps, 3}), Refuses(StockError::undone));
  EXPECT_THAT(given<StockPreparation>(released).when(ReleaseStock{}), ChangesNothing());
}

}  // namespace
}  // namespace sugang
