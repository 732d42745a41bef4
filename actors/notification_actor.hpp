#pragma once

#include "actors/entity_host.hpp"

namespace sugang {

/// One person's box. Nobody waits for it but the teller, who goes on once it is in the journal.
class NotificationActor final : public EntityHost<NotificationBox> {
 public:
  using EntityHost::EntityHost;

 private:
  caf::message_handler handlers() override;
  void carry_out(const NotificationCommand& command, EnrollmentId enrollment, const TraceContext& trace);
};

}  // namespace sugang
