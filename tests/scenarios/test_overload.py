"""What is too much is refused at the door, with a hint when to retry, and nothing of it is done."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from blackbox.actions import confirmed, enroll, eventually, read, register_course, seats, set_gateway, unique
from blackbox.client import Client, ConnectionEnded, crowd
from blackbox.metrics import scrape, value
from blackbox.server import Server

IN_FLIGHT = 5
UNKNOWN_IDS = int(os.environ.get("SUGANG_UNKNOWN_IDS", "2000"))
# Of the server's memory, by any number of ids. The address sanitizer keeps 256 MiB of what is freed.
GROWTH_MAX_MIB = 400 if os.environ.get("ASAN_OPTIONS") else 100


@contextmanager
def serving(folder, *arguments):
    server = Server(folder / "data")
    server.arguments += arguments
    with server, Client(server.listen) as client, Client(server.management) as management:
        yield server, client, management
        assert server.running()


@contextmanager
def waiting_requests(server, client, management, course, number):
    """So many requests that wait for a gateway that hangs; they end when it goes on."""
    set_gateway(management, hang=True)

    def place(_):
        with Client(server.listen) as one:
            return enroll(one, course, headers={"Prefer": "wait=20"})

    with ThreadPoolExecutor(number) as callers:
        running = [callers.submit(place, each) for each in range(number)]
        eventually(lambda: seats(client, course)["held"] == number)
        yield
        set_gateway(management)
        assert {one.result().status for one in running} == {201}


def assert_refused_at_the_door(client, course):
    student = unique("student")
    answer = enroll(client, course, student, {"Idempotency-Key": unique("key")})
    assert (answer.status, answer.problem) == (503, "overloaded"), answer
    assert int(answer.header("retry-after")) > 0
    return student


def enroll_once_there_is_room(client, course):
    """A read of the test's own may just then take the last place."""
    while (answer := enroll(client, course, headers={"Prefer": "wait=20"})).status == 503:
        pass
    return answer


def test_more_requests_than_the_node_takes_are_refused_and_leave_nothing(scratch):
    # One place stays for the reads of the test itself.
    with serving(scratch, "--requests-in-flight-max", str(IN_FLIGHT + 1)) as (server, client, management):
        course = register_course(client, capacity=50)
        with waiting_requests(server, client, management, course, IN_FLIGHT), ExitStack() as stack:
            one_more = stack.enter_context(Client(server.listen))
            with ThreadPoolExecutor(1) as caller:
                last = caller.submit(enroll_once_there_is_room, one_more, course)
                eventually(lambda: client.get("/v1/courses").status == 503)
                assert_refused_at_the_door(client, course)
                assert management.get("/livez").status == 200
                set_gateway(management)
                assert last.result().status == 201
        assert confirmed(client, course)
        assert seats(client, course)["taken"] == IN_FLIGHT + 2


def test_more_requests_than_a_course_takes_do_not_hinder_another(scratch):
    with serving(scratch, "--requests-in-flight-per-course-max", str(IN_FLIGHT)) as (server, client, management):
        hot, other = register_course(client, capacity=50), register_course(client, price=0)
        with waiting_requests(server, client, management, hot, IN_FLIGHT):
            student = assert_refused_at_the_door(client, hot)
            assert confirmed(client, other)
        assert read(client, f"/v1/enrollments?studentId={student}")["items"] == []
        assert confirmed(client, hot, student)


@pytest.mark.parametrize("allowed", [3])
def test_more_connections_than_allowed_are_refused_or_closed(scratch, allowed):
    with serving(scratch, "--connections-max", str(allowed)) as (server, client, _), ExitStack() as stack:
        client.close()
        held = [stack.enter_context(Client(server.listen)) for _ in range(allowed)]
        eventually(lambda: all(get_status(one) == 200 for one in held))
        with Client(server.listen) as late:
            assert get_status(late) in (503, None)
        held[0].close()
        with Client(server.listen) as later:
            eventually(lambda: get_status(later) == 200)


def get_status(client):
    try:
        return client.get("/v1/courses").status
    except (ConnectionEnded, ConnectionError):
        return None


def test_ids_that_were_never_registered_leave_nothing_in_memory(scratch):
    with serving(scratch) as (server, _, management):
        async def ask(client, number):
            name = unique("nothing")
            method, target, body = [("GET", f"/v1/courses/{name}", None),
                                    ("POST", "/v1/enrollments", {"courseId": name, "studentId": "s"}),
                                    ("POST", f"/v1/courses/{name}/cancel", {"reason": "snow"})][number % 3]
            answer = await client.request(method, target, body)
            assert (answer.status, answer.problem) == (404, "course-not-found"), answer

        rss = lambda: value(scrape(management), "process_resident_memory_bytes") / (1 << 20)
        before = rss()
        asyncio.run(crowd(server.listen, 50, range(UNKNOWN_IDS), ask))
        left = value(scrape(management), "sugang_actors")
        eventually(lambda: value(scrape(management), "sugang_actors") == 0, deadline_s=60)
        print(f"{UNKNOWN_IDS} ids: {left:.0f} actors at the end, {rss() - before:.0f} MiB more than {before:.0f} MiB")
        assert rss() - before < GROWTH_MAX_MIB
