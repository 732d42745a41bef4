#include "sagas/table.hpp"

#include <array>

namespace sugang {
namespace {

constexpr std::array seats_for_money{
    TableStep{.step = Step::hold_seats, .undoable = true},
    TableStep{.step = Step::take_payment, .undoable = true},
    TableStep{.step = Step::take_seats, .after = PointOfNoReturn{}},
    TableStep{.step = Step::confirm},
};

constexpr std::array cancelled{
    UndoStep{.step = Step::mark_cancel_requested, .direction = Direction::act},
    UndoStep{.step = Step::hold_seats},
    UndoStep{.step = Step::take_payment},
    UndoStep{.step = Step::mark_cancelled, .direction = Direction::act},
};
constexpr std::array declined{
    UndoStep{.step = Step::hold_seats},
    UndoStep{.step = Step::take_payment},
    UndoStep{.step = Step::mark_rejected, .direction = Direction::act},
};
constexpr std::array expired{
    UndoStep{.step = Step::hold_seats},
    UndoStep{.step = Step::take_payment},
    UndoStep{.step = Step::mark_expired, .direction = Direction::act},
};

}  // namespace

std::span<const TableStep> way_forward(CourseKind kind) {
  switch (kind) {
    case CourseKind::lecture:
    case CourseKind::performance:
      return seats_for_money;
  }
  return {};
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

}  // namespace sugang
