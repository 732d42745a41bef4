"""Operators: what got stuck is listed with its step and its reason, and an operator retries, compensates or
resolves it. Each command is on the timeline, and no money moves twice.

SUGANG_STUCK_SAGAS says how many get stuck at once.
"""

import asyncio
import os
import shutil

import pytest

from blackbox.actions import (await_saga, await_state, await_views, cancel, charges, confirmed, enroll, event_types, events_of,
                              eventually, every, read_enrollment, register_course, saga_of, seats, set_gateway, unique)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.site import Site

STUCK = int(os.environ.get("SUGANG_STUCK_SAGAS", "1000"))
LISTED_WITHIN_S = 5
CONNECTIONS = 50


def operate(client, enrollment, action, headers=None, **members):
    return client.post(f"/v1/sagas/{enrollment.replace('enr_', 'saga_')}/{action}", members, headers)


def listed(client, state):
    return {saga["enrollmentId"] for saga in every(client, "/v1/sagas", state=state)}


def operations(client, enrollment):
    """What operators did, as (action, reason), in order."""
    return [(event["data"]["action"], event["data"]["reason"]) for event in events_of(client, enrollment)
            if event["type"] == "sugang.saga.operated"]


def refused(answer, problem):
    return (answer.status, answer.problem) == (409, problem)


@pytest.fixture
def stuck_refund(client, gateway):
    """A cancelled enrollment whose refund the failing gateway gives no word on, and its course."""
    course = register_course(client)
    enrollment = confirmed(client, course)["id"]
    gateway(failPercent=100)
    assert cancel(client, enrollment, {"Prefer": "respond-async"}).status == 202
    await_saga(client, enrollment, "stuck")
    return enrollment, course


@pytest.fixture
def unanswered_charge(client, gateway):
    """An enrollment whose charge the failing gateway gives no word on, and its course."""
    course = register_course(client)
    gateway(failPercent=100)
    # While the payment side counts as down from the test before, it is refused.
    placed = eventually(lambda: (answer := enroll(client, course, headers={"Prefer": "respond-async"})).status == 202
                        and answer)
    enrollment = placed.json()["id"]
    # A call has left, and its outcome is unknown.
    eventually(lambda: saga_of(client, enrollment)["attempts"] >= 1 and read_enrollment(client, enrollment))
    return enrollment, course


# --- looking


def test_a_stuck_saga_is_listed_with_its_step_its_attempts_and_the_reason(client, stuck_refund):
    enrollment, course = stuck_refund
    saga = saga_of(client, enrollment)
    assert (saga["state"], saga["turned"]) == ("stuck", "cancelled")
    assert {"name": "refund_payment", "state": "failed"}.items() <= saga["steps"][-1].items()
    assert saga["attempts"] > 0 and saga["lastError"]
    await_views(client)
    assert enrollment in listed(client, "stuck")
    assert [one["id"] for one in every(client, "/v1/sagas", enrollmentId=enrollment)] == [saga["id"]]
    assert seats(client, course)["available"] == 10


def test_sagas_are_listed_by_state(client, stuck_refund):
    done = confirmed(client, register_course(client, price=0))["id"]
    waits = enroll(client, register_course(client, kind="training", price=0)).json()["id"]
    await_saga(client, waits, "waiting")
    await_saga(client, done, "completed")
    await_views(client)
    assert stuck_refund[0] in listed(client, "stuck") - listed(client, "completed") - listed(client, "waiting")
    assert done in listed(client, "completed") - listed(client, "stuck")
    assert waits in listed(client, "waiting") - listed(client, "stuck")


def test_what_is_stuck_is_tried_on_and_ends_when_the_gateway_is_well_again(client, management, gateway, stuck_refund):
    enrollment, _ = stuck_refund
    gateway()
    await_state(client, enrollment, "cancelled")
    assert await_saga(client, enrollment, "compensated")["lastError"] is not None
    assert charges(management)[read_enrollment(client, enrollment)["payment"]["id"]]["state"] == "refunded"
    await_views(client)
    assert enrollment not in listed(client, "stuck")


# --- retry


def test_a_retry_tries_at_once_and_is_on_record(client, gateway, stuck_refund):
    enrollment, _ = stuck_refund
    answer = operate(client, enrollment, "retry", reason="the company says that it is up")
    assert answer.status == 202
    assert answer.location and answer.header("retry-after")
    assert await_saga(client, enrollment, "stuck")["attempts"] > 0
    assert operations(client, enrollment) == [("retry", "the company says that it is up")]
    gateway()
    operate(client, enrollment, "retry")
    await_state(client, enrollment, "cancelled")
    assert ("retry", "the company says that it is up") in operations(client, enrollment)


