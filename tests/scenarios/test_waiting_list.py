"""A full course keeps a waitlist: first in, first out, no seat idle while the head fits, and nothing overtakes it."""

import pytest

from blackbox.actions import (after, await_notices, await_state, await_views, cancel, cancelled, charges, confirmed,
                              edit, enroll, events, eventually, every, full_course, mileage, paused, queue_up,
                              read_enrollment, register_course, revise, saga_of, seats, unique)
from blackbox.accounts import Accounts
from blackbox.site import Site


@pytest.fixture
def full(client):
    return full_course(client)


def line(client, course, position=None):
    """Who waits, as the course's managers see it."""
    listed = list(every(client, f"/v1/courses/{course}/waitlist", position))
    assert [one["waitlistPosition"] for one in listed] == list(range(1, len(listed) + 1))
    return [one["id"] for one in listed]


def position_of(client, enrollment):
    return read_enrollment(client, enrollment).get("waitlistPosition")


def promotions(client, course):
    """The enrollments promoted so far, in the order in which they were."""
    return [event["enrollmentid"] for event in events(client)[0]
            if event["type"] == "sugang.course.waiter-promoted" and event["subject"] == course]


# --- joining the waitlist


def test_who_finds_the_course_full_joins_the_waitlist_on_request(client, full):
    course, _ = full
    student = unique("student")
    answer = enroll(client, course, student, onFull="waitlist")
    assert (answer.status, answer.json()["state"], answer.json()["waitlistPosition"]) == (202, "waitlisted", 1)
    assert answer.location and answer.header("retry-after")
    assert answer.json()["payment"]["state"] == "none"
    assert position_of(client, queue_up(client, course)) == 2
    assert seats(client, course) == {"capacity": 1, "available": 0, "held": 0, "taken": 1, "waitlisted": 2}
    assert position_of(client, answer.json()["id"]) == 1


def test_who_does_not_want_to_wait_gets_sold_out(client, full):
    course, _ = full
    for members in ({}, {"onFull": "fail"}):
        answer = enroll(client, course, **members)
        assert (answer.status, answer.problem) == (409, "sold-out")
    assert seats(client, course)["waitlisted"] == 0


def test_a_course_without_a_line_is_sold_out_for_all(client):
    course = register_course(client, capacity=1)
    confirmed(client, course)
    answer = enroll(client, course, onFull="waitlist")
    assert (answer.status, answer.problem) == (409, "sold-out")


def test_none_waits_while_there_is_a_seat(client):
    course = register_course(client, capacity=1, waitlist=True)
    assert enroll(client, course, onFull="waitlist").status == 201


def test_a_student_stands_in_a_lectures_line_once(client, full):
    course, _ = full
    student = unique("student")
    queue_up(client, course, student)
    answer = enroll(client, course, student, onFull="waitlist")
    assert (answer.status, answer.problem) == (409, "already-enrolled")
    assert seats(client, course)["waitlisted"] == 1


def test_a_capacity_below_what_the_head_wants_dismisses_it_and_the_next_moves_up(client):
    course = register_course(client, kind="performance", capacity=4, waitlist=True)
    confirmed(client, course)
    student = unique("student")
    large = queue_up(client, course, student, seats=4)
    small = queue_up(client, course, seats=1)
    revise(client, course, capacity=3)
    dismissed = await_state(client, large, "rejected")
    assert "capacity" in dismissed["reason"], dismissed
    await_notices(client, student, "enrollment.rejected")
    await_state(client, small, "confirmed")
    assert seats(client, course) == {"capacity": 3, "available": 1, "held": 0, "taken": 2, "waitlisted": 0}


def test_the_managers_see_the_waitlist_in_order(client, full):
    course, _ = full
    waiting = [queue_up(client, course) for _ in range(4)]
    assert line(client, course, after(client.answers[-1])) == waiting


def test_the_saga_of_who_waits_is_listed_as_waiting(client, full):
    course, _ = full
    waiting = queue_up(client, course)
    saga = saga_of(client, waiting)
    assert (saga["state"], saga["waitsFor"]) == ("waiting", "hold_seats")
    assert saga["deadline"]
    listed = every(client, "/v1/sagas", await_views(client), state="waiting")
    assert waiting in {one["enrollmentId"] for one in listed}


