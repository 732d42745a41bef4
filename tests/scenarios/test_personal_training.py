"""Personal training: a manager assigns an instructor, both agree on a time, only then is it confirmed; after the class
the student reads the result. Until then a cancel is always accepted, and gives instructor and time back together."""

import asyncio
import time

import pytest

from blackbox.actions import (after, await_notices, await_refund, await_state, cancel, charges, confirmed, enroll,
                              event_types, events_of, eventually, every, in_order, mileage, my_page, paused, read,
                              read_enrollment, register_course, saga_of, seats, set_component, unique)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.site import Site

# In the past, as a result is of a class that was held.
TEN, ELEVEN, TWELVE = (f"2024-03-02T{hour}:00:00.000Z" for hour in (10, 11, 12))
HALF_PAST_TEN = "2024-03-02T10:30:00.000Z"
NOTIFIED_WHEN_CONFIRMED = ("coaching.assigned", "coaching.scheduled", "enrollment.confirmed")
NOTIFIED_WHEN_COMPLETED = (*NOTIFIED_WHEN_CONFIRMED, "coaching.result-recorded", "enrollment.completed")


@pytest.fixture
def training(client):
    return register_course(client, kind="training", capacity=5, price=30000)


@pytest.fixture
def instructor():
    return unique("instructor")


def enrolled(client, training, student=None):
    """An enrollment that is paid and waits for its instructor."""
    answer = enroll(client, training, student)
    assert answer.status == 202, answer
    return await_state(client, answer.json()["id"], "awaiting_instructor")["id"]


def assign(client, enrollment, instructor, headers=None):
    return client.post(f"/v1/coaching/{enrollment}/assign", {"instructorId": instructor}, headers)


def schedule(client, enrollment, starts=TEN, ends=ELEVEN, headers=None):
    return client.post(f"/v1/coaching/{enrollment}/schedule", {"startsAt": starts, "endsAt": ends}, headers)


def record(client, enrollment, result="Learned to stand on one leg.", headers=None):
    return client.post(f"/v1/coaching/{enrollment}/result", {"result": result, "heldAt": ELEVEN}, headers)


def assigned(client, training, instructor, student=None):
    enrollment = enrolled(client, training, student)
    assert assign(client, enrollment, instructor).status == 200
    return enrollment


def scheduled(client, training, instructor, student=None, starts=TEN, ends=ELEVEN):
    """An enrollment that is confirmed: instructor and time are agreed on."""
    enrollment = assigned(client, training, instructor, student)
    assert schedule(client, enrollment, starts, ends).status == 200
    await_state(client, enrollment, "confirmed")
    return enrollment


def completed(client, training, instructor, student=None):
    enrollment = scheduled(client, training, instructor, student)
    assert record(client, enrollment).status == 201
    await_state(client, enrollment, "completed")
    return enrollment


def coaching(client, enrollment):
    return read(client, f"/v1/coaching/{enrollment}")


def refused(answer, problem):
    return (answer.status, answer.problem) == (409, problem)


def lists(client, position=None, **filters):
    return [one["enrollmentId"] for one in every(client, "/v1/coaching", position, **filters)]


# --- from the enrollment to the result


def test_a_training_is_enrolled_assigned_scheduled_held_and_notified(client, management, training, instructor):
    student = unique("student")
    answer = enroll(client, training, student)
    assert answer.status == 202
    assert answer.header("retry-after") and answer.location
    waiting = await_state(client, answer.json()["id"], "awaiting_instructor")
    assert (waiting["payment"]["state"], waiting["coaching"]) == ("approved", {"state": "requested"})
    assert charges(management)[waiting["payment"]["id"]]["state"] == "approved"
    assert seats(client, training)["held"] == 1
    await_notices(client, student)

    answer = assign(client, waiting["id"], instructor)
    assert (answer.status, answer.json()["state"], answer.json()["instructorId"]) == (200, "assigned", instructor)
    assert read_enrollment(client, waiting["id"])["state"] == "awaiting_schedule"
    await_notices(client, student, "coaching.assigned")

    answer = schedule(client, waiting["id"])
    assert (answer.status, answer.json()["state"]) == (200, "scheduled")
    assert answer.json()["schedule"] == {"startsAt": TEN, "endsAt": ELEVEN}
    await_state(client, waiting["id"], "confirmed")
    assert seats(client, training)["taken"] == 1
    await_notices(client, student, *NOTIFIED_WHEN_CONFIRMED)

    answer = record(client, waiting["id"], "Learned to breathe.")
    assert (answer.status, answer.json()["state"], answer.json()["result"]) == (201, "result_recorded",
                                                                              "Learned to breathe.")
    assert answer.json()["heldAt"] == ELEVEN
    assert coaching(client, waiting["id"]) | {"version": 0} == answer.json() | {"version": 0}
    ended = await_state(client, waiting["id"], "completed")
    assert ended["coaching"]["result"] == "Learned to breathe."
    await_notices(client, student, *NOTIFIED_WHEN_COMPLETED)
    assert eventually(lambda: saga_of(client, waiting["id"])["state"] == "completed")


