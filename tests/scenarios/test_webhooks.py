"""Webhooks: what people are told of is posted to whoever registered, signed, again until it is taken, and once."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from blackbox.actions import confirmed, enroll, eventually, every, paused, read, register_course, unique
from blackbox.client import Client
from blackbox.contract import Contract
from blackbox.server import Server


class Receiver:
    """An endpoint on a free port. `answers`: statuses for the next calls, then 204."""

    def __init__(self):
        self.calls, self.answers, self.released = [], [], threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.calls.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                if self.path == "/hang":
                    receiver.released.wait(30)
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def ids(self, path="/hook"):
        return [headers["webhook-id"] for called, headers, _ in list(self.calls) if called == path]

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def server(scratch):
    server = Server(scratch / "data")
    server.arguments += ["--webhook-retry-ms", "100", "--webhook-attempts-max", "4"]
    with server.start():
        yield server


@pytest.fixture
def client(server):
    with Client(server.listen) as asking:
        contract = Contract(asking.get("/openapi.json").json())
    with Client(server.listen, contract.check) as client:
        yield client


def register_webhook(client, url, **members):
    answer = client.post("/v1/webhooks", {"url": url, **members})
    assert answer.status == 201, answer
    return answer.json()


def deliveries(client, webhook):
    return list(every(client, f"/v1/webhooks/{webhook['id']}/deliveries"))


def await_deliveries(client, webhook, count, state):
    def ended():
        found = [each for each in deliveries(client, webhook) if each["state"] == state]
        return len(found) == count and found
    return eventually(ended, what=f"{count} {state}: {deliveries(client, webhook)}")


def notification_states(client, student):
    return [each["state"] for each in every(client, f"/v1/students/{student}/notifications")]


def test_a_notification_is_posted_and_signed_and_then_sent(client, receiver):
    webhook = register_webhook(client, receiver.url())
    assert "secret" not in read(client, "/v1/webhooks")["items"][0]
    student = unique("student")
    enrollment = confirmed(client, register_course(client), student)["id"]
    delivery, = await_deliveries(client, webhook, 1, "delivered")
    (_, headers, body), = receiver.calls
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == delivery["id"]
    secret = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    assert len(secret) >= 24
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert told["type"] == "enrollment.confirmed"
    assert (told["data"]["enrollmentId"], told["data"]["studentId"]) == (enrollment, student)
    assert (delivery["attempts"], delivery["status"]) == (1, 204)
    eventually(lambda: notification_states(client, student) == ["sent"])


def test_a_refused_call_comes_again_under_the_same_id_until_it_is_taken(client, receiver):
    receiver.answers = [500, 302, 429]
    webhook = register_webhook(client, receiver.url())
    confirmed(client, register_course(client))
    delivery, = await_deliveries(client, webhook, 1, "delivered")
    assert delivery["attempts"] == 4
    assert receiver.ids() == [delivery["id"]] * 4
    bodies = {body for _, _, body in receiver.calls}
    assert len(bodies) == 1


def test_after_the_last_attempt_both_the_delivery_and_the_notification_have_failed(client, receiver):
    receiver.answers = [503] * 4
    webhook, student = register_webhook(client, receiver.url()), unique("student")
    confirmed(client, register_course(client), student)
    delivery, = await_deliveries(client, webhook, 1, "failed")
    assert (delivery["attempts"], delivery["status"]) == (4, 503)
    eventually(lambda: notification_states(client, student) == ["failed"])


def test_one_that_hangs_holds_neither_the_others_nor_an_enrollment_up(client, receiver):
    hanging = register_webhook(client, receiver.url("/hang"))
    healthy = register_webhook(client, receiver.url())
    course = register_course(client, capacity=100)
    for _ in range(20):
        confirmed(client, course)
    await_deliveries(client, healthy, 20, "delivered")
    assert {each["state"] for each in deliveries(client, hanging)} == {"pending"}
    receiver.released.set()
    await_deliveries(client, hanging, 20, "delivered")


def test_one_that_is_gone_is_called_no_more(client, receiver):
    receiver.answers = [410]
    webhook = register_webhook(client, receiver.url())
    course = register_course(client)
    confirmed(client, course)
    await_deliveries(client, webhook, 1, "failed")
    assert read(client, "/v1/webhooks")["items"][0]["disabled"] is True
    student = unique("student")
    confirmed(client, course, student)
    eventually(lambda: notification_states(client, student) == ["sent"])
    assert len(receiver.calls) == 1


def test_it_is_told_only_of_what_it_asked_for(client, receiver):
    some = register_webhook(client, receiver.url("/some"), events=["enrollment.rejected"])
    everything = register_webhook(client, receiver.url())
    course = register_course(client)
    confirmed(client, course)
    assert enroll(client, course, paymentMethod="test-decline").status == 402
    await_deliveries(client, everything, 2, "delivered")
    delivery, = await_deliveries(client, some, 1, "delivered")
    assert delivery["kind"] == "enrollment.rejected"


def test_what_waits_while_notifications_are_paused_is_posted_once_when_they_run_again(server, client, receiver):
    webhook = register_webhook(client, receiver.url())
    course = register_course(client, capacity=100)
    with Client(server.management) as management, paused(management, "notifications"):
        for _ in range(5):
            assert confirmed(client, course)["state"] == "confirmed"
        assert receiver.calls == []
    await_deliveries(client, webhook, 5, "delivered")
    assert len(set(receiver.ids())) == len(receiver.calls) == 5


def test_nothing_is_lost_and_nothing_told_anew_though_the_server_is_killed(server, receiver):
    with Client(server.listen) as client:
        webhook, course = register_webhook(client, receiver.url()), register_course(client, capacity=1000)
    wanted = 0
    for _ in range(4):
        with Client(server.listen) as client:
            for _ in range(15):
                confirmed(client, course)
                wanted += 1
        server.kill()
        server.start()
    with Client(server.listen) as client:
        listed = await_deliveries(client, webhook, wanted, "delivered")
        assert len(deliveries(client, webhook)) == wanted
        assert set(receiver.ids()) == {each["id"] for each in listed}
        assert len({each["enrollmentId"] for each in listed}) == wanted


def test_a_removed_one_is_forgotten(client, receiver):
    webhook = register_webhook(client, receiver.url())
    assert client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 204
    answer = client.get(f"/v1/webhooks/{webhook['id']}/deliveries")
    assert (answer.status, answer.problem) == (404, "webhook-not-found")
    assert client.request("DELETE", f"/v1/webhooks/{webhook['id']}").status == 404
    student = unique("student")
    confirmed(client, register_course(client), student)
    eventually(lambda: notification_states(client, student) == ["sent"])
    assert receiver.calls == []
