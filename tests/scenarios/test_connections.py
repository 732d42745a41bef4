"""More connections than the process has file descriptors for: those beyond the bound are refused, and neither the
disk nor the probes run out of them."""

import itertools
import json
import os
import resource
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from blackbox.actions import confirmed, eventually, read, register_course, seats
from blackbox.answer import AnswerReader
from blackbox.client import Client, ConnectionEnded
from blackbox.metrics import scrape, value
from blackbox.server import Server, ServerEnded

DESCRIPTORS = 1024
IDLE = int(os.environ.get("SUGANG_TEST_IDLE_CONNECTIONS", "1100"))
# Of them, what no crowd of clients may take: for the disk, for webhooks, for probes.
RESERVED = 300


@pytest.fixture(autouse=True)
def enough_descriptors_for_the_clients():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 200:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, IDLE + 200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def crowded(scratch, *arguments):
    """A server with few descriptors, a caller that came first, and a crowd of connections that say nothing."""
    server = Server(scratch / "data", descriptors=DESCRIPTORS)
    server.arguments += arguments
    with server, Client(server.listen) as client, ExitStack() as crowd:
        course = register_course(client, capacity=1000)
        idle = [crowd.enter_context(socket.create_connection(server.listen, 10)) for _ in range(IDLE)]
        yield server, client, course, idle
        assert server.running(), server.stderr()


def metric(server, name, **labels):
    with Client(server.management) as management:
        return value(scrape(management), name, **labels)


def logged(server, message):
    return [line for line in map(json.loads, server.stderr().splitlines()) if line["message"] == message]


def answer_on(connection):
    """What the server says on a connection that sends nothing: (status, fields, body); None if it just closes."""
    connection.settimeout(10)
    reader = AnswerReader()
    while data := connection.recv(1 << 16):
        if complete := reader.feed(data):
            return complete
    return None


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def test_idle_connections_take_nothing_from_the_disk_nor_from_callers(scratch):
    with crowded(scratch) as (server, client, course, idle):
        assert answer_on(idle[-1])
        assert open_files(server) <= DESCRIPTORS - RESERVED
        for _ in range(20):
            confirmed(client, course)
        assert seats(client, course)["taken"] == 20
        assert server.running(), server.stderr()
    # What was answered is on the disk.
    with server.start(), Client(server.listen) as client:
        assert seats(client, course)["taken"] == 20


def test_probes_are_answered_on_new_connections_while_clients_are_refused(scratch):
    with crowded(scratch) as (server, client, _, _):
        for target in ("/livez", "/readyz", "/metrics"):
            with Client(server.management) as probe:
                assert probe.get(target).status == 200
        assert read(client, "/v1/courses")


def test_what_is_refused_is_explained_and_counted_and_logged(scratch):
    with crowded(scratch) as (server, _, _, idle):
        status, fields, body = answer_on(idle[-1])
        assert (status, fields["connection"]) == (503, "close")
        assert int(fields["retry-after"]) > 0
        assert json.loads(body)["type"] == "/problems/overloaded"
        assert 0 < metric(server, "sugang_http_connections") < DESCRIPTORS
        # Each of them came while at most so many others were open.
        (line,) = logged(server, "file descriptors")
        beyond = IDLE - int(line["connectionsMax"])
        assert beyond > 0
        eventually(lambda: metric(server, "sugang_http_connections_refused_total", reason="limit") >= beyond)
        # A line for a while, and not one for each.
        assert 0 < len(logged(server, "connections are refused")) < 20


def test_a_system_that_gives_no_connection_ends_nothing(scratch):
    with Server(scratch / "data") as server, Client(server.listen) as client, Client(server.management) as management:
        assert client.get("/v1/courses").status == management.get("/metrics").status == 200
        pid = server.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free_descriptor(server), hard))
        with Client(server.listen) as late, ThreadPoolExecutor(1) as callers:
            answer = callers.submit(late.get, "/v1/courses")
            eventually(lambda: "no connection" in server.stderr())
            # Those that are connected are served, and the thread does not spin.
            failed = lambda: value(scrape(management), "sugang_http_connections_refused_total", reason="system")
            before = failed()
            for _ in range(100):
                assert client.get("/v1/courses").status == 200
            assert failed() < before + 100
            assert not answer.done()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
            assert answer.result(10).status == 200


def lowest_free_descriptor(server):
    taken = set(map(int, os.listdir(f"/proc/{server.process.pid}/fd")))
    return next(number for number in itertools.count() if number not in taken)


def test_places_are_free_again_when_the_crowd_has_gone(scratch):
    with crowded(scratch) as (server, _, _, idle):
        for one in idle:
            one.close()

        def served():
            try:
                with Client(server.listen) as late:
                    return late.get("/v1/courses").status == 200
            except (ConnectionError, ConnectionEnded):
                return False
        eventually(served)


def test_the_bound_is_derived_from_the_limit_and_said_at_start(scratch):
    with Server(scratch / "data", descriptors=DESCRIPTORS) as server:
        (line,) = logged(server, "file descriptors")
        assert int(line["limit"]) == DESCRIPTORS
        assert 0 < int(line["connectionsMax"]) < DESCRIPTORS
        (lowered,) = logged(server, "connections-max is lowered to what the limit of open files carries")
        assert (lowered["wanted"], lowered["connectionsMax"]) == ("10000", line["connectionsMax"])


def test_a_lower_bound_that_was_asked_for_is_kept(scratch):
    with Server(scratch / "data", descriptors=DESCRIPTORS) as server:
        pass
    server.arguments += ["--connections-max", "7"]
    with server.start():
        (line,) = logged(server, "file descriptors")
        assert line["connectionsMax"] == "7"
        assert not logged(server, "connections-max is lowered to what the limit of open files carries")


def test_a_limit_that_may_be_raised_is_raised(scratch):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with Server(scratch / "data", descriptors=(DESCRIPTORS, hard)) as server:
        (line,) = logged(server, "file descriptors")
        assert int(line["limit"]) == hard > DESCRIPTORS


def test_a_limit_that_carries_nothing_is_said_and_refused(scratch):
    server = Server(scratch / "data", descriptors=64)
    with pytest.raises(ServerEnded) as ended:
        server.start()
    assert "open files" in ended.value.stderr
