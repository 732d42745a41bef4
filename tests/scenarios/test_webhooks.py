"""Webhooks: each is called for its notifications, signed, until the call arrives, and across every crash."""

import base64
import shutil

import pytest

from blackbox.actions import (await_state, cancel, confirmed, enroll, events, eventually, every, paused, read,
                              register_course, unique)
from blackbox.receiver import Receiver
from blackbox.site import Site

IN_A_HURRY = ("--webhook-retry-ms", 100, "--webhook-timeout-ms", 500, "--webhook-attempts-max", 6)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def site(scratch):
    """A server that calls again soon."""
    with Site(scratch, *IN_A_HURRY) as site:
        yield site


def subscribe(client, url, *kinds):
    body = {"url": url} | ({"events": list(kinds)} if kinds else {})
    answer = client.post("/v1/webhooks", body)
    assert answer.status == 201, answer
    return answer.json()


def deliveries(client, webhook, enrollment=None):
    listed = every(client, f"/v1/webhooks/{webhook['id']}/deliveries")
    return [one for one in listed if enrollment in (None, one["enrollmentId"])]


def notices_of(client, student):
    return list(every(client, f"/v1/students/{student}/notifications"))


def notified(receiver, enrollment):
    return [call.message["type"] for call in receiver.of(enrollment)]


def await_notified(receiver, enrollment, *kinds):
    eventually(lambda: set(kinds) <= set(notified(receiver, enrollment)), what=f"{kinds} to arrive")


def await_delivery(client, webhook, enrollment, state):
    return eventually(lambda: (found := deliveries(client, webhook, enrollment)) and found[0]["state"] == state
                      and found[0], what=f"the delivery to be {state}")


def await_states(client, webhook, count, state):
    """Waits until that many deliveries are all there are, and in this state."""
    eventually(lambda: [one["state"] for one in deliveries(client, webhook)] == [state] * count,
               what=f"{count} deliveries to be {state}")


def await_sent(client, student):
    eventually(lambda: [one["state"] for one in notices_of(client, student)] == ["sent"])


# --- registering


def test_the_secret_is_shown_once(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    assert len(base64.b64decode(webhook["secret"].removeprefix("whsec_"), validate=True)) >= 24
    listed = list(every(site.client, "/v1/webhooks"))
    assert [one["id"] for one in listed] == [webhook["id"]]
    assert "secret" not in listed[0]
    assert (listed[0]["url"], listed[0]["events"], listed[0]["disabled"]) == (receiver.url, [], False)


def test_each_webhook_has_a_secret_of_its_own(site, receiver):
    assert subscribe(site.client, receiver.url)["secret"] != subscribe(site.client, receiver.url)["secret"]


@pytest.mark.parametrize("body, pointer", [({}, "/url"), ({"url": "ftp://example.org/"}, "/url"), ({"url": 7}, "/url"),
                                           ({"url": "http://user:word@example.org/"}, "/url"),
                                           ({"url": "http://example.org/", "events": ["sun.rises"]}, "/events/0")])
def test_what_cannot_be_called_is_not_registered(site, body, pointer):
    answer = site.client.post("/v1/webhooks", body)
    assert answer.status == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert list(every(site.client, "/v1/webhooks")) == []


# --- being notified


def test_what_happens_is_posted_and_signed_as_standard_webhooks_prescribes(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    course, student = register_course(site.client), unique("student")
    enrollment = confirmed(site.client, course, student)["id"]
    await_notified(receiver, enrollment, "enrollment.confirmed")
    call, = receiver.of(enrollment)
    assert call.path == "/notified"
    assert call.headers["content-type"].startswith("application/json")
    assert call.is_signed_with(webhook["secret"])
    assert not call.is_signed_with(subscribe(site.client, receiver.url)["secret"])
    data = call.message["data"]
    assert (data["enrollmentId"], data["courseId"], data["studentId"]) == (enrollment, course, student)
    notice, = eventually(lambda: notices_of(site.client, student))
    assert call.id == data["notificationId"] == notice["id"]
    assert call.message["timestamp"] == notice["at"]


def test_a_changed_body_is_not_what_was_signed(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, enrollment, "enrollment.confirmed")
    call, = receiver.of(enrollment)
    call.body = call.body.replace(b"confirmed", b"cancelled")
    assert not call.is_signed_with(webhook["secret"])


def test_every_status_change_arrives_once(site, receiver):
    subscribe(site.client, receiver.url)
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    cancel(site.client, enrollment, {"Prefer": "wait=10"})
    await_notified(receiver, enrollment, "enrollment.confirmed", "enrollment.cancelled")
    last = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, last, "enrollment.confirmed")
    assert sorted(notified(receiver, enrollment)) == ["enrollment.cancelled", "enrollment.confirmed"]


def test_a_webhook_for_some_kinds_gets_no_others(site, receiver):
    subscribe(site.client, receiver.url, "enrollment.cancelled")
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    cancel(site.client, enrollment, {"Prefer": "wait=10"})
    await_notified(receiver, enrollment, "enrollment.cancelled")
    assert notified(receiver, enrollment) == ["enrollment.cancelled"]


def test_a_webhook_registered_later_gets_nothing_of_before(site, receiver):
    old = unique("student")
    before = confirmed(site.client, register_course(site.client), old)["id"]
    eventually(lambda: notices_of(site.client, old))
    subscribe(site.client, receiver.url)
    later = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, later, "enrollment.confirmed")
    assert receiver.of(before) == []


