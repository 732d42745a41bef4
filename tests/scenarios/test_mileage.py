"""Mileage: points come with the payment and go with the refund, whatever was down meanwhile; and the payment side
that is overloaded or away defers both paying and cancelling, and says so."""

import asyncio

import pytest

from blackbox.actions import (after, await_state, cancel, charges, confirmed, enroll, event_types, events_of,
                              eventually, every, mileage, my_page, paused, read, read_enrollment, register_course,
                              seats, set_component, unique)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.site import Site


def awaiting_payments(site, kind, **members):
    """A course on a server whose payment side is paused."""
    course = register_course(site.client, kind=kind, price=20000, **members)
    set_component(site.management, "payments", "paused")
    return course


def points_of(client, enrollment):
    """The points of each event of its payment that may move some, in journal order."""
    found = [(event["type"].removeprefix("sugang."), event["data"]) for event in events_of(client, enrollment)]
    return [(kind, data["mileage"]) for kind, data in found
            if kind in ("payment.approved", "payment.refund-requested")]


# --- with the payment


@pytest.mark.parametrize("kind", ["lecture", "performance", "product"])
def test_the_answer_that_confirms_shows_the_mileage(client, kind):
    course, student = register_course(client, kind=kind, price=20000, mileagePercent=5), unique("student")
    answer = enroll(client, course, student, {"Prefer": "wait=10"})
    assert (answer.status, answer.json()["state"]) == (201, "confirmed")
    assert answer.json()["mileage"]["earned"] == 1000
    assert mileage(client, student, after(answer)) == (1000, [("earn", 1000)])


def test_one_percent_unless_the_course_says_otherwise(client):
    student = unique("student")
    assert confirmed(client, register_course(client, price=12000), student)["mileage"]["earned"] == 120
    assert confirmed(client, register_course(client, price=12000, mileagePercent=10), student)["mileage"]["earned"] \
        == 1200
    assert confirmed(client, register_course(client, price=12000, mileagePercent=0), student)["mileage"]["earned"] == 0
    eventually(lambda: mileage(client, student) == (1320, [("earn", 120), ("earn", 1200)]))


def test_mileage_is_of_all_seats_and_never_a_fraction(client):
    course = register_course(client, kind="performance", price=333, mileagePercent=1)
    assert confirmed(client, course, seats=2)["mileage"]["earned"] == 6


def test_points_of_different_currencies_are_not_added_up(client):
    student = unique("student")
    confirmed(client, register_course(client, price=12000), student)
    statement = eventually(lambda: (found := read(client, f"/v1/students/{student}/mileage"))["entries"] and found)
    assert (statement["balance"], statement["balances"]) == (120, [{"currency": "KRW", "balance": 120}])
    dollars = unique("lecture")
    assert client.post("/v1/courses", {"id": dollars, "kind": "lecture", "title": "Abroad", "capacity": 3,
                                       "price": {"amount": 5000, "currency": "USD"}}).status == 201
    abroad = confirmed(client, dollars, student)
    statement = eventually(
        lambda: len((found := read(client, f"/v1/students/{student}/mileage"))["entries"]) == 2 and found)
    assert statement["balance"] is None
    assert statement["balances"] == [{"currency": "KRW", "balance": 120}, {"currency": "USD", "balance": 50}]
    assert [entry["currency"] for entry in statement["entries"]] == ["KRW", "USD"]
    assert cancel(client, abroad["id"], {"Prefer": "wait=10"}).status == 200
    eventually(lambda: {"currency": "USD", "balance": 0} in
               read(client, f"/v1/students/{student}/mileage")["balances"])


def test_points_stand_in_the_events_that_move_the_money(client):
    enrollment = confirmed(client, register_course(client))["id"]
    assert points_of(client, enrollment) == [("payment.approved", 120)]
    cancel(client, enrollment, {"Prefer": "wait=10"})
    assert points_of(client, enrollment) == [("payment.approved", 120), ("payment.refund-requested", 120)]


