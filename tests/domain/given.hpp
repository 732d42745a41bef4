#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "domain/course.hpp"
#include "domain/enrollment.hpp"
#include "domain/payment.hpp"
#include "domain/record.hpp"

// Given events, when a command, then events: the words that the tests of the pure aggregates are written in.

namespace sugang {

template <class E>
concept Journaled = requires {
  E::name;
};

template <class T>
void describe(std::ostream& out, const T& value) {
  if constexpr (NamedEnum<T> || requires { to_text(value); })
    out << to_text(value);
  else if constexpr (requires { out << value; })
    out << value;
  else if constexpr (requires { value.has_value(); })
    value ? describe(out, *value) : void(out << "none");
  else if constexpr (std::is_same_v<T, Money>)
    out << value.amount << ' ' << value.currency.text();
  else
    out << "…";
}

// What gtest shows of a value when a claim fails.

template <Journaled E>
void PrintTo(const E& event, std::ostream* out) {
  *out << E::name << '{';
  E::fields(event, [out](std::string_view member, const auto& value) {
    *out << member << ": ";
    describe(*out, value);
    *out << ' ';
  });
  *out << '}';
}

template <NamedEnum E>
void PrintTo(const E& value, std::ostream* out) {
  *out << to_text(value);
}

template <class Event, class Error>
void PrintTo(const Decision<Event, Error>& decision, std::ostream* out) {
  if (decision.error) *out << "error " << static_cast<int>(*decision.error) << ", ";
  *out << "events " << testing::PrintToString(decision.events);
}

/// Exactly these events, in this order.
MATCHER_P(CausesAll, events, "") {
  return std::apply(
      [&](const auto&... expected) {
        return !arg.error && arg.events == std::decay_t<decltype(arg.events)>{expected...};
      },
      events);
}
template <class... Events>
auto Causes(Events... events) {
  return CausesAll(std::make_tuple(std::move(events)...));
}
/// Obeyed before: a success without an event.
MATCHER(ChangesNothing, "") { return !arg.error && arg.events.empty(); }
MATCHER_P(Refuses, error, "") { return arg.error == error && arg.events.empty(); }

/// Noon of a day in term.
inline constexpr TimePoint noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{12}};

template <class Aggregate>
Aggregate replay(const std::vector<typename Aggregate::Event>& events) {
  Aggregate aggregate;
  for (const auto& event : events) apply(aggregate, event);
  return aggregate;
}

template <class Aggregate>
class Past {
 public:
  explicit Past(std::vector<typename Aggregate::Event> events) : events_(std::move(events)) {}

  Past at(TimePoint now) && {
    now_ = now;
    return std::move(*this);
  }
  auto when(const typename Aggregate::Command& command) const {
    return decide(replay<Aggregate>(events_), command, now_);
  }
  Aggregate state() const { return replay<Aggregate>(events_); }

 private:
  std::vector<typename Aggregate::Event> events_;
  TimePoint now_ = noon;
};

template <class Aggregate, class... Events>
Past<Aggregate> given(Events... events) {
  return Past<Aggregate>{{std::move(events)...}};
}

/// The n-th enrollment of a test, minted `age` before noon.
inline EnrollmentId enrollment(std::uint64_t n, Milliseconds age = {}) {
  return {make_uid(noon - age, Partition{7}, n << 2, 0)};
}

inline CourseDefinition lecture(std::uint32_t capacity) {
  return {.kind = CourseKind::lecture, .title = "Databases", .capacity = capacity, .price = {12'000, {}}};
}

inline CourseDefinition performance(std::uint32_t capacity) {
  return {.kind = CourseKind::performance,
          .title = "A musical",
          .capacity = capacity,
          .price = {50'000, {}},
          .seats_per_student = 0,
          .payment_unavailable = PaymentUnavailable::defer};
}

}  // namespace sugang
