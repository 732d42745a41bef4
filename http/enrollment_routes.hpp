#pragma once

#include "http/handling.hpp"

namespace sugang {

// Enrollments, and what is read through them: payments, sagas, events.

Handled post_enrollment(Call& call);
Handled list_enrollments(Call& call);
Handled get_enrollment(Call& call);
Handled get_timeline(Call& call);
Handled cancel_enrollment(Call& call);

Handled get_payment(Call& call);
Handled list_payments(Call& call);
Handled list_sagas(Call& call);
Handled get_saga(Call& call);
Handled list_events(Call& call);

}  // namespace sugang
