"""A charge that finds no end in time: the enrollment expires, the seats go back, and no money stays away."""

import pytest

from blackbox.actions import (cancel, charges, enroll, eventually, read_enrollment, register_course,
                              sagas_under_way, seats, set_component, set_gateway)
from blackbox.books import Books
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


def expired(client, enrollment):
    return eventually(lambda: (found := read_enrollment(client, enrollment))["state"] == "expired" and found,
                      EXPIRES_WITHIN_S)


@pytest.fixture
def hanging(client, gateway):
    """An enrollment whose charge hangs, and its course."""
    course = register_course(client, kind="performance", capacity=3)
    gateway(hang=True)
    return enroll(client, course, seats=2).json()["id"], course


def test_an_unanswered_charge_expires_and_its_seats_go_back(client, hanging):
    enrollment, course = hanging
    expired(client, enrollment)
    assert seats(client, course)["available"] == 3


def test_an_expired_enrollment_is_never_left_charged(client, management, gateway, hanging):
    enrollment, _ = hanging
    payment = expired(client, enrollment)["payment"]["id"]
    gateway()
    eventually(lambda: not sagas_under_way(client), 30)
    assert read_enrollment(client, enrollment)["payment"]["state"] in {"voided", "refunded"}
    assert charges(management).get(payment, {"state": "declined"})["state"] != "approved"


def test_an_expired_enrollment_cannot_be_cancelled(client, hanging):
    enrollment, _ = hanging
    expired(client, enrollment)
    answer = cancel(client, enrollment)
    assert (answer.status, answer.problem) == (409, "not-cancellable")


def test_a_waiting_caller_is_told_of_the_expiry_or_to_look_later(client, gateway):
    course = register_course(client)
    gateway(hang=True)
    answer = enroll(client, course, headers={"Prefer": "wait=10"})
    assert answer.status in (202, 409), answer
    eventually(lambda: seats(client, course)["available"] == 10, EXPIRES_WITHIN_S)


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
            set_gateway(management, hang=True)
            expired(client, enrollment)
            assert seats(client, course)["available"] == 3


def test_paused_payments_expire_too(server):
    with Client(server.listen) as client, Client(server.management) as management:
        course = register_course(client, kind="performance", capacity=3)
        set_component(management, "payments", "paused")
        try:
            enrollment = enroll(client, course).json()["id"]
            expired(client, enrollment)
            assert seats(client, course)["available"] == 3
        finally:
            set_component(management, "payments", "running")


def test_the_books_agree_after_all_that(server):
    with Client(server.listen) as client, Client(server.management) as management:
        Books(client, management).assert_agree()
