#pragma once

#include "http/call.hpp"

namespace sugang {

// What one student sees of her own.

Handled get_student_page(Call& call);
Handled get_student_mileage(Call& call);
Handled list_student_notifications(Call& call);

}  // namespace sugang