def test_what_is_free_earns_nothing(client):
    student = unique("student")
    enrollment = confirmed(client, register_course(client, price=0, mileagePercent=50), student)
    assert enrollment["mileage"]["earned"] == 0
    assert points_of(client, enrollment["id"]) == [("payment.approved", 0)]
    assert mileage(client, student) == (0, [])


def test_a_declined_payment_earns_nothing(client):
    student = unique("student")
    assert enroll(client, register_course(client), student, paymentMethod="test-decline").status == 402
    assert mileage(client, student) == (0, [])


def test_the_ledger_names_the_payment_and_the_time(client):
    student = unique("student")
    answer = enroll(client, register_course(client), student)
    statement = read(client, f"/v1/students/{student}/mileage", after(answer))
    entry, = statement["entries"]
    assert entry["paymentId"] == answer.json()["payment"]["id"]
    assert entry["at"]
    assert (statement["studentId"], statement["balance"]) == (student, 120)
    assert statement["position"]


def test_the_ledger_is_read_page_by_page(client):
    student = unique("student")
    for _ in range(3):
        last = enroll(client, register_course(client), student)
    first = read(client, f"/v1/students/{student}/mileage?limit=2", after(last))
    rest = read(client, f"/v1/students/{student}/mileage?limit=2&cursor={first['next']}")
    assert [len(first["entries"]), len(rest["entries"]), rest["next"]] == [2, 1, None]
    assert first["balance"] == rest["balance"] == 360


def test_my_page_shows_the_mileage(client):
    student = unique("student")
    answer = enroll(client, register_course(client), student)
    assert my_page(client, student, after(answer))[answer.json()["id"]]["mileage"] == {"earned": 120}


# --- with the refund


def test_mileage_goes_with_the_refund(client, management):
    student = unique("student")
    enrollment = confirmed(client, register_course(client), student)
    answer = cancel(client, enrollment["id"], {"Prefer": "wait=10"})
    assert (answer.status, answer.json()["mileage"]["earned"]) == (200, 0)
    assert charges(management)[enrollment["payment"]["id"]]["state"] == "refunded"
    assert mileage(client, student, after(answer)) == (0, [("earn", 120), ("reverse", 120)])


def test_every_cancel_takes_back_what_its_own_payment_earned(client):
    student = unique("student")
    kept = confirmed(client, register_course(client, price=7000), student)
    gone = confirmed(client, register_course(client, price=9000), student)
    answer = cancel(client, gone["id"], {"Prefer": "wait=10"})
    assert mileage(client, student, after(answer)) == (70, [("earn", 70), ("earn", 90), ("reverse", 90)])
    assert read_enrollment(client, kept["id"])["mileage"]["earned"] == 70


def test_cancelling_twice_takes_back_once(client):
    student = unique("student")
    enrollment = confirmed(client, register_course(client), student)
    for _ in range(3):
        answer = cancel(client, enrollment["id"], {"Prefer": "wait=10"})
        assert answer.status == 200
    assert mileage(client, student, after(answer)) == (0, [("earn", 120), ("reverse", 120)])


# --- while the mileage side is down


def test_while_mileage_is_down_the_answer_shows_what_was_earned_and_the_ledger_later(client, management):
    student = unique("student")
    with paused(management, "mileage"):
        answer = enroll(client, register_course(client), student)
        assert (answer.status, answer.json()["state"]) == (201, "confirmed")
        assert answer.json()["mileage"]["earned"] == 120
        assert my_page(client, student, after(answer))[answer.json()["id"]]["mileage"] == {"earned": 120}
        assert mileage(client, student) == (0, [])
        behind = client.get(f"/v1/students/{student}/mileage", after(answer))
        assert (behind.status, behind.problem) == (503, "view-behind")
        assert behind.header("retry-after")
    eventually(lambda: mileage(client, student) == (120, [("earn", 120)]))
    assert mileage(client, student, after(answer)) == (120, [("earn", 120)])


