#include "domain/stock.hpp"

namespace sugang {
namespace {

using StockDecision = Decision<StockEvent, StockError>;

StockDecision decide_prepare(const StockPreparation& stock, const PrepareStock& command) {
  switch (stock.state) {
    case StockState::none: return StockDecision::of(StockRequested{command.course, command.units}, StockPrepared{});
    case StockState::requested: return StockDecision::of(StockPrepared{});
    case StockState::prepared: return {};
    case StockState::released: return StockError::undone;
  }
  return {};
}

}  // namespace

Decision<StockEvent, StockError> decide(const StockPreparation& stock, const StockCommand& command, TimePoint) {
  return std::visit(Overloaded{
                        [&](const PrepareStock& c) { return decide_prepare(stock, c); },
                        [&](const ReleaseStock&) {
                          if (stock.state == StockState::released) return StockDecision{};
                          return StockDecision::of(StockReleased{});
                        },
                    },
                    command);
}

void apply(StockPreparation& stock, const StockEvent& event) {
  std::visit(Overloaded{
                 [&](const StockRequested&) { stock.state = StockState::requested; },
                 [&](const StockPrepared&) { stock.state = StockState::prepared; },
                 [&](const StockReleased&) { stock.state = StockState::released; },
             },
             event);
}

}  // namespace sugang