def test_the_whole_way_is_on_the_timeline(client, training, instructor):
    notified = event_types(events_of(client, completed(client, training, instructor)))
    assert in_order(notified, "enrollment.requested", "course.seats-held", "payment.approved", "coaching.requested",
                    "coaching.assigned", "calendar.slot-booked", "coaching.scheduled", "course.seats-taken",
                    "enrollment.confirmed", "coaching.result-recorded", "enrollment.completed"), notified


def test_nothing_is_confirmed_before_the_schedule_is(client, training, instructor):
    enrollment = assigned(client, training, instructor)
    assert read_enrollment(client, enrollment)["state"] == "awaiting_schedule"
    assert seats(client, training) == {"capacity": 5, "available": 4, "held": 1, "taken": 0, "waitlisted": 0}
    schedule(client, enrollment)
    await_state(client, enrollment, "confirmed")
    assert seats(client, training) == {"capacity": 5, "available": 4, "held": 0, "taken": 1, "waitlisted": 0}


def test_mileage_comes_with_the_payment(client, training):
    student = unique("student")
    enrollment = enrolled(client, training, student)
    assert await_state(client, enrollment, "awaiting_instructor")["mileage"]["earned"] == 300
    eventually(lambda: mileage(client, student) == (300, [("earn", 300)]))


def test_the_saga_says_whom_it_waits_for(client, training, instructor):
    def waits_for(enrollment):
        saga = eventually(lambda: (found := saga_of(client, enrollment))["state"] == "waiting" and found)
        assert saga["deadline"]
        return saga["waitsFor"]

    assert waits_for(enrolled(client, training)) == "assign_instructor"
    assert waits_for(assigned(client, training, instructor)) == "confirm_schedule"
    assert waits_for(scheduled(client, training, instructor)) == "record_result"


def test_a_declined_payment_asks_for_no_instructor(client, training):
    answer = enroll(client, training, paymentMethod="test-decline")
    assert (answer.status, answer.problem) == (402, "payment-declined")
    rejected = answer.json()["enrollmentId"]
    assert "coaching.requested" not in event_types(events_of(client, rejected))
    assert refused(assign(client, rejected, "another"), "enrollment-ended")
    assert seats(client, training)["available"] == 5