def test_a_retry_repeated_with_its_key_is_one_retry(client, stuck_refund):
    enrollment, _ = stuck_refund
    key = {"Idempotency-Key": unique("key")}
    first, again = (operate(client, enrollment, "retry", key, reason="once") for _ in range(2))
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    assert again.header("idempotency-replayed") == "true"
    assert operations(client, enrollment) == [("retry", "once")]


# --- compensate


def test_an_unanswered_charge_is_listed_with_its_step_and_the_reason(client, unanswered_charge):
    enrollment, _ = unanswered_charge
    saga = saga_of(client, enrollment)
    assert saga["state"] in {"waiting", "stuck"} and saga["lastError"], saga
    assert (saga["waitsFor"], saga["deadline"] is not None) == ("take_payment", True), saga
    await_views(client)
    assert enrollment in listed(client, "waiting") | listed(client, "stuck")
    assert refused(operate(client, enrollment, "resolve", reason="I think so"), "outcome-unknown")


def test_an_operator_compensates_an_unanswered_charge(client, management, gateway, unanswered_charge):
    enrollment, course = unanswered_charge
    assert operate(client, enrollment, "compensate", reason="the student is gone").status == 202
    eventually(lambda: seats(client, course)["held"] == 0)
    gateway()
    ended = await_state(client, enrollment, "cancelled")
    assert ended["reason"] == "the student is gone"
    assert ended["payment"]["state"] in {"voided", "refunded"}
    assert charges(management).get(ended["payment"]["id"], {}).get("state") != "approved"
    assert operations(client, enrollment) == [("compensate", "the student is gone")]


def test_an_operator_turns_a_saga_round_that_waits_for_a_person(client):
    course = register_course(client, kind="training")
    enrollment = enroll(client, course).json()["id"]
    await_saga(client, enrollment, "waiting")
    assert operate(client, enrollment, "compensate", reason="no instructor to be had").status == 202
    ended = await_state(client, enrollment, "cancelled")
    assert (ended["payment"]["state"], ended["coaching"]["state"]) == ("refunded", "released")
    assert seats(client, course)["available"] == 10


def test_what_is_on_its_way_back_already_is_not_compensated(client, stuck_refund):
    enrollment, _ = stuck_refund
    assert refused(operate(client, enrollment, "compensate", reason="again"), "not-compensatable")
    assert operations(client, enrollment) == []


def test_what_is_on_its_way_to_the_customer_is_not_compensated(client):
    enrollment = confirmed(client, register_course(client, kind="product"))["id"]
    delivery = eventually(lambda: read_enrollment(client, enrollment).get("delivery"))
    await_saga(client, enrollment, "waiting")
    assert client.post(f"/v1/deliveries/{delivery['id']}/start", {}).status == 200
    assert refused(operate(client, enrollment, "compensate", reason="too late"), "not-compensatable")


# --- resolve


def test_an_operator_resolves_a_refund_that_the_gateway_refuses_for_good(site):
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    # The company has lost its ledger: it knows of no charge to refund.
    site.crash(lambda data: shutil.rmtree(data / "gateway"))
    client = site.client
    assert cancel(client, enrollment, {"Prefer": "respond-async"}).status == 202
    assert "no charge" in await_saga(client, enrollment, "stuck")["lastError"]
    answer = operate(client, enrollment, "resolve", reason="paid back by bank transfer 4711")
    assert answer.status == 202
    ended = await_state(client, enrollment, "cancelled")
    assert (ended["payment"]["state"], ended["mileage"]["earned"]) == ("refunded", 0)
    assert operations(client, enrollment) == [("resolve", "paid back by bank transfer 4711")]
    assert refused(operate(client, enrollment, "retry"), "saga-ended")
    assert refused(operate(client, enrollment, "resolve", reason="again"), "saga-ended")


@pytest.mark.parametrize("action", ["resolve", "compensate"])
@pytest.mark.parametrize("members", [{}, {"reason": ""}], ids=["no reason", "an empty reason"])
def test_no_operator_command_without_a_reason(client, stuck_refund, action, members):
    answer = operate(client, stuck_refund[0], action, **members)
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == "/reason"
    assert operations(client, stuck_refund[0]) == []


def test_a_charge_that_the_gateway_may_still_answer_is_no_persons_to_settle(client, gateway):
    course = register_course(client)
    gateway(hang=True)
    enrollment = enroll(client, course, headers={"Prefer": "respond-async"}).json()["id"]
    await_state(client, enrollment, "payment_pending")
    assert refused(operate(client, enrollment, "resolve", reason="I think so"), "outcome-unknown")


