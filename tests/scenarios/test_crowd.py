"""A crowd registers for a real term: each request gets a definite answer, and no seat is sold twice.

SUGANG_CROWD_STUDENTS says how many students there are; each asks for four sections.
"""

import asyncio
import os
import random
import time
from collections import Counter, defaultdict

import pytest

from blackbox import catalogue
from blackbox.actions import (charges, enroll, eventually, my_page, page_rows, register_course, sagas_under_way,
                              seats, unique)
from blackbox.accounts import Accounts
from blackbox.client import Client, crowd, query
from blackbox.server import Server

STUDENTS = int(os.environ.get("SUGANG_CROWD_STUDENTS", "1000"))
SEED = int(os.environ.get("SUGANG_CROWD_SEED", "20260302"))
SECTIONS_PER_STUDENT = 4
CONNECTIONS = 200
RACERS, LAST_SEATS = 1000, 100
DEFINITE = {201, 402, 409}
RETRIED = {429, 503}
RETRIED_MAX = 200


class CrowdLog:
    """Every definite answer, and how often the door was closed before it."""

    def __init__(self):
        self.answers = {}
        self.retried = Counter()

    async def enroll(self, client, wish):
        student, course = wish
        for _ in range(RETRIED_MAX):
            answer = await client.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student},
                                          {"Prefer": "wait=30"})
            if answer.status not in RETRIED:
                break
            assert answer.header("retry-after"), answer
            self.retried[answer.status] += 1
            await asyncio.sleep(min(0.2, float(answer.header("retry-after"))))
        assert answer.status in DEFINITE, answer
        assert wish not in self.answers
        self.answers[wish] = answer

    def with_status(self, status, problem=None):
        return {wish: answer for wish, answer in self.answers.items()
                if answer.status == status and (problem is None or answer.problem == problem)}


def wishes(rows, students, chance):
    """Four different sections for each student, as popular as they were; in the order of a crowd, that is none."""
    ids, popularity = [row["id"] for row in rows], [int(row["enrolled"]) + 1 for row in rows]
    found = []
    for student in range(students):
        chosen = set()
        while len(chosen) < SECTIONS_PER_STUDENT:
            chosen.update(chance.choices(ids, popularity, k=SECTIONS_PER_STUDENT - len(chosen)))
        found += [(f"student-{student}", section) for section in sorted(chosen)]
    chance.shuffle(found)
    return found


@pytest.fixture(params=[0, 12000], ids=["free", "priced"])
def term(request, scratch):
    """A server with the catalogue, and its rows."""
    text = catalogue.text()
    if request.param:
        text = catalogue.with_price(text, request.param)
    with Server(scratch / "data") as server, Client(server.listen) as client:
        rows = catalogue.rows_of(text)
        answer = client.post("/v1/courses/import", text.encode(), {"Content-Type": "text/csv"})
        assert (answer.status, answer.json()) == (201, {"created": len(rows)})
        yield server, rows


def test_a_crowd_is_served_and_every_book_agrees(term):
    server, rows = term
    asked = wishes(rows, STUDENTS, random.Random(SEED))
    log, begun = CrowdLog(), time.monotonic()
    asyncio.run(crowd(server.listen, CONNECTIONS, asked, log.enroll))
    seconds = time.monotonic() - begun
    print(f"\nseed {SEED}: {len(asked)} requests of {STUDENTS} students in {seconds:.1f} s "
          f"({len(asked) / seconds:.0f}/s), {len(log.with_status(201))} confirmed, "
          f"{len(log.with_status(409))} refused, retried {dict(log.retried)}")

    assert set(log.answers) == set(asked), "a request without a definite answer"
    assert set(log.with_status(409)) == set(log.with_status(409, "sold-out"))
    with Client(server.listen) as client, Client(server.management) as management:
        accounts = Accounts(client, management)
    accounts.assert_agree()
    assert_the_log_agrees(log, accounts, rows)
    asyncio.run(assert_pages_agree(server.listen, log, accounts))


def assert_the_log_agrees(log, accounts, rows):
    confirmed = {(one["studentId"], one["courseId"]): one for one in accounts.enrollments.values()}
    assert len(confirmed) == len(accounts.enrollments), "a student is enrolled twice in one section"
    assert set(confirmed) == set(log.with_status(201))
    for wish, answer in log.with_status(201).items():
        assert confirmed[wish]["id"] == answer.json()["id"]
    sold_out = {course for _, course in log.with_status(409)}
    for row in rows:
        found = accounts.courses[row["id"]]["seats"]
        assert found["taken"] <= int(row["capacity"]) == found["capacity"]
        if row["id"] in sold_out:
            assert found["available"] == 0, f"refused while there was room: {row['id']} {found}"


