#pragma once

#include "http/call.hpp"

namespace sugang {

Handled post_webhook(Call& call);
Handled list_webhooks(Call& call);
Handled delete_webhook(Call& call);
Handled list_webhook_deliveries(Call& call);

}  // namespace sugang
