"""Class registration while a component is down, while the gateway hangs or fails, and across kills."""

import pytest

from blackbox.actions import (after, assert_one_kept_and_one_cancelled_beside, await_notices, await_state, cancel,
                              cancel_course, cancelled, charges, confirmed, enroll, event_types, events_of, eventually,
                              my_page, paused, read, read_enrollment, register_course, seats, unique, won)


def test_enrolling_goes_on_while_the_catalogue_is_down(client, management):
    course, other = register_course(client), register_course(client)
    tag = client.get(f"/v1/courses/{course}").header("etag")
    with paused(management, "catalogue"):
        enrollment = confirmed(client, course)["id"]
        assert seats(client, course)["taken"] == 1
        cancelled(client, enrollment)
        for refused in (client.post("/v1/courses", {"kind": "lecture", "title": "Late", "capacity": 1}),
                        client.patch(f"/v1/courses/{course}", {"capacity": 20}, {"If-Match": tag}),
                        cancel_course(client, other)):
            assert (refused.status, refused.problem) == (503, "catalogue-paused")
            assert refused.header("retry-after")
    assert read(client, f"/v1/courses/{course}")["seats"]["capacity"] == 10
    assert confirmed(client, other)["state"] == "confirmed"
    register_course(client)


def test_my_page_is_there_while_the_views_are_down_and_catches_up(client, management):
    course, student = register_course(client), unique("student")
    first = enroll(client, course, student)
    assert first.json()["id"] in my_page(client, student, after(first))
    with paused(management, "views"):
        second = enroll(client, register_course(client), student)
        assert second.status == 201
        assert read_enrollment(client, second.json()["id"])["state"] == "confirmed"
        answer = client.get(f"/v1/students/{student}/page", after(second))
        assert (answer.status, answer.problem) in {(503, "view-paused"), (503, "view-behind")}
        assert answer.header("retry-after")
    assert set(my_page(client, student, after(second))) == {first.json()["id"], second.json()["id"]}


@pytest.mark.parametrize("component", ["catalogue", "mileage", "notifications", "views"])
def test_enrolling_and_cancelling_go_on_while_others_are_down_and_are_notified_once(client, management, component):
    assert_one_kept_and_one_cancelled_beside(client, management, component, "lecture")


def test_a_hanging_gateway_answers_202_and_the_enrollment_confirms_when_it_answers(client, gateway):
    course = register_course(client)
    gateway(hang=True)
    answer = enroll(client, course, headers={"Prefer": "wait=1"})
    assert answer.status == 202
    assert answer.header("retry-after")
    assert read_enrollment(client, answer.json()["id"])["state"] == "payment_pending"
    assert seats(client, course) == {"capacity": 10, "available": 9, "held": 1, "taken": 0, "waitlisted": 0}
    gateway()
    await_state(client, answer.json()["id"], "confirmed")


def test_a_failing_gateway_charges_once_in_the_end(client, management, gateway):
    course = register_course(client)
    gateway(failPercent=60)
    answer = eventually(lambda: (one := enroll(client, course)).status in (201, 202) and one)
    gateway()
    ended = await_state(client, answer.json()["id"], "confirmed")
    assert charges(management)[ended["payment"]["id"]] | {"at": None} == {
        "key": ended["payment"]["id"], "amount": won(12000), "state": "approved", "at": None}


def test_cancelling_while_the_charge_hangs_leaves_nothing_charged(client, management, gateway):
    course, student = register_course(client), unique("student")
    gateway(hang=True)
    enrollment = enroll(client, course, student, {"Prefer": "respond-async"}).json()["id"]
    assert cancel(client, enrollment, {"Prefer": "respond-async"}).status == 202
    eventually(lambda: seats(client, course)["available"] == 10)
    gateway()
    ended = await_state(client, enrollment, "cancelled")
    assert ended["payment"]["state"] in {"voided", "refunded"}
    assert charges(management).get(ended["payment"]["id"], {}).get("state") != "approved"
    assert "enrollment.confirmed" not in event_types(events_of(client, enrollment))
    assert confirmed(client, course, student)["state"] == "confirmed"


def test_a_refund_that_hangs_keeps_no_seat(client, management, gateway):
    course = register_course(client, capacity=1)
    enrollment = confirmed(client, course)
    gateway(hang=True)
    answer = cancel(client, enrollment["id"], {"Prefer": "wait=1"})
    assert (answer.status, answer.json()["state"]) == (202, "cancel_requested")
    assert seats(client, course)["available"] == 1
    gateway()
    await_state(client, enrollment["id"], "cancelled")
    assert charges(management)[enrollment["payment"]["id"]]["state"] == "refunded"


def test_a_lecture_is_enrolled_confirmed_and_cancelled_across_kills(site):
    client, course, student = site.client, register_course(site.client), unique("student")
    key = {"Idempotency-Key": unique("key")}
    first = enroll(client, course, student, key)
    site.crash()
    client = site.client
    again = enroll(client, course, student, key)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.header("idempotency-replayed") == "true"
    enrollment = first.json()["id"]
    cancel(client, enrollment, {"Prefer": "respond-async"})
    site.crash()
    client = site.client
    await_state(client, enrollment, "cancelled")
    assert seats(client, course)["available"] == 10
    assert {charge["state"] for charge in charges(site.management).values()} == {"refunded"}
    await_notices(client, student, "enrollment.confirmed", "enrollment.cancelled")
