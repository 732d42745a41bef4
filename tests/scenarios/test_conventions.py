"""The conventions of the API, which hold for every resource: entity tags, pages, preferences, positions, events and
messages."""

import socket

import pytest

from blackbox.actions import (after, confirmed, enroll, events, events_of, eventually, every, my_page, page_rows, read,
                              register_course, unique)
from blackbox.answer import AnswerReader, render_request
from blackbox.client import query

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class TestEntityTags:
    def test_every_single_resource_has_one_and_is_not_sent_again(self, client):
        course = register_course(client)
        enrollment = confirmed(client, course)
        saga = eventually(lambda: list(every(client, "/v1/sagas", enrollmentId=enrollment["id"])))[0]["id"]
        eventually(lambda: read(client, f"/v1/sagas/{saga}")["state"] == "completed")
        for path in (f"/v1/courses/{course}", f"/v1/enrollments/{enrollment['id']}",
                     f"/v1/payments/{enrollment['payment']['id']}", f"/v1/sagas/{saga}"):
            tag = client.get(path).header("etag")
            assert tag and tag.strip("W/").startswith('"'), path
            again = client.get(path, {"If-None-Match": tag})
            assert (again.status, again.body, again.header("etag")) == (304, b"", tag), path
            assert client.get(path, {"If-None-Match": f'"other", {tag}'}).status == 304, path
            assert client.get(path, {"If-None-Match": '"other"'}).status == 200, path

    def test_it_changes_with_the_resource(self, client):
        course = register_course(client)
        before = client.get(f"/v1/courses/{course}").header("etag")
        confirmed(client, course)
        assert client.get(f"/v1/courses/{course}", {"If-None-Match": before}).status == 200

    def test_an_edit_wants_if_match(self, client):
        answer = client.patch(f"/v1/courses/{register_course(client)}", {"title": "New"})
        assert answer.status == 428
        assert answer.problem

    def test_an_edit_of_what_changed_meanwhile_is_refused(self, client):
        path = f"/v1/courses/{register_course(client)}"
        tag = client.get(path).header("etag")
        assert client.patch(path, {"title": "Second"}, {"If-Match": tag}).status == 200
        answer = client.patch(path, {"title": "Third"}, {"If-Match": tag})
        assert answer.status == 412
        assert read(client, path)["title"] == "Second"

    def test_an_edit_compares_only_the_definition(self, client):
        course = register_course(client)
        tag = client.get(f"/v1/courses/{course}").header("etag")
        confirmed(client, course)
        assert client.get(f"/v1/courses/{course}").header("etag") != tag
        assert client.patch(f"/v1/courses/{course}", {"title": "New"}, {"If-Match": tag}).status == 200

    def test_any_tag_matches_a_star(self, client):
        path = f"/v1/courses/{register_course(client)}"
        assert client.patch(path, {"title": "New"}, {"If-Match": "*"}).status == 200

    def test_what_cannot_be_a_tag_of_ours_does_not_match(self, client):
        path = f"/v1/courses/{register_course(client)}"
        for tag in ('"x"', '"1"', "nonsense", '"99999999999999999999.1"'):
            assert client.patch(path, {"title": "New"}, {"If-Match": tag}).status in (400, 412), tag

    def test_an_edit_of_an_unknown_course_is_404(self, client):
        assert client.patch(f"/v1/courses/{unique('none')}", {"title": "New"}, {"If-Match": "*"}).status == 404


class TestPages:
    def test_a_list_goes_on_where_its_page_ended(self, client):
        course = register_course(client, kind="performance", capacity=20)
        made = [confirmed(client, course)["id"] for _ in range(7)]
        position, found, target = after(client.answers[-1]), [], query("/v1/enrollments", courseId=course, limit=3)
        sizes = []
        while target:
            answer = client.get(target, position)
            page = answer.json()
            sizes.append(len(page["items"]))
            found += [one["id"] for one in page["items"]]
            link = answer.link("next")
            assert (link is None) == (page["next"] is None)
            target = link[link.index("/v1"):] if link else None
        assert sorted(found) == sorted(made)
        assert sizes == [3, 3, 1]

    def test_the_default_is_fifty(self, client):
        course = register_course(client, kind="performance", capacity=60, price=0)
        answers = [enroll(client, course, headers={"Prefer": "wait=10"}) for _ in range(51)]
        page = read(client, query("/v1/enrollments", courseId=course), after(answers[-1]))
        assert (len(page["items"]), page["next"] is None) == (50, False)

    @pytest.mark.parametrize("path", ["/v1/courses", "/v1/enrollments", "/v1/events", "/v1/sagas", "/v1/payments"])
    @pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "99999999999999999999", ""])
    def test_a_limit_out_of_bounds_is_refused(self, client, path, limit):
        answer = client.get(f"{path}?limit={limit}")
        assert answer.status in (400, 422), answer

    @pytest.mark.parametrize("target", ["/v1/courses?cursor=bogus", "/v1/enrollments?cursor=%00%ff",
                                        "/v1/events?after=x", "/v1/sagas?cursor=bogus", "/v1/courses?kind=opera",
                                        "/v1/enrollments?state=asleep", "/v1/sagas?state=x"])
    def test_a_parameter_that_is_not_ours_is_refused(self, client, target):
        assert client.get(target).status in (400, 422)

    def test_an_empty_list_has_no_next(self, client):
        page = read(client, query("/v1/enrollments", studentId=unique("stranger")))
        assert page == {"items": [], "next": None}


