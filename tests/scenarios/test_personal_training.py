"""Personal training: a manager assigns an instructor, both agree on a time, only then is it confirmed; after the class
the student reads the result. Until then a cancel is always accepted, and gives instructor and time back together."""

import asyncio
import time

import pytest

from blackbox.actions import (after, await_notices, await_saga, await_state, cancel, cancelled, charges, confirmed,
                              enroll, event_types, events_of, eventually, every, in_order, mileage, my_page,
                              read_enrollment, register_course, saga_of, seats, unique)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.coaching import (ELEVEN, NOTIFIED_WHEN_COMPLETED, NOTIFIED_WHEN_CONFIRMED, TEN, TWELVE,
                               assert_nothing_is_left, assign, assigned, coaching, enrolled, record, refused, schedule,
                               scheduled)

HALF_PAST_TEN = "2024-03-02T10:30:00.000Z"


def completed(client, training, instructor, student=None):
    enrollment = scheduled(client, training, instructor, student)
    assert record(client, enrollment).status == 201
    await_state(client, enrollment, "completed")
    return enrollment


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
    await_saga(client, waiting["id"], "completed")


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
        saga = await_saga(client, enrollment, "waiting")
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
    await_notices(client, student, *NOTIFIED_WHEN_CONFIRMED, "coaching.scheduled", *2 * ["coaching.assigned"])
    cancelled(client, enrollment)
    assert assign(client, next_one, other).status == 200, "the cancel has freed the other's time"


def test_a_result_is_of_a_class_that_was_held(client, training, instructor):
    soon, later = in_days(30), in_days(31)
    enrollment = scheduled(client, training, instructor, starts=soon, ends=later)
    for held_at in ("2999-01-01T00:00:00.000Z", soon, TEN):
        answer = client.post(f"/v1/coaching/{enrollment}/result", {"result": "Levitates.", "heldAt": held_at})
        assert refused(answer, "class-not-held"), answer
    assert coaching(client, enrollment)["state"] == "scheduled"
    # What was not held can be cancelled.
    cancelled(client, enrollment)


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


@pytest.mark.parametrize("reached", [lambda client, training, instructor, student: enrolled(client, training, student),
                                     assigned, scheduled],
                         ids=["before an instructor", "before a schedule", "confirmed"])
def test_cancelling_releases_everything_and_is_accepted_until_the_class(client, management, training, instructor,
                                                                        reached):
    student = unique("student")
    enrollment = reached(client, training, instructor, student)
    cancelled(client, enrollment)
    assert_nothing_is_left(client, management, training, student, enrollment)
    assert cancel(client, enrollment).status == 200


def test_instructor_and_time_are_given_back_together_and_free_again(client, training, instructor):
    enrollment = scheduled(client, training, instructor)
    waiting = assigned(client, training, instructor)
    assert refused(schedule(client, waiting), "slot-taken")
    answer = cancelled(client, enrollment)
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
    cancelled(client, enrollment)
    answer = step(client, enrollment, instructor) if step is assign else step(client, enrollment)
    assert refused(answer, "enrollment-ended")
    assert coaching(client, enrollment)["state"] == "released"


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
    answer = cancelled(client, enrollment)
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


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
