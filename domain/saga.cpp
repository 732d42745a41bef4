#include "domain/saga.hpp"

namespace sugang {

std::string_view step_label(Step step, Direction direction) {
  if (direction == Direction::undo && step == Step::hold_seats) return "release_seats";
  if (direction == Direction::undo && step == Step::take_payment) return "refund_payment";
  return to_text(step);
}

}  // namespace sugang