def test_a_failing_gateway_delays_the_instructor_and_no_more(client, gateway, training, instructor):
    gateway(failPercent=100)
    answer = enroll(client, training, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    eventually(lambda: saga_of(client, answer.json()["id"])["attempts"] > 0)
    assert refused(assign(client, answer.json()["id"], instructor), "not-awaited")
    gateway()
    await_state(client, answer.json()["id"], "awaiting_instructor")
    assert assign(client, answer.json()["id"], instructor).status == 200


# --- too early, and not twice


def test_each_step_is_refused_before_its_time(client, training, instructor):
    enrollment = enrolled(client, training)
    assert refused(schedule(client, enrollment), "not-assigned")
    assert refused(record(client, enrollment), "not-scheduled")
    assign(client, enrollment, instructor)
    assert refused(record(client, enrollment), "not-scheduled")
    assert coaching(client, enrollment)["state"] == "assigned"
    assert coaching(client, enrollment)["result"] is None


def test_a_step_of_a_training_that_is_not_paid_is_refused(client, gateway, training, instructor):
    gateway(hang=True)
    answer = enroll(client, training, headers={"Prefer": "respond-async"})
    assert refused(assign(client, answer.json()["id"], instructor), "not-awaited")
    assert refused(record(client, answer.json()["id"]), "not-scheduled")


def test_a_lecture_has_no_coach(client, instructor):
    lecture = enroll(client, register_course(client)).json()["id"]
    assert client.get(f"/v1/coaching/{lecture}").status == 404
    assert refused(assign(client, lecture, instructor), "not-a-training")


def test_the_same_step_again_changes_nothing_and_another_is_refused(client, training, instructor):
    student = unique("student")
    enrollment = assigned(client, training, instructor, student)
    assert assign(client, enrollment, instructor).status == 200
    schedule(client, enrollment)
    await_state(client, enrollment, "confirmed")
    assert schedule(client, enrollment).status == 200
    assert refused(schedule(client, enrollment, ELEVEN, TWELVE), "class-began")
    assert refused(assign(client, enrollment, unique("other")), "class-began")
    assert record(client, enrollment, "Well.").status == 201
    await_state(client, enrollment, "completed")
    assert record(client, enrollment, "Well.").status == 201
    assert refused(record(client, enrollment, "Badly."), "already-recorded")
    await_notices(client, student, *NOTIFIED_WHEN_COMPLETED)


def test_a_step_repeated_with_its_key_gets_the_same_answer(client, training, instructor):
    enrollment = enrolled(client, training)
    for step in (lambda key: assign(client, enrollment, instructor, key),
                 lambda key: schedule(client, enrollment, headers=key),
                 lambda key: record(client, enrollment, headers=key)):
        key = {"Idempotency-Key": unique("key")}
        first = step(key)
        assert first.status in (200, 201), first
        again = step(key)
        assert (again.status, again.body) == (first.status, first.body)
        assert again.header("idempotency-replayed") == "true"
        eventually(lambda: saga_of(client, enrollment)["state"] in ("waiting", "completed"))


def test_a_result_that_comes_right_behind_the_schedule_is_taken(client, training, instructor):
    enrollment = assigned(client, training, instructor)
    assert schedule(client, enrollment).status == 200
    assert record(client, enrollment).status == 201
    await_state(client, enrollment, "completed")


def in_days(days):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + days * 86400))


def test_instructor_and_time_can_be_changed_until_the_class(client, training, instructor):
    other, student = unique("instructor"), unique("student")
    soon, later, end = in_days(30), in_days(30.25), in_days(30.5)
    enrollment = assigned(client, training, unique("first"), student)
    assert assign(client, enrollment, instructor).json()["instructorId"] == instructor
    assert schedule(client, enrollment, soon, later).status == 200
    await_state(client, enrollment, "confirmed")

    moved = schedule(client, enrollment, later, end)
    assert (moved.status, moved.json()["schedule"]) == (200, {"startsAt": later, "endsAt": end})
    next_one = scheduled(client, training, instructor, starts=soon, ends=later)
    assert refused(schedule(client, enrollment, soon, later), "slot-taken")

    given = assign(client, enrollment, other)
    assert (given.status, given.json()["instructorId"], given.json()["schedule"]["startsAt"]) == (200, other, later)
    eventually(lambda: schedule(client, next_one, later, end).status == 200, what="the slot left behind to be free")
    assert refused(assign(client, enrollment, instructor), "slot-taken")
    assert read_enrollment(client, enrollment)["state"] == "confirmed"
    await_notices(client, student, "coaching.assigned", *NOTIFIED_WHEN_CONFIRMED, "coaching.scheduled", "coaching.assigned")
    assert cancel(client, enrollment, {"Prefer": "wait=10"}).status == 200
    assert assign(client, next_one, other).status == 200, "the cancel has freed the other's time"


def test_a_result_is_of_a_class_that_was_held(client, training, instructor):
    soon, later = (time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + days * 86400))
                   for days in (30, 31))
    enrollment = scheduled(client, training, instructor, starts=soon, ends=later)
    for held_at in ("2999-01-01T00:00:00.000Z", soon, TEN):
        answer = client.post(f"/v1/coaching/{enrollment}/result", {"result": "Levitates.", "heldAt": held_at})
        assert refused(answer, "class-not-held"), answer
    assert coaching(client, enrollment)["state"] == "scheduled"
    assert cancel(client, enrollment, {"Prefer": "wait=10"}).status == 200, "what was not held can be cancelled"


