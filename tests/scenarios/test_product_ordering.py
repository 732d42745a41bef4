"""Product ordering: an order is paid, prepared, brought to the customer; and undone, unless it is on its way."""

import asyncio
from collections import defaultdict

import pytest

from blackbox.actions import (after, await_notices, await_saga, await_state, cancel, cancelled, charges, confirmed,
                              enroll, event_types, events_of, eventually, every, in_order, mileage, my_page, notices,
                              read_enrollment, register_course, saga_of, seats, steps_done, unique, won)
from blackbox.accounts import Accounts
from blackbox.client import crowd
from blackbox.orders import (NOTIFIED_WHEN_DELIVERED, NOTIFIED_WHEN_ORDERED, complete, delivered, order, read_delivery,
                             start)


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
    saga = await_saga(client, placed["id"], "waiting")
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
    answer = cancelled(client, placed["id"], reason="found it cheaper")

    ended = read_enrollment(client, placed["id"])
    assert (ended["delivery"]["state"], ended["stock"]["state"]) == ("cancelled", "released")
    assert (ended["payment"]["state"], ended["mileage"]["earned"]) == ("refunded", 0)
    assert charges(management)[placed["payment"]["id"]]["state"] == "refunded"
    assert seats(client, product)["available"] == 10
    assert mileage(client, customer, after(answer)) == (0, [("earn", 400), ("reverse", 400)])
    await_notices(client, customer, *NOTIFIED_WHEN_ORDERED, "enrollment.cancelled")


def test_the_delivery_is_stopped_first_and_the_places_go_back_before_the_money(client, product):
    placed = order(client, product)
    cancelled(client, placed["id"])
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
    await_saga(client, placed["id"], "completed")
    assert read_enrollment(client, placed["id"])["state"] == before["state"] == "completed"
    assert charges(management)[placed["payment"]["id"]]["state"] == "approved"


def test_what_was_cancelled_is_not_started(client, product):
    placed = order(client, product)
    cancelled(client, placed["id"])
    answer = start(client, placed)
    assert (answer.status, answer.problem) == (409, "enrollment-ended")
    assert read_delivery(client, placed)["state"] == "cancelled"


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
        cancel_answer, start_answer = answers[placed["id"]]["cancel"], answers[placed["id"]]["start"]
        shown = read_enrollment(client, placed["id"])
        money = charges(management)[placed["payment"]["id"]]["state"]
        if start_answer.status == 200:
            started += 1
            assert (cancel_answer.status, cancel_answer.problem) == (409, "not-cancellable")
            assert (shown["state"], shown["delivery"]["state"], money) == ("confirmed", "started", "approved")
        else:
            assert (start_answer.status, start_answer.problem) == (409, "enrollment-ended")
            assert (cancel_answer.status, shown["state"]) == (200, "cancelled")
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


def test_the_accounts_agree_after_all_that(client, management):
    confirmed(client, register_course(client))
    Accounts(client, management).assert_agree()
