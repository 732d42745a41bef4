"""A gateway that is slow, silent or away: nothing is settled by hand while the outcome of a call is unknown, nothing is
charged that was cancelled before any call left, a late answer is taken, and what has expired says so at once.
"""

from blackbox.actions import (await_notices, await_state, await_views, cancel, charges, confirmed, enroll,
                              event_types, events_of, eventually, every, my_page, paused, read_enrollment,
                              register_course, saga_of, seats, set_component, set_gateway, unique)
from blackbox.accounts import Accounts
from blackbox.site import Site

ASYNC = {"Prefer": "respond-async"}
HANGING = 20
SLOW = 20


def operate(client, enrollment, action, reason):
    return client.post(f"/v1/sagas/{enrollment.replace('enr_', 'saga_')}/{action}", {"reason": reason})


def await_saga(client, enrollment, state):
    return eventually(lambda: (found := saga_of(client, enrollment))["state"] == state and found, 30,
                      f"the saga of {enrollment} to be {state}")


# --- nothing is resolved while its outcome is unknown


def test_cancelled_charges_that_hang_cannot_be_resolved_and_end_as_the_gateway_says(scratch):
    with Site(scratch, "--gateway-timeout-ms", 1000) as site:
        client = site.client
        course = register_course(client, capacity=HANGING)
        set_gateway(site.management, hang=True)
        placed = [enroll(client, course, headers=ASYNC).json()["id"] for _ in range(HANGING)]
        for one in placed:
            assert cancel(client, one, headers=ASYNC).status == 202
        for one in placed:
            await_saga(client, one, "stuck")
        for one in placed:
            refused = operate(client, one, "resolve", "the company says that it has nothing")
            assert (refused.status, refused.problem) == (409, "outcome-unknown"), refused
            assert read_enrollment(client, one)["payment"]["state"] == "void_requested"
        set_gateway(site.management)
        for one in placed:
            await_state(client, one, "cancelled")
        Accounts(client, site.management).assert_agree()
        assert {charge["state"] for charge in charges(site.management).values()} <= {"refunded"}


def test_a_refund_without_an_answer_cannot_be_resolved(client, gateway):
    enrollment = confirmed(client, register_course(client))["id"]
    gateway(failPercent=100)
    assert cancel(client, enrollment, ASYNC).status == 202
    await_saga(client, enrollment, "stuck")
    refused = operate(client, enrollment, "resolve", "paid back by bank transfer")
    assert (refused.status, refused.problem) == (409, "outcome-unknown")
    assert "retry" in refused.json()["detail"].lower()
    gateway()
    await_state(client, enrollment, "cancelled")


# --- what never left is never charged


def test_an_order_cancelled_before_its_charge_left_is_void_at_once_and_never_charged(client, management):
    course = register_course(client, kind="performance")
    with paused(management, "payments"):
        placed = enroll(client, course).json()
        await_state(client, placed["id"], "payment_pending")
        answer = cancel(client, placed["id"], {"Prefer": "wait=10"})
        assert (answer.status, answer.json()["payment"]["state"]) == (200, "voided"), answer
        assert seats(client, course)["available"] == 10
    # The next charge passes, so whatever waited before it has passed too.
    confirmed(client, course)
    assert placed["payment"]["id"] not in charges(management)
    assert "payment.refund-requested" not in event_types(events_of(client, placed["id"]))


def test_a_charge_that_never_left_is_void_after_a_kill_too(site):
    course = register_course(site.client, kind="performance")
    set_component(site.management, "payments", "paused")
    placed = enroll(site.client, course).json()
    await_state(site.client, placed["id"], "payment_pending")
    site.crash()
    # A cancel may come after the charge has left by now; then its outcome decides.
    assert cancel(site.client, placed["id"], {"Prefer": "wait=10"}).status == 200
    Accounts(site.client, site.management).assert_agree()


def test_an_order_that_expires_before_its_charge_left_is_void_and_never_charged(scratch):
    with Site(scratch, "--deferred-payment-deadline-s", 1) as site:
        course = register_course(site.client, kind="performance")
        with paused(site.management, "payments"):
            placed = enroll(site.client, course).json()
            ended = await_state(site.client, placed["id"], "expired")
            assert ended["payment"]["state"] == "voided"
            await_saga(site.client, placed["id"], "compensated")
        confirmed(site.client, course)
        assert placed["payment"]["id"] not in charges(site.management)


# --- expired is said at once


def test_what_expires_while_the_gateway_hangs_says_so_at_once_with_the_payments_own_state(scratch):
    with Site(scratch, "--payment-deadline-s", 1, "--gateway-timeout-ms", 300) as site:
        client = site.client
        course, student = register_course(client, capacity=3), unique("student")
        set_gateway(site.management, hang=True)
        placed = enroll(client, course, student, ASYNC).json()
        ended = await_state(client, placed["id"], "expired")
        assert ended["payment"]["state"] == "void_requested"
        assert seats(client, course)["available"] == 3
        position = await_views(client)
        assert my_page(client, student)[placed["id"]]["state"] == "expired"
        listed = {one["id"]: one for one in every(client, "/v1/enrollments", position, courseId=course, state="expired")}
        assert listed[placed["id"]]["payment"]["state"] == "void_requested"
        await_notices(client, student, "enrollment.expired")
        # It stays listed until the payment has its definitive end.
        saga = saga_of(client, placed["id"])
        assert (saga["state"] in {"compensating", "stuck"}, saga["turned"]) == (True, "expired")
        answer = cancel(client, placed["id"])
        assert (answer.status, answer.problem) == (409, "not-cancellable")
        set_gateway(site.management)
        await_saga(client, placed["id"], "compensated")
        assert read_enrollment(client, placed["id"])["payment"]["state"] in {"voided", "refunded"}
        Accounts(client, site.management).assert_agree()


# --- a late answer is an answer


def test_a_gateway_slower_than_the_timeout_confirms_all_and_nothing_is_stuck_or_refused(scratch):
    with Site(scratch, "--gateway-timeout-ms", 400) as site:
        client = site.client
        course = register_course(client, capacity=3 * SLOW)
        set_gateway(site.management, latencyMillis=[600, 600])
        placed = []
        for _ in range(3):
            answers = [enroll(client, course, headers=ASYNC) for _ in range(SLOW)]
            assert {answer.status for answer in answers} == {202}, [one for one in answers if one.status != 202][:1]
            placed += [answer.json()["id"] for answer in answers]
            # The next wave comes when the calls of this one have timed out.
            eventually(lambda: saga_of(client, placed[-1])["attempts"] > 0)
        for one in placed:
            await_state(client, one, "confirmed")
            assert "saga.stuck" not in event_types(events_of(client, one))
        Accounts(client, site.management).assert_agree()
