"""A charge that finds no end in time: the enrollment expires, the seats go back, and no money stays away."""

import pytest

from blackbox.actions import (await_quiet_sagas, cancel, charges, confirmed, enroll, eventually,
                              read_enrollment, register_course, seats, set_component, set_gateway)
from blackbox.accounts import Accounts
from blackbox.client import Client
from blackbox.server import Server

EXPIRES_WITHIN_S = 20


def impatient(folder):
    """A server that waits one second for a charge."""
    server = Server(folder / "data")
    server.arguments += ["--payment-deadline-s", "1", "--deferred-payment-deadline-s", "1",
                         "--gateway-timeout-ms", "300"]
    return server


@pytest.fixture(scope="module")
def server(module_scratch):
    with impatient(module_scratch) as server:
        yield server


def await_seats_back(client, course):
    eventually(lambda: seats(client, course)["available"] == 3, EXPIRES_WITHIN_S)


def expired(client, enrollment):
    return eventually(lambda: (found := read_enrollment(client, enrollment))["state"] == "expired" and found,
                      EXPIRES_WITHIN_S)


@pytest.fixture
def hanging(client, gateway):
    """An enrollment whose charge hangs, and its course."""
    course = register_course(client, kind="performance", capacity=3)
    gateway(hang=True)
    return enroll(client, course, seats=2).json()["id"], course


def test_seats_go_back_at_the_deadline_even_while_the_charge_hangs(client, hanging):
    enrollment, course = hanging
    await_seats_back(client, course)
    assert read_enrollment(client, enrollment)["state"] != "confirmed"


def test_an_expired_enrollment_is_never_left_charged(client, management, gateway, hanging):
    enrollment, course = hanging
    await_seats_back(client, course)
    gateway()
    payment = expired(client, enrollment)["payment"]
    assert payment["state"] in {"void_requested", "voided", "refund_requested", "refunded"}
    eventually(lambda: read_enrollment(client, enrollment)["payment"]["state"] in {"voided", "refunded"})
    await_quiet_sagas(client)
    assert charges(management).get(payment["id"], {}).get("state") != "approved"


def test_an_expired_enrollment_cannot_be_cancelled(client, gateway, hanging):
    enrollment, course = hanging
    await_seats_back(client, course)
    gateway()
    expired(client, enrollment)
    answer = cancel(client, enrollment)
    assert (answer.status, answer.problem) == (409, "not-cancellable")


def test_a_waiting_caller_gets_the_expiry_or_retry_after(client, gateway):
    course = register_course(client, capacity=3)
    gateway(hang=True)
    answer = enroll(client, course, headers={"Prefer": "wait=10"})
    assert answer.status == 202 or (answer.status, answer.problem) == (409, "enrollment-expired")
    await_seats_back(client, course)


def test_a_deadline_survives_a_kill(scratch):
    server = impatient(scratch)
    with server:
        with Client(server.listen) as client, Client(server.management) as management:
            course = register_course(client, kind="performance", capacity=3)
            set_gateway(management, hang=True)
            enrollment = enroll(client, course, seats=2).json()["id"]
        server.kill()
        server.start()
        with Client(server.listen) as client, Client(server.management) as management:
            # The charge is asked for again as soon as the server is back, so its answer may come before the switch.
            set_gateway(management, hang=True)
            eventually(lambda: seats(client, course)["held"] == 0, EXPIRES_WITHIN_S)
            set_gateway(management)
            ended = eventually(lambda: (found := read_enrollment(client, enrollment))["state"] in
                               {"expired", "confirmed"} and found)
            assert seats(client, course)["taken"] == (2 if ended["state"] == "confirmed" else 0)
            Accounts(client, management).assert_agree()


def test_what_waits_for_paused_payments_expires_too(server):
    with Client(server.listen) as client, Client(server.management) as management:
        course = register_course(client, kind="performance", capacity=3)
        set_component(management, "payments", "paused")
        try:
            enrollment = enroll(client, course).json()["id"]
            await_seats_back(client, course)
        finally:
            set_component(management, "payments", "running")
        expired(client, enrollment)


def test_the_accounts_agree_after_all_that(server):
    with Client(server.listen) as client, Client(server.management) as management:
        confirmed(client, register_course(client))
        Accounts(client, management).assert_agree()