def test_a_cancel_made_while_mileage_is_down_returns_seat_money_and_points_at_once(client, management):
    course, student = register_course(client), unique("student")
    enrollment = confirmed(client, course, student)
    eventually(lambda: mileage(client, student)[0] == 120)
    with paused(management, "mileage"):
        answer = cancel(client, enrollment["id"], {"Prefer": "wait=10"})
        assert (answer.status, answer.json()["mileage"]["earned"]) == (200, 0)
        assert charges(management)[enrollment["payment"]["id"]]["state"] == "refunded"
        assert seats(client, course)["available"] == 10
        assert mileage(client, student)[0] == 120
    eventually(lambda: mileage(client, student) == (0, [("earn", 120), ("reverse", 120)]))


def test_confirmed_and_cancelled_while_mileage_is_down_nets_to_nothing(client, management):
    course, student = register_course(client), unique("student")
    with paused(management, "mileage"):
        enrollment = confirmed(client, course, student)
        assert cancel(client, enrollment["id"], {"Prefer": "wait=10"}).status == 200
        assert seats(client, course)["available"] == 10
    eventually(lambda: mileage(client, student) == (0, [("earn", 120), ("reverse", 120)]))


def test_mileage_is_earned_and_reversed_exactly_once_across_kills(site):
    course, student = register_course(site.client), unique("student")
    set_component(site.management, "mileage", "paused")
    kept, gone = confirmed(site.client, course, student), confirmed(site.client, register_course(site.client), student)
    site.crash()
    cancel(site.client, gone["id"], {"Prefer": "respond-async"})
    site.crash()
    await_state(site.client, gone["id"], "cancelled")
    assert mileage(site.client, student) == (0, []), "it stays paused, and what was earned meanwhile is not shown"
    set_component(site.management, "mileage", "running")
    expected = (120, [("earn", 120), ("earn", 120), ("reverse", 120)])
    eventually(lambda: mileage(site.client, student) == expected)
    site.crash()
    eventually(lambda: mileage(site.client, student) == expected)
    assert points_of(site.client, kept["id"]) == [("payment.approved", 120)]
    assert points_of(site.client, gone["id"]) == [("payment.approved", 120), ("payment.refund-requested", 120)]
    Accounts(site.client, site.management).assert_agree()


# --- while the payment side is down


def test_while_payment_is_down_a_performance_is_booked_and_paid_later(client, management):
    course, student = register_course(client, kind="performance", price=20000), unique("student")
    with paused(management, "payments"):
        answer = enroll(client, course, student, {"Prefer": "wait=10"})
        assert answer.status == 202
        assert answer.header("retry-after") and answer.location
        assert await_state(client, answer.json()["id"], "payment_pending")["payment"]["state"] == "requested"
        assert seats(client, course)["held"] == 1
        assert answer.json()["payment"]["id"] not in charges(management)
    assert await_state(client, answer.json()["id"], "confirmed")["payment"]["state"] == "approved"
    eventually(lambda: mileage(client, student) == (200, [("earn", 200)]))


@pytest.mark.parametrize("kind", ["lecture", "product", "training"])
def test_while_payment_is_down_others_are_refused_with_a_time_to_come_back(client, management, kind):
    course, student = register_course(client, kind=kind), unique("student")
    with paused(management, "payments"):
        answer = enroll(client, course, student)
        assert (answer.status, answer.problem) == (503, "payment-unavailable")
        assert int(answer.header("retry-after")) > 0
        assert seats(client, course)["held"] == 0
    assert list(every(client, "/v1/enrollments", studentId=student)) == []
    assert enroll(client, course, student, {"Prefer": "wait=1"}).status in (201, 202)


@pytest.mark.parametrize("kind, wanted, status", [("lecture", "defer", 202), ("performance", "refuse", 503)])
def test_a_course_says_itself_what_happens_while_payment_is_down(client, management, kind, wanted, status):
    course = register_course(client, kind=kind, paymentUnavailable=wanted)
    with paused(management, "payments"):
        answer = enroll(client, course)
        assert answer.status == status, answer
        assert seats(client, course)["held"] == (status == 202)
    if status == 202:
        await_state(client, answer.json()["id"], "confirmed")


