"""A request repeated with its Idempotency-Key gets its first answer and does nothing twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from blackbox.actions import (after, cancel, cancelled, confirmed, enroll, eventually, my_page, register_course, seats,
                              unique)
from blackbox.client import Client


@pytest.fixture
def key():
    return {"Idempotency-Key": unique("key")}


def assert_replayed(first, second):
    assert (second.status, second.body, second.location) == (first.status, first.body, first.location)
    assert second.header("content-type") == first.header("content-type")
    assert second.header("etag") == first.header("etag")
    assert bool(second.header("sugang-position")) == bool(first.header("sugang-position"))
    assert first.header("idempotency-replayed") is None
    assert second.header("idempotency-replayed") == "true"


class TestIdempotencyKey:
    def test_a_repeat_gets_the_confirmation_byte_for_byte(self, client, key):
        course, student = register_course(client), unique("student")
        first = enroll(client, course, student, key)
        assert first.status == 201
        assert_replayed(first, enroll(client, course, student, key))
        assert seats(client, course)["taken"] == 1

    def test_a_repeat_gets_the_accepted_answer_even_after_the_end(self, client, key):
        course, student = register_course(client, kind="performance"), unique("student")
        first = enroll(client, course, student, key)
        assert first.status == 202
        eventually(lambda: seats(client, course)["taken"] == 1)
        assert_replayed(first, enroll(client, course, student, key))

    @pytest.mark.parametrize("refusal, status", [("sold-out", 409), ("course-not-found", 404),
                                                 ("payment-declined", 402), ("already-enrolled", 409)])
    def test_a_repeat_gets_the_refusal(self, client, key, refusal, status):
        student, method = unique("student"), "test-approve"
        course = unique("nowhere") if refusal == "course-not-found" else register_course(client, capacity=1)
        if refusal == "payment-declined":
            method = "test-decline"
        elif refusal == "sold-out":
            confirmed(client, course)
        elif refusal == "already-enrolled":
            confirmed(client, course, student)
        first = enroll(client, course, student, key, paymentMethod=method)
        assert (first.status, first.problem) == (status, refusal)
        assert_replayed(first, enroll(client, course, student, key, paymentMethod=method))

    def test_a_repeat_gets_the_refusal_even_when_there_is_room_by_now(self, client, key):
        course, student = register_course(client, capacity=1), unique("student")
        holder = confirmed(client, course)["id"]
        first = enroll(client, course, student, key)
        assert first.problem == "sold-out"
        cancelled(client, holder)
        assert_replayed(first, enroll(client, course, student, key))
        assert enroll(client, course, student).status == 201

    def test_a_repeat_gets_the_refusal_of_a_body_with_faults(self, client, key):
        first = client.post("/v1/enrollments", {"courseId": 1}, key)
        assert first.status == 422
        again = client.post("/v1/enrollments", {"courseId": 1}, key)
        assert (again.status, again.body) == (first.status, first.body)

    def test_a_repeat_registers_no_second_course(self, client, key):
        body = {"kind": "lecture", "title": "Once", "capacity": 1}
        assert_replayed(client.post("/v1/courses", body, key), client.post("/v1/courses", body, key))

    def test_a_repeat_shows_from_where_on_a_list_shows_what_was_written(self, client, key):
        student = unique("student")
        body = {"courseId": register_course(client), "studentId": student}
        first = client.post("/v1/enrollments", body, key)
        repeat = client.post("/v1/enrollments", body, key)
        assert repeat.header("etag") and repeat.header("sugang-position")
        assert first.json()["id"] in my_page(client, student, after(repeat))

    def test_a_repeat_cancels_once(self, client, key):
        enrollment = confirmed(client, register_course(client))["id"]
        assert_replayed(cancel(client, enrollment, key | {"Prefer": "wait=10"}), cancel(client, enrollment, key))

    def test_another_body_under_the_same_key_is_refused(self, client, key):
        course = register_course(client)
        student = unique("student")
        assert enroll(client, course, student, key).status == 201
        other = enroll(client, course, student, key, seats=2)
        assert (other.status, other.problem) == (422, "idempotency-key-reused")
        assert seats(client, course)["taken"] == 1

    def test_a_key_on_two_courses_is_two_requests(self, client, key):
        courses, student = [register_course(client) for _ in range(2)], unique("student")
        first, second = (enroll(client, course, student, key) for course in courses)
        assert (first.status, second.status) == (201, 201)
        assert first.json()["id"] != second.json()["id"]
        for course, answer in zip(courses, (first, second)):
            assert_replayed(answer, enroll(client, course, student, key))
            other = enroll(client, course, student, key, seats=2)
            assert (other.status, other.problem) == (422, "idempotency-key-reused")
            assert seats(client, course)["taken"] == 1

    def test_a_key_on_one_resource_is_not_for_another_call(self, client, key):
        enrollment = confirmed(client, register_course(client))["id"]
        assert cancel(client, enrollment, key | {"Prefer": "wait=10"}).status == 200
        other = client.post("/v1/sagas/" + enrollment.replace("enr_", "saga_") + "/retry", {}, key)
        assert (other.status, other.problem) == (422, "idempotency-key-reused")

    def test_a_key_is_scoped_to_its_resource(self, client, key):
        enrollment = enroll(client, register_course(client), headers=key).json()["id"]
        assert cancel(client, enrollment, key | {"Prefer": "wait=10"}).status == 200

    def test_a_key_is_scoped_to_its_caller(self, client, key):
        course = register_course(client)
        answers = [enroll(client, course, unique("student"), key) for _ in range(2)]
        assert [answer.status for answer in answers] == [201, 201]
        assert seats(client, course)["taken"] == 2

    def test_a_repeat_while_the_first_runs_is_refused(self, server, client, gateway, key):
        gateway(latencyMillis=[1000, 1000])
        course, student = register_course(client), unique("student")
        with ThreadPoolExecutor(1) as elsewhere, Client(server.listen) as other:
            first = elsewhere.submit(enroll, other, course, student, key)
            eventually(lambda: seats(client, course)["held"] == 1)
            meanwhile = enroll(client, course, student, key)
            assert (meanwhile.status, meanwhile.problem) == (409, "request-in-progress")
            assert first.result().status == 201
        assert_replayed(first.result(), enroll(client, course, student, key))

    @pytest.mark.parametrize("bad", ["", "k" * 256, "schl\xfcssel", "a\tb"],
                             ids=["empty", "256 characters", "not ASCII", "a control character"])
    def test_a_key_out_of_bounds_is_refused(self, client, bad):
        course = register_course(client)
        assert enroll(client, course, headers={"Idempotency-Key": bad}).status in (400, 422)
        assert seats(client, course)["available"] == 10

    def test_a_key_of_255_characters_is_taken(self, client):
        assert enroll(client, register_course(client),
                      headers={"Idempotency-Key": unique("k").ljust(255, "~")}).status == 201
