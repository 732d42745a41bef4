"""Class registration, end to end: register, enroll, pay, look, cancel."""

import pytest

from blackbox.actions import (after, await_notices, cancel, cancelled, charges, confirmed, edit, enroll, event_types,
                              events_of, eventually, every, in_order, my_page, read, read_enrollment, register_course,
                              revise, seats, unique, won)


def test_a_registered_course_is_open_with_all_seats_available(client):
    id = unique("lecture")
    answer = client.post("/v1/courses", {"id": id, "kind": "lecture", "title": "Korean Verse", "capacity": 30,
                                         "price": won(12000)})
    assert answer.status == 201
    assert answer.location.endswith(f"/v1/courses/{id}")
    course = read(client, answer.location)
    assert course == answer.json()
    assert (course["id"], course["kind"], course["state"]) == (id, "lecture", "open")
    assert course["title"] == "Korean Verse"
    assert course["price"] == won(12000)
    assert course["seats"] == {"capacity": 30, "available": 30, "held": 0, "taken": 0, "waitlisted": 0}


def test_a_course_without_an_id_gets_one(client):
    answer = client.post("/v1/courses", {"kind": "lecture", "title": "Nameless", "capacity": 1})
    assert answer.status == 201
    assert read(client, answer.location)["id"] == answer.json()["id"]


def test_a_course_is_registered_once(client):
    course = register_course(client)
    again = client.post("/v1/courses", {"id": course, "kind": "lecture", "title": "Other", "capacity": 1})
    assert (again.status, again.problem) == (409, "already-exists")
    assert seats(client, course)["capacity"] == 10


def test_courses_are_listed_by_kind(client):
    lecture, performance = register_course(client), register_course(client, kind="performance")
    position = after(client.answers[-1])
    lectures = {course["id"] for course in every(client, "/v1/courses", position, kind="lecture")}
    performances = {course["id"] for course in every(client, "/v1/courses", position, kind="performance")}
    assert lecture in lectures - performances
    assert performance in performances - lectures


def test_an_enrollment_is_confirmed_and_paid_and_takes_one_seat(client, management):
    course, student = register_course(client, price=12000), unique("student")
    answer = enroll(client, course, student)
    assert answer.status == 201
    enrollment = answer.json()
    assert (enrollment["courseId"], enrollment["studentId"], enrollment["seats"]) == (course, student, 1)
    assert enrollment["state"] == "confirmed"
    assert enrollment["payment"]["state"] == "approved"
    assert enrollment["payment"]["amount"] == won(12000)
    assert seats(client, course) == {"capacity": 10, "available": 9, "held": 0, "taken": 1, "waitlisted": 0}
    charge = charges(management)[enrollment["payment"]["id"]]
    assert (charge["state"], charge["amount"]) == ("approved", won(12000))


def test_the_location_of_an_enrollment_shows_it(client):
    answer = enroll(client, register_course(client))
    shown = read(client, answer.location)
    assert answer.location.endswith("/v1/enrollments/" + answer.json()["id"])
    for member in ("id", "courseId", "studentId", "seats", "state", "payment"):
        assert shown[member] == answer.json()[member]


def test_every_step_of_an_enrollment_is_shown(client):
    enrollment = confirmed(client, register_course(client))
    steps = [(step["name"], step["state"]) for step in read_enrollment(client, enrollment["id"])["steps"]]
    assert in_order([name for name, state in steps if state == "done"],
                    "hold_seats", "take_payment", "take_seats", "confirm"), steps


def test_the_timeline_has_every_event_of_every_aggregate(client):
    enrollment = confirmed(client, register_course(client))
    found = events_of(client, enrollment["id"])
    assert in_order(event_types(found), "enrollment.requested", "course.seats-held", "payment.requested",
                    "payment.approved", "course.seats-taken", "enrollment.confirmed"), event_types(found)


def test_my_page_shows_the_enrollment_after_its_write(client):
    course, student = register_course(client, title="Weaving"), unique("student")
    answer = enroll(client, course, student)
    row = my_page(client, student, after(answer))[answer.json()["id"]]
    assert row["courseTitle"] == "Weaving"
    assert (row["courseId"], row["state"], row["payment"]["state"]) == (course, "confirmed", "approved")


def test_my_page_of_a_stranger_is_empty(client):
    assert my_page(client, unique("stranger")) == {}


def test_the_payment_is_a_resource_of_its_own(client):
    enrollment = confirmed(client, register_course(client, price=700))
    payment = read(client, f"/v1/payments/{enrollment['payment']['id']}")
    assert (payment["state"], payment["amount"]) == ("approved", won(700))
    listed = list(every(client, "/v1/payments", enrollmentId=enrollment["id"]))
    assert [one["id"] for one in listed] == [payment["id"]]


