"""Performance booking: accepted at once, confirmed by itself, as often as the customer likes."""

import pytest

from blackbox.actions import (LIVE_STATES, assert_one_kept_and_one_cancelled_beside, await_notices, await_state, cancel,
                              charges, confirmed, enroll, event_types, events_of, eventually, in_order, my_page, paused,
                              read, read_enrollment, register_course, saga_of, seats, set_component, steps_done, unique,
                              won)
from blackbox.accounts import Accounts


def booked(client, enrollment):
    return eventually(lambda: (found := read_enrollment(client, enrollment))["state"] == "confirmed" and found)


def test_a_booking_is_accepted_at_once_and_confirms_by_itself(client):
    course = register_course(client, kind="performance", capacity=5)
    answer = enroll(client, course, seats=2)
    assert answer.status == 202
    assert answer.header("retry-after")
    pending = answer.json()
    assert pending["state"] in LIVE_STATES | {"confirmed"}
    assert answer.location.endswith("/v1/enrollments/" + pending["id"])
    assert booked(client, pending["id"])["payment"]["amount"] == won(24000)
    assert seats(client, course)["taken"] == 2


def test_the_location_of_an_accepted_booking_never_gives_404(client):
    course = register_course(client, kind="performance", capacity=100)
    for _ in range(50):
        answer = enroll(client, course)
        assert answer.status == 202
        assert client.get(answer.location).status == 200


def test_a_customer_makes_many_bookings(client):
    course, customer = register_course(client, kind="performance", capacity=10), unique("customer")
    ids = {enroll(client, course, customer).json()["id"] for _ in range(4)}
    assert len(ids) == 4
    for id in ids:
        booked(client, id)
    assert seats(client, course)["taken"] == 4


def test_too_few_left_is_refused_at_once(client):
    course = register_course(client, kind="performance", capacity=3)
    booked(client, enroll(client, course, seats=2).json()["id"])
    answer = enroll(client, course, seats=2)
    assert (answer.status, answer.problem) == (409, "sold-out")
    assert seats(client, course)["available"] == 1


def test_who_prefers_to_wait_gets_the_end(client):
    course = register_course(client, kind="performance")
    answer = enroll(client, course, headers={"Prefer": "wait=10"})
    assert (answer.status, answer.json()["state"]) == (201, "confirmed")
    assert answer.header("preference-applied") == "wait=10"


