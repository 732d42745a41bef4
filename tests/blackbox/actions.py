"""What a caller does, in one line each: names, courses, enrollments, lists, and waiting for a condition."""

import itertools
import os
import time
from collections import Counter
from contextlib import contextmanager

from blackbox.client import query

PAGE_LIMIT = 200
POLL_INTERVAL_S = 0.01

LIVE_STATES = {"requested", "seats_held", "payment_pending"}
ENDED_WITHOUT_SEATS = {"rejected", "expired", "cancelled"}
SAGAS_UNDER_WAY = ("running", "waiting", "compensating")
# At these steps a saga waits for a person, or for seats.
AT_REST = {"hold_seats", "assign_instructor", "book_slot", "confirm_schedule", "record_result", "start_delivery",
           "complete_delivery"}

_numbers = itertools.count(1)
_run = os.urandom(3).hex()


def unique(what):
    """A name that no other test uses."""
    return f"{what}-{_run}-{next(_numbers)}"


def eventually(condition, deadline_s=60, what=None):
    """Asks `condition` until it is true; returns its value. Fails with its last value when the time is up."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {deadline_s} s: {what or condition}; last {value!r}"
        time.sleep(POLL_INTERVAL_S)


def won(amount):
    return {"amount": amount, "currency": "KRW"}


def register_course(client, kind="lecture", capacity=10, price=12000, **members):
    """Registers a course of its own for the test; returns its id."""
    body = {"id": unique(kind), "kind": kind, "title": f"A {kind}", "capacity": capacity, "price": won(price)}
    body |= members
    answer = client.post("/v1/courses", body)
    assert answer.status == 201, answer
    return answer.json()["id"]


def edit(client, course, **members):
    """Asks for a change of the course as it stands now."""
    tag = client.get(f"/v1/courses/{course}").header("etag")
    return client.patch(f"/v1/courses/{course}", members, {"If-Match": tag})


def revise(client, course, **members):
    answer = edit(client, course, **members)
    assert answer.status == 200, answer
    return answer


def cancel_course(client, course, reason="snow"):
    return client.post(f"/v1/courses/{course}/cancel", {"reason": reason})


def enroll(client, course, student=None, headers=None, **members):
    body = {"courseId": course, "studentId": student or unique("student"), **members}
    return client.post("/v1/enrollments", body, headers)


def confirmed(client, course, student=None, **members):
    """An enrollment that is confirmed; returns it as the server shows it."""
    answer = enroll(client, course, student, {"Prefer": "wait=10"}, **members)
    assert answer.status == 201, answer
    return answer.json()


def full_course(client):
    """A lecture with one seat and a waitlist, and the enrollment that has the seat."""
    course = register_course(client, capacity=1, waitlist=True)
    return course, confirmed(client, course)["id"]


def queue_up(client, course, student=None, **members):
    """An enrollment at the end of the waitlist."""
    answer = enroll(client, course, student, onFull="waitlist", **members)
    assert (answer.status, answer.json()["state"]) == (202, "waitlisted"), answer
    return answer.json()["id"]


def cancel(client, enrollment, headers=None, **members):
    return client.post(f"/v1/enrollments/{enrollment}/cancel", members, headers)


def cancelled(client, enrollment, **members):
    """Cancels, and waits until nothing is left to undo; returns the answer."""
    answer = cancel(client, enrollment, {"Prefer": "wait=10"}, **members)
    assert (answer.status, answer.json()["state"]) == (200, "cancelled"), answer
    return answer


def read(client, target, headers=None):
    answer = client.get(target, headers)
    assert answer.status == 200, answer
    return answer.json()


def read_enrollment(client, enrollment):
    return read(client, f"/v1/enrollments/{enrollment}")


def await_state(client, enrollment, *states, deadline_s=60):
    """The enrollment, once it is in one of these states."""
    return eventually(lambda: (found := read_enrollment(client, enrollment))["state"] in states and found, deadline_s,
                      f"{enrollment} to be {' or '.join(states)}")


def await_refund(client, enrollment):
    """The enrollment, once its money is back."""
    return eventually(lambda: (found := read_enrollment(client, enrollment))["payment"]["state"] == "refunded" and found,
                      what=f"{enrollment} to be refunded")


def events_of(client, enrollment):
    """The enrollment's timeline."""
    return list(every(client, f"/v1/enrollments/{enrollment}/events"))


def event_types(found):
    return [event["type"].removeprefix("sugang.") for event in found]


def in_order(found, *names):
    """Whether the names come in this order among what was found."""
    rest = iter(found)
    return all(any(name == one or one.endswith("." + name) for one in rest) for name in names)


def steps_done(client, enrollment):
    return [step["name"] for step in read_enrollment(client, enrollment)["steps"] if step["state"] == "done"]


def saga_of(client, enrollment):
    """The enrollment's saga, read by its id, and so never behind."""
    return read(client, "/v1/sagas/" + enrollment.replace("enr_", "saga_"))


def await_saga(client, enrollment, state):
    """The enrollment's saga, once it is in this state."""
    return eventually(lambda: (found := saga_of(client, enrollment))["state"] == state and found,
                      what=f"the saga of {enrollment} to be {state}")


