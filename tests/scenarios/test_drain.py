"""SIGTERM while callers wait: each request that was read gets a complete answer, and the process ends in time."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from blackbox.actions import enroll, eventually, read_enrollment, register_course, seats, set_gateway
from blackbox.answer import AnswerReader, render_request
from blackbox.client import Client, encode
from blackbox.event_stream import EventStream, StreamEnded
from blackbox.server import DRAIN_DEADLINE_S, Server

CALLERS = 5


@pytest.fixture
def own_server(scratch):
    with Server(scratch / "data") as server:
        yield server


def waiting_server(scratch, drain_wait_ms):
    server = Server(scratch / "data")
    server.arguments += ["--drain-wait-ms", str(drain_wait_ms)]
    return server


@pytest.fixture
def hasty_server(scratch):
    """It lets callers wait for less."""
    with waiting_server(scratch, 500) as server:
        yield server


@pytest.fixture
def patient_server(scratch):
    """It lets callers wait for long enough to see what comes before."""
    with waiting_server(scratch, 3_000) as server:
        yield server


@contextmanager
def hanging(server):
    """A course whose charges hang: the client that reads it, and its id."""
    with Client(server.management) as management, Client(server.listen) as client:
        course = register_course(client, capacity=50)
        set_gateway(management, hang=True)
        yield client, course


def waits(server, course, *headers):
    with Client(server.listen) as caller:
        return enroll(caller, course, headers={"Prefer": "wait=20"} | dict(headers))


def assert_pending(answer):
    assert (answer.status, answer.header("preference-applied")) == (202, "wait=20"), answer
    assert int(answer.header("retry-after")) > 0
    assert answer.location == "/v1/enrollments/" + answer.json()["id"]
    assert answer.json()["state"] in ("seats_held", "payment_pending"), answer


def test_callers_that_wait_get_what_is_known_before_the_end(own_server):
    with hanging(own_server) as (client, course), ThreadPoolExecutor(CALLERS) as callers:
        running = [callers.submit(waits, own_server, course) for _ in range(CALLERS)]
        eventually(lambda: seats(client, course)["held"] == CALLERS)
        begun = time.monotonic()
        own_server.signal_end()
        answers = [one.result() for one in running]
    assert own_server.wait_end(DRAIN_DEADLINE_S) == 0
    assert time.monotonic() - begun < DRAIN_DEADLINE_S
    for answer in answers:
        assert_pending(answer)
    # What was answered is there, and goes on.
    with own_server.start(), Client(own_server.listen) as client:
        for answer in answers:
            assert read_enrollment(client, answer.json()["id"])["courseId"] == course


def test_callers_with_a_key_and_callers_that_cancel_get_what_is_known_too(hasty_server):
    with hanging(hasty_server) as (client, course), ThreadPoolExecutor(2) as callers:
        placed = callers.submit(waits, hasty_server, course, ("Idempotency-Key", "k"))
        pending = enroll(client, course, headers={"Prefer": "wait=0"}).json()["id"]
        eventually(lambda: seats(client, course)["held"] == 2)

        def cancels():
            with Client(hasty_server.listen) as caller:
                return caller.post(f"/v1/enrollments/{pending}/cancel", {}, {"Prefer": "wait=20"})

        cancelled = callers.submit(cancels)
        eventually(lambda: read_enrollment(client, pending)["state"] == "cancel_requested")
        hasty_server.signal_end()
        assert_pending(placed.result())
        assert (cancelled.result().status, cancelled.result().json()["state"]) == (202, "cancel_requested")
    assert hasty_server.wait_end(DRAIN_DEADLINE_S) == 0


def test_requests_that_were_sent_together_are_all_answered(hasty_server):
    with hanging(hasty_server) as (client, course), socket.create_connection(hasty_server.listen, 20) as raw:
        host = f"{hasty_server.listen[0]}:{hasty_server.listen[1]}"
        body, media_type = encode({"courseId": course, "studentId": "s"})
        place = render_request("POST", "/v1/enrollments", host,
                               {"Content-Type": media_type, "Prefer": "wait=20"}, body)
        look = render_request("GET", f"/v1/courses/{course}", host)
        raw.sendall(place + look + place + look)
        eventually(lambda: seats(client, course)["held"] == 1)
        hasty_server.signal_end()
        reader, answers = AnswerReader(), []
        while data := raw.recv(1 << 16):
            complete = reader.feed(data)
            while complete:
                answers.append(complete)
                complete = reader.take()
    assert hasty_server.wait_end(DRAIN_DEADLINE_S) == 0
    assert [status for status, _, _ in answers] == [202, 503, 503, 503]
    assert [fields.get("connection") for _, fields, _ in answers] == [None, None, None, "close"]
    assert reader.buffer == b""


def test_streams_end_at_once_while_callers_wait(patient_server):
    with hanging(patient_server) as (client, course), ThreadPoolExecutor(1) as callers:
        stream = EventStream(patient_server.listen)
        waiting = callers.submit(waits, patient_server, course)
        eventually(lambda: seats(client, course)["held"] == 1)
        patient_server.signal_end()
        with pytest.raises(StreamEnded) as ended:
            while True:
                stream.next()
        assert ended.value.whole
        assert not waiting.done()
        assert_pending(waiting.result())
    assert patient_server.wait_end(DRAIN_DEADLINE_S) == 0