def test_who_prefers_not_to_wait_for_a_lecture_gets_202(client, gateway):
    gateway(latencyMillis=[300, 300])
    course = register_course(client)
    answer = enroll(client, course, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    assert answer.header("preference-applied") == "respond-async"
    assert answer.json()["state"] in LIVE_STATES
    assert seats(client, course)["held"] == 1
    booked(client, answer.json()["id"])


def test_a_booking_made_while_payment_is_down_confirms_when_it_returns(client, management):
    course = register_course(client, kind="performance", capacity=3)
    set_component(management, "payments", "paused")
    try:
        answer = enroll(client, course, seats=2, headers={"Prefer": "wait=1"})
        assert answer.status == 202
        assert read_enrollment(client, answer.json()["id"])["state"] in LIVE_STATES
        assert seats(client, course)["held"] == 2
    finally:
        set_component(management, "payments", "running")
    booked(client, answer.json()["id"])
    assert seats(client, course)["taken"] == 2


def test_a_booking_can_be_cancelled_while_its_charge_is_unanswered(client, management, gateway):
    course = register_course(client, kind="performance", capacity=3)
    gateway(hang=True)
    pending = enroll(client, course, seats=3).json()["id"]
    answer = cancel(client, pending, {"Prefer": "wait=0"})
    assert answer.status in (200, 202)
    eventually(lambda: seats(client, course)["available"] == 3)
    gateway()
    ended = eventually(lambda: (found := read_enrollment(client, pending))["state"] == "cancelled" and found)
    assert ended["payment"]["state"] in {"voided", "refunded", "void_requested", "refund_requested"}
    eventually(lambda: read_enrollment(client, pending)["payment"]["state"] in {"voided", "refunded"})


def test_a_declined_booking_ends_rejected_by_itself(client):
    course = register_course(client, kind="performance", capacity=3)
    answer = enroll(client, course, paymentMethod="test-decline")
    assert answer.status == 202
    eventually(lambda: read_enrollment(client, answer.json()["id"])["state"] == "rejected")
    assert seats(client, course)["available"] == 3


def test_a_waiting_caller_gets_the_decline_itself(client):
    course = register_course(client, kind="performance")
    answer = enroll(client, course, paymentMethod="test-decline", headers={"Prefer": "wait=10"})
    assert (answer.status, answer.problem) == (402, "payment-declined")


def test_the_plain_call_of_a_load_tester_is_accepted(client):
    course = register_course(client, kind="performance", capacity=1000)
    body = f'{{"courseId":"{course}","studentId":"s1","seats":1}}'.encode()
    for _ in range(3):
        answer = client.post("/v1/enrollments", body, {"Content-Type": "application/json", "Accept": "*/*",
                                                       "User-Agent": "siege/4.0.7", "Connection": "close"})
        assert answer.status == 202, answer


def test_a_performance_shows_its_kind(client):
    assert read(client, f"/v1/courses/{register_course(client, kind='performance')}")["kind"] == "performance"
    confirmed(client, register_course(client, kind="performance", price=0))


# --- each step seen, each end notified, and whatever is down


def test_approval_and_cancellation_each_send_one_notification(client):
    customer = unique("customer")
    course = register_course(client, kind="performance", capacity=5)
    kept, gone = (enroll(client, course, customer).json()["id"] for _ in range(2))
    booked(client, kept), booked(client, gone)
    await_notices(client, customer, "enrollment.confirmed", "enrollment.confirmed")
    for _ in range(2):
        assert cancel(client, gone, {"Prefer": "wait=10"}).status == 200
    await_notices(client, customer, "enrollment.confirmed", "enrollment.confirmed", "enrollment.cancelled")


def test_a_declined_booking_is_notified_once(client):
    customer = unique("customer")
    enroll(client, register_course(client, kind="performance"), customer, paymentMethod="test-decline")
    await_notices(client, customer, "enrollment.rejected")


def test_every_step_is_visible_while_it_waits_when_it_is_done_and_when_it_is_undone(client, management):
    customer, course = unique("customer"), register_course(client, kind="performance", capacity=5)
    with paused(management, "payments"):
        pending = enroll(client, course, customer).json()["id"]
        shown = await_state(client, pending, "payment_pending")
        assert ("take_payment", "pending") in [(step["name"], step["state"]) for step in shown["steps"]]
        saga = saga_of(client, pending)
        assert saga["deadline"] and saga["state"] in {"waiting", "running"}
    booked(client, pending)
    assert in_order(steps_done(client, pending), "hold_seats", "take_payment", "take_seats", "confirm")
    cancel(client, pending, {"Prefer": "wait=10"})
    assert in_order(steps_done(client, pending), "release_seats", "refund_payment", "mark_cancelled")
    notified = event_types(events_of(client, pending))
    assert in_order(notified, "enrollment.requested", "course.seats-held", "payment.requested", "payment.approved",
                    "course.seats-taken", "enrollment.confirmed", "enrollment.cancel-requested",
                    "course.seats-released", "payment.refunded", "enrollment.cancelled"), notified
    assert my_page(client, customer)[pending]["state"] == "cancelled"


def test_who_cancels_gets_the_money_and_the_theatre_the_seats_back(client, management):
    course = register_course(client, kind="performance", capacity=5)
    booking = confirmed(client, course, seats=3)
    assert cancel(client, booking["id"], {"Prefer": "wait=10"}).status == 200
    assert seats(client, course) == {"capacity": 5, "available": 5, "held": 0, "taken": 0, "waitlisted": 0}
    assert charges(management)[booking["payment"]["id"]]["state"] == "refunded"


def test_a_booking_is_cancelled_while_payment_is_down_and_never_charged(client, management):
    customer, course = unique("customer"), register_course(client, kind="performance", capacity=3)
    with paused(management, "payments"):
        pending = enroll(client, course, customer, seats=3).json()["id"]
        assert cancel(client, pending, {"Prefer": "respond-async"}).status == 202
        eventually(lambda: seats(client, course)["available"] == 3)
    ended = await_state(client, pending, "cancelled")
    assert charges(management).get(ended["payment"]["id"], {}).get("state") != "approved"
    await_notices(client, customer, "enrollment.cancelled")


def test_booking_goes_on_while_the_catalogue_is_down(client, management):
    course = register_course(client, kind="performance")
    with paused(management, "catalogue"):
        answer = enroll(client, course, seats=2)
        assert answer.status == 202
        booked(client, answer.json()["id"])
        assert seats(client, course)["taken"] == 2


def test_booking_goes_on_while_the_views_are_down(client, management):
    course = register_course(client, kind="performance")
    with paused(management, "views"):
        booked(client, enroll(client, course).json()["id"])


@pytest.mark.parametrize("component", ["catalogue", "mileage", "notifications", "views"])
def test_booking_and_cancelling_go_on_while_others_are_down_and_are_notified_once(client, management, component):
    assert_one_kept_and_one_cancelled_beside(client, management, component, "performance")


def test_bookings_made_while_payment_is_down_survive_a_kill_and_confirm(site):
    course, key = register_course(site.client, kind="performance", capacity=50), {"Idempotency-Key": unique("key")}
    set_component(site.management, "payments", "paused")
    first = enroll(site.client, course, "regular", key)
    pending = [first.json()["id"], *(enroll(site.client, course).json()["id"] for _ in range(29))]
    site.crash()
    set_component(site.management, "payments", "running")
    for enrollment in pending:
        booked(site.client, enrollment)
    again = enroll(site.client, course, "regular", key)
    assert (again.status, again.body) == (first.status, first.body)
    assert seats(site.client, course)["taken"] == 30
    Accounts(site.client, site.management).assert_agree()


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()


def test_more_seats_than_one_customer_may_have_are_refused_with_what_is_left(client):
    course, customer = register_course(client, kind="performance", capacity=10, seatsPerStudent=4), unique("customer")
    confirmed(client, course, customer, seats=3)
    for wanted, left in ((2, 1), (5, 1)):
        answer = enroll(client, course, customer, seats=wanted)
        assert (answer.status, answer.problem) == (409, "too-many-seats")
        assert (answer.json()["seatsPerStudent"], answer.json()["seatsLeft"]) == (4, left)
    confirmed(client, course, customer, seats=1)
    answer = enroll(client, course, customer)
    assert (answer.problem, answer.json()["seatsLeft"]) == ("too-many-seats", 0)
    assert enroll(client, course, seats=5).json()["seatsLeft"] == 4
