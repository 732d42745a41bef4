"""Malformed requests: each is notified its faults, and none of them leaves a trace."""

import json
import socket

import pytest

from blackbox.actions import (cancel, confirmed, events, read_enrollment, register_course, seats, unique)
from blackbox.answer import AnswerReader

JSON = {"Content-Type": "application/json"}
NOT_JSON = {
    "nothing": b"",
    "white space": b" \n",
    "a brace": b"{",
    "a word": b"enroll me",
    "a cut object": b'{"courseId": "c", "studentId": "s"',
    "a cut string": b'{"courseId": "c',
    "a comma too many": b'{"courseId": "c", "studentId": "s",}',
    "single quotes": b"{'courseId': 'c'}",
    "two values": b'{"courseId": "c", "studentId": "s"} {}',
    "not a number": b'{"courseId": "c", "studentId": "s", "seats": NaN}',
    "a number with a leading zero": b'{"courseId": "c", "studentId": "s", "seats": 01}',
    "hexadecimal": b'{"courseId": "c", "studentId": "s", "seats": 0x1}',
    "a comment": b'{"courseId": "c" /* one */, "studentId": "s"}',
    "broken UTF-8": b'{"courseId": "c\xff", "studentId": "s"}',
    "an overlong encoding": b'{"courseId": "c\xc0\xaf", "studentId": "s"}',
    "a raw control character": b'{"courseId": "c\x01", "studentId": "s"}',
    "a broken escape": b'{"courseId": "\\x41", "studentId": "s"}',
    "half a surrogate pair": b'{"courseId": "\\ud800", "studentId": "s"}',
    "UTF-16": '{"courseId": "c", "studentId": "s"}'.encode("utf-16"),
    "30,000 brackets": b"[" * 30_000,
    "10,000 nested objects": b'{"a":' * 10_000,
}
NOT_AN_OBJECT = {"a list": [], "a string": "x", "a number": 1, "null": None, "a truth": True, "a list of one": [{}]}
WRONG_TYPES = [None, 1, 1.5, True, [], {}]
NOT_A_NAME = ["", " ", "a b", "a/b", "x" * 65, "caf\u00e9", "a\u0000b", "../../etc", "\ud83d\ude00"]
NOT_A_COUNT = [0, -1, 1.5, 1e30, 2**31, 2**32, 2**32 + 1, 2**64, -2**63, True, "1", None, [], {}]
NOT_MONEY = [1, "1", [], {}, {"amount": 1.5, "currency": "KRW"}, {"amount": "1", "currency": "KRW"},
             {"amount": -1, "currency": "KRW"}, {"amount": 10**15, "currency": "KRW"},
             {"amount": 2**63, "currency": "KRW"}, {"amount": 1, "currency": "won"},
             {"amount": 1, "currency": "KR"}, {"amount": 1, "currency": 1}]


def labelled(table):
    return pytest.mark.parametrize("value", list(table.values()), ids=list(table))


def pointers(answer):
    """Where the faults are, by the answer's account."""
    assert (answer.status, answer.media_type) == (422, "application/problem+json"), answer
    errors = answer.json()["errors"]
    assert errors and all(error["detail"] for error in errors), answer
    return {error["pointer"] for error in errors}


def assert_points_at(answer, *members):
    found = pointers(answer)
    for member in members:
        assert any(one == member or one.startswith(member + "/") for one in found), (member, answer)
    assert len(found) == len(set(found))
    for one in found:
        assert any(one == member or one.startswith(member + "/") for member in members), (one, answer)


@pytest.fixture
def nothing_happens(client):
    """What the test sends leaves no event behind. Yields a course that must keep all its seats."""
    course = register_course(client)
    before, position = events(client)
    yield course
    later, _ = events(client, position)
    known = {event["id"] for event in before}
    assert [event for event in later if event["id"] not in known] == []
    assert seats(client, course)["available"] == 10


@labelled(NOT_JSON)
@pytest.mark.parametrize("path", ["/v1/enrollments", "/v1/courses"])
def test_what_is_not_json_is_refused(client, nothing_happens, path, value):
    answer = client.post(path, value, JSON)
    assert answer.status in (400, 422), answer
    assert answer.problem


@labelled(NOT_AN_OBJECT)
@pytest.mark.parametrize("path", ["/v1/enrollments", "/v1/courses"])
def test_what_is_not_an_object_is_refused(client, nothing_happens, path, value):
    answer = client.post(path, json.dumps(value).encode(), JSON)
    assert pointers(answer) == {""}


