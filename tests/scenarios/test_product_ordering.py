"""Product ordering: an order is paid, prepared, brought to the customer; and undone, unless it is on its way."""

import asyncio
from collections import defaultdict

import pytest

from blackbox.actions import (after, await_notices, await_state, cancel, charges, confirmed, enroll, event_types,
                              events_of, eventually, every, in_order, mileage, my_page, notices, paused, read,
                              read_enrollment, register_course, saga_of, seats, set_component, set_gateway, steps_done,
                              unique, won)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.site import Site

NOTIFIED_WHEN_ORDERED = ("stock.prepared", "enrollment.confirmed", "delivery.requested")
NOTIFIED_WHEN_DELIVERED = (*NOTIFIED_WHEN_ORDERED, "delivery.started", "delivery.completed", "enrollment.completed")


@pytest.fixture
def product(client):
    return register_course(client, kind="product", capacity=10, price=5000, mileagePercent=2)


def order(client, product, customer=None, **members):
    """An order that waits for its courier."""
    placed = confirmed(client, product, customer, **members)
    return await_delivery(client, placed["id"])


def await_delivery(client, enrollment):
    return eventually(lambda: (found := read_enrollment(client, enrollment)).get("delivery") and found,
                      what="the delivery to be requested")


def start(client, order, headers=None):
    return client.post(f"/v1/deliveries/{order['delivery']['id']}/start", {}, headers)


def complete(client, order, headers=None):
    return client.post(f"/v1/deliveries/{order['delivery']['id']}/complete", {}, headers)


def read_delivery(client, order):
    return read(client, f"/v1/deliveries/{order['delivery']['id']}")


def delivered(client, order):
    assert start(client, order).status == 200
    assert complete(client, order).status == 200
    return await_state(client, order["id"], "completed")


# --- from the order to the door


def test_an_order_is_paid_prepared_and_delivered(client, management, product):
    customer = unique("customer")
    placed = order(client, product, customer, seats=3)
    assert placed["payment"]["state"] == "approved"
    assert placed["payment"]["amount"] == won(15000)
    assert charges(management)[placed["payment"]["id"]]["amount"] == won(15000)
    assert placed["stock"]["state"] == "prepared"
    assert placed["delivery"]["state"] == "requested"
    assert seats(client, product)["taken"] == 3

    started = start(client, placed)
    assert (started.status, started.json()["state"]) == (200, "started")
    assert read_enrollment(client, placed["id"])["state"] == "confirmed"
    completed = complete(client, placed)
    assert (completed.status, completed.json()["state"]) == (200, "completed")

    ended = await_state(client, placed["id"], "completed")
    assert ended["delivery"]["state"] == "completed"
    assert seats(client, product)["taken"] == 3
    assert in_order(steps_done(client, placed["id"]), "hold_seats", "take_payment", "prepare_stock", "take_seats",
                    "confirm", "request_delivery", "start_delivery", "complete_delivery", "complete")
    assert saga_of(client, placed["id"])["state"] == "completed"


def test_each_status_change_notifies_the_customer_exactly_once(client, product):
    customer = unique("customer")
    placed = order(client, product, customer)
    await_notices(client, customer, *NOTIFIED_WHEN_ORDERED)
    assert start(client, placed).status == 200
    await_notices(client, customer, *NOTIFIED_WHEN_ORDERED, "delivery.started")
    assert complete(client, placed).status == 200
    await_notices(client, customer, *NOTIFIED_WHEN_DELIVERED)


def test_the_whole_way_is_on_the_timeline(client, product):
    placed = order(client, product)
    delivered(client, placed)
    notified = event_types(events_of(client, placed["id"]))
    assert in_order(notified, "enrollment.requested", "course.seats-held", "payment.requested", "payment.approved",
                    "stock.requested", "stock.prepared", "course.seats-taken", "enrollment.confirmed",
                    "delivery.requested", "delivery.started", "delivery.completed", "enrollment.completed"), notified


def test_my_page_shows_the_delivery(client, product):
    customer = unique("customer")
    placed = order(client, product, customer)
    answer = start(client, placed)
    row = my_page(client, customer, after(answer))[placed["id"]]
    assert (row["state"], row["stock"]["state"], row["delivery"]["state"]) == ("confirmed", "prepared", "started")


def test_the_courier_finds_what_is_to_be_brought(client, product):
    customer = unique("customer")
    placed = order(client, product, customer)
    position = after(client.post("/v1/courses", {"kind": "lecture", "title": "Mark", "capacity": 1}))
    to_bring = list(every(client, "/v1/deliveries", position, state="requested", studentId=customer))
    assert [one["enrollmentId"] for one in to_bring] == [placed["id"]]
    answer = start(client, placed)
    assert list(every(client, "/v1/deliveries", after(answer), state="requested", studentId=customer)) == []


def test_an_order_waits_for_its_courier_and_says_so(client, product):
    placed = order(client, product)
    saga = eventually(lambda: (found := saga_of(client, placed["id"]))["state"] == "waiting" and found)
    assert saga["waitsFor"] == "start_delivery"
    assert saga["deadline"]