def test_a_place_on_the_waitlist_repeated_with_its_key_is_one_place(client, full):
    course, _ = full
    student, key = unique("student"), {"Idempotency-Key": unique("key")}
    first, again = (enroll(client, course, student, key, onFull="waitlist") for _ in range(2))
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert again.header("idempotency-replayed") == "true"
    assert seats(client, course)["waitlisted"] == 1


# --- getting in


def test_who_gives_a_seat_up_lets_the_first_on_the_waitlist_in(client, full):
    course, holder = full
    student = unique("student")
    first, second = queue_up(client, course, student), queue_up(client, course)
    cancelled(client, holder)
    promoted = await_state(client, first, "confirmed")
    assert promoted["payment"]["state"] == "approved" and "waitlistPosition" not in promoted
    assert (read_enrollment(client, second)["state"], position_of(client, second)) == ("waitlisted", 1)
    assert seats(client, course) == {"capacity": 1, "available": 0, "held": 0, "taken": 1, "waitlisted": 1}
    await_notices(client, student, "waitlist.promoted", "enrollment.confirmed")
    eventually(lambda: mileage(client, student) == (120, [("earn", 120)]))


def test_seats_that_come_one_by_one_are_given_in_the_order_of_the_waitlist(client, full):
    course, holder = full
    waiting = [queue_up(client, course) for _ in range(4)]
    for next_on_waitlist in waiting:
        cancelled(client, holder)
        await_state(client, next_on_waitlist, "confirmed")
        holder = next_on_waitlist
    assert promotions(client, course) == waiting


def test_a_head_that_needs_more_holds_back_the_smaller_behind_it(client):
    course = register_course(client, kind="performance", capacity=3, waitlist=True)
    holders = [confirmed(client, course)["id"] for _ in range(3)]
    big, small = queue_up(client, course, seats=2), queue_up(client, course, seats=1)
    cancelled(client, holders[0])
    assert seats(client, course) == {"capacity": 3, "available": 1, "held": 0, "taken": 2, "waitlisted": 3}
    assert [position_of(client, big), position_of(client, small)] == [1, 2]
    cancelled(client, holders[1])
    await_state(client, big, "confirmed")
    assert (read_enrollment(client, small)["state"], position_of(client, small)) == ("waitlisted", 1)
    assert seats(client, course)["taken"] == 3
    revise(client, course, capacity=4)
    await_state(client, small, "confirmed")


def test_nothing_overtakes_the_head_though_a_seat_is_free(client):
    course = register_course(client, kind="performance", capacity=2, waitlist=True)
    holder = confirmed(client, course, seats=2)["id"]
    head = queue_up(client, course, seats=2)
    revise(client, course, capacity=3)
    assert seats(client, course)["available"] == 1
    answer = enroll(client, course, seats=1)
    assert (answer.status, answer.problem) == (409, "sold-out")
    assert position_of(client, queue_up(client, course, seats=1)) == 2
    cancelled(client, holder)
    await_state(client, head, "confirmed")
    eventually(lambda: seats(client, course) == {"capacity": 3, "available": 0, "held": 0, "taken": 3,
                                                 "waitlisted": 0})


def test_leaving_the_waitlist_moves_the_others_up_and_costs_nothing(client, full):
    course, holder = full
    student = unique("student")
    first, second, third = queue_up(client, course), queue_up(client, course, student), queue_up(client, course)
    left = cancelled(client, second)
    assert left.json()["payment"]["state"] == "none"
    assert [position_of(client, first), position_of(client, third)] == [1, 2]
    assert line(client, course, after(left)) == [first, third]
    await_notices(client, student, "enrollment.cancelled")
    cancelled(client, holder)
    await_state(client, first, "confirmed")
    assert position_of(client, third) == 1
    assert cancel(client, second).status == 200


def test_who_leaves_at_the_head_lets_in_who_fits_behind(client):
    course = register_course(client, kind="performance", capacity=2, waitlist=True)
    confirmed(client, course)
    big = queue_up(client, course, seats=2)
    small = queue_up(client, course, seats=1)
    cancelled(client, big)
    await_state(client, small, "confirmed")


def test_who_left_may_come_back_to_the_end(client, full):
    course, _ = full
    student = unique("student")
    cancelled(client, queue_up(client, course, student))
    other = queue_up(client, course)
    assert [position_of(client, other), position_of(client, queue_up(client, course, student))] == [1, 2]