def test_what_is_free_needs_no_payment_side(client, management):
    with paused(management, "payments"):
        assert enroll(client, register_course(client, price=0)).status == 201


def test_while_payment_is_down_a_cancel_is_accepted_and_refunded_later(client, management):
    course, student = register_course(client), unique("student")
    enrollment = confirmed(client, course, student)
    with paused(management, "payments"):
        answer = cancel(client, enrollment["id"], {"Prefer": "wait=1"})
        assert (answer.status, answer.json()["state"]) == (202, "cancel_requested")
        assert answer.header("retry-after")
        eventually(lambda: seats(client, course)["available"] == 10)
        assert charges(management)[enrollment["payment"]["id"]]["state"] == "approved"
    await_state(client, enrollment["id"], "cancelled")
    assert charges(management)[enrollment["payment"]["id"]]["state"] == "refunded"
    eventually(lambda: mileage(client, student) == (0, [("earn", 120), ("reverse", 120)]))


def test_a_gateway_that_fails_counts_as_down_until_it_answers(client, management, gateway):
    """A charge that was sent is answered 202; once the payment side is known to be down, 503 and nothing is held."""
    course = register_course(client, capacity=1000)
    gateway(failPercent=100)
    sent = []

    def refused():
        answer = enroll(client, course, headers={"Prefer": "respond-async"})
        if answer.status == 202:
            sent.append(answer.json()["id"])
            return None
        return answer

    answer = eventually(refused)
    assert (answer.status, answer.problem) == (503, "payment-unavailable")
    assert seats(client, course)["held"] == len(sent)
    gateway()
    for enrollment in sent:
        await_state(client, enrollment, "confirmed")
    eventually(lambda: enroll(client, course).status == 201)


def test_what_waits_for_the_payment_side_is_bounded(scratch):
    with Site(scratch, "--deferred-payments-max", 2) as site:
        course = awaiting_payments(site, "performance")
        taken = [enroll(site.client, course) for _ in range(2)]
        assert [one.status for one in taken] == [202, 202]
        for one in taken:
            await_state(site.client, one.json()["id"], "payment_pending")
        refused = eventually(lambda: (one := enroll(site.client, course)).status == 503 and one)
        assert refused.problem == "payment-unavailable"
        assert refused.header("retry-after")
        held = seats(site.client, course)["held"]
        set_component(site.management, "payments", "running")
        eventually(lambda: seats(site.client, course)["taken"] == held)
        assert enroll(site.client, course, headers={"Prefer": "wait=10"}).status == 201


def test_an_overloaded_payment_side_defers_paying_and_cancelling_and_loses_none(site):
    """Two hundred book and a hundred of them cancel while payment is away: each is notified, and all is done after."""
    course = awaiting_payments(site, "performance", capacity=200)
    booked, students = {}, [unique("student") for _ in range(200)]

    async def book(client, student):
        answer = await client.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student})
        assert answer.status == 202, answer
        booked[student] = answer.json()["id"]

    async def call_off(client, student):
        answer = await client.request("POST", f"/v1/enrollments/{booked[student]}/cancel", {},
                                      {"Prefer": "respond-async"})
        assert answer.status == 202, answer

    asyncio.run(crowd(site.server.listen, 20, students, book))
    asyncio.run(crowd(site.server.listen, 20, students[:100], call_off))
    site.crash()
    set_component(site.management, "payments", "running")
    eventually(lambda: seats(site.client, course)["taken"] == 100, 30)
    Accounts(site.client, site.management).assert_agree()
    for student in students[:100:20]:
        assert mileage(site.client, student)[0] == 0
    for student in students[100::20]:
        eventually(lambda: mileage(site.client, student) == (200, [("earn", 200)]))


def test_a_deferred_booking_may_be_declined_when_payment_returns(client, management):
    course = register_course(client, kind="performance")
    with paused(management, "payments"):
        pending = enroll(client, course, paymentMethod="test-decline").json()["id"]
    await_state(client, pending, "rejected")
    assert seats(client, course)["available"] == 10


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