def test_what_was_not_started_is_not_completed(client, product):
    placed = order(client, product)
    answer = complete(client, placed)
    assert (answer.status, answer.problem) == (409, "delivery-not-started")
    assert read_delivery(client, placed)["state"] == "requested"


def test_unpaid_means_no_deal(client, management, product):
    customer = unique("customer")
    answer = enroll(client, product, customer, seats=2, paymentMethod="test-decline")
    assert (answer.status, answer.problem) == (402, "payment-declined")
    rejected = read_enrollment(client, answer.json()["enrollmentId"])
    assert (rejected["state"], rejected["payment"]["state"]) == ("rejected", "declined")
    assert "stock" not in rejected and "delivery" not in rejected
    assert rejected["mileage"]["earned"] == 0
    assert seats(client, product)["available"] == 10
    assert mileage(client, customer) == (0, [])
    await_notices(client, customer, "enrollment.rejected")


def test_more_than_is_left_is_not_sold(client, product):
    order(client, product, seats=8)
    answer = enroll(client, product, seats=3)
    assert (answer.status, answer.problem) == (409, "sold-out")
    assert seats(client, product)["taken"] == 8


def test_a_customer_orders_any_number_of_times(client, product):
    customer = unique("customer")
    assert len({order(client, product, customer)["id"] for _ in range(3)}) == 3
    assert seats(client, product)["taken"] == 3


# --- cancelling, at every state


