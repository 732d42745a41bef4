"""The wall clock is set, far forward and back, while the server runs: what is to last a certain while lasts just that, and
nothing that was made meanwhile spoils what comes later."""

import threading
import time

import pytest

from blackbox.actions import (await_notices, confirmed, enroll, eventually, register_course, seats,
                              set_gateway, unique)
from blackbox.client import Client
from blackbox.clock import Clock, compiler
from blackbox.server import Server
from blackbox.site import assert_journal_is_sound

DAY_S = 24 * 3600

pytestmark = pytest.mark.skipif(not compiler(), reason="no C compiler to build the clock with")


@pytest.fixture(scope="module")
def clock(module_scratch):
    return Clock(module_scratch)


@pytest.fixture
def server(scratch, clock):
    clock.set(0)
    server = Server(scratch / "data", environment=clock.environment())
    server.arguments += ["--payment-deadline-s", "3600"]
    with server:
        yield server
        if server.running():
            assert server.terminate() == 0, server.stderr()
        assert_journal_is_sound(server.data)


def test_an_enrollment_made_in_a_clock_jump_blocks_no_request(server, clock):
    student = unique("student")
    with Client(server.listen) as client:
        course = register_course(client)
        clock.set(400 * DAY_S)
        confirmed(client, course, student)
        await_notices(client, student, "enrollment.confirmed")
        clock.set(0)
        confirmed(client, course)
        confirmed(client, register_course(client), student)
        await_notices(client, student, "enrollment.confirmed", "enrollment.confirmed")
    assert server.terminate() == 0
    server.start()
    with Client(server.listen) as client:
        confirmed(client, course)
        assert seats(client, course)["taken"] == 3


def test_a_wait_lasts_as_long_as_asked_though_the_clock_is_set_back(server, clock):
    with Client(server.management) as management, Client(server.listen) as client:
        set_gateway(management, hang=True)
        course, taken = register_course(client), []

        def place():
            with Client(server.listen) as caller:
                began = time.monotonic()
                answer = enroll(caller, course, headers={"Prefer": "wait=5"})
                taken.append((answer.status, time.monotonic() - began))

        waiting = threading.Thread(target=place)
        waiting.start()
        eventually(lambda: seats(client, course)["held"] == 1)
        clock.set(-60)
        waiting.join(90)
        status, seconds = taken[0]
        assert status == 202
        assert 4.9 <= seconds < 30, seconds
        set_gateway(management)


def test_a_deadline_passes_soon_after_the_clock_is_set_past_it(server, clock):
    with Client(server.management) as management, Client(server.listen) as client:
        set_gateway(management, hang=True)
        course = register_course(client)
        assert enroll(client, course, headers={"Prefer": "wait=0"}).status == 202
        clock.set(7200)
        eventually(lambda: seats(client, course)["available"] == 10, 10)
        set_gateway(management)