def test_the_saga_is_listed_as_completed(client):
    enrollment = confirmed(client, register_course(client))

    def completed():
        sagas = list(every(client, "/v1/sagas", enrollmentId=enrollment["id"]))
        return sagas if sagas and sagas[0]["state"] == "completed" else None

    saga, = eventually(completed)
    shown = read(client, f"/v1/sagas/{saga['id']}")
    assert (shown["enrollmentId"], shown["state"]) == (enrollment["id"], "completed")
    assert shown["steps"]


def test_enrollments_are_listed_by_student_course_and_state(client):
    course, student = register_course(client), unique("student")
    mine = confirmed(client, course, student)["id"]
    other = confirmed(client, course)["id"]
    position = after(client.answers[-1])

    def ids(**filters):
        return {one["id"] for one in every(client, "/v1/enrollments", position, **filters)}

    assert ids(studentId=student) == {mine}
    assert ids(courseId=course) == {mine, other}
    assert ids(courseId=course, state="confirmed") == {mine, other}
    assert ids(courseId=course, state="cancelled") == set()
    assert ids(courseId=course, studentId=student, state="confirmed") == {mine}


def test_the_enrollments_of_a_course_are_listed_under_it(client):
    course = register_course(client)
    made = {confirmed(client, course)["id"] for _ in range(3)}
    position = after(client.answers[-1])
    assert {one["id"] for one in every(client, f"/v1/courses/{course}/enrollments", position)} == made


def test_cancelling_refunds_the_payment_and_returns_the_seat(client, management):
    course, student = register_course(client), unique("student")
    enrollment = confirmed(client, course, student)
    answer = cancelled(client, enrollment["id"], reason="ill")
    assert seats(client, course) == {"capacity": 10, "available": 10, "held": 0, "taken": 0, "waitlisted": 0}
    shown = read_enrollment(client, enrollment["id"])
    assert (shown["state"], shown["payment"]["state"]) == ("cancelled", "refunded")
    assert charges(management)[enrollment["payment"]["id"]]["state"] == "refunded"
    assert my_page(client, student, after(answer))[enrollment["id"]]["state"] == "cancelled"
    assert in_order(event_types(events_of(client, enrollment["id"])), "enrollment.confirmed",
                    "enrollment.cancel-requested", "course.seats-released", "payment.refund-requested",
                    "payment.refunded", "enrollment.cancelled")


def test_cancelling_again_gives_the_same_answer(client):
    course = register_course(client)
    enrollment = confirmed(client, course)["id"]
    cancelled(client, enrollment)
    cancelled(client, enrollment)
    assert seats(client, course)["available"] == 10


def test_who_cancelled_may_enroll_again(client):
    course, student = register_course(client, capacity=1), unique("student")
    cancelled(client, confirmed(client, course, student)["id"])
    assert confirmed(client, course, student)["state"] == "confirmed"
    assert seats(client, course)["taken"] == 1


def test_a_declined_payment_rejects_and_returns_the_seat(client, management):
    course, student = register_course(client), unique("student")
    answer = enroll(client, course, student, paymentMethod="test-decline")
    assert (answer.status, answer.problem) == (402, "payment-declined")
    rejected = read_enrollment(client, answer.json()["enrollmentId"])
    assert (rejected["state"], rejected["payment"]["state"]) == ("rejected", "declined")
    assert seats(client, course)["available"] == 10
    assert charges(management)[rejected["payment"]["id"]]["state"] == "declined"
    assert confirmed(client, course, student)["state"] == "confirmed"


def test_a_rejected_enrollment_cannot_be_cancelled(client):
    rejected = enroll(client, register_course(client), paymentMethod="test-decline").json()["enrollmentId"]
    answer = cancel(client, rejected)
    assert (answer.status, answer.problem) == (409, "not-cancellable")


def test_a_full_course_is_sold_out(client):
    course = register_course(client, capacity=2)
    confirmed(client, course), confirmed(client, course)
    latecomer = unique("student")
    answer = enroll(client, course, latecomer)
    assert (answer.status, answer.problem) == (409, "sold-out")
    assert seats(client, course)["taken"] == 2
    assert list(every(client, "/v1/enrollments", studentId=latecomer)) == []


def test_a_student_holds_one_seat_of_a_lecture(client):
    course, student = register_course(client), unique("student")
    enrollment = confirmed(client, course, student)
    answer = enroll(client, course, student)
    assert (answer.status, answer.problem) == (409, "already-enrolled")
    assert answer.json()["enrollmentId"] == enrollment["id"]
    assert seats(client, course)["taken"] == 1


@pytest.mark.parametrize("members", [{"state": "draft"}, {"opensAt": "2999-01-01T00:00:00Z"},
                                     {"closesAt": "2001-01-01T00:00:00Z"}],
                         ids=["a draft", "opens later", "closed before"])
