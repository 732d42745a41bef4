"""A course that closes or is cancelled dismisses its waitlist; a cancelled one refunds what was paid too."""

import asyncio

from blackbox.actions import (await_notices, await_saga, await_state, cancel_course, cancelled, charges, confirmed,
                              enroll, event_types, events_of, eventually, every, full_course, queue_up, read_enrollment,
                              register_course, revise, seats, set_gateway, unique)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.orders import await_delivery, start


async def _fill(address, course, students, members, states):
    found = {}

    async def place(client, student):
        answer = await client.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student, **members},
                                      {"Prefer": "wait=30"})
        assert answer.status in (201, 202) and answer.json()["state"] in states, answer
        found[student] = answer.json()["id"]

    await crowd(address, 20, students, place)
    return [found[student] for student in students]


def fill(site, course, count, states=("confirmed",), **members):
    """So many enrollments of different students, placed at once; their ids."""
    students = [unique("student") for _ in range(count)]
    return asyncio.run(_fill(site.server.listen, course, students, members, states))


def test_closing_rejects_who_waits_and_lets_holders_finish(client, gateway):
    course, student = register_course(client, capacity=2, waitlist=True), unique("student")
    holder = confirmed(client, course)["id"]
    gateway(hang=True)
    paying = enroll(client, course, headers={"Prefer": "respond-async"}).json()["id"]
    waiting = [queue_up(client, course, student), queue_up(client, course)]
    assert revise(client, course, state="closed").json()["state"] == "closed"
    for enrollment in waiting:
        ended = await_state(client, enrollment, "rejected")
        assert ended["payment"]["state"] == "none"
    assert seats(client, course)["waitlisted"] == 0
    gateway()
    await_state(client, paying, "confirmed")
    assert read_enrollment(client, holder)["state"] == "confirmed"
    assert enroll(client, course, onFull="waitlist").problem == "course-not-open"
    await_notices(client, student, "enrollment.rejected")


def test_a_seat_given_up_after_the_closing_is_nobodys(client):
    course, holder = full_course(client)
    waiting = queue_up(client, course)
    revise(client, course, state="closed")
    await_state(client, waiting, "rejected")
    cancelled(client, holder)
    assert seats(client, course) == {"capacity": 1, "available": 1, "held": 0, "taken": 0, "waitlisted": 0}


def test_cancelling_a_course_cancels_and_refunds_all_of_it(client, management, gateway):
    course, student, holder_student = register_course(client, capacity=3, waitlist=True), unique("student"), \
        unique("student")
    holders = [confirmed(client, course, holder_student), confirmed(client, course)]
    gateway(hang=True)
    paying = enroll(client, course, headers={"Prefer": "respond-async"}).json()["id"]
    waiting = queue_up(client, course, student)
    answer = cancel_course(client, course, "no heating")
    assert answer.status == 202
    assert (answer.json()["state"], answer.json()["cancelled"]) == ("closed", True)
    gateway()
    for enrollment in (*[one["id"] for one in holders], paying, waiting):
        ended = await_state(client, enrollment, "cancelled")
        assert "no heating" in ended["reason"]
        assert ended["mileage"]["earned"] == 0
        assert ended["payment"]["state"] in {"none", "refunded", "voided"}
    for holder in holders:
        assert charges(management)[holder["payment"]["id"]]["state"] == "refunded"
    assert seats(client, course) == {"capacity": 3, "available": 3, "held": 0, "taken": 0, "waitlisted": 0}
    await_notices(client, student, "enrollment.cancelled")
    await_notices(client, holder_student, "enrollment.confirmed", "enrollment.cancelled")
    assert cancel_course(client, course, "no heating").status == 202
    assert enroll(client, course).problem == "course-not-open"


def test_cancelling_a_course_spares_what_was_delivered(client, management):
    course = register_course(client, kind="product", capacity=2)
    brought, waiting = (confirmed(client, course)["id"] for _ in range(2))
    placed = await_delivery(client, brought)
    await_saga(client, brought, "waiting")
    assert start(client, placed).status == 200
    assert cancel_course(client, course).status == 202
    await_state(client, waiting, "cancelled")
    assert read_enrollment(client, brought)["state"] == "confirmed"
    assert seats(client, course)["taken"] == 1


def test_an_unknown_course_is_not_cancelled(client):
    assert cancel_course(client, unique("nowhere")).status == 404


def test_cancelling_a_course_without_a_reason_is_refused(client):
    course, holder = full_course(client)
    assert client.post(f"/v1/courses/{course}/cancel", {}).status == 422
    assert read_enrollment(client, holder)["state"] == "confirmed"


def test_a_course_of_two_hundred_is_cancelled_across_a_kill_in_the_middle(site):
    course = register_course(site.client, capacity=150, waitlist=True)
    holders = fill(site, course, 150)
    waiting = fill(site, course, 50, states=("waitlisted",), onFull="waitlist")
    set_gateway(site.management, latencyMillis=[20, 60])
    assert cancel_course(site.client, course).status == 202
    eventually(lambda: any(one["state"] == "refunded" for one in charges(site.management).values()))
    site.crash()
    eventually(lambda: all(one["state"] == "refunded" for one in charges(site.management).values()), 30)
    Accounts(site.client, site.management).assert_agree()
    for enrollment in every(site.client, "/v1/enrollments", courseId=course):
        assert enrollment["state"] == "cancelled", enrollment
        assert enrollment["id"] in set(holders) | set(waiting)
    assert seats(site.client, course) == {"capacity": 150, "available": 150, "held": 0, "taken": 0, "waitlisted": 0}
    notified = event_types(events_of(site.client, holders[0]))
    assert notified.count("payment.refunded") == notified.count("enrollment.cancelled") == 1
