#include "actors/notification_actor.hpp"

namespace sugang {

caf::message_handler NotificationActor::handlers() {
  return {
      [this](NotifyPerson& message) {
        turn([this, message = std::move(message)](const Unreadable* fault) {
          if (!fault) carry_out(Notify{message.notice}, message.enrollment, message.trace);
          message.appended(fault);
        });
      },
      [this](const SettleNotification& message) {
        turn([this, message] {
          const auto command = message.sent ? NotificationCommand{MarkSent{message.about}}
                                            : NotificationCommand{MarkFailed{message.about, message.error}};
          carry_out(command, message.enrollment, {});
        });
      },
  };
}

void NotificationActor::carry_out(const NotificationCommand& command, EnrollmentId enrollment,
                                  const TraceContext& trace) {
  commit(decide(state_, command, node_.timers.now()).events, {{}, enrollment, trace});
}

}  // namespace sugang