def test_a_course_that_is_not_open_takes_none(client, members):
    course = register_course(client, **members)
    assert read(client, f"/v1/courses/{course}")["state"] != "open"
    answer = enroll(client, course)
    assert (answer.status, answer.problem) == (409, "course-not-open")
    assert seats(client, course)["available"] == 10


def test_an_unknown_course_is_not_found(client):
    answer = enroll(client, unique("nowhere"))
    assert (answer.status, answer.problem) == (404, "course-not-found")


@pytest.mark.parametrize("path", ["/v1/courses/none", "/v1/enrollments/enr_01h00000000000000000000000",
                                  "/v1/enrollments/none", "/v1/enrollments/none/events", "/v1/payments/none",
                                  "/v1/sagas/none", "/v1/nowhere", "/nowhere"])
def test_what_does_not_exist_is_404_with_a_problem(client, path):
    answer = client.get(path)
    assert answer.status == 404
    assert answer.problem


def test_cancelling_an_unknown_enrollment_is_404(client):
    assert cancel(client, "enr_01h00000000000000000000000").status == 404


def test_a_free_course_is_confirmed_without_the_gateway(client, management, gateway):
    course = register_course(client, price=0)
    gateway(hang=True)
    answer = enroll(client, course)
    assert (answer.status, answer.json()["state"]) == (201, "confirmed")
    assert answer.json()["payment"]["state"] == "approved"
    assert answer.json()["payment"]["amount"]["amount"] == 0
    assert answer.json()["payment"]["id"] not in charges(management)
    assert cancel(client, answer.json()["id"]).status == 200
    assert seats(client, course)["available"] == 10


def test_a_course_may_let_a_student_hold_more_seats(client):
    course, student = register_course(client, seatsPerStudent=3), unique("student")
    assert confirmed(client, course, student, seats=2)["payment"]["amount"] == won(24000)
    assert enroll(client, course, student, seats=2).status == 409
    confirmed(client, course, student, seats=1)
    assert seats(client, course)["taken"] == 3


def test_a_course_is_edited_while_seats_move(client):
    course = register_course(client, capacity=2)
    tag = client.get(f"/v1/courses/{course}").header("etag")
    confirmed(client, course)
    edited = client.patch(f"/v1/courses/{course}", {"capacity": 3, "title": "Larger"}, {"If-Match": tag})
    assert (edited.status, edited.json()["title"]) == (200, "Larger")
    assert seats(client, course) == {"capacity": 3, "available": 2, "held": 0, "taken": 1, "waitlisted": 0}


def test_capacity_does_not_fall_below_what_is_taken(client):
    course = register_course(client, capacity=2)
    confirmed(client, course), confirmed(client, course)
    answer = edit(client, course, capacity=1)
    assert (answer.status, answer.problem) == (409, "capacity-below-taken")
    assert seats(client, course)["capacity"] == 2


def test_a_closed_course_keeps_its_holders_and_takes_none(client):
    course = register_course(client)
    holder = confirmed(client, course)["id"]
    revise(client, course, state="closed")
    assert enroll(client, course).problem == "course-not-open"
    assert read_enrollment(client, holder)["state"] == "confirmed"


def test_a_professor_registers_a_lecture_and_sees_who_is_in_it(client):
    course = register_course(client, instructorId=unique("professor"))
    enrolled = [confirmed(client, course)["id"] for _ in range(2)]
    assert seats(client, course)["available"] == 8
    listed = every(client, f"/v1/courses/{course}/enrollments", after(client.answers[-2]))
    assert {one["id"] for one in listed} == set(enrolled)


def test_the_confirmation_and_the_cancel_are_notified_once_each(client):
    student = unique("student")
    enrollment = confirmed(client, register_course(client), student)["id"]
    await_notices(client, student, "enrollment.confirmed")
    for _ in range(2):
        cancelled(client, enrollment)
    await_notices(client, student, "enrollment.confirmed", "enrollment.cancelled")


def test_every_event_says_what_it_belongs_to(client):
    enrollment = confirmed(client, register_course(client))["id"]
    cancelled(client, enrollment)
    found = events_of(client, enrollment)
    assert len({event["id"] for event in found}) == len(found)
    for event in found:
        assert event["enrollmentid"] == enrollment
        assert event["sagaid"] == enrollment.replace("enr_", "saga_")
        assert event["schemaversion"] >= 1 and event["subject"] and event["time"] and int(event["sequence"]) > 0
    caused = {event["type"]: event.get("causationid") for event in found}
    saga = enrollment.replace("enr_", "saga_")
    assert caused["sugang.payment.approved"] == f"{saga}:take_payment:act"
    assert caused["sugang.payment.refunded"] == f"{saga}:take_payment:undo"
