"""The events as a stream: live, in order, and without a gap or a repeat, whatever happens to the server."""

import asyncio
import os
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from blackbox.actions import cancel, confirmed, enroll, events, eventually, read, register_course, unique
from blackbox.answer import AnswerReader, render_request
from blackbox.client import Client, crowd
from blackbox.event_stream import EventStream, StreamEnded
from blackbox.metrics import scrape, value
from blackbox.server import DRAIN_DEADLINE_S, Server

PROMPT_S = 0.1
KILLS = 4
EVENTS_BEFORE_A_KILL = 40
# Two records each that are no events; more than one call examines.
KEYED_REFUSALS = int(os.environ.get("SUGANG_KEYED_REFUSALS", 3_000))
# Clients that each send so many calls together, each of which goes over as many records as a call may.
SCANNERS = 200
SCANS_TOGETHER = 100
READ_DEADLINE_S = float(os.environ.get("SUGANG_READ_DEADLINE_S", 2))


@pytest.fixture
def own_server(scratch):
    """A server of the test's own, which it may end."""
    with Server(scratch / "data") as server:
        yield server


def end_of_events(client):
    return events(client)[1]


def of_enrollment(event, enrollment):
    return event.json().get("enrollmentid") == enrollment


def test_an_enrollment_is_notified_while_it_happens(server, client):
    course = register_course(client)
    with EventStream(server.listen, last_id=end_of_events(client)) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        assert "content-length" not in stream.headers
        enrollment = confirmed(client, course)["id"]
        notified = stream.until(lambda event: event.name == "enrollment.confirmed" and of_enrollment(event, enrollment))
        timeline = read(client, f"/v1/enrollments/{enrollment}/events?limit=200")["items"]
        mine = [event.json() for event in notified if of_enrollment(event, enrollment)]
        assert mine == timeline[:len(mine)]
        assert [event.id for event in notified] == [event.json()["position"] for event in notified]
        assert [f"sugang.{event.name}" for event in notified] == [event.json()["type"] for event in notified]


def test_a_stream_from_now_leaves_out_what_was_and_misses_nothing_after(server, client):
    confirmed(client, register_course(client))
    with EventStream(server.listen, "/v1/events?after=now") as stream:
        opening = dict(stream.frame())
        course = register_course(client)
        notified = stream.until(lambda event: event.name == "course.registered")
        assert course in notified[-1].data
        # Of the enrollment before, at most what follows it.
        assert not {"course.seats-held", "enrollment.requested"} & {event.name for event in notified}
        first = notified[0]
    # Cut off before the first event, a client comes back with the id that the stream began with.
    with EventStream(server.listen, "/v1/events?after=now", last_id=opening["id"]) as stream:
        assert stream.next().id == first.id
    batch = client.get("/v1/events?after=now")
    assert (batch.json(), batch.link("next")) == ([], None)
    assert batch.header("sugang-position")


