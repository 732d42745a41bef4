"""The management port: probes, metrics, and the switches of the gateway and the components."""

import pytest

from blackbox.actions import (LIVE_STATES, after, charges, confirmed, enroll, every, eventually, my_page, read,
                              read_enrollment, register_course, seats, set_component, unique, won)
from blackbox.client import Client
from blackbox.metrics import scrape, value

COMPONENTS_HERE = ["catalogue", "payments", "views"]


@pytest.fixture
def pause(management):
    paused = []

    def pause(name):
        paused.append(name)
        set_component(management, name, "paused")

    yield pause
    for name in paused:
        set_component(management, name, "running")


def test_the_server_lives_and_is_ready(management):
    assert management.get("/livez").status == 200
    eventually(lambda: management.get("/readyz").status == 200)
    assert all(check["ready"] for check in read(management, "/readyz")["checks"])


def test_metrics_are_openmetrics_text_and_count(client, management):
    def sample_lines():
        answer = management.get("/metrics")
        assert answer.status == 200
        assert answer.media_type in ("text/plain", "application/openmetrics-text")
        return [line for line in answer.body.decode().splitlines() if line and not line.startswith("#")]

    before = sample_lines()
    assert before and all(len(line.rsplit(" ", 1)) == 2 for line in before)
    for line in before:
        float(line.rsplit(" ", 1)[1])
    confirmed(client, register_course(client))
    eventually(lambda: sample_lines() != before)


def test_each_port_serves_its_own(server):
    with Client(server.listen) as client, Client(server.management) as management:
        assert client.get("/metrics").status == 404
        assert client.get("/v1/admin/gateway").status == 404
        assert management.get("/v1/courses").status == 404


def test_the_gateways_switches_are_read_back(management, gateway):
    gateway(latencyMillis=[5, 10], failPercent=3, declinePercent=4)
    found = read(management, "/v1/admin/gateway")
    assert found == found | {"latencyMillis": [5, 10], "failPercent": 3, "declinePercent": 4, "hang": False}


@pytest.mark.parametrize("settings, pointer", [({"failPercent": 101}, "/failPercent"),
                                               ({"failPercent": "x"}, "/failPercent"),
                                               ({"declinePercent": -1}, "/declinePercent"), ({"hang": 1}, "/hang"),
                                               ({"latencyMillis": [5]}, "/latencyMillis"),
                                               ({"latencyMillis": [9, 5]}, "/latencyMillis"),
                                               ({"latencyMillis": 5}, "/latencyMillis")])
def test_a_wrong_switch_is_refused(management, settings, pointer):
    before = read(management, "/v1/admin/gateway")
    answer = management.put("/v1/admin/gateway", settings)
    assert answer.status == 422
    assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"])
    assert read(management, "/v1/admin/gateway") == before


def test_a_charge_takes_as_long_as_the_gateway(client, gateway):
    gateway(latencyMillis=[300, 300])
    enrollment = confirmed(client, register_course(client))
    assert enrollment["state"] == "confirmed"


def test_a_lecture_is_202_while_its_sent_charge_hangs_and_confirms_by_itself(client, gateway):
    course = register_course(client)
    gateway(hang=True)
    answer = enroll(client, course, headers={"Prefer": "wait=1"})
    assert answer.status == 202
    assert answer.json()["state"] in LIVE_STATES
    assert seats(client, course)["held"] == 1
    gateway()
    eventually(lambda: read_enrollment(client, answer.json()["id"])["state"] == "confirmed", 30)
    assert seats(client, course)["taken"] == 1


def test_a_gateway_that_fails_often_charges_each_payment_once(client, management, gateway):
    course = register_course(client, kind="performance", capacity=30, price=500)
    gateway(failPercent=100)
    ids = [enroll(client, course).json()["id"] for _ in range(12)]
    eventually(lambda: value(scrape(management), "sugang_gateway_breaker_open") == 1)
    # No operator reports it: a probe finds out.
    gateway(failPercent=60)
    eventually(lambda: all(read_enrollment(client, id)["state"] == "confirmed" for id in ids), 180)
    accounts = charges(management)
    for id in ids:
        payment = read_enrollment(client, id)["payment"]
        assert (accounts[payment["id"]]["state"], accounts[payment["id"]]["amount"]) == ("approved", won(500))


def test_a_gateway_that_declines_all_rejects_all(client, gateway):
    course = register_course(client, capacity=3)
    gateway(declinePercent=100)
    assert enroll(client, course).problem == "payment-declined"
    assert seats(client, course)["available"] == 3


def test_components_are_listed(management):
    found = {one["name"]: one["state"] for one in every(management, "/v1/admin/components")}
    assert found == found | {name: "running" for name in COMPONENTS_HERE}


def test_an_unknown_component_is_404(management):
    assert management.put("/v1/admin/components/laundry", {"state": "paused"}).status == 404


