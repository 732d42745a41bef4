"""A confirmed booking of a performance gets another number of seats: priced, paid anew, or left as it was."""

import pytest

from blackbox.actions import (await_notices, await_refund, await_saga, await_state, cancel, cancelled, charges,
                              confirmed, enroll, event_types, events_of, eventually, in_order, mileage, queue_up,
                              read_enrollment, register_course, saga_of, seats, set_gateway, unique)

PRICE = 50_000
WAIT = {"Prefer": "wait=20"}


def change(client, enrollment, number, headers=None):
    """Asks for the change of the enrollment as it stands now."""
    target = f"/v1/enrollments/{enrollment}"
    tag = client.get(target).header("etag")
    return client.patch(target, {"seats": number}, {"If-Match": tag} | (headers or {}))


def changed(client, enrollment, number):
    answer = change(client, enrollment, number, WAIT)
    assert (answer.status, answer.json()["seats"]) == (200, number), answer
    return answer.json()


@pytest.fixture
def musical(site):
    return register_course(site.client, kind="performance", capacity=10, price=PRICE)


def ledger(site, before=()):
    """(amount, state) of the gateway's charges, but for those of `before`."""
    return sorted((one["amount"]["amount"], one["state"]) for key, one in charges(site.management).items()
                  if key not in before)


