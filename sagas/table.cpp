#include "sagas/table.hpp"

#include <algorithm>
#include <array>

namespace sugang {
namespace {

constexpr TableStep hold_seats{.step = Step::hold_seats, .late = TurnCause::expired};
constexpr TableStep take_payment{.step = Step::take_payment, .late = TurnCause::expired};
constexpr TableStep take_seats{.step = Step::take_seats, .cancel = Cancel::waits, .after = PointOfNoReturn{}};
constexpr TableStep confirm{.step = Step::confirm, .cancel = Cancel::waits};
constexpr TableStep complete{.step = Step::complete, .cancel = Cancel::refused};

constexpr TableStep by_person(Step step, std::optional<TurnCause> late, Cancel cancel = Cancel::turns) {
  return {.step = step, .taken = Taken::by_person, .cancel = cancel, .late = late};
}

// Lectures and performances.
constexpr std::array seats_for_money{hold_seats, take_payment, take_seats, confirm};

constexpr std::array product{
    hold_seats,
    take_payment,
    TableStep{.step = Step::prepare_stock},
    take_seats,
    confirm,
    TableStep{.step = Step::request_delivery},
    // Never started, an order is cancelled and paid back; under way, an operator has to find out.
    by_person(Step::start_delivery, TurnCause::cancelled),
    by_person(Step::complete_delivery, std::nullopt, Cancel::refused),
    complete,
};

constexpr std::array training{
    hold_seats,
    take_payment,
    by_person(Step::assign_instructor, TurnCause::expired),
    by_person(Step::book_slot, TurnCause::expired),
    TableStep{.step = Step::confirm_schedule},
    take_seats,
    confirm,
    by_person(Step::record_result, std::nullopt),
    complete,
};

constexpr UndoStep mark(Step step) { return {.step = step, .direction = Direction::act}; }

/// All that may have to be undone, delivery first, then seats before money.
constexpr std::array cancelled{
    mark(Step::mark_cancel_requested),    UndoStep{.step = Step::request_delivery},
    UndoStep{.step = Step::hold_seats},   UndoStep{.step = Step::assign_instructor},
    UndoStep{.step = Step::book_slot},    UndoStep{.step = Step::prepare_stock},
    UndoStep{.step = Step::take_payment}, mark(Step::mark_cancelled),
};
// Before it is confirmed, nothing is on its way.
constexpr std::array declined{
    UndoStep{.step = Step::hold_seats},   UndoStep{.step = Step::assign_instructor},
    UndoStep{.step = Step::book_slot},    UndoStep{.step = Step::prepare_stock},
    UndoStep{.step = Step::take_payment}, mark(Step::mark_rejected),
};
constexpr std::array expired{
    UndoStep{.step = Step::hold_seats},   UndoStep{.step = Step::assign_instructor},
    UndoStep{.step = Step::book_slot},    UndoStep{.step = Step::prepare_stock},
    UndoStep{.step = Step::take_payment}, mark(Step::mark_expired),
};

}  // namespace

std::span<const TableStep> way_forward(CourseKind kind) {
  switch (kind) {
    case CourseKind::lecture:
    case CourseKind::performance:
      return seats_for_money;
    case CourseKind::product:
      return product;
    case CourseKind::training:
      return training;
  }
  return {};
}

std::optional<std::size_t> place_of(CourseKind kind, Step step) {
  const auto way = way_forward(kind);
  const auto it = std::find_if(way.begin(), way.end(), [&](const TableStep& each) { return each.step == step; });
  return it == way.end() ? std::nullopt : std::optional{static_cast<std::size_t>(it - way.begin())};
}

std::span<const UndoStep> way_back(TurnCause cause) {
  switch (cause) {
    case TurnCause::declined:
      return declined;
    case TurnCause::expired:
      return expired;
    case TurnCause::cancelled:
      return cancelled;
  }
  return {};
}

std::optional<Component> component_of(Step step) {
  switch (step) {
    case Step::take_payment:
      return Component::payments;
    case Step::assign_instructor:
    case Step::book_slot:
    case Step::confirm_schedule:
    case Step::record_result:
      return Component::coaching;
    case Step::request_delivery:
    case Step::start_delivery:
    case Step::complete_delivery:
      return Component::delivery;
    default:
      return std::nullopt;
  }
}

}  // namespace sugang
