#pragma once

#include "http/call.hpp"

namespace sugang {

Handled post_course(Call& call);
Handled import_courses(Call& call);
Handled list_courses(Call& call);
Handled get_course(Call& call);
Handled patch_course(Call& call);
Handled cancel_course(Call& call);
Handled list_course_enrollments(Call& call);
Handled list_course_waitlist(Call& call);

}  // namespace sugang
