"""Webhooks: registered with a secret, called for their notifications, signed, and kept across every restart."""

import base64
import shutil

import pytest

from blackbox.actions import cancelled, confirmed, events, eventually, every, register_course, unique
from blackbox.webhooks import (IN_A_HURRY, assert_called_no_more, await_notified, await_sent, new_enrollment,
                               notices_of, notified, subscribe)

SITE_ARGUMENTS = IN_A_HURRY


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
    enrollment = new_enrollment(site.client)
    await_notified(receiver, enrollment, "enrollment.confirmed")
    call, = receiver.of(enrollment)
    call.body = call.body.replace(b"confirmed", b"cancelled")
    assert not call.is_signed_with(webhook["secret"])


def test_every_status_change_arrives_once(site, receiver):
    subscribe(site.client, receiver.url)
    enrollment = new_enrollment(site.client)
    cancelled(site.client, enrollment)
    await_notified(receiver, enrollment, "enrollment.confirmed", "enrollment.cancelled")
    last = new_enrollment(site.client)
    await_notified(receiver, last, "enrollment.confirmed")
    assert sorted(notified(receiver, enrollment)) == ["enrollment.cancelled", "enrollment.confirmed"]


def test_a_webhook_for_some_kinds_gets_no_others(site, receiver):
    subscribe(site.client, receiver.url, "enrollment.cancelled")
    enrollment = new_enrollment(site.client)
    cancelled(site.client, enrollment)
    await_notified(receiver, enrollment, "enrollment.cancelled")
    assert notified(receiver, enrollment) == ["enrollment.cancelled"]


def test_a_webhook_registered_later_gets_nothing_of_before(site, receiver):
    old = unique("student")
    before = new_enrollment(site.client, old)
    eventually(lambda: notices_of(site.client, old))
    subscribe(site.client, receiver.url)
    later = new_enrollment(site.client)
    await_notified(receiver, later, "enrollment.confirmed")
    assert receiver.of(before) == []


def test_without_a_webhook_a_notification_is_sent_by_lying_in_the_box(site):
    student = unique("student")
    new_enrollment(site.client, student)
    await_sent(site.client, student)


# --- restarted


def assert_registered(client, receiver, webhook):
    """It is the only one listed, as it was, and is called as before."""
    listed, = every(client, "/v1/webhooks")
    assert (listed["id"], listed["events"]) == (webhook["id"], ["enrollment.confirmed"])
    enrollment = new_enrollment(client)
    await_notified(receiver, enrollment, "enrollment.confirmed")
    assert receiver.of(enrollment)[0].is_signed_with(webhook["secret"])


def files_with(data, secret):
    return [path for path in data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_a_repeat_after_a_kill_is_the_same_webhook_byte_for_byte(site, receiver):
    body, key = {"url": receiver.url, "events": ["enrollment.confirmed"]}, {"Idempotency-Key": unique("key")}
    first = site.client.post("/v1/webhooks", body, key)
    assert first.status == 201, first
    site.crash(lambda data: shutil.rmtree(data / "webhooks"))
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
    new_enrollment(site.client)
    found = []
    site.restart(lambda data: found.extend(files_with(data, made.json()["secret"])))
    assert found == []


def test_the_key_of_the_secrets_is_for_the_servers_user_alone(site, receiver):
    subscribe(site.client, receiver.url)
    assert (site.server.data / "webhook.key").stat().st_mode & 0o777 == 0o600


def test_registrations_outlive_the_store_of_deliveries(site, receiver):
    webhook = subscribe(site.client, receiver.url, "enrollment.confirmed")
    before = new_enrollment(site.client)
    await_notified(receiver, before, "enrollment.confirmed")
    site.restart(lambda data: shutil.rmtree(data / "webhooks"))
    assert_registered(site.client, receiver, webhook)
    assert len(receiver.of(before)) == 1


def test_without_its_key_a_webhook_waits_and_the_log_says_what_to_do(site, receiver):
    webhook, student = subscribe(site.client, receiver.url), unique("student")
    site.restart(lambda data: (data / "webhook.key").rename(data / "elsewhere"))
    line = next(line for line in site.server.stderr().splitlines() if "webhook_key_wrong" in line)
    assert webhook["id"] in line and "webhook.key" in line and "restore" in line
    enrollment = new_enrollment(site.client, student)
    eventually(lambda: [one["state"] for one in notices_of(site.client, student)] == ["queued"])
    assert receiver.calls == []
    site.restart(lambda data: (data / "elsewhere").rename(data / "webhook.key"))
    await_sent(site.client, student)
    assert receiver.of(enrollment)[0].is_signed_with(webhook["secret"])


def test_the_server_keeps_registrations_to_itself(site, receiver):
    subscribe(site.client, receiver.url)
    new_enrollment(site.client)
    found, _ = events(site.client)
    assert found and not [event for event in found if "webhook" in event["type"]]


# --- deleting


def test_a_deleted_webhook_is_called_no_more_and_gone(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    receiver.status = 500
    pending = new_enrollment(site.client)
    eventually(lambda: receiver.of(pending))
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204
    assert list(every(site.client, "/v1/webhooks")) == []
    assert site.client.get(f"/v1/webhooks/{webhook['id']}/deliveries").status == 404
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 404
    assert_called_no_more(site.client, receiver)


def test_a_deleted_webhook_stays_deleted_after_a_kill(site, receiver):
    webhook = subscribe(site.client, receiver.url)
    assert site.client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204
    site.crash()
    assert list(every(site.client, "/v1/webhooks")) == []


def test_a_registered_webhook_stays_registered_after_a_kill(site, receiver):
    webhook = subscribe(site.client, receiver.url, "enrollment.confirmed")
    site.crash()
    assert_registered(site.client, receiver, webhook)