def test_a_delivery_that_never_ended_is_resolved_with_a_reason(scratch):
    with Site(scratch, "--staff-deadline-s", 1) as site:
        client = site.client
        enrollment = confirmed(client, register_course(client, kind="product"))["id"]
        delivery = eventually(lambda: read_enrollment(client, enrollment).get("delivery"))
        await_saga(client, enrollment, "waiting")
        assert client.post(f"/v1/deliveries/{delivery['id']}/start", {}).status == 200
        await_saga(client, enrollment, "stuck")
        site.crash()
        assert saga_of(site.client, enrollment)["state"] == "stuck"
        assert operate(site.client, enrollment, "resolve", reason="the customer confirms the arrival").status == 202
        assert await_state(site.client, enrollment, "completed")["delivery"]["state"] == "completed"
        assert operations(site.client, enrollment) == [("resolve", "the customer confirms the arrival")]


def test_there_is_nothing_to_do_for_a_saga_that_has_ended(client):
    enrollment = confirmed(client, register_course(client, price=0))["id"]
    await_saga(client, enrollment, "completed")
    assert refused(operate(client, enrollment, "retry"), "saga-ended")
    assert refused(operate(client, enrollment, "resolve", reason="why not"), "saga-ended")


@pytest.mark.parametrize("action", ["retry", "compensate", "resolve"])
def test_an_unknown_saga_is_not_found(client, action):
    assert operate(client, "enr_01h00000000000000000000000", action, reason="unknown").status == 404


# --- a thousand of them


async def _place(address, course, count):
    found = []

    async def place(client, student):
        answer = await client.request("POST", "/v1/enrollments", {"courseId": course, "studentId": student},
                                      {"Prefer": "wait=30"})
        assert answer.status == 201, answer
        found.append(answer.json()["id"])

    await crowd(address, CONNECTIONS, [unique("student") for _ in range(count)], place)
    return found


async def _post_each(address, targets, accepted):
    async def post(client, target):
        answer = await client.request("POST", target, {}, {"Prefer": "respond-async"})
        assert (answer.status, answer.problem) in accepted, answer

    await crowd(address, CONNECTIONS, targets, post)


def post_each(site, template, enrollments, *accepted):
    """Posts to each, and checks that the answer is one of these."""
    targets = [template.format(enrollment=one, saga=one.replace("enr_", "saga_")) for one in enrollments]
    asyncio.run(_post_each(site.server.listen, targets, accepted))


def stuck_in_view(client):
    return {saga["enrollmentId"] for saga in every(client, "/v1/sagas", state="stuck")}


@pytest.mark.parametrize("killed", [False, True], ids=["", "and is killed"])
def test_a_thousand_stuck_by_a_failing_gateway_are_listed_soon_retried_and_none_is_lost_or_done_twice(site, killed):
    course = register_course(site.client, capacity=STUCK, price=12000)
    enrollments = asyncio.run(_place(site.server.listen, course, STUCK))
    set_gateway(site.management, failPercent=100)
    post_each(site, "/v1/enrollments/{enrollment}/cancel", enrollments, (202, None))
    eventually(lambda: len(stuck_in_view(site.client)) == STUCK, LISTED_WITHIN_S, "all of them to be listed")
    assert stuck_in_view(site.client) == set(enrollments)
    assert seats(site.client, course)["available"] == STUCK

    # An operator is too early: they get stuck again, and it stands on record.
    too_early = enrollments[:20]
    post_each(site, "/v1/sagas/{saga}/retry", too_early, (202, None))
    for enrollment in too_early:
        await_saga(site.client, enrollment, "stuck")
    if killed:
        site.crash()
    set_gateway(site.management)
    # Those that have gone on by themselves have ended by now.
    post_each(site, "/v1/sagas/{saga}/retry", enrollments, (202, None), (409, "saga-ended"))
    Accounts(site.client, site.management).assert_agree()
    ended = {one["id"]: one for one in every(site.client, "/v1/enrollments", courseId=course)}
    assert set(ended) == set(enrollments)
    assert {one["state"] for one in ended.values()} == {"cancelled"}
    accounts = charges(site.management)
    assert len(accounts) == STUCK and {charge["state"] for charge in accounts.values()} == {"refunded"}
    for enrollment in enrollments[::max(1, STUCK // 20)]:
        notified = event_types(events_of(site.client, enrollment))
        for once in ("payment.refunded", "enrollment.cancelled", "course.seats-released"):
            assert notified.count(once) == 1, (once, notified)
    assert all(operations(site.client, one) for one in too_early)


def test_the_accounts_agree_after_all_that(client, management):
    # No staff step is taken here.
    for saga in [*every(client, "/v1/sagas", state="waiting"), *every(client, "/v1/sagas", state="stuck")]:
        cancel(client, saga["enrollmentId"], {"Prefer": "respond-async"})
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