# --- the instructor's calendar


@pytest.mark.parametrize("starts, ends", [(TEN, ELEVEN), (HALF_PAST_TEN, TWELVE), (HALF_PAST_TEN, ELEVEN)],
                         ids=["the same time", "begins within", "lies within"])
def test_an_instructor_is_in_one_place_at_a_time(client, training, instructor, starts, ends):
    scheduled(client, training, instructor)
    second = assigned(client, training, instructor)
    assert refused(schedule(client, second, starts, ends), "slot-taken")
    assert read_enrollment(client, second)["state"] == "awaiting_schedule"
    assert schedule(client, second, ELEVEN, TWELVE).status == 200
    await_state(client, second, "confirmed")


def test_another_instructor_has_another_calendar(client, training, instructor):
    scheduled(client, training, instructor)
    scheduled(client, training, unique("instructor"))


def test_of_many_who_want_the_same_time_at_once_one_gets_it(client, server, instructor):
    training = register_course(client, kind="training", capacity=20, price=30000)
    enrollments, answers = [assigned(client, training, instructor) for _ in range(20)], {}

    async def agree(asking, enrollment):
        answers[enrollment] = await asking.request("POST", f"/v1/coaching/{enrollment}/schedule",
                                                   {"startsAt": TEN, "endsAt": ELEVEN})

    asyncio.run(crowd(server.listen, 10, enrollments, agree))
    winners = [one for one, answer in answers.items() if answer.status == 200]
    assert len(winners) == 1
    assert all(refused(answer, "slot-taken") for one, answer in answers.items() if one not in winners)
    await_state(client, winners[0], "confirmed")
    assert seats(client, training) == {"capacity": 20, "available": 0, "held": 19, "taken": 1, "waitlisted": 0}


# --- cancelling, at every state


def assert_nothing_is_left(client, management, training, student, enrollment):
    ended = await_state(client, enrollment, "cancelled")
    assert ended["payment"]["state"] in {"voided", "refunded"}
    assert charges(management).get(ended["payment"]["id"], {}).get("state") != "approved"
    assert seats(client, training)["available"] == 5
    assert ended["mileage"]["earned"] == 0
    eventually(lambda: mileage(client, student)[0] == 0)
    shown = coaching(client, enrollment)
    assert (shown["instructorId"], shown["schedule"]) == (None, None)
    assert shown["state"] in {"released", "none"}
    eventually(lambda: saga_of(client, enrollment)["state"] == "compensated")


def test_cancelling_while_the_payment_hangs(client, management, gateway, training):
    student = unique("student")
    gateway(hang=True)
    enrollment = enroll(client, training, student, {"Prefer": "respond-async"}).json()["id"]
    assert cancel(client, enrollment, {"Prefer": "respond-async"}).status == 202
    eventually(lambda: seats(client, training)["available"] == 5)
    gateway()
    assert_nothing_is_left(client, management, training, student, enrollment)


@pytest.mark.parametrize("reached", [lambda client, training, instructor, student: enrolled(client, training, student),
                                     assigned, scheduled],
                         ids=["before an instructor", "before a schedule", "confirmed"])
def test_cancelling_releases_everything_and_is_accepted_until_the_class(client, management, training, instructor,
                                                                        reached):
    student = unique("student")
    enrollment = reached(client, training, instructor, student)
    answer = cancel(client, enrollment, {"Prefer": "wait=10"})
    assert (answer.status, answer.json()["state"]) == (200, "cancelled")
    assert_nothing_is_left(client, management, training, student, enrollment)
    assert cancel(client, enrollment).status == 200


def test_instructor_and_time_are_given_back_together_and_free_again(client, training, instructor):
    enrollment = scheduled(client, training, instructor)
    waiting = assigned(client, training, instructor)
    assert refused(schedule(client, waiting), "slot-taken")
    answer = cancel(client, enrollment, {"Prefer": "wait=10"})
    assert answer.json()["coaching"]["state"] == "released"
    assert "instructorId" not in answer.json()["coaching"] and "schedule" not in answer.json()["coaching"]
    notified = event_types(events_of(client, enrollment))
    assert in_order(notified, "enrollment.cancel-requested", "course.seats-released", "coaching.released",
                    "calendar.slot-released", "payment.refunded", "enrollment.cancelled"), notified
    assert schedule(client, waiting).status == 200
    await_state(client, waiting, "confirmed")


