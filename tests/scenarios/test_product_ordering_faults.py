"""Product ordering while the gateway fails or a component is down, across kills, and past the deadlines."""

import pytest

from blackbox.actions import (await_notices, await_saga, await_state, cancel, charges, confirmed, enroll, event_types,
                              events_of, eventually, mileage, notices, paused, read_enrollment, register_course,
                              saga_of, seats, set_component, set_gateway, unique, won)
from blackbox.accounts import Accounts
from blackbox.orders import (NOTIFIED_WHEN_DELIVERED, NOTIFIED_WHEN_ORDERED, await_delivery, complete, delivered, order,
                             read_delivery, start)
from blackbox.site import Site


def test_a_failing_gateway_is_retried_and_charges_once(client, management, gateway, product):
    gateway(failPercent=100)
    answer = enroll(client, product, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    eventually(lambda: saga_of(client, answer.json()["id"])["attempts"] > 0)
    gateway()
    placed = await_delivery(client, answer.json()["id"])
    assert charges(management)[placed["payment"]["id"]]["state"] == "approved"
    assert event_types(events_of(client, placed["id"])).count("payment.approved") == 1


def test_while_delivery_is_down_orders_are_confirmed_and_brought_later(client, management, product):
    customer = unique("customer")
    with paused(management, "delivery"):
        answer = enroll(client, product, customer)
        assert answer.json()["state"] == "confirmed", answer
        assert "delivery" not in answer.json()
        assert seats(client, product)["taken"] == 1
    placed = await_delivery(client, answer.json()["id"])
    delivered(client, placed)
    await_notices(client, customer, *NOTIFIED_WHEN_DELIVERED)


def test_while_delivery_is_down_nothing_is_started(client, management, product):
    placed = order(client, product)
    with paused(management, "delivery"):
        answer = start(client, placed)
        assert (answer.status, answer.problem) == (503, "component-paused")
        assert answer.header("retry-after")
        assert read_delivery(client, placed)["state"] == "requested"
    assert start(client, placed).status == 200


def test_a_paused_mileage_holds_no_courier_up(client, management, product):
    customer = unique("customer")
    with paused(management, "mileage"):
        placed = order(client, product, customer)
        assert start(client, placed).status == 200
        assert complete(client, placed).status == 200
        assert mileage(client, customer) == (0, [])
    await_state(client, placed["id"], "completed")
    eventually(lambda: mileage(client, customer) == (100, [("earn", 100)]))


def test_a_cancel_made_while_delivery_is_down_is_done_later(client, management, product):
    placed = order(client, product)
    with paused(management, "delivery"):
        answer = cancel(client, placed["id"], {"Prefer": "wait=1"})
        assert (answer.status, answer.json()["state"]) == (202, "cancel_requested")
    ended = await_state(client, placed["id"], "cancelled")
    assert (ended["delivery"]["state"], ended["payment"]["state"]) == ("cancelled", "refunded")
    assert seats(client, product)["available"] == 10


def test_while_notifications_are_down_the_order_goes_on_and_is_notified_later(client, management, product):
    customer = unique("customer")
    with paused(management, "notifications"):
        delivered(client, order(client, product, customer))
        assert not notices(client, customer)
    await_notices(client, customer, *NOTIFIED_WHEN_DELIVERED)


@pytest.mark.parametrize("component", ["catalogue", "mileage", "views"])
def test_an_order_is_placed_brought_and_another_cancelled_while_others_are_down(client, management, product, component):
    customer = unique("customer")
    with paused(management, component):
        brought, given_up = (order(client, product, customer) for _ in range(2))
        assert start(client, brought).status == 200
        assert complete(client, brought).status == 200
        cancel(client, given_up["id"], {"Prefer": "wait=1"})
        eventually(lambda: seats(client, product)["taken"] == 1)
        eventually(lambda: charges(management)[given_up["payment"]["id"]]["state"] == "refunded")
    await_state(client, brought["id"], "completed")
    await_state(client, given_up["id"], "cancelled")
    await_notices(client, customer, *NOTIFIED_WHEN_DELIVERED, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")
    eventually(lambda: mileage(client, customer)[0] == 100)


# --- killed in the middle


def test_a_kill_in_the_middle_of_a_payment_loses_and_repeats_nothing(site):
    product, customer = register_course(site.client, kind="product", price=5000), unique("customer")
    set_gateway(site.management, hang=True)
    key = {"Idempotency-Key": unique("key"), "Prefer": "respond-async"}
    placed = enroll(site.client, product, customer, key, seats=2).json()
    site.crash()
    set_gateway(site.management)
    again = enroll(site.client, product, customer, key, seats=2)
    assert again.json()["id"] == placed["id"]
    order = await_delivery(site.client, placed["id"])
    assert charges(site.management)[order["payment"]["id"]]["amount"] == won(10000)
    assert len(charges(site.management)) == 1
    delivered(site.client, order)
    await_notices(site.client, customer, *NOTIFIED_WHEN_DELIVERED)


def test_kills_between_all_steps_lose_no_step_and_notify_of_each_once(site):
    product, customer = register_course(site.client, kind="product", price=5000), unique("customer")
    placed = order(site.client, product, customer)
    site.crash()
    assert read_enrollment(site.client, placed["id"])["state"] == "confirmed"
    assert start(site.client, placed).status == 200
    site.crash()
    assert read_delivery(site.client, placed)["state"] == "started"
    assert cancel(site.client, placed["id"]).problem == "not-cancellable"
    assert complete(site.client, placed).status == 200
    site.crash()
    await_state(site.client, placed["id"], "completed")
    await_notices(site.client, customer, *NOTIFIED_WHEN_DELIVERED)
    Accounts(site.client, site.management).assert_agree()


def test_a_kill_in_the_middle_of_a_cancel_refunds_once(site):
    product, customer = register_course(site.client, kind="product", price=5000), unique("customer")
    placed = order(site.client, product, customer)
    set_gateway(site.management, hang=True)
    assert cancel(site.client, placed["id"], {"Prefer": "respond-async"}).status == 202
    eventually(lambda: seats(site.client, product)["available"] == 10)
    site.crash()
    set_gateway(site.management)
    await_state(site.client, placed["id"], "cancelled")
    assert charges(site.management)[placed["payment"]["id"]]["state"] == "refunded"
    assert event_types(events_of(site.client, placed["id"])).count("payment.refunded") == 1
    await_notices(site.client, customer, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")
    Accounts(site.client, site.management).assert_agree()


def test_a_paused_component_is_resumed_after_a_kill(site):
    product = register_course(site.client, kind="product", price=5000)
    set_component(site.management, "delivery", "paused")
    placed = enroll(site.client, product).json()
    site.crash()
    set_component(site.management, "delivery", "running")
    delivered(site.client, await_delivery(site.client, placed["id"]))


# --- no step is taken


def test_an_order_that_no_courier_starts_by_the_deadline_is_cancelled_and_refunded(scratch):
    with Site(scratch, "--staff-deadline-s", 1) as site:
        product, customer = register_course(site.client, kind="product", price=5000), unique("customer")
        placed = order(site.client, product, customer)
        ended = await_state(site.client, placed["id"], "cancelled")
        assert (ended["delivery"]["state"], ended["stock"]["state"]) == ("cancelled", "released")
        assert (ended["payment"]["state"], ended["mileage"]["earned"]) == ("refunded", 0)
        assert charges(site.management)[placed["payment"]["id"]]["state"] == "refunded"
        assert seats(site.client, product)["available"] == 10
        await_notices(site.client, customer, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")


def test_an_order_that_is_on_its_way_past_the_deadline_is_an_operators(scratch):
    with Site(scratch, "--staff-deadline-s", 1) as site:
        placed = order(site.client, register_course(site.client, kind="product", price=5000))
        assert start(site.client, placed).status == 200
        saga = await_saga(site.client, placed["id"], "stuck")
        assert "complete_delivery" in saga["lastError"]
        assert read_enrollment(site.client, placed["id"])["state"] == "confirmed"
        assert complete(site.client, placed).status == 200
        await_state(site.client, placed["id"], "completed")


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
