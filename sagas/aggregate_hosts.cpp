#include "sagas/aggregate_hosts.hpp"

#include "actors/course_actor.hpp"
#include "actors/payment_actor.hpp"
#include "sagas/coordinator.hpp"

namespace sugang {
namespace {

template <class Host>
Directory::Spawn spawn(Node& node) {
  return [&node](caf::actor_system& system, std::shared_ptr<Resident> resident) {
    return caf::actor{system.spawn<Host, caf::lazy_init>(node, std::move(resident))};
  };
}

}  // namespace

void host_aggregates(Node& node) {
  // A course is likely to be used again soon; an enrollment that has ended is not.
  constexpr Milliseconds at_once{0};
  node.directory.host(AggregateKind::course, node.limits.course_idle, spawn<CourseActor>(node));
  node.directory.host(AggregateKind::enrollment, at_once, spawn<Coordinator>(node));
  node.directory.host(AggregateKind::payment, at_once, spawn<PaymentActor>(node));
  node.directory.host(AggregateKind::stock_preparation, at_once, spawn<EntityHost<StockPreparation>>(node));
  node.directory.host(AggregateKind::delivery, at_once, spawn<EntityHost<Delivery>>(node));
  node.directory.host(AggregateKind::coaching, at_once, spawn<EntityHost<Coaching>>(node));
  node.directory.host(AggregateKind::calendar, node.limits.calendar_idle,
                      spawn<EntityHost<InstructorCalendar>>(node));
}

}  // namespace sugang