class TestPreferences:
    @pytest.mark.parametrize("preference", ["wait=10", "respond-async", "wait=0"])
    def test_what_is_honoured_comes_back(self, client, preference):
        answer = enroll(client, register_course(client), headers={"Prefer": preference})
        assert answer.status in (201, 202)
        assert answer.header("preference-applied") == preference

    @pytest.mark.parametrize("preference", ["wait=31", "wait=x", "wait=-1", "return=minimal"])
    def test_what_is_not_understood_is_ignored(self, client, preference):
        answer = enroll(client, register_course(client), headers={"Prefer": preference})
        assert answer.status == 201
        assert preference not in (answer.header("preference-applied") or "")

    def test_nothing_comes_back_where_nothing_was_preferred(self, client):
        assert enroll(client, register_course(client)).header("preference-applied") is None

    def test_a_wait_that_is_too_short_ends_in_202(self, client, gateway):
        gateway(latencyMillis=[2500, 2500])
        answer = enroll(client, register_course(client), headers={"Prefer": "wait=1"})
        assert answer.status == 202
        assert answer.location and answer.header("retry-after")


class TestPositions:
    def test_a_read_after_a_write_sees_it_in_every_view(self, client):
        for _ in range(20):
            student = unique("student")
            course = register_course(client)
            answer = enroll(client, course, student)
            assert answer.json()["id"] in my_page(client, student, after(answer))
            listed = list(every(client, "/v1/enrollments", after(answer), studentId=student))
            assert [one["state"] for one in listed] == ["confirmed"]

    def test_a_position_that_is_not_reached_is_503(self, client):
        path = f"/v1/students/{unique('student')}/page"
        far = after(enroll(client, register_course(client)))["Sugang-Min-Position"]
        assert far
        answer = client.get(path, {"Sugang-Min-Position": "9" * 15})
        assert answer.status in (400, 503), answer
        if answer.status == 503:
            assert answer.problem == "view-behind"
            assert answer.header("retry-after")

    def test_a_position_that_is_not_ours_is_refused(self, client):
        assert client.get("/v1/courses", {"Sugang-Min-Position": "yesterday"}).status in (400, 422)

    def test_my_page_has_its_position(self, client):
        student = unique("student")
        page = read(client, f"/v1/students/{student}/page")
        assert page_rows(page) == []
        assert page["position"] is not None


class TestEvents:
    def test_events_carry_the_callers_trace(self, client):
        headers = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
        answer = enroll(client, register_course(client), headers=headers)
        timeline = events_of(client, answer.json()["id"])
        assert timeline
        assert all(TRACE_ID in event["traceparent"] for event in timeline), timeline

    @pytest.mark.parametrize("trace", ["nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff-" + TRACE_ID, ""])
    def test_a_trace_that_is_none_is_ignored(self, client, trace):
        assert enroll(client, register_course(client), headers={"traceparent": trace}).status == 201

    def test_events_are_cloud_events_in_journal_order(self, client):
        register_course(client)
        answer = enroll(client, register_course(client))
        found, _ = events(client)
        assert client.answers[-1].media_type == "application/cloudevents-batch+json"
        assert len({event["id"] for event in found}) == len(found)
        for event in found:
            assert event["specversion"] == "1.0"
            assert event["id"] and event["source"] and event["type"] and event["time"]
        mine = [event for event in found if answer.json()["id"] in str(event)]
        timeline = events_of(client, answer.json()["id"])
        assert [event["id"] for event in timeline] == [event["id"] for event in mine if event in timeline]
        assert set(event["id"] for event in timeline) <= set(event["id"] for event in mine)

    def test_events_go_on_after_the_last_that_was_read(self, client):
        register_course(client)
        before, position = events(client)
        course = register_course(client)
        later, _ = events(client, position)
        known = {event["id"] for event in before}
        fresh = [event for event in later if event["id"] not in known]
        assert [event["type"] for event in fresh if course in str(event)][0].endswith("course.registered")

    def test_a_refusal_without_a_key_writes_nothing(self, client):
        course, student, nowhere = register_course(client, capacity=1), unique("student"), unique("nowhere")
        confirmed(client, course)
        before, position = events(client)
        assert enroll(client, course, student).problem == "sold-out"
        assert enroll(client, nowhere, student).status == 404
        assert client.post("/v1/enrollments", {"courseId": 1, "studentId": student}).status == 422
        later = str(events(client, position)[0])
        assert before
        assert not [name for name in (course, student, nowhere) if name in later]


