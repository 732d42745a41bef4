"""Webhooks whose receiver fails, hangs or is gone, or whose server is killed: called until it arrives, or given up."""

from blackbox.actions import await_state, confirmed, enroll, eventually, every, paused, read, register_course, unique
from blackbox.receiver import Receiver
from blackbox.site import Site
from blackbox.webhooks import (IN_A_HURRY, assert_called_no_more, await_delivery, await_notified, await_sent,
                               await_states, deliveries, new_enrollment, notices_of, subscribe)

SITE_ARGUMENTS = IN_A_HURRY


def test_a_receiver_that_fails_is_called_again_with_the_same_id_until_it_takes_it(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    refusals = [500, 302, 429]
    receiver.status = lambda call: refusals.pop(0) if refusals else 200
    enrollment = new_enrollment(site.client)
    delivery = await_delivery(site.client, webhook, enrollment, "delivered")
    assert (delivery["attempts"], delivery["status"]) == (4, 200)
    calls = receiver.of(enrollment)
    assert len(calls) == 4
    assert {call.id for call in calls} == {delivery["id"]}
    assert len({call.body for call in calls}) == 1
    assert all(call.is_signed_with(webhook["secret"]) for call in calls)
    # Doubled each time, less up to a quarter.
    assert calls[1].at - calls[0].at >= 0.07 and calls[2].at - calls[1].at >= 0.14


def test_a_receiver_that_hangs_is_called_again_and_delays_no_other(site, receiver):
    with Receiver() as hanging:
        hanging.status = None
        slow, webhook = subscribe(site.client, hanging.url), subscribe(site.client, receiver.url)
        enrollment = new_enrollment(site.client)
        await_delivery(site.client, webhook, enrollment, "delivered")
        eventually(lambda: len(hanging.of(enrollment)) >= 2)
        delivery = deliveries(site.client, slow, enrollment)[0]
        assert delivery["error"] and "status" not in delivery


def test_many_behind_a_receiver_that_hangs_arrive_when_it_answers(scratch, receiver):
    with Site(scratch, "--webhook-retry-ms", 100) as site, Receiver() as hanging:
        hanging.status = None
        slow, webhook = subscribe(site.client, hanging.url), subscribe(site.client, receiver.url)
        course = register_course(site.client, capacity=100)
        for _ in range(20):
            confirmed(site.client, course)
        await_states(site.client, webhook, 20, "delivered")
        assert {one["state"] for one in deliveries(site.client, slow)} == {"pending"}
        hanging.status = 204
        hanging.let_go()
        await_states(site.client, slow, 20, "delivered")


def test_the_log_of_deliveries_shows_what_is_to_come(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    receiver.status = 503
    enrollment = new_enrollment(site.client)
    pending = eventually(lambda: (found := deliveries(site.client, webhook, enrollment)) and found[0]["attempts"] > 0
                         and found[0])
    assert (pending["state"], pending["status"]) == ("pending", 503)
    assert pending["nextAttemptAt"] >= pending["updatedAt"]
    assert pending["kind"] == "enrollment.confirmed"
    receiver.status = 200
    await_delivery(site.client, webhook, enrollment, "delivered")


def test_it_is_given_up_after_so_many_attempts_and_the_notification_says_so(scratch, receiver):
    with Site(scratch, "--webhook-retry-ms", 100, "--webhook-attempts-max", 3) as site:
        webhook, student = subscribe(site.client, receiver.url), unique("student")
        receiver.status = 500
        enrollment = new_enrollment(site.client, student)
        delivery = await_delivery(site.client, webhook, enrollment, "failed")
        assert (delivery["attempts"], delivery["status"]) == (3, 500)
        assert "nextAttemptAt" not in delivery
        assert len(receiver.of(enrollment)) == 3
        notice = eventually(lambda: (found := notices_of(site.client, student))[0]["state"] == "failed" and found[0])
        assert notice["error"]
        assert read(site.client, f"/v1/enrollments/{enrollment}")["state"] == "confirmed"


def test_a_notification_is_queued_until_it_has_arrived_and_then_sent(site, receiver):
    subscribe(site.client, receiver.url)
    receiver.status, student = 500, unique("student")
    enrollment = new_enrollment(site.client, student)
    eventually(lambda: receiver.of(enrollment))
    assert [one["state"] for one in eventually(lambda: notices_of(site.client, student))] == ["queued"]
    receiver.status = 200
    await_sent(site.client, student)


def test_a_receiver_that_answers_410_is_no_longer_called(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    receiver.status = 410
    enrollment = new_enrollment(site.client)
    eventually(lambda: list(every(site.client, "/v1/webhooks"))[0]["disabled"])
    assert deliveries(site.client, webhook, enrollment)[0]["state"] == "failed"
    assert_called_no_more(site.client, receiver)


def test_while_notifications_are_down_no_webhook_is_called_and_all_are_afterwards(site, receiver):
    subscribe(site.client, receiver.url)
    with paused(site.management, "notifications"):
        made = [new_enrollment(site.client) for _ in range(3)]
        assert receiver.calls == []
    for enrollment in made:
        await_notified(receiver, enrollment, "enrollment.confirmed")
    assert len(receiver.calls) == 3


# --- killed


def test_what_had_not_arrived_arrives_after_a_kill(site, receiver):
    webhook, student = subscribe(site.client, receiver.url), unique("student")
    receiver.status = 500
    enrollment = new_enrollment(site.client, student)
    eventually(lambda: receiver.of(enrollment))
    site.crash()
    receiver.status = 200
    await_delivery(site.client, webhook, enrollment, "delivered")
    calls = receiver.of(enrollment)
    assert {call.id for call in calls} == {notices_of(site.client, student)[0]["id"]}
    assert calls[-1].is_signed_with(webhook["secret"])
    await_sent(site.client, student)


def test_kills_in_the_middle_of_many_lose_none_and_repeat_none_that_was_taken_in_peace(site, receiver):
    """A call may come twice when the kill comes between the answer and its entry; the id shows it."""
    webhook = subscribe(site.client, receiver.url)
    course = register_course(site.client, kind="performance", capacity=1000)
    made = []
    for _ in range(3):
        made += [enroll(site.client, course).json()["id"] for _ in range(20)]
        site.crash()
    for enrollment in made:
        await_state(site.client, enrollment, "confirmed")
        await_notified(receiver, enrollment, "enrollment.confirmed")
    ids = {enrollment: {call.id for call in receiver.of(enrollment)} for enrollment in made}
    assert all(len(found) == 1 for found in ids.values()), ids
    await_states(site.client, webhook, len(made), "delivered")
    assert {one["id"] for one in deliveries(site.client, webhook)} == {call.id for call in receiver.calls}


# --- dead for good


def webhook_now(client):
    return next(every(client, "/v1/webhooks"))


def test_a_dead_endpoint_is_called_seldom_and_then_disabled(scratch):
    with Receiver() as gone:
        url = gone.url
    settings = ("--webhook-retry-ms", 100, "--webhook-attempts-max", 3, "--webhook-disable-after-s", 15)
    with Site(scratch, *settings) as site, Receiver() as alive:
        webhook = subscribe(site.client, url)
        course = register_course(site.client, kind="performance", capacity=1000)
        for _ in range(60):
            enroll(site.client, course)
        failing = eventually(lambda: (found := webhook_now(site.client)).get("failingSince") and found)
        assert not failing["disabled"]
        disabled = eventually(lambda: (found := webhook_now(site.client))["disabled"] and found, 60)
        assert disabled["disabledReason"]
        await_states(site.client, webhook, 60, "failed")
        calls = sum(one["attempts"] for one in deliveries(site.client, webhook))
        assert calls <= 40, "each of 60 was called for three times"
        assert any(webhook["id"] in line and "disabled" in line for line in site.server.stderr().splitlines())
        subscribe(site.client, alive.url)
        later = new_enrollment(site.client)
        await_notified(alive, later, "enrollment.confirmed")
        site.crash()
        assert next(one for one in every(site.client, "/v1/webhooks") if one["id"] == webhook["id"])["disabled"]


def test_the_backlog_of_a_webhook_is_bounded_and_what_it_drops_is_listed(scratch, receiver):
    with Site(scratch, "--webhook-backlog-max", 5, "--webhook-retry-ms", 100) as site:
        receiver.status = None
        webhook = subscribe(site.client, receiver.url)
        course = register_course(site.client, kind="performance", capacity=1000)
        for _ in range(20):
            enroll(site.client, course)
        listed = eventually(lambda: len(found := deliveries(site.client, webhook)) == 20 and found)
        dropped = [one for one in listed if one["state"] == "failed"]
        assert len(dropped) >= 10
        assert all("backlog" in one["error"] and one["attempts"] == 0 for one in dropped)
        receiver.status = 204
        receiver.let_go()
        eventually(lambda: {one["state"] for one in deliveries(site.client, webhook)} == {"failed", "delivered"})
