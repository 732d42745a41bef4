#include "domain/saga.hpp"

namespace sugang {

std::string_view step_label(Step step, Direction direction) {
  if (direction == Direction::act) return to_text(step);
  switch (step) {
    case Step::hold_seats:
      return "release_seats";
    case Step::take_payment:
      return "refund_payment";
    case Step::prepare_stock:
      return "release_stock";
    case Step::request_delivery:
      return "cancel_delivery";
    case Step::assign_instructor:
      return "release_coaching";
    case Step::book_slot:
      return "release_slot";
    default:
      return to_text(step);
  }
}

}  // namespace sugang