async def assert_pages_agree(address, log, accounts):
    """My page, the enrollment by its id and the student's own log agree, for each student."""
    enrolled = defaultdict(set)
    for (student, course), answer in log.with_status(201).items():
        enrolled[student].add((answer.json()["id"], course))

    async def check(client, student):
        answer = await client.request("GET", query(f"/v1/students/{student}/page", limit=200))
        assert answer.status == 200, answer
        rows = page_rows(answer.json())
        assert {(row["id"], row["courseId"]) for row in rows} == enrolled[student], student
        for row in rows:
            assert row["courseTitle"] == accounts.courses[row["courseId"]]["title"]
            by_id = (await client.request("GET", f"/v1/enrollments/{row['id']}")).json()
            assert (by_id["state"], by_id["studentId"]) == (row["state"], student) == ("confirmed", student)
            assert by_id["payment"] == accounts.enrollments[row["id"]]["payment"] == row["payment"]

    await crowd(address, CONNECTIONS, {student for student, _ in log.answers}, check)


@pytest.mark.parametrize("price", [0, 12000], ids=["free", "priced"])
@pytest.mark.parametrize("latency", [[0, 0], [5, 60]], ids=["at once", "slow gateway"])
def test_a_thousand_racers_get_the_last_hundred_seats_exactly(server, client, management, gateway, price, latency):
    gateway(latencyMillis=latency)
    course = register_course(client, capacity=LAST_SEATS, price=price)
    log = CrowdLog()
    asyncio.run(crowd(server.listen, CONNECTIONS, [(unique("racer"), course) for _ in range(RACERS)], log.enroll))
    assert len(log.with_status(201)) == LAST_SEATS
    assert len(log.with_status(409, "sold-out")) == RACERS - LAST_SEATS
    assert seats(client, course) == {"capacity": LAST_SEATS, "available": 0, "held": 0, "taken": LAST_SEATS,
                                     "waitlisted": 0}
    if price:
        ours = {answer.json()["payment"]["id"] for answer in log.with_status(201).values()}
        paid = {key for key, charge in charges(management).items() if charge["state"] == "approved"}
        assert ours <= paid


def test_racers_who_are_declined_leave_their_seats_to_others(server, client, gateway):
    gateway(declinePercent=50)
    course = register_course(client, capacity=LAST_SEATS)
    log = CrowdLog()
    asyncio.run(crowd(server.listen, CONNECTIONS, [(unique("racer"), course) for _ in range(RACERS)], log.enroll))
    eventually(lambda: not sagas_under_way(client))
    assert len(log.with_status(402)) > 0
    found = seats(client, course)
    assert (found["held"], found["taken"]) == (0, len(log.with_status(201)))
    assert found["taken"] <= LAST_SEATS


@pytest.mark.parametrize("connections", [1, 4, CONNECTIONS])
def test_a_course_that_falls_asleep_at_every_moment_forgets_no_seat(scratch, connections):
    server = Server(scratch / "data")
    server.arguments += ["--course-idle-ms", "0"]
    with server, Client(server.listen) as client, Client(server.management) as management:
        course = register_course(client, capacity=LAST_SEATS)
        log, racers = CrowdLog(), [(unique("racer"), course) for _ in range(RACERS)]
        asyncio.run(crowd(server.listen, connections, racers, log.enroll))
        assert len(log.with_status(201)) == LAST_SEATS
        assert len(log.with_status(409, "sold-out")) == RACERS - LAST_SEATS
        Accounts(client, management).assert_agree()


def test_one_student_at_many_connections_gets_one_seat(server, client):
    course, student = register_course(client, capacity=LAST_SEATS), unique("student")
    statuses = Counter()

    async def place(connection, _):
        answer = await connection.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student})
        statuses[answer.status, answer.problem] += 1

    asyncio.run(crowd(server.listen, CONNECTIONS, range(CONNECTIONS * 2), place))
    assert statuses == {(201, None): 1, (409, "already-enrolled"): CONNECTIONS * 2 - 1}
    assert seats(client, course)["taken"] == 1


def test_one_key_at_many_connections_enrolls_once(server, client):
    course, student, key = register_course(client), unique("student"), unique("key")
    bodies, others = Counter(), Counter()

    async def place(connection, _):
        answer = await connection.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student},
                                          {"Idempotency-Key": key})
        if answer.status == 201:
            bodies[answer.body] += 1
        else:
            others[answer.status, answer.problem] += 1

    asyncio.run(crowd(server.listen, CONNECTIONS, range(CONNECTIONS * 2), place))
    assert len(bodies) == 1
    assert set(others) <= {(409, "request-in-progress")}
    assert seats(client, course)["taken"] == 1
    eventually(lambda: len(my_page(client, student)) == 1)


def test_repeats_at_many_connections_all_get_the_first_answer(server, client):
    course, student, key = register_course(client), unique("student"), {"Idempotency-Key": unique("key")}
    first = enroll(client, course, student, key)
    assert first.status == 201

    async def repeat(connection, _):
        answer = await connection.request("POST", "/v1/enrollments", first.request_body, key)
        assert (answer.status, answer.body, answer.location) == (201, first.body, first.location), answer
        assert answer.header("idempotency-replayed") == "true"

    asyncio.run(crowd(server.listen, CONNECTIONS, range(CONNECTIONS * 5), repeat))
