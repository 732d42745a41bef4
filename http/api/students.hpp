#pragma once

#include "http/api/query.hpp"

namespace sugang {

void write_notification(JsonWriter& json, const Notification& notification);

}  // namespace sugang
