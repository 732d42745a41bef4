"""Product ordering, in one line a step: order, start the delivery, complete it."""

from blackbox.actions import await_state, confirmed, eventually, read, read_enrollment

NOTIFIED_WHEN_ORDERED = ("stock.prepared", "enrollment.confirmed", "delivery.requested")
NOTIFIED_WHEN_DELIVERED = (*NOTIFIED_WHEN_ORDERED, "delivery.started", "delivery.completed", "enrollment.completed")


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
