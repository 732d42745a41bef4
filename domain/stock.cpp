#include "domain/stock.hpp"

namespace sugang {
namespace {

StockDecision on(const StockPreparation& stock, const PrepareStock& command) {
  switch (stock.state) {
    case StockState::none: return StockDecision::of(StockRequested{command.course, command.units}, StockPrepared{});
    case StockState::requested: return StockDecision::of(StockPrepared{});
    case StockState::prepared: return {};
    case StockState::released: return StockError::undone;
  }
  return {};
}

StockDecision on(const StockPreparation& stock, const ReleaseStock&) {
  if (stock.state == StockState::released) return {};
  return StockDecision::of(StockReleased{});
}

}  // namespace

StockDecision decide(const StockPreparation& stock, const StockCommand& command, TimePoint) {
  return std::visit([&](const auto& each) { return on(stock, each); }, command);
}

void apply(StockPreparation& stock, const StockEvent& event) {
  match(event)([&](const StockRequested&) { stock.state = StockState::requested; },
               [&](const StockPrepared&) { stock.state = StockState::prepared; },
               [&](const StockReleased&) { stock.state = StockState::released; });
}

}  // namespace sugang
