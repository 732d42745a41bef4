#include "domain/notification.hpp"

namespace sugang {
namespace {

using NotificationDecision = Decision<NotificationEvent, NotificationError>;

NotificationDecision decide_notify(const NotificationBox& box, const Notify& command) {
  const auto& notice = command.notice;
  if (notice.position < box.told_from || box.told.contains({notice.position, notice.about})) return {};
  return NotificationDecision::of(command.notice);
}

}  // namespace

Decision<NotificationEvent, NotificationError> decide(const NotificationBox& box,
                                                      const NotificationCommand& command, TimePoint) {
  return std::visit(Overloaded{
                        [&](const Notify& c) { return decide_notify(box, c); },
                        [&](const MarkSent& c) {
                          if (!box.outstanding.contains(c.about)) return NotificationDecision{};
                          return NotificationDecision::of(NotificationSent{c.about});
                        },
                        [&](const MarkFailed& c) {
                          if (!box.outstanding.contains(c.about)) return NotificationDecision{};
                          return NotificationDecision::of(NotificationFailed{c.about, c.error});
                        },
                    },
                    command);
}

void apply(NotificationBox& box, const NotificationEvent& event) {
  std::visit(Overloaded{
                 [&](const NotificationQueued& e) {
                   box.told.emplace(e.position, e.about);
                   if (box.told.size() > told_max) {
                     box.told_from = {box.told.begin()->first.number + 1};
                     box.told.erase(box.told.begin());
                   }
                   if (e.outward) box.outstanding.insert(e.about);
                 },
                 [&](const NotificationSent& e) { box.outstanding.erase(e.about); },
                 [&](const NotificationFailed& e) { box.outstanding.erase(e.about); },
             },
             event);
}

}  // namespace sugang