class TestAnEnrollment:
    @pytest.fixture
    def place(self, client, nothing_happens):
        body = {"courseId": nothing_happens, "studentId": unique("student")}
        return lambda **wrong: client.post("/v1/enrollments", body | wrong)

    def test_lacks_its_course_and_student(self, client, nothing_happens):
        assert_points_at(client.post("/v1/enrollments", {}), "/courseId", "/studentId")

    @pytest.mark.parametrize("value", WRONG_TYPES)
    @pytest.mark.parametrize("member", ["courseId", "studentId", "paymentMethod", "onFull"])
    def test_has_a_member_of_a_wrong_type(self, place, member, value):
        if value is None and member in ("paymentMethod", "onFull"):
            pytest.skip("null may stand for what is left out")
        assert_points_at(place(**{member: value}), "/" + member)

    @pytest.mark.parametrize("value", NOT_A_NAME)
    def test_has_a_student_who_is_no_name(self, place, value):
        assert_points_at(place(studentId=value), "/studentId")

    @pytest.mark.parametrize("value", NOT_A_NAME)
    def test_has_a_course_that_is_no_name(self, place, value):
        answer = place(courseId=value)
        if answer.status != 404:
            assert_points_at(answer, "/courseId")

    @pytest.mark.parametrize("value", NOT_A_COUNT)
    def test_has_seats_that_are_no_count(self, place, value):
        if value is None:
            pytest.skip("null may stand for what is left out")
        assert_points_at(place(seats=value), "/seats")

    @pytest.mark.parametrize("member, value", [("paymentMethod", "gold"), ("paymentMethod", ""), ("onFull", "wait"),
                                               ("onFull", "FAIL")])
    def test_has_a_word_that_is_not_ours(self, place, member, value):
        assert_points_at(place(**{member: value}), "/" + member)

    def test_names_all_its_faults_at_once(self, client, nothing_happens):
        body = {"courseId": 1, "studentId": [], "seats": "many", "paymentMethod": 7}
        answer = client.post("/v1/enrollments", body)
        assert_points_at(answer, "/courseId", "/studentId", "/seats", "/paymentMethod")

    def test_asks_for_more_seats_than_there_can_be(self, place):
        assert place(seats=11).status in (409, 422)


class TestACourse:
    @pytest.fixture
    def register(self, client, nothing_happens):
        body = {"id": unique("course"), "kind": "lecture", "title": "Verse", "capacity": 3}
        return lambda **wrong: client.post("/v1/courses", body | wrong)

    def test_lacks_its_kind_title_and_capacity(self, client, nothing_happens):
        assert_points_at(client.post("/v1/courses", {}), "/kind", "/title", "/capacity")

    @pytest.mark.parametrize("value", WRONG_TYPES[1:])
    @pytest.mark.parametrize("member", ["id", "kind", "title", "instructorId", "state", "opensAt", "closesAt",
                                        "paymentUnavailable"])
    def test_has_a_member_of_a_wrong_type(self, register, member, value):
        assert_points_at(register(**{member: value}), "/" + member)

    @pytest.mark.parametrize("value", NOT_A_NAME)
    @pytest.mark.parametrize("member", ["id", "instructorId"])
    def test_has_an_id_that_is_no_name(self, register, member, value):
        assert_points_at(register(**{member: value}), "/" + member)

    @pytest.mark.parametrize("value", NOT_A_COUNT)
    def test_has_a_capacity_that_is_no_count(self, register, value):
        if value == 0 and type(value) is int:
            pytest.skip("a course may begin without a place")
        assert_points_at(register(capacity=value), "/capacity")

    @pytest.mark.parametrize("value", NOT_MONEY)
    def test_has_a_price_that_is_no_money(self, register, value):
        assert_points_at(register(price=value), "/price")

    @pytest.mark.parametrize("value", ["", "x" * 501, "x" * 20_000])
    def test_has_a_title_out_of_bounds(self, register, value):
        assert_points_at(register(title=value), "/title")

    @pytest.mark.parametrize("value", ["tomorrow", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-03-02",
                                       "2026-03-02T25:00:00Z", "2026-03-02T10:00:00", "1772445600", ""])
    @pytest.mark.parametrize("member", ["opensAt", "closesAt"])
    def test_has_a_time_that_is_none(self, register, member, value):
        assert_points_at(register(**{member: value}), "/" + member)

    @pytest.mark.parametrize("member, value", [("kind", "opera"), ("kind", "Lecture"), ("state", "asleep"),
                                               ("paymentUnavailable", "perhaps"), ("seatsPerStudent", -1),
                                               ("seatsPerStudent", 1.5), ("mileagePercent", -1),
                                               ("mileagePercent", 101), ("waitlist", "yes"), ("waitlist", 1)])
    def test_has_a_value_that_is_not_ours(self, register, member, value):
        assert_points_at(register(**{member: value}), "/" + member)

    def test_names_all_its_faults_at_once(self, register):
        answer = register(kind=1, title=2, capacity="3", price=4)
        assert_points_at(answer, "/kind", "/title", "/capacity", "/price")