def test_after_the_result_there_is_nothing_to_cancel(client, management, training, instructor):
    enrollment = completed(client, training, instructor)
    before = read_enrollment(client, enrollment)
    assert refused(cancel(client, enrollment), "not-cancellable")
    assert read_enrollment(client, enrollment)["state"] == "completed"
    assert charges(management)[before["payment"]["id"]]["state"] == "approved"
    assert coaching(client, enrollment)["result"] is not None


@pytest.mark.parametrize("step", [assign, schedule, record])
def test_no_step_is_taken_after_the_cancel(client, training, instructor, step):
    enrollment = assigned(client, training, instructor)
    cancel(client, enrollment, {"Prefer": "wait=10"})
    answer = step(client, enrollment, instructor) if step is assign else step(client, enrollment)
    assert refused(answer, "enrollment-ended")
    assert coaching(client, enrollment)["state"] == "released"


# --- while coaching is down


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


# --- who looks at it


def test_manager_and_instructor_each_have_their_list(client, training, instructor):
    waiting = enrolled(client, training)
    mine, other = assigned(client, training, instructor), assigned(client, training, unique("instructor"))
    agreed = scheduled(client, training, instructor)
    position = after(client.post("/v1/courses", {"kind": "lecture", "title": "Mark", "capacity": 1}))
    asked = lists(client, position, state="requested")
    assert waiting in asked and not {mine, other, agreed} & set(asked)
    assert set(lists(client, position, instructorId=instructor)) == {mine, agreed}
    assert lists(client, position, instructorId=instructor, state="scheduled") == [agreed]


def test_a_cancelled_training_leaves_the_instructors_list(client, training, instructor):
    enrollment = scheduled(client, training, instructor)
    answer = cancel(client, enrollment, {"Prefer": "wait=10"})
    assert lists(client, after(answer), instructorId=instructor) == []
    assert enrollment in lists(client, after(answer), state="released")


def test_the_students_page_shows_instructor_schedule_and_result(client, training, instructor):
    student = unique("student")
    enrollment = assigned(client, training, instructor, student)
    row = my_page(client, student, after(client.answers[-1]))[enrollment]
    assert (row["state"], row["coaching"]["instructorId"]) == ("awaiting_schedule", instructor)
    schedule(client, enrollment)
    await_state(client, enrollment, "confirmed")
    answer = record(client, enrollment, "Learned to fall.")
    row = my_page(client, student, after(answer))[enrollment]
    assert row["coaching"]["schedule"] == {"startsAt": TEN, "endsAt": ELEVEN}
    assert row["coaching"]["result"] == "Learned to fall."


# --- killed in the middle, and no step is taken


def test_kills_between_all_steps_lose_no_step_and_notify_of_each_once(site):
    training = register_course(site.client, kind="training", capacity=5, price=30000)
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
    training = register_course(site.client, kind="training", capacity=5, price=30000)
    student, instructor = unique("student"), unique("instructor")
    enrollment = scheduled(site.client, training, instructor, student)
    set_component(site.management, "coaching", "paused")
    assert cancel(site.client, enrollment, {"Prefer": "respond-async"}).status == 202
    site.crash()
    set_component(site.management, "coaching", "running")
    assert_nothing_is_left(site.client, site.management, training, student, enrollment)
    scheduled(site.client, training, instructor)


def test_a_training_that_has_no_instructor_by_the_deadline_expires_and_is_refunded(scratch):
    with Site(scratch, "--person-deadline-s", 1) as site:
        training = register_course(site.client, kind="training", capacity=5, price=30000)
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
    with Site(scratch, "--person-deadline-s", 1) as site:
        training = register_course(site.client, kind="training", capacity=5, price=30000)
        enrollment = assigned(site.client, training, "kim")
        await_state(site.client, enrollment, "expired")
        ended = await_refund(site.client, enrollment)
        assert (ended["state"], ended["coaching"]) == ("expired", {"state": "released"})


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
