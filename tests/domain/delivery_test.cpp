#include "domain/delivery.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/domain/reaction_table.hpp"

namespace sugang {
namespace {

using State = DeliveryState;
using Table = ReactionTable<Delivery>;

constexpr DeliveryRequested requested;
constexpr DeliveryStarted started;
constexpr DeliveryCompleted completed;
constexpr DeliveryCancelled cancelled;

Table table() {
  const auto nothing = Table::does();
  const Table::Reaction lost{DeliveryError::not_found}, waits{DeliveryError::not_started},
      too_late{DeliveryError::already_started}, gone{DeliveryError::cancelled};
  // clang-format off
  return {.commands = {RequestDelivery{}, StartDelivery{}, CompleteDelivery{}, CancelDelivery{}},
          .rows = {
              {State::none, {}, {Table::does(requested), lost, lost, Table::does(cancelled)}},
              {State::requested, {requested}, {nothing, Table::does(started), waits, Table::does(cancelled)}},
              {State::started, {requested, started}, {nothing, nothing, Table::does(completed), too_late}},
              {State::completed, {requested, started, completed}, {nothing, nothing, nothing, too_late}},
              {State::cancelled, {requested, cancelled}, {gone, gone, gone, nothing}},
          }};
  // clang-format on
}

TEST(Delivery, AnswersEveryCommandInEveryStateAsInTheTable) { table().expect_all(); }

TEST(Delivery, AnswersARepeatedCommandWithoutAnEvent) { table().expect_repeats_change_nothing(); }

TEST(CancelDelivery, BeforeTheRequestLeavesATombstone) {
  EXPECT_THAT(given<Delivery>(cancelled).when(RequestDelivery{}), Refuses(DeliveryError::cancelled));
  EXPECT_THAT(given<Delivery>(cancelled).when(StartDelivery{}), Refuses(DeliveryError::cancelled));
}

RC_GTEST_PROP(Invariant6, AStartedDeliveryIsNeverCancelledAndACancelledOneNeverStarts, ()) {
  const auto commands = table().commands;
  Delivery delivery;
  bool has_started = false, has_ended = false;
  for (auto c : *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, commands.size())))
    for (const auto& event : decide(delivery, commands[c], noon).events) {
      apply(delivery, event);
      if (std::holds_alternative<DeliveryStarted>(event)) has_started = true;
      if (std::holds_alternative<DeliveryCancelled>(event)) has_ended = true;
      RC_ASSERT(!(has_started && has_ended));
    }
}

}  // namespace
}  // namespace sugang