def test_cancelling_an_order_that_is_not_paid_yet_charges_nothing(client, management, gateway, product):
    customer = unique("customer")
    gateway(hang=True)
    answer = enroll(client, product, customer, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    await_state(client, answer.json()["id"], "payment_pending")
    assert cancel(client, answer.json()["id"], {"Prefer": "respond-async"}).status == 202
    eventually(lambda: seats(client, product)["available"] == 10)
    gateway()
    ended = await_state(client, answer.json()["id"], "cancelled")
    assert ended["payment"]["state"] in {"voided", "refunded"}
    assert charges(management).get(ended["payment"]["id"], {}).get("state") != "approved"
    assert "delivery" not in ended and ended.get("stock", {}).get("state") != "prepared"
    assert mileage(client, customer)[0] == 0


def test_cancelling_before_it_is_on_its_way_undoes_delivery_stock_payment_and_mileage(client, management, product):
    customer = unique("customer")
    placed = order(client, product, customer, seats=4)
    eventually(lambda: mileage(client, customer) == (400, [("earn", 400)]))
    answer = cancel(client, placed["id"], {"Prefer": "wait=10"}, reason="found it cheaper")
    assert (answer.status, answer.json()["state"]) == (200, "cancelled")

    ended = read_enrollment(client, placed["id"])
    assert (ended["delivery"]["state"], ended["stock"]["state"]) == ("cancelled", "released")
    assert (ended["payment"]["state"], ended["mileage"]["earned"]) == ("refunded", 0)
    assert charges(management)[placed["payment"]["id"]]["state"] == "refunded"
    assert seats(client, product)["available"] == 10
    assert mileage(client, customer, after(answer)) == (0, [("earn", 400), ("reverse", 400)])
    await_notices(client, customer, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")


def test_the_delivery_is_stopped_first_and_the_places_go_back_before_the_money(client, product):
    placed = order(client, product)
    cancel(client, placed["id"], {"Prefer": "wait=10"})
    notified = event_types(events_of(client, placed["id"]))
    assert in_order(notified, "enrollment.cancel-requested", "delivery.cancelled", "course.seats-released",
                    "stock.released", "payment.refund-requested", "payment.refunded", "enrollment.cancelled"), notified


def test_a_started_delivery_refuses_the_cancel_and_nothing_changes(client, management, product):
    customer = unique("customer")
    placed = order(client, product, customer)
    assert start(client, placed).status == 200
    before, notified = read_enrollment(client, placed["id"]), notices(client, customer)
    answer = cancel(client, placed["id"])
    assert (answer.status, answer.problem) == (409, "not-cancellable")
    assert read_enrollment(client, placed["id"]) == before
    assert charges(management)[placed["payment"]["id"]]["state"] == "approved"
    assert seats(client, product)["taken"] == 1
    delivered(client, placed)
    assert "enrollment.cancelled" not in notices(client, customer) | notified


def test_what_was_delivered_is_not_cancelled(client, management, product):
    placed = order(client, product)
    before = delivered(client, placed)
    answer = cancel(client, placed["id"])
    assert (answer.status, answer.problem) == (409, "not-cancellable")
    eventually(lambda: saga_of(client, placed["id"])["state"] == "completed")
    assert read_enrollment(client, placed["id"])["state"] == before["state"] == "completed"
    assert charges(management)[placed["payment"]["id"]]["state"] == "approved"


def test_what_was_cancelled_is_not_started(client, product):
    placed = order(client, product)
    assert cancel(client, placed["id"], {"Prefer": "wait=10"}).status == 200
    answer = start(client, placed)
    assert (answer.status, answer.problem) == (409, "enrollment-ended")
    assert read_delivery(client, placed)["state"] == "cancelled"


# --- what fails


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


# --- two at once


async def _race(address, orders):
    """For each order a cancel comes while the courier starts it; returns both answers by order."""
    answers = defaultdict(dict)

    async def act(client, job):
        name, target, order = job
        answers[order][name] = await client.request("POST", target, {}, {"Prefer": "wait=10"})

    jobs = [job for order in orders for job in (("cancel", f"/v1/enrollments/{order['id']}/cancel", order["id"]),
                                                ("start", f"/v1/deliveries/{order['delivery']['id']}/start",
                                                 order["id"]))]
    await crowd(address, 16, jobs, act)
    return answers


def test_of_a_cancel_and_a_courier_at_the_same_time_exactly_one_wins(client, management, server):
    product = register_course(client, kind="product", capacity=40, price=5000)
    orders = [order(client, product) for _ in range(40)]
    answers = asyncio.run(_race(server.listen, orders))
    started = 0
    for placed in orders:
        cancelled, start_answer = answers[placed["id"]]["cancel"], answers[placed["id"]]["start"]
        shown = read_enrollment(client, placed["id"])
        money = charges(management)[placed["payment"]["id"]]["state"]
        if start_answer.status == 200:
            started += 1
            assert (cancelled.status, cancelled.problem) == (409, "not-cancellable")
            assert (shown["state"], shown["delivery"]["state"], money) == ("confirmed", "started", "approved")
        else:
            assert (start_answer.status, start_answer.problem) == (409, "enrollment-ended")
            assert (cancelled.status, shown["state"]) == (200, "cancelled")
            assert (shown["delivery"]["state"], money) == ("cancelled", "refunded")
    assert seats(client, product)["taken"] == started


# --- twice


def test_an_order_repeated_with_its_key_is_one_order(client, management, product):
    customer, key = unique("customer"), {"Idempotency-Key": unique("key")}
    first = enroll(client, product, customer, key, seats=2)
    again = enroll(client, product, customer, key, seats=2)
    assert (again.status, again.body, again.location) == (first.status, first.body, first.location)
    assert again.header("idempotency-replayed") == "true"
    assert seats(client, product)["taken"] == 2
    other = enroll(client, product, customer, key, seats=3)
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    of_customer = list(every(client, "/v1/enrollments", after(first), studentId=customer))
    assert [one["id"] for one in of_customer] == [first.json()["id"]]


@pytest.mark.parametrize("keyed", [True, False], ids=["with its key", "without a key"])
def test_a_delivery_started_and_completed_twice_is_one(client, product, keyed):
    customer = unique("customer")
    placed = order(client, product, customer)
    for step in (start, complete):
        key = {"Idempotency-Key": unique("key")} if keyed else {}
        first, again = step(client, placed, key), step(client, placed, key)
        assert (first.status, again.status) == (200, 200)
        assert (again.header("idempotency-replayed") == "true") == keyed
        assert again.json()["state"] == first.json()["state"]
        assert again.body == first.body or not keyed
    await_notices(client, customer, *NOTIFIED_WHEN_DELIVERED)


def test_a_cancel_repeated_with_its_key_gets_the_same_answer(client, management, product):
    customer, key = unique("customer"), {"Idempotency-Key": unique("key"), "Prefer": "wait=10"}
    placed = order(client, product, customer)
    first, again = cancel(client, placed["id"], key), cancel(client, placed["id"], key)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert mileage(client, customer, after(first)) == (0, [("earn", 100), ("reverse", 100)])


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
    with Site(scratch, "--person-deadline-s", 1) as site:
        product, customer = register_course(site.client, kind="product", price=5000), unique("customer")
        placed = order(site.client, product, customer)
        ended = await_state(site.client, placed["id"], "cancelled")
        assert (ended["delivery"]["state"], ended["stock"]["state"]) == ("cancelled", "released")
        assert (ended["payment"]["state"], ended["mileage"]["earned"]) == ("refunded", 0)
        assert charges(site.management)[placed["payment"]["id"]]["state"] == "refunded"
        assert seats(site.client, product)["available"] == 10
        await_notices(site.client, customer, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")


def test_an_order_that_is_on_its_way_past_the_deadline_is_an_operators(scratch):
    with Site(scratch, "--person-deadline-s", 1) as site:
        placed = order(site.client, register_course(site.client, kind="product", price=5000))
        assert start(site.client, placed).status == 200
        saga = eventually(lambda: (found := saga_of(site.client, placed["id"]))["state"] == "stuck" and found)
        assert "complete_delivery" in saga["lastError"]
        assert read_enrollment(site.client, placed["id"])["state"] == "confirmed"
        assert complete(site.client, placed).status == 200
        await_state(site.client, placed["id"], "completed")


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