@pytest.mark.parametrize("body", [{"state": "asleep"}, {"state": 1}, {}, []])
def test_a_component_knows_two_states(management, body):
    assert management.put("/v1/admin/components/payments", body).status == 422


def test_a_lecture_is_refused_and_holds_nothing_while_payments_are_paused(client, pause):
    course, student = register_course(client), unique("student")
    pause("payments")
    answer = enroll(client, course, student)
    assert (answer.status, answer.problem) == (503, "payment-unavailable")
    assert int(answer.header("retry-after")) > 0
    assert seats(client, course)["available"] == 10
    assert list(every(client, "/v1/enrollments", studentId=student)) == []


def test_a_refusal_for_paused_payments_is_not_kept_under_its_key(client, management, pause):
    course, student, key = register_course(client), unique("student"), {"Idempotency-Key": unique("key")}
    pause("payments")
    assert enroll(client, course, student, key).status == 503
    set_component(management, "payments", "running")
    assert enroll(client, course, student, key).status == 201


def test_a_free_lecture_needs_no_payments(client, pause):
    course = register_course(client, price=0)
    pause("payments")
    assert enroll(client, course).status == 201


def test_a_lecture_may_choose_to_defer(client, management, pause):
    course = register_course(client, paymentUnavailable="defer")
    pause("payments")
    answer = enroll(client, course)
    assert answer.status == 202
    set_component(management, "payments", "running")
    eventually(lambda: read_enrollment(client, answer.json()["id"])["state"] == "confirmed")


def test_enrolling_goes_on_while_the_catalogue_is_paused(client, pause):
    course = register_course(client)
    pause("catalogue")
    refused = client.post("/v1/courses", {"kind": "lecture", "title": "Later", "capacity": 1})
    assert refused.status == 503
    assert refused.header("retry-after")
    assert enroll(client, course).status == 201


def test_enrolling_goes_on_while_views_are_paused_and_they_catch_up(client, management, pause):
    course, student = register_course(client), unique("student")
    pause("views")
    answer = enroll(client, course, student)
    assert answer.status == 201
    assert read_enrollment(client, answer.json()["id"])["state"] == "confirmed"
    behind = client.get(f"/v1/students/{student}/page", after(answer))
    assert behind.status == 503
    assert behind.header("retry-after")
    set_component(management, "views", "running")
    eventually(lambda: client.get(f"/v1/students/{student}/page", after(answer)).status == 200)
    assert answer.json()["id"] in my_page(client, student, after(answer))


@pytest.mark.parametrize("view", ["courses", "enrollments"])
def test_a_view_is_rebuilt_while_it_serves(client, management, view):
    course, students = register_course(client, price=0), [unique("student") for _ in range(5)]
    ids = {student: confirmed(client, course, student)["id"] for student in students}
    answer = management.post(f"/v1/admin/views/{view}/rebuild")
    assert answer.status == 202
    last = enroll(client, course)
    for _ in range(50):
        listed = {one["id"] for one in every(client, "/v1/enrollments", after(last), courseId=course)}
        assert listed == set(ids.values()) | {last.json()["id"]}
        for student, id in ids.items():
            assert set(my_page(client, student, after(last))) == {id}
        assert course in {one["id"] for one in every(client, "/v1/courses", after(last))}


def test_an_unknown_view_is_404_and_those_that_there_are_are_named(management):
    names = {one["name"] for one in management.get("/v1/admin/views").json()["items"]}
    assert "courses" in names
    answer = management.post("/v1/admin/views/laundry/rebuild")
    assert answer.status == 404
    assert all(name in answer.json()["detail"] for name in names)
    # Each name is one that can be rebuilt.
    assert {management.post(f"/v1/admin/views/{name}/rebuild").status for name in names} == {202}
    eventually(lambda: {one["state"] for one in management.get("/v1/admin/views").json()["items"]} == {"serving"})


def test_metrics_are_given_as_open_metrics_to_those_that_accept_them(management):
    # As Prometheus sends it.
    accept = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
              "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    answer = management.get("/metrics", {"Accept": accept})
    assert answer.header("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    lines = answer.body.decode().split("\n")
    assert lines[-2:] == ["# EOF", ""]
    types = dict(line.split(" ")[2:] for line in lines if line.startswith("# TYPE "))
    assert types["sugang_http_requests"] == "counter"
    assert set(types.values()) <= {"counter", "gauge", "histogram", "summary", "unknown", "info"}
    ends = {"counter": ("_total", "_created"), "histogram": ("_bucket", "_count", "_sum", "_created")}
    for line in filter(lambda line: line and not line.startswith("#"), lines):
        name = line.split("{")[0].split(" ")[0]
        assert any(name == family + end for family, kind in types.items() for end in ends.get(kind, ("",))), line
    assert management.get("/metrics").header("content-type").startswith("text/plain; version=0.0.4")
