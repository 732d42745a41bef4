#pragma once

#include <cstdint>
#include <variant>

#include "domain/decision.hpp"
#include "domain/enum_names.hpp"
#include "domain/ids.hpp"
#include "domain/time.hpp"

namespace sugang {

enum class StockState : std::uint8_t { none, requested, prepared, released };
constexpr auto names_of(StockState) { return names("none", "requested", "prepared", "released"); }

struct StockRequested {
  static constexpr std::string_view name = "stock.requested";
  CourseId course;
  std::uint32_t units = 0;
  bool operator==(const StockRequested&) const = default;
  static void fields(auto& self, auto&& field) {
    field("courseId", self.course);
    field("units", self.units);
  }
};

struct StockPrepared : BareEvent<"stock.prepared"> {};

/// The units went back to the shelf, or, when there were none, a late PrepareStock is refused from now on.
struct StockReleased : BareEvent<"stock.released"> {};

using StockEvent = std::variant<StockRequested, StockPrepared, StockReleased>;

struct PrepareStock {
  CourseId course;
  std::uint32_t units = 0;
};
struct ReleaseStock {};
using StockCommand = std::variant<PrepareStock, ReleaseStock>;

enum class StockError : std::uint8_t { undone };

/// Getting the units of one order ready.
struct StockPreparation {
  using Command = StockCommand;
  using Event = StockEvent;
  using Error = StockError;

  StockState state = StockState::none;
  bool operator==(const StockPreparation&) const = default;
};

using StockDecision = Decision<StockEvent, StockError>;
StockDecision decide(const StockPreparation& stock, const StockCommand& command, TimePoint now);
void apply(StockPreparation& stock, const StockEvent& event);

}  // namespace sugang