@pytest.mark.parametrize(("had", "wants"), [(2, 5), (5, 2)])
def test_the_new_amount_is_paid_and_the_former_refunded(site, musical, had, wants):
    client, student = site.client, unique("student")
    booking = confirmed(client, musical, student, seats=had)
    now = changed(client, booking["id"], wants)
    assert (now["state"], now["payment"]["amount"]["amount"]) == ("confirmed", wants * PRICE)
    assert "change" not in now and now["version"] > booking["version"]
    assert now["mileage"]["earned"] == wants * PRICE // 100
    assert (seats(client, musical)["taken"], seats(client, musical)["held"]) == (wants, 0)
    assert ledger(site) == sorted([(had * PRICE, "refunded"), (wants * PRICE, "approved")])
    assert in_order(event_types(events_of(client, booking["id"])), "enrollment.seats-change-requested",
                    "course.seats-change-held", "payment.replacement-requested", "payment.replaced",
                    "payment.refund-requested", "course.seats-change-taken", "enrollment.seats-changed",
                    "payment.refunded", "saga.completed")
    await_notices(client, student, "enrollment.confirmed", "enrollment.seats-changed")
    assert eventually(lambda: (found := mileage(client, student))[1][2:] and found) == (
        wants * PRICE // 100, [("earn", had * PRICE // 100), ("earn", wants * PRICE // 100),
                               ("reverse", had * PRICE // 100)])


def test_seats_that_were_given_back_promote_the_head_of_the_waitlist(site):
    client = site.client
    course = register_course(client, kind="performance", capacity=4, price=PRICE, waitlist=True)
    booking = confirmed(client, course, seats=4)["id"]
    waiter = queue_up(client, course, seats=2)
    changed(client, booking, 1)
    await_state(client, waiter, "confirmed")
    assert seats(client, course)["available"] == 1


def test_a_change_that_costs_nothing_is_made_at_once(site):
    course = register_course(site.client, kind="performance", capacity=4, price=0)
    booking = confirmed(site.client, course)["id"]
    changed(site.client, booking, 3)
    assert (ledger(site), seats(site.client, course)["taken"]) == ([], 3)


def test_too_few_seats_leave_the_booking_as_it_was(site, musical):
    client = site.client
    booking, _ = confirmed(client, musical, seats=2), confirmed(client, musical, seats=7)
    answer = change(client, booking["id"], 4)
    assert (answer.status, answer.problem) == (409, "sold-out")
    await_saga(client, booking["id"], "completed")
    now = read_enrollment(client, booking["id"])
    assert (now["seats"], now["payment"], "change" in now) == (2, booking["payment"], False)
    assert (seats(client, musical)["taken"], seats(client, musical)["held"]) == (9, 0)
    changed(client, booking["id"], 3)


def test_a_limit_per_student_holds_for_changes(site):
    client, student = site.client, unique("student")
    course = register_course(client, kind="performance", capacity=10, price=PRICE, seatsPerStudent=4)
    booking = confirmed(client, course, student, seats=2)["id"]
    confirmed(client, course, student, seats=1)
    answer = change(client, booking, 4)
    assert (answer.status, answer.problem) == (409, "too-many-seats")
    changed(client, booking, 3)


def test_a_declined_charge_leaves_the_booking_as_it_was(site, musical):
    client, student = site.client, unique("student")
    booking = confirmed(client, musical, student, seats=2)
    set_gateway(site.management, declinePercent=100)
    answer = change(client, booking["id"], 4, WAIT)
    assert (answer.status, answer.problem, answer.json()["enrollmentId"]) == (402, "payment-declined", booking["id"])
    await_saga(client, booking["id"], "completed")
    now = read_enrollment(client, booking["id"])
    assert (now["seats"], now["payment"], now["mileage"]) == (2, booking["payment"], booking["mileage"])
    assert (seats(client, musical)["taken"], seats(client, musical)["held"]) == (2, 0)
    assert ledger(site) == [(2 * PRICE, "approved"), (4 * PRICE, "declined")]
    await_notices(client, student, "enrollment.confirmed", "enrollment.seats-change-refused")
    set_gateway(site.management)
    changed(client, booking["id"], 4)


def test_while_it_is_under_way_no_other_change_and_no_cancel_is_taken(site, musical):
    client = site.client
    booking = confirmed(client, musical, seats=2)["id"]
    set_gateway(site.management, hang=True)
    answer = change(client, booking, 5)
    assert (answer.status, answer.json()["seats"], answer.json()["change"]["seats"]) == (202, 2, 5), answer
    assert answer.json()["change"]["amount"]["amount"] == 5 * PRICE
    assert (seats(client, musical)["taken"], seats(client, musical)["held"]) == (2, 3)
    for refused in (change(client, booking, 3), cancel(client, booking)):
        assert (refused.status, refused.problem) == (409, "change-under-way"), refused
    set_gateway(site.management)
    assert eventually(lambda: "change" not in (now := read_enrollment(client, booking)) and now)["seats"] == 5


def test_a_change_survives_a_crash_while_the_gateway_hangs(site, musical):
    booking = confirmed(site.client, musical, seats=2)["id"]
    set_gateway(site.management, hang=True)
    assert change(site.client, booking, 5).status == 202
    site.crash()
    now = eventually(lambda: "change" not in (found := read_enrollment(site.client, booking)) and found)
    assert (now["seats"], now["payment"]["amount"]["amount"]) == (5, 5 * PRICE)
    assert ledger(site) == [(2 * PRICE, "refunded"), (5 * PRICE, "approved")]


def test_a_changed_booking_is_cancelled_and_refunded_like_any_other(site, musical):
    client, student = site.client, unique("student")
    booking = confirmed(client, musical, student, seats=2)["id"]
    changed(client, booking, 5)
    changed(client, booking, 1)
    cancelled(client, booking)
    await_refund(client, booking)
    assert (seats(client, musical)["available"], read_enrollment(client, booking)["mileage"]["earned"]) == (10, 0)
    assert {state for _, state in ledger(site)} == {"refunded"} and len(ledger(site)) == 3
    assert eventually(lambda: (found := mileage(client, student))[1][5:] and found)[0] == 0


def test_a_cancelled_course_waits_for_the_change(site, musical):
    client = site.client
    booking = confirmed(client, musical, seats=2)["id"]
    set_gateway(site.management, hang=True)
    assert change(client, booking, 5).status == 202
    assert client.post(f"/v1/courses/{musical}/cancel", {"reason": "fire"}).status == 202
    set_gateway(site.management)
    await_state(client, booking, "cancelled")
    await_refund(client, booking)
    assert {state for _, state in ledger(site)} == {"refunded"}


def test_what_cannot_be_changed_is_refused(site, musical):
    client = site.client
    booking = confirmed(client, musical, seats=2)["id"]
    target = f"/v1/enrollments/{booking}"
    assert client.patch(target, {"seats": 3}).problem == "precondition-required"
    assert client.patch(target, {"seats": 3}, {"If-Match": '"1"'}).problem == "precondition-failed"
    assert client.patch(target, {"seats": 3}, {"If-Match": '"foreign"'}).problem == "precondition-failed"
    for body in ({}, {"seats": 0}, {"seats": 1.5}, {"seats": "3"}):
        assert client.patch(target, body, {"If-Match": "*"}).status == 422, body
    assert client.patch(target, {"seats": 2}, {"If-Match": "*"}).status == 200, "it has them"
    unknown = "/v1/enrollments/enr_" + "0" * 26
    assert client.patch(unknown, {"seats": 3}, {"If-Match": "*"}).problem == "enrollment-not-found"
    lecture = confirmed(client, register_course(client))["id"]
    assert change(client, lecture, 2).problem == "not-changeable"
    set_gateway(site.management, hang=True)
    pending = enroll(client, musical).json()["id"]
    assert change(client, pending, 2).problem == "not-changeable"
    set_gateway(site.management)
    await_state(client, pending, "confirmed")
    cancelled(client, booking)
    assert change(client, booking, 3).problem == "not-changeable"
    assert saga_of(client, booking)["state"] == "compensated"