def test_what_happens_is_notified_promptly(server, client):
    course = register_course(client, kind="performance", capacity=100)
    with EventStream(server.listen, last_id=end_of_events(client)) as stream:
        delays = []
        for _ in range(20):
            enrollment = confirmed(client, course)["id"]
            answered = time.monotonic()
            notified = stream.until(lambda event: event.name == "enrollment.confirmed" and of_enrollment(event, enrollment))
            delays.append(notified[-1].arrived - answered)
    # The machine may be busy for a moment; the server's own way is not.
    assert sorted(delays)[len(delays) // 2] < PROMPT_S, delays


def test_the_stream_and_the_batch_are_the_same_events(server, client):
    course = register_course(client)
    for _ in range(3):
        cancel(client, confirmed(client, course)["id"])
    batch, last = events(client)
    with EventStream(server.listen) as stream:
        streamed = stream.until(lambda event: event.id == last)
    assert [event.json() for event in streamed] == batch


def test_the_last_id_wins_over_the_address(server, client):
    course = register_course(client)
    confirmed(client, course)
    batch, last = events(client)
    with EventStream(server.listen, "/v1/events?after=p0", last_id=batch[-3]["position"]) as stream:
        assert [event.json() for event in stream.take(2)] == batch[-2:]
    with EventStream(server.listen, f"/v1/events?after={batch[-2]['position']}") as stream:
        assert stream.next().id == last


@pytest.mark.parametrize("last_id", ["x", "12", "pvvvvvvvvvvvv"])
def test_an_id_that_no_event_has_is_refused(client, last_id):
    answer = client.get("/v1/events", {"Accept": "text/event-stream", "Last-Event-ID": last_id})
    assert (answer.status, answer.problem) == (400, "malformed")


def test_what_is_accepted_decides_what_is_given(client):
    for accept in ("*/*", "application/cloudevents-batch+json", "text/html", "text/event-stream;q=0.1, */*",
                   "application/json, text/event-stream;q=0.1"):
        answer = client.get("/v1/events?limit=1", {"Accept": accept})
        assert (answer.status, answer.media_type) == (200, "application/cloudevents-batch+json"), accept
    head = client.request("HEAD", "/v1/events", None, {"Accept": "text/event-stream"})
    assert (head.status, head.media_type) == (200, "text/event-stream")


class Load:
    """Enrolls until it is stopped; a server that is gone is retried."""

    def __init__(self, server, course):
        self.server = server
        self.course = course
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.stopping.is_set():
            try:
                with Client(self.server.listen) as client:
                    while not self.stopping.is_set():
                        enroll(client, self.course, unique("student"))
            except Exception:  # killed; the next connection shows when it is back
                self.stopping.wait(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def follow(address, last_id, seen, enough=None):
    """Reads on from `last_id` into `seen`, until the stream breaks or there is enough; returns the last id."""
    with EventStream(address, last_id=last_id) as stream:
        assert stream.status == 200
        try:
            while enough is None or not enough():
                seen.append(stream.next())
        except StreamEnded as end:
            assert not end.whole
        return stream.last_id


def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(own_server):
    with Client(own_server.listen) as client:
        course = register_course(client, kind="performance", capacity=100_000)
    seen, last_id = [], None
    with Load(own_server, course):
        for _ in range(KILLS):
            before = len(seen)
            reader_done = threading.Event()

            def kill_under_way():
                eventually(lambda: len(seen) - before >= EVENTS_BEFORE_A_KILL or reader_done.is_set())
                own_server.kill()

            killer = threading.Thread(target=kill_under_way)
            killer.start()
            try:
                last_id = follow(own_server.listen, last_id, seen)
            finally:
                reader_done.set()
                killer.join()
            assert len(seen) - before >= EVENTS_BEFORE_A_KILL
            own_server.start()
    with Client(own_server.listen) as client:
        batch, last = events(client)
        follow(own_server.listen, last_id, seen, lambda: seen[-1].id == last)
    assert [event.json() for event in seen] == batch


def test_open_streams_do_not_hold_up_the_end(own_server):
    with Client(own_server.listen) as client:
        confirmed(client, register_course(client))
        _, last = events(client)
    streams = [EventStream(own_server.listen) for _ in range(5)]
    for stream in streams:
        stream.until(lambda event: event.id == last)
    begun = time.monotonic()
    assert own_server.terminate() == 0
    assert time.monotonic() - begun < DRAIN_DEADLINE_S
    for stream in streams:
        with pytest.raises(StreamEnded) as ended:
            while True:
                stream.next()
        assert ended.value.whole
        stream.close()


def test_a_client_that_does_not_read_delays_no_other(server, client):
    course = register_course(client, kind="performance", capacity=100_000)
    asleep = [EventStream(server.listen) for _ in range(10)]
    with EventStream(server.listen, last_id=end_of_events(client)) as stream:
        for _ in range(50):
            enrollment = confirmed(client, course)["id"]
            stream.until(lambda event: event.name == "enrollment.confirmed" and of_enrollment(event, enrollment))
    for one in asleep:
        one.close()


def bury_in_refusals(server):
    """Refusals of keyed requests are kept in the journal, and are no events."""
    async def refuse(client, key):
        answer = await client.request("POST", "/v1/enrollments", {"courseId": "nowhere", "studentId": "s"},
                                      {"Idempotency-Key": key})
        assert answer.status == 404, answer

    asyncio.run(crowd(server.listen, 64, [unique("key") for _ in range(KEYED_REFUSALS)], refuse))


def test_a_stretch_without_events_is_passed_in_bounded_steps(own_server):
    with Client(own_server.listen) as client, Client(own_server.listen) as other:
        course = register_course(client)
        start = end_of_events(client)
        bury_in_refusals(own_server)
        enrollment = confirmed(client, course)["id"]
        first = client.get(f"/v1/events?after={start}&limit=1")
        assert (first.status, first.json()) == (200, []), first
        assert first.link("next"), "a call that found nothing leads on"
        found, calls = [], 0
        answer = first
        while target := answer.link("next"):
            began = time.monotonic()
            assert other.get(f"/v1/enrollments/{enrollment}").status == 200
            answer = client.get(target)
            assert time.monotonic() - began < READ_DEADLINE_S
            found += answer.json()
            calls += 1
        assert calls > 2 and [event["type"] for event in found].count("sugang.enrollment.confirmed") == 1
        with EventStream(own_server.listen, last_id=start) as stream:
            assert stream.next().json()["id"] == found[0]["id"]
        assert own_server.terminate(DRAIN_DEADLINE_S) == 0


def statuses_on(connection):
    """Of all answers until the server closes, each of them complete."""
    reader, statuses = AnswerReader(), []
    while data := connection.recv(1 << 16):
        complete = reader.feed(data)
        while complete:
            statuses.append(complete[0])
            complete = reader.take()
    assert reader.buffer == b""
    return statuses


def test_scans_that_wait_do_not_hold_up_the_end(own_server):
    with Client(own_server.listen) as client, Client(own_server.management) as management, ExitStack() as callers:
        register_course(client)
        start = end_of_events(client)
        bury_in_refusals(own_server)
        scans = SCANS_TOGETHER * render_request("GET", f"/v1/events?after={start}&limit=1", "localhost")
        running = [callers.enter_context(socket.create_connection(own_server.listen, 20)) for _ in range(SCANNERS)]
        for one in running:
            one.sendall(scans)
        eventually(lambda: value(scrape(management), "sugang_reads_pending", lane="scans") > SCANNERS / 2)
        begun = time.monotonic()
        own_server.signal_end()
        statuses = [status for one in running for status in statuses_on(one)]
        assert own_server.wait_end(DRAIN_DEADLINE_S) == 0
        assert time.monotonic() - begun < DRAIN_DEADLINE_S
    assert set(statuses) == {200, 503}
    assert len(statuses) >= SCANNERS