def mileage(client, student, headers=None):
    """The student's statement: the balance, and what was earned and reversed as (kind, amount)."""
    statement = read(client, f"/v1/students/{student}/mileage", headers)
    return statement["balance"], [(entry["kind"], entry["amount"]) for entry in statement["entries"]]


def notices(client, student):
    """What the student was notified, as Counter of kinds."""
    return Counter(one["kind"] for one in every(client, f"/v1/students/{student}/notifications"))


def await_notices(client, student, *kinds):
    """Waits until the student was notified all of these, and fails unless that is all, each as often as it is named."""
    eventually(lambda: not Counter(kinds) - notices(client, student), what=f"{student} to be notified {kinds}")
    assert notices(client, student) == Counter(kinds)


def seats(client, course):
    """The course's seats, after the check that they add up (invariant 1)."""
    found = read(client, f"/v1/courses/{course}")["seats"]
    assert_seats_add_up(course, found)
    return found


def assert_seats_add_up(course, found):
    assert min(found["capacity"], found["available"], found["held"], found["taken"]) >= 0, (course, found)
    assert found["available"] + found["held"] + found["taken"] == found["capacity"], (course, found)


def every(client, path, headers=None, limit=PAGE_LIMIT, **parameters):
    """All items of a list, page by page."""
    cursor = None
    while True:
        page = read(client, query(path, limit=limit, cursor=cursor, **parameters), headers)
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def events_after(position):
    """The target of the events after this position; None: from the first on."""
    return query("/v1/events", after=position, limit=PAGE_LIMIT)


def events(client, position=None):
    """All events after `position`, and the position of the last."""
    found, target = [], events_after(position)
    while target:
        answer = client.get(target)
        assert answer.status == 200, answer
        found += answer.json()
        target = answer.link("next")
    return found, found[-1]["position"] if found else position


def await_views(client, deadline_s=60):
    """Waits until the views have reached all that was durable when it was called; returns headers to read so."""
    mark = {"kind": "lecture", "title": "Mark", "capacity": 1, "state": "draft"}
    position = after(client.post("/v1/courses", mark))
    eventually(lambda: client.get("/v1/sagas?limit=1", position).status == 200, deadline_s, "the views to catch up")
    return position


def sagas_under_way(client):
    return [saga for state in SAGAS_UNDER_WAY for saga in every(client, "/v1/sagas", state=state)
            if not (state == "waiting" and saga["waitsFor"] in AT_REST)]


def await_quiet_sagas(client, deadline_s=60):
    """Waits until no saga is under way, and none got stuck; the views show it."""
    await_views(client)
    eventually(lambda: not sagas_under_way(client), deadline_s, "all sagas to end")
    stuck = list(every(client, "/v1/sagas", state="stuck"))
    assert not stuck, stuck
    await_views(client)


def set_gateway(management, **settings):
    """Puts the embedded gateway into this state, and all not named here back to its default."""
    body = {"latencyMillis": [0, 0], "failPercent": 0, "declinePercent": 0, "hang": False, **settings}
    answer = management.put("/v1/admin/gateway", body)
    assert answer.status in (200, 204), answer


def set_component(management, name, state):
    answer = management.put(f"/v1/admin/components/{name}", {"state": state})
    assert answer.status in (200, 204), answer


@contextmanager
def paused(management, component):
    """The component is under maintenance within the block."""
    set_component(management, component, "paused")
    try:
        yield
    finally:
        set_component(management, component, "running")


def charges(management):
    """The gateway's own accounts, by the key of the charge."""
    found = list(every(management, "/v1/admin/gateway/charges"))
    by_key = {charge["key"]: charge for charge in found}
    assert len(by_key) == len(found), "a key stands twice in the gateway's accounts"
    return by_key


def page_rows(page):
    """The enrollments on my page."""
    return page["items"] if "items" in page else page["enrollments"]


def my_page(client, student, headers=None):
    """Every enrollment on the student's page, by its id."""
    rows, cursor = [], None
    while True:
        page = read(client, query(f"/v1/students/{student}/page", limit=PAGE_LIMIT, cursor=cursor), headers)
        assert "position" in page, page
        rows += page_rows(page)
        cursor = page.get("next")
        if cursor is None:
            return {row.get("enrollmentId") or row["id"]: row for row in rows}


def after(answer):
    """Headers that make a read see this write."""
    assert answer.header("sugang-position"), answer
    return {"Sugang-Min-Position": answer.header("sugang-position")}


def assert_one_kept_and_one_cancelled_beside(client, management, component, kind):
    """Of two enrollments of one student one is cancelled while a component that neither needs is paused."""
    course, student = register_course(client, kind=kind, seatsPerStudent=2), unique("student")
    with paused(management, component):
        kept, gone = confirmed(client, course, student), confirmed(client, course, student)
        cancel(client, gone["id"], {"Prefer": "wait=1"})
        eventually(lambda: seats(client, course)["taken"] == 1)
        eventually(lambda: charges(management)[gone["payment"]["id"]]["state"] == "refunded")
    await_state(client, gone["id"], "cancelled")
    await_notices(client, student, "enrollment.confirmed", "enrollment.confirmed", "enrollment.cancelled")
    eventually(lambda: read_enrollment(client, kept["id"])["mileage"]["earned"] == 120)
