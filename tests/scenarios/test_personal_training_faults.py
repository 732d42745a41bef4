"""Personal training while the gateway fails or a component is down, across kills, and past the deadlines."""

import pytest

from blackbox.actions import (await_notices, await_refund, await_state, cancel, charges, confirmed, enroll, eventually,
                              mileage, paused, read_enrollment, register_course, saga_of, seats, set_component, unique)
from blackbox.accounts import Accounts
from blackbox.coaching import (NOTIFIED_WHEN_COMPLETED, assert_nothing_is_left, assign, assigned, coaching, enrolled,
                               record, refused, register_training, schedule, scheduled)
from blackbox.site import Site


def test_a_failing_gateway_delays_the_instructor_and_no_more(client, gateway, training, instructor):
    gateway(failPercent=100)
    answer = enroll(client, training, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    eventually(lambda: saga_of(client, answer.json()["id"])["attempts"] > 0)
    assert refused(assign(client, answer.json()["id"], instructor), "not-awaited")
    gateway()
    await_state(client, answer.json()["id"], "awaiting_instructor")
    assert assign(client, answer.json()["id"], instructor).status == 200


def test_cancelling_while_the_payment_hangs(client, management, gateway, training):
    student = unique("student")
    gateway(hang=True)
    enrollment = enroll(client, training, student, {"Prefer": "respond-async"}).json()["id"]
    assert cancel(client, enrollment, {"Prefer": "respond-async"}).status == 202
    eventually(lambda: seats(client, training)["available"] == 5)
    gateway()
    assert_nothing_is_left(client, management, training, student, enrollment)


def test_while_coaching_is_down_steps_are_refused_and_enrolling_goes_on(client, management, training, instructor):
    waiting = enrolled(client, training)
    with paused(management, "coaching"):
        answer = assign(client, waiting, instructor)
        assert (answer.status, answer.problem) == (503, "component-paused")
        assert answer.header("retry-after")
        late = enroll(client, training)
        assert late.status == 202
        eventually(lambda: read_enrollment(client, late.json()["id"])["payment"]["state"] == "approved")
    await_state(client, late.json()["id"], "awaiting_instructor")
    assert assign(client, waiting, instructor).status == 200


def test_while_coaching_is_down_a_cancel_is_accepted_and_ends_later(client, management, training, instructor):
    student = unique("student")
    enrollment = scheduled(client, training, instructor, student)
    with paused(management, "coaching"):
        answer = cancel(client, enrollment, {"Prefer": "wait=1"})
        assert (answer.status, answer.json()["state"]) == (202, "cancel_requested")
        eventually(lambda: seats(client, training)["available"] == 5)
    assert_nothing_is_left(client, management, training, student, enrollment)
    assert schedule(client, assigned(client, training, instructor)).status == 200


@pytest.mark.parametrize("component", ["catalogue", "mileage", "notifications", "views"])
def test_a_training_goes_its_way_while_others_are_down(client, management, training, instructor, component):
    student = unique("student")
    with paused(management, component):
        enrollment = scheduled(client, training, instructor, student)
        assert record(client, enrollment).status == 201
    await_state(client, enrollment, "completed")
    await_notices(client, student, *NOTIFIED_WHEN_COMPLETED)
    eventually(lambda: mileage(client, student) == (300, [("earn", 300)]))
    assert coaching(client, enrollment)["state"] == "result_recorded"


def test_kills_between_all_steps_lose_no_step_and_notify_of_each_once(site):
    training = register_training(site.client)
    student, instructor = unique("student"), unique("instructor")
    enrollment = enrolled(site.client, training, student)
    site.crash()
    assert assign(site.client, enrollment, instructor).status == 200
    site.crash()
    assert coaching(site.client, enrollment)["instructorId"] == instructor
    assert schedule(site.client, enrollment).status == 200
    site.crash()
    await_state(site.client, enrollment, "confirmed")
    assert refused(schedule(site.client, assigned(site.client, training, instructor)), "slot-taken")
    assert record(site.client, enrollment).status == 201
    site.crash()
    await_state(site.client, enrollment, "completed")
    await_notices(site.client, student, *NOTIFIED_WHEN_COMPLETED)
    eventually(lambda: mileage(site.client, student) == (300, [("earn", 300)]))
    Accounts(site.client, site.management).assert_agree()


def test_a_kill_in_the_middle_of_a_cancel_releases_all_of_it(site):
    training = register_training(site.client)
    student, instructor = unique("student"), unique("instructor")
    enrollment = scheduled(site.client, training, instructor, student)
    set_component(site.management, "coaching", "paused")
    assert cancel(site.client, enrollment, {"Prefer": "respond-async"}).status == 202
    site.crash()
    set_component(site.management, "coaching", "running")
    assert_nothing_is_left(site.client, site.management, training, student, enrollment)
    scheduled(site.client, training, instructor)


def test_a_training_that_has_no_instructor_by_the_deadline_expires_and_is_refunded(scratch):
    with Site(scratch, "--staff-deadline-s", 1) as site:
        training = register_training(site.client)
        student = unique("student")
        enrollment = enrolled(site.client, training, student)
        site.crash()
        await_state(site.client, enrollment, "expired")
        ended = await_refund(site.client, enrollment)
        assert (ended["state"], ended["coaching"]["state"]) == ("expired", "released")
        assert charges(site.management)[ended["payment"]["id"]]["state"] == "refunded"
        assert seats(site.client, training)["available"] == 5
        assert refused(assign(site.client, enrollment, "late"), "enrollment-ended")
        await_notices(site.client, student, "enrollment.expired")


def test_a_time_that_is_not_agreed_on_by_the_deadline_expires_too(scratch):
    with Site(scratch, "--staff-deadline-s", 1) as site:
        training = register_training(site.client)
        enrollment = assigned(site.client, training, "kim")
        await_state(site.client, enrollment, "expired")
        ended = await_refund(site.client, enrollment)
        assert (ended["state"], ended["coaching"]) == ("expired", {"state": "released"})


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