# --- when it does not arrive


def test_a_receiver_that_fails_is_called_again_with_the_same_id_until_it_takes_it(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    refusals = [500, 302, 429]
    receiver.status = lambda call: refusals.pop(0) if refusals else 200
    enrollment = confirmed(site.client, register_course(site.client))["id"]
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
        enrollment = confirmed(site.client, register_course(site.client))["id"]
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
    enrollment = confirmed(site.client, register_course(site.client))["id"]
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
        enrollment = confirmed(site.client, register_course(site.client), student)["id"]
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
    enrollment = confirmed(site.client, register_course(site.client), student)["id"]
    eventually(lambda: receiver.of(enrollment))
    assert [one["state"] for one in eventually(lambda: notices_of(site.client, student))] == ["queued"]
    receiver.status = 200
    await_sent(site.client, student)


def test_without_a_webhook_a_notification_is_sent_by_lying_in_the_box(site):
    student = unique("student")
    confirmed(site.client, register_course(site.client), student)
    await_sent(site.client, student)


def test_a_receiver_that_answers_410_is_no_longer_called(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    receiver.status = 410
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    eventually(lambda: list(every(site.client, "/v1/webhooks"))[0]["disabled"])
    assert deliveries(site.client, webhook, enrollment)[0]["state"] == "failed"
    student = unique("student")
    confirmed(site.client, register_course(site.client), student)
    await_sent(site.client, student)
    with Receiver() as other:
        subscribe(site.client, other.url)
        later = confirmed(site.client, register_course(site.client))["id"]
        await_notified(other, later, "enrollment.confirmed")
    assert receiver.of(later) == []


def test_while_notifications_are_down_no_webhook_is_called_and_all_are_afterwards(site, receiver):
    subscribe(site.client, receiver.url)
    with paused(site.management, "notifications"):
        made = [confirmed(site.client, register_course(site.client))["id"] for _ in range(3)]
        assert receiver.calls == []
    for enrollment in made:
        await_notified(receiver, enrollment, "enrollment.confirmed")
    assert len(receiver.calls) == 3


# --- killed


def test_what_had_not_arrived_arrives_after_a_kill(site, receiver):
    webhook, student = subscribe(site.client, receiver.url), unique("student")
    receiver.status = 500
    enrollment = confirmed(site.client, register_course(site.client), student)["id"]
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


def restart(site, meanwhile=lambda data: None, kill=False):
    """Stops the server, or kills it, and starts it again; `meanwhile` may change its folder."""
    site._disconnect()
    if kill:
        site.server.kill()
    else:
        assert site.server.terminate() == 0
    meanwhile(site.server.data)
    site.server.start()
    site._connect()


def files_with(data, secret):
    return [path for path in data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_repeat_after_a_kill_is_the_same_webhook_byte_for_byte(site, receiver):
    body, key = {"url": receiver.url, "events": ["enrollment.confirmed"]}, {"Idempotency-Key": unique("key")}
    first = site.client.post("/v1/webhooks", body, key)
    assert first.status == 201, first
    restart(site, lambda data: shutil.rmtree(data / "webhooks"), kill=True)
    again = site.client.post("/v1/webhooks", body, key)
    assert [one["id"] for one in every(site.client, "/v1/webhooks")] == [first.json()["id"]]
    assert (again.status, again.body, again.header("location")) == (201, first.body, first.header("location"))
    assert again.header("sugang-position") == first.header("sugang-position") is not None
    assert again.header("idempotency-replayed") == "true"
    other = site.client.post("/v1/webhooks", body | {"events": []}, key)
    assert (other.status, other.problem) == (422, "idempotency-key-reused"), other
    assert site.client.post("/v1/webhooks", body, {"Idempotency-Key": unique("key")}).json()["id"] != again.json()["id"]


def test_no_file_holds_the_secret(site, receiver):
    key = {"Idempotency-Key": unique("key")}
    made = site.client.post("/v1/webhooks", {"url": receiver.url}, key)
    assert site.client.post("/v1/webhooks", {"url": receiver.url}, key).body == made.body
    confirmed(site.client, register_course(site.client))
    found = []
    restart(site, lambda data: found.extend(files_with(data, made.json()["secret"])))
    assert found == []


def test_the_key_of_the_secrets_is_for_the_servers_user_alone(site, receiver):
    subscribe(site.client, receiver.url)
    assert (site.server.data / "webhook.key").stat().st_mode & 0o777 == 0o600


def test_registrations_outlive_the_store_of_deliveries(site, receiver):
    webhook = subscribe(site.client, receiver.url, "enrollment.confirmed")
    before = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, before, "enrollment.confirmed")
    restart(site, lambda data: shutil.rmtree(data / "webhooks"))
    listed, = every(site.client, "/v1/webhooks")
    assert (listed["id"], listed["events"]) == (webhook["id"], ["enrollment.confirmed"])
    later = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, later, "enrollment.confirmed")
    assert receiver.of(later)[0].is_signed_with(webhook["secret"])
    assert len(receiver.of(before)) == 1


def test_without_its_key_a_webhook_waits_and_the_log_says_what_to_do(site, receiver):
    webhook, student = subscribe(site.client, receiver.url), unique("student")
    restart(site, lambda data: (data / "webhook.key").rename(data / "elsewhere"))
    line = next(line for line in site.server.stderr().splitlines() if "webhook_key_wrong" in line)
    assert webhook["id"] in line and "webhook.key" in line and "restore" in line
    enrollment = confirmed(site.client, register_course(site.client), student)["id"]
    eventually(lambda: [one["state"] for one in notices_of(site.client, student)] == ["queued"])
    assert receiver.calls == []
    restart(site, lambda data: (data / "elsewhere").rename(data / "webhook.key"))
    await_sent(site.client, student)
    assert receiver.of(enrollment)[0].is_signed_with(webhook["secret"])


def test_the_server_keeps_registrations_to_itself(site, receiver):
    subscribe(site.client, receiver.url)
    confirmed(site.client, register_course(site.client))
    found, _ = events(site.client)
    assert found and not [event for event in found if "webhook" in event["type"]]


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
        later = confirmed(site.client, register_course(site.client))["id"]
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


# --- deleting


def test_a_deleted_webhook_is_called_no_more_and_gone(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    receiver.status = 500
    pending = confirmed(site.client, register_course(site.client))["id"]
    eventually(lambda: receiver.of(pending))
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204
    assert list(every(site.client, "/v1/webhooks")) == []
    assert site.client.get(f"/v1/webhooks/{webhook['id']}/deliveries").status == 404
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 404
    student = unique("student")
    confirmed(site.client, register_course(site.client), student)
    await_sent(site.client, student)
    with Receiver() as other:
        subscribe(site.client, other.url)
        later = confirmed(site.client, register_course(site.client))["id"]
        await_notified(other, later, "enrollment.confirmed")
    assert receiver.of(later) == []


def test_a_deleted_webhook_stays_deleted_after_a_kill(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204
    site.crash()
    assert list(every(site.client, "/v1/webhooks")) == []


def test_a_registered_webhook_stays_registered_after_a_kill(site, receiver):
    webhook = subscribe(site.client, receiver.url, "enrollment.confirmed")
    site.crash()
    listed, = every(site.client, "/v1/webhooks")
    assert (listed["id"], listed["events"]) == (webhook["id"], ["enrollment.confirmed"])
    enrollment = confirmed(site.client, register_course(site.client))["id"]
    await_notified(receiver, enrollment, "enrollment.confirmed")
    assert receiver.of(enrollment)[0].is_signed_with(webhook["secret"])
