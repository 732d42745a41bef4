#pragma once

#include <optional>
#include <string>
#include <variant>

#include "domain/enum_names.hpp"
#include "domain/time.hpp"

namespace sugang {

/// Every step any kind knows. A command's id is `saga:step:direction`. `request` is the birth of the enrollment,
/// which travels in the same append as the seats it holds; the `mark_…` steps are the enrollment's own.
enum class Step : std::uint8_t {
  none,
  request,
  hold_seats,
  take_payment,
  take_seats,
  confirm,
  mark_cancel_requested,
  mark_cancelled,
  mark_rejected,
  mark_expired,
};
template <>
struct EnumNames<Step> {
  static constexpr std::array<std::string_view, 10> values{"none",
                                                           "request",
                                                           "hold_seats",
                                                           "take_payment",
                                                           "take_seats",
                                                           "confirm",
                                                           "mark_cancel_requested",
                                                           "mark_cancelled",
                                                           "mark_rejected",
                                                           "mark_expired"};
};

enum class Direction : std::uint8_t { act, undo };
template <>
struct EnumNames<Direction> {
  static constexpr std::array<std::string_view, 2> values{"act", "undo"};
};

/// What a reader calls the step in this direction: hold_seats undone is release_seats.
std::string_view step_label(Step step, Direction direction);

enum class SagaState : std::uint8_t { none, running, waiting, completed, compensating, compensated, stuck };
template <>
struct EnumNames<SagaState> {
  static constexpr std::array<std::string_view, 7> values{"none",         "running",     "waiting", "completed",
                                                          "compensating", "compensated", "stuck"};
};

/// Why a saga turned round; it decides how the enrollment ends.
enum class TurnCause : std::uint8_t { declined, expired, cancelled };
template <>
struct EnumNames<TurnCause> {
  static constexpr std::array<std::string_view, 3> values{"declined", "expired", "cancelled"};
};

struct SagaStarted {
  static constexpr std::string_view name = "saga.started";
  static constexpr std::uint16_t version = 1;
  /// When the charge must have ended; after it the saga turns round and the enrollment expires.
  TimePoint deadline;
  bool operator==(const SagaStarted&) const = default;
  static void fields(auto& self, auto&& field) { field("deadline", self.deadline); }
};

struct SagaTurned {
  static constexpr std::string_view name = "saga.turned";
  static constexpr std::uint16_t version = 1;
  TurnCause cause = TurnCause::declined;
  std::string reason;
  bool operator==(const SagaTurned&) const = default;
  static void fields(auto& self, auto&& field) {
    field("cause", self.cause);
    field("reason", self.reason);
  }
};

/// An outside call ended without a definitive word; it will be made again with the same key.
struct SagaStepFailed {
  static constexpr std::string_view name = "saga.step-failed";
  static constexpr std::uint16_t version = 1;
  Step step = Step::none;
  Direction direction = Direction::act;
  std::uint32_t attempt = 0;
  std::string error;
  bool operator==(const SagaStepFailed&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("direction", self.direction);
    field("attempt", self.attempt);
    field("error", self.error);
  }
};

/// The outside refused for good what may not be given up; a person must settle it.
struct SagaStuck {
  static constexpr std::string_view name = "saga.stuck";
  static constexpr std::uint16_t version = 1;
  Step step = Step::none;
  Direction direction = Direction::act;
  std::string error;
  bool operator==(const SagaStuck&) const = default;
  static void fields(auto& self, auto&& field) {
    field("step", self.step);
    field("direction", self.direction);
    field("error", self.error);
  }
};

struct SagaCompleted {
  static constexpr std::string_view name = "saga.completed";
  static constexpr std::uint16_t version = 1;
  bool operator==(const SagaCompleted&) const = default;
  static void fields(auto&, auto&&) {}
};

struct SagaCompensated {
  static constexpr std::string_view name = "saga.compensated";
  static constexpr std::uint16_t version = 1;
  bool operator==(const SagaCompensated&) const = default;
  static void fields(auto&, auto&&) {}
};

using SagaEvent = std::variant<SagaStarted, SagaTurned, SagaStepFailed, SagaStuck, SagaCompleted, SagaCompensated>;

}  // namespace sugang
