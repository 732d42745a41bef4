#include <array>

#include "http/coaching_routes.hpp"
#include "http/course_routes.hpp"
#include "http/delivery_routes.hpp"
#include "http/document_routes.hpp"
#include "http/enrollment_routes.hpp"
#include "http/management_routes.hpp"
#include "http/router.hpp"
#include "http/saga_routes.hpp"
#include "http/student_routes.hpp"
#include "http/webhook_routes.hpp"

namespace sugang {
namespace {

using enum BodyKind;

// The hottest first: the table is searched from its front.
constexpr std::array client_table{
    Route{Method::post, "/v1/enrollments", json, post_enrollment},
    Route{Method::get, "/v1/enrollments/{id}", none, get_enrollment},
    Route{Method::get, "/v1/courses/{id}", none, get_course},
    Route{Method::post, "/v1/enrollments/{id}/cancel", json_optional, cancel_enrollment},
    Route{Method::get, "/v1/students/{id}/page", none, get_student_page},
    Route{Method::get, "/v1/enrollments", none, list_enrollments},
    Route{Method::get, "/v1/enrollments/{id}/events", none, get_timeline},
    Route{Method::get, "/v1/courses", none, list_courses},
    Route{Method::post, "/v1/courses", json, post_course},
    Route{Method::post, "/v1/courses/import", csv, import_courses},
    Route{Method::patch, "/v1/courses/{id}", merge_patch, patch_course},
    Route{Method::get, "/v1/courses/{id}/enrollments", none, list_course_enrollments},
    Route{Method::post, "/v1/courses/{id}/cancel", json, cancel_course},
    Route{Method::get, "/v1/courses/{id}/waitlist", none, list_course_waitlist},
    Route{Method::get, "/v1/students/{id}/mileage", none, get_student_mileage},
    Route{Method::get, "/v1/students/{id}/notifications", none, list_student_notifications},
    Route{Method::get, "/v1/coaching", none, list_coaching},
    Route{Method::get, "/v1/coaching/{enrollmentId}", none, get_coaching},
    Route{Method::post, "/v1/coaching/{enrollmentId}/assign", json, assign_instructor},
    Route{Method::post, "/v1/coaching/{enrollmentId}/schedule", json, agree_on_schedule},
    Route{Method::post, "/v1/coaching/{enrollmentId}/result", json, record_result},
    Route{Method::get, "/v1/deliveries", none, list_deliveries},
    Route{Method::get, "/v1/deliveries/{id}", none, get_delivery},
    Route{Method::post, "/v1/deliveries/{id}/start", json_optional, start_delivery},
    Route{Method::post, "/v1/deliveries/{id}/complete", json_optional, complete_delivery},
    Route{Method::get, "/v1/payments", none, list_payments},
    Route{Method::get, "/v1/payments/{id}", none, get_payment},
    Route{Method::get, "/v1/events", none, list_events},
    Route{Method::get, "/v1/sagas", none, list_sagas},
    Route{Method::get, "/v1/sagas/{id}", none, get_saga},
    Route{Method::post, "/v1/sagas/{id}/retry", json_optional, retry_saga},
    Route{Method::post, "/v1/sagas/{id}/compensate", json, compensate_saga},
    Route{Method::post, "/v1/sagas/{id}/resolve", json, resolve_saga},
    Route{Method::post, "/v1/webhooks", json, post_webhook},
    Route{Method::get, "/v1/webhooks", none, list_webhooks},
    Route{Method::delete_, "/v1/webhooks/{id}", none, delete_webhook},
    Route{Method::get, "/v1/webhooks/{id}/deliveries", none, list_webhook_deliveries},
    Route{Method::get, "/problems/{name}", none, get_problem},
    Route{Method::get, "/openapi.json", none, get_openapi},
    Route{Method::get, "/", none, get_index},
};

constexpr std::array management_table{
    Route{Method::get, "/livez", none, get_livez},
    Route{Method::get, "/readyz", none, get_readyz},
    Route{Method::get, "/metrics", none, get_metrics},
    Route{Method::get, "/v1/admin/gateway", none, get_gateway},
    Route{Method::put, "/v1/admin/gateway", json, put_gateway},
    Route{Method::get, "/v1/admin/gateway/charges", none, list_charges},
    Route{Method::get, "/v1/admin/components", none, list_components},
    Route{Method::put, "/v1/admin/components/{name}", json, put_component},
    Route{Method::get, "/v1/admin/set-aside", none, list_set_aside},
    Route{Method::get, "/v1/admin/views", none, list_views},
    Route{Method::post, "/v1/admin/views/{name}/rebuild", none, rebuild_view},
};

}  // namespace

std::span<const Route> client_routes() { return client_table; }
std::span<const Route> management_routes() { return management_table; }

}  // namespace sugang