def test_a_promotion_that_is_declined_lets_the_next_in(client, full):
    course, holder = full
    poor, student = queue_up(client, course, paymentMethod="test-decline"), unique("student")
    following = queue_up(client, course, student)
    cancelled(client, holder)
    assert await_state(client, poor, "rejected")["payment"]["state"] == "declined"
    await_state(client, following, "confirmed")
    assert seats(client, course)["taken"] == 1
    await_notices(client, student, "waitlist.promoted", "enrollment.confirmed")


def test_a_declined_payment_lets_the_first_on_the_waitlist_in(client, gateway):
    course = register_course(client, kind="performance", capacity=1, waitlist=True)
    gateway(hang=True)
    enroll(client, course, paymentMethod="test-decline")
    waiting = queue_up(client, course)
    gateway()
    await_state(client, waiting, "confirmed")


def test_a_promotion_waits_for_a_payment_side_that_is_down(client, management, full):
    """Though a lecture refuses newcomers then: an enrollment that waited for long does not lose its seat to it."""
    course, holder = full
    waiting = queue_up(client, course)
    with paused(management, "payments"):
        cancel(client, holder, {"Prefer": "respond-async"})
        await_state(client, waiting, "payment_pending")
        assert seats(client, course) == {"capacity": 1, "available": 0, "held": 1, "taken": 0, "waitlisted": 0}
        assert saga_of(client, waiting)["deadline"]
    await_state(client, waiting, "confirmed")


# --- a course that grows


def test_a_course_that_grows_lets_in_as_many_as_fit(client, full):
    course, _ = full
    waiting = [queue_up(client, course) for _ in range(5)]
    revise(client, course, capacity=4)
    for enrollment in waiting[:3]:
        await_state(client, enrollment, "confirmed")
    assert [position_of(client, one) for one in waiting[3:]] == [1, 2]
    assert seats(client, course) == {"capacity": 4, "available": 0, "held": 0, "taken": 4, "waitlisted": 2}


def test_capacity_does_not_fall_below_who_was_promoted(client, management):
    course = register_course(client, capacity=2, waitlist=True)
    holder, _ = confirmed(client, course)["id"], confirmed(client, course)
    waiting = queue_up(client, course)
    with paused(management, "payments"):
        cancel(client, holder, {"Prefer": "respond-async"})
        await_state(client, waiting, "payment_pending")
        answer = edit(client, course, capacity=1)
        assert (answer.status, answer.problem) == (409, "capacity-below-taken")
    await_state(client, waiting, "confirmed")


@pytest.mark.parametrize("killed", [False, True], ids=["", "and is killed"])
def test_a_course_that_grows_by_hundreds_lets_all_in_once_and_in_order(site, killed):
    """More than are promoted by one decision: the course goes on by itself, after a kill too."""
    course, _ = full_course(site.client)
    waiting = [queue_up(site.client, course) for _ in range(200)]
    revise(site.client, course, capacity=201)
    if killed:
        site.crash()
    eventually(lambda: seats(site.client, course)["taken"] == 201, 30)
    assert seats(site.client, course)["waitlisted"] == 0
    assert promotions(site.client, course) == waiting
    Accounts(site.client, site.management).assert_agree()
    paid = [one for one in charges(site.management).values() if one["state"] == "approved"]
    assert len(paid) == 201


# --- killed, and too late


def test_the_waitlist_survives_a_kill_in_its_order(site):
    course, holder = full_course(site.client)
    waiting = [queue_up(site.client, course) for _ in range(3)]
    cancelled(site.client, waiting[0])
    site.crash()
    assert [position_of(site.client, one) for one in waiting[1:]] == [1, 2]
    cancelled(site.client, holder)
    await_state(site.client, waiting[1], "confirmed")
    assert position_of(site.client, waiting[2]) == 1


def test_who_waits_in_vain_until_the_deadline_expires(scratch):
    with Site(scratch, "--waitlist-deadline-s", 1) as site:
        (course, _), student = full_course(site.client), unique("student")
        waiting = queue_up(site.client, course, student)
        site.crash()
        ended = await_state(site.client, waiting, "expired")
        assert ended["payment"]["state"] == "none"
        assert seats(site.client, course)["waitlisted"] == 0
        await_notices(site.client, student, "enrollment.expired")