class TestMessages:
    def test_a_request_id_is_echoed_or_made(self, client):
        assert client.get("/v1/courses", {"X-Request-Id": "mine-1"}).header("x-request-id") == "mine-1"
        made = {client.get("/v1/courses").header("x-request-id") for _ in range(2)}
        assert len(made) == 2 and None not in made

    def test_a_request_id_cannot_split_the_answer(self, client):
        echoed = client.get("/v1/courses", {"X-Request-Id": "x" * 4000}).header("x-request-id")
        assert echoed is None or len(echoed) <= 4000

    @pytest.mark.parametrize("name", ["sold-out", "already-enrolled", "course-not-open", "course-not-found",
                                      "payment-declined", "idempotency-key-reused", "request-in-progress",
                                      "capacity-below-taken", "not-cancellable", "already-exists", "view-behind",
                                      "overloaded", "payment-unavailable"])
    def test_a_problem_type_is_a_page_that_explains_it(self, client, name):
        answer = client.get(f"/problems/{name}")
        assert answer.status == 200
        assert answer.media_type in ("text/html", "text/plain", "text/markdown")
        assert len(answer.body) > 40

    def test_an_unknown_problem_type_is_404(self, client):
        assert client.get("/problems/no-such-problem").status == 404

    def test_problems_say_what_and_where(self, client):
        answer = enroll(client, unique("nowhere"))
        problem = answer.json()
        assert problem["type"] == "/problems/course-not-found"
        assert problem["status"] == answer.status
        assert problem["title"] and problem["detail"]
        assert problem["instance"]

    def test_requests_sent_together_are_answered_in_order(self, server, client):
        courses = [register_course(client) for _ in range(5)]
        reader, found = AnswerReader(), []
        with socket.create_connection(server.listen, 10) as raw:
            raw.sendall(b"".join(render_request("GET", f"/v1/courses/{one}", "localhost") for one in courses))
            while len(found) < len(courses):
                data = raw.recv(1 << 16)
                assert data
                complete = reader.feed(data)
                while complete:
                    found.append(complete[2])
                    complete = reader.take()
        for course, body in zip(courses, found):
            assert course.encode() in body

    def test_head_is_get_without_a_body(self, client):
        course = register_course(client)
        full, head = client.get(f"/v1/courses/{course}"), client.request("HEAD", f"/v1/courses/{course}")
        assert (head.status, head.body) == (200, b"")
        assert head.header("etag") == full.header("etag")
        assert head.header("content-length") == full.header("content-length")

    @pytest.mark.parametrize("method, path", [("DELETE", "/v1/courses"), ("PUT", "/v1/enrollments"),
                                              ("POST", "/v1/events"), ("PATCH", "/v1/enrollments")])
    def test_a_method_that_is_not_offered_is_405_and_says_which_are(self, client, method, path):
        answer = client.request(method, path, b"{}" if method != "DELETE" else None)
        assert answer.status == 405
        assert answer.header("allow")
        assert answer.problem

    def test_expect_continue_is_answered(self, server, client):
        body = f'{{"courseId":"{register_course(client)}","studentId":"{unique("student")}"}}'.encode()
        with socket.create_connection(server.listen, 10) as raw:
            raw.sendall(render_request("POST", "/v1/enrollments", "localhost",
                                       {"Content-Type": "application/json", "Expect": "100-continue",
                                        "Content-Length": len(body)}))
            assert raw.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
            raw.sendall(body)
            assert raw.recv(1 << 16).startswith(b"HTTP/1.1 201 ")