class TestAnEdit:
    @pytest.mark.parametrize("wrong", [{"title": 1}, {"title": ""}, {"capacity": -1}, {"capacity": "9"},
                                       {"capacity": 1.5}, {"state": "asleep"}, {"state": 1}])
    def test_with_a_fault_is_refused(self, client, nothing_happens, wrong):
        answer = client.patch(f"/v1/courses/{nothing_happens}", wrong, {"If-Match": "*"})
        assert_points_at(answer, *("/" + member for member in wrong))

    @labelled(NOT_AN_OBJECT)
    def test_that_is_no_object_is_refused(self, client, nothing_happens, value):
        body = json.dumps(value).encode()
        answer = client.patch(f"/v1/courses/{nothing_happens}", body, JSON | {"If-Match": "*"})
        assert pointers(answer) == {""}


class TestACancel:
    @pytest.mark.parametrize("value", [1, True, [], {}, "x" * 20_000])
    def test_with_a_wrong_reason_is_refused(self, client, value):
        enrollment = confirmed(client, register_course(client))["id"]
        assert_points_at(cancel(client, enrollment, reason=value), "/reason")
        assert read_enrollment(client, enrollment)["state"] == "confirmed"

    def test_needs_no_body(self, client):
        enrollment = confirmed(client, register_course(client))["id"]
        assert client.post(f"/v1/enrollments/{enrollment}/cancel", headers={"Prefer": "wait=10"}).status == 200


def test_members_that_are_not_ours_are_ignored(client):
    course = register_course(client, colour="red", nested={"a": [1]})
    assert confirmed(client, course, shoe=43)["state"] == "confirmed"


def test_a_body_that_is_not_announced_as_json_is_refused(client, nothing_happens):
    body = json.dumps({"courseId": nothing_happens, "studentId": unique("student")}).encode()
    for media_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded"):
        assert client.post("/v1/enrollments", body, {"Content-Type": media_type}).status in (400, 415)


def test_json_with_a_charset_is_json(client):
    body = {"courseId": register_course(client), "studentId": unique("student")}
    answer = client.post("/v1/enrollments", body, {"Content-Type": "application/json; charset=utf-8"})
    assert answer.status == 201


def test_a_chunked_body_is_read(server, client):
    body = json.dumps({"courseId": register_course(client), "studentId": unique("student")}).encode()
    reader, complete = AnswerReader(), None
    with socket.create_connection(server.listen, 10) as raw:
        raw.sendall(b"POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" +
                    b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n")
        while not complete:
            data = raw.recv(1 << 16)
            assert data
            complete = reader.feed(data)
    assert complete[0] == 201


@pytest.mark.parametrize("path", ["/v1/enrollments/%00", "/v1/courses/%2e%2e%2f", "/v1/courses/" + "x" * 65,
                                  "/v1/enrollments/enr_", "/v1/enrollments/" + "9" * 300, "/v1/courses/%ff",
                                  "/v1/courses/a%20b", "/v1//courses", "/v1/courses/", "/../etc/passwd", "/%"])
def test_a_path_that_is_not_ours_is_not_found(client, path):
    assert client.get(path).status in (400, 404)


def test_a_student_who_is_no_name_has_no_page(client):
    for student in ("a%20b", "%00", "x" * 65):
        assert client.get(f"/v1/students/{student}/page").status in (400, 404, 422)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server, client, nothing_happens):
    reader, complete = AnswerReader(), None
    with socket.create_connection(server.listen, 10) as raw:
        raw.sendall(b"POST /v1/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    b"Content-Length: 1073741824\r\n\r\n{")
        while not complete:
            data = raw.recv(1 << 16)
            assert data, "closed without an answer"
            complete = reader.feed(data)
        assert complete[0] == 413
        raw.settimeout(10)
        assert raw.recv(1) == b"", "the connection stays open"
