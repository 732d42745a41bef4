"""Personal training, in one line a step: enroll, assign an instructor, agree on a time, record the result."""

from blackbox.actions import await_saga, await_state, charges, enroll, eventually, mileage, read, register_course, seats

# In the past, as a result is of a class that was held.
TEN, ELEVEN, TWELVE = (f"2024-03-02T{hour}:00:00.000Z" for hour in (10, 11, 12))
NOTIFIED_WHEN_CONFIRMED = ("coaching.assigned", "coaching.scheduled", "enrollment.confirmed")
NOTIFIED_WHEN_COMPLETED = (*NOTIFIED_WHEN_CONFIRMED, "coaching.result-recorded", "enrollment.completed")


def register_training(client):
    return register_course(client, kind="training", capacity=5, price=30000)


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


def coaching(client, enrollment):
    return read(client, f"/v1/coaching/{enrollment}")


def refused(answer, problem):
    return (answer.status, answer.problem) == (409, problem)


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
    await_saga(client, enrollment, "compensated")
