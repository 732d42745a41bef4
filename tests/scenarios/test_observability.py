"""What an operator sees: lines of the log, /metrics, and the rules and the dashboard that stand on its names."""

import json
import re
import shutil
import socket
import subprocess

import pytest

from blackbox.actions import (cancel, confirmed, enroll, eventually, read_enrollment, register_course, set_gateway,
                              unique)
from blackbox.answer import AnswerReader, render_request
from blackbox.client import Client, encode
from blackbox.metrics import DEPLOY, dashboard_expressions, faults, rule_expressions, scrape, value
from blackbox.server import Server, clean_environment

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def lines(server, **members):
    """The lines of the log that have these members."""
    found = [json.loads(line) for line in server.stderr().splitlines()]
    return [line for line in found if members.items() <= line.items()]


@pytest.fixture
def start(scratch):
    """Starts a server of the test's own with settings; returns it with a client of each port."""
    running = []

    def start(**settings):
        environment = clean_environment(**{f"SUGANG_{name.upper()}": text for name, text in settings.items()})
        server = Server(scratch / "data", environment=environment).start()
        running.append(server)
        return server, Client(server.listen), Client(server.management)

    yield start
    for server in running:
        assert server.terminate() == 0, server.stderr()


def test_at_debug_each_request_is_a_line_that_says_what_became_of_it(start):
    server, client, _ = start(log_level="debug")
    course = register_course(client)
    headers = {"X-Request-Id": "mine-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    enroll(client, course, student="mina", headers=headers)
    client.get("/v1/courses/none", {"X-Request-Id": "mine-2"})
    first, = eventually(lambda: lines(server, requestId="mine-1"))
    second, = eventually(lambda: lines(server, requestId="mine-2"))
    assert first == first | {"level": "debug", "event": "request", "method": "POST", "route": "/v1/enrollments",
                             "status": 201, "traceId": TRACE, "address": "127.0.0.1", "caller": "mina"}
    assert 0 < first["durationMs"] < 60_000
    assert second == second | {"route": "/v1/courses/{id}", "status": 404, "problem": "course-not-found"}
    assert "caller" not in second and "traceId" not in second


def statuses_of_pairs_sent_together(server, pairs):
    """Of a course to register and one to read that is not there, again and again on one connection."""
    body, media_type = encode({"id": "c", "kind": "lecture", "title": "A course", "capacity": 1})
    pair = (render_request("POST", "/v1/courses", "localhost", {"Content-Type": media_type}, body)
            + render_request("GET", "/v1/courses/none", "localhost"))
    reader, statuses = AnswerReader(), []
    with socket.create_connection(server.listen, 20) as raw:
        raw.sendall(pairs * pair)
        while len(statuses) < 2 * pairs:
            complete = reader.feed(raw.recv(1 << 16))
            while complete:
                statuses.append(complete[0])
                complete = reader.take()
    return statuses


def test_at_info_answers_are_no_lines_but_those_that_shed_load_are_sampled_and_counted(start):
    more_than_there_is = 1_048_576
    server, client, _ = start(disk_free_mib_min=more_than_there_is)
    refusals = 60
    # All within one second, however slow the machine: sent together.
    assert statuses_of_pairs_sent_together(server, refusals) == [503, 404] * refusals
    shown = lambda: lines(server, event="request")
    counted = lambda: len(shown()) + sum(line.get("leftOut", 0) for line in lines(server) if "leftOut" in line)
    eventually(lambda: counted() == refusals, what="every refusal to be a line or counted")
    assert {(line["status"], line["problem"], line["level"]) for line in shown()} == {(503, "storage-full", "info")}
    assert 5 <= len(shown()) < refusals
    summary, *_ = lines(server, event="requests_left_out")
    assert summary["problem"] == "storage-full"


def test_a_saga_that_is_stuck_is_an_event_and_is_counted(start):
    server, client, management = start(staff_deadline_s=2)
    order = confirmed(client, register_course(client, kind="product"))
    delivery = order["delivery"]["id"]
    assert client.post(f"/v1/deliveries/{delivery}/start", {}).status == 200
    stuck = eventually(lambda: lines(server, event="saga_stuck"), 30)[0]
    assert stuck == stuck | {"level": "warning", "enrollment": order["id"], "direction": "act",
                             "step": "complete_delivery", "saga": order["id"].replace("enr_", "saga_")}
    assert stuck["why"]
    eventually(lambda: value(scrape(management), "sugang_sagas", state="stuck") == 1)
    assert client.post(f"/v1/deliveries/{delivery}/complete", {}).status == 200
    eventually(lambda: value(scrape(management), "sugang_sagas", state="stuck") == 0)


def test_the_breaker_is_an_event_and_a_metric_when_it_opens_and_when_it_closes(start):
    server, client, management = start()
    course = register_course(client)
    assert value(scrape(management), "sugang_gateway_breaker_open") == 0
    set_gateway(management, failPercent=100)
    for _ in range(3):
        enroll(client, course, headers={"Prefer": "respond-async"})
    eventually(lambda: lines(server, event="breaker_opened"), 30)
    samples = scrape(management)
    assert value(samples, "sugang_gateway_breaker_open") == 1
    assert value(samples, "sugang_gateway_breaker_openings_total") == 1
    assert value(samples, "sugang_gateway_call_duration_seconds_count", call="charge", outcome="unknown") >= 5
    set_gateway(management)
    eventually(lambda: lines(server, event="breaker_closed"))
    assert value(scrape(management), "sugang_gateway_breaker_open") == 0


def test_metrics_count_by_route_status_and_problem(start):
    _, client, management = start()
    course = register_course(client, capacity=1)
    assert enroll(client, course).status == 201
    for _ in range(2):
        assert enroll(client, course).problem == "sold-out"
    samples = scrape(management)
    placed = {"method": "POST", "route": "/v1/enrollments"}
    assert value(samples, "sugang_http_requests_total", status="201", **placed) == 1
    assert value(samples, "sugang_http_requests_total", status="409", **placed) == 2
    assert value(samples, "sugang_http_request_duration_seconds_count", wait="default", **placed) == 3
    assert enroll(client, course, headers={"Prefer": "wait=1"}).problem == "sold-out"
    assert value(scrape(management), "sugang_http_request_duration_seconds_count", wait="chosen", **placed) == 1
    assert value(samples, "sugang_http_problems_total", problem="sold-out") == 2
    assert value(samples, "sugang_gateway_call_duration_seconds_count", call="charge", outcome="approved") == 1
    assert value(samples, "process_resident_memory_bytes") > 1 << 20
    assert value(samples, "process_open_fds") > 10
    assert value(samples, "process_cpu_seconds_total") > 0
    assert value(samples, "sugang_disk_free_bytes") > value(samples, "sugang_disk_free_min_bytes") > 0


def test_sagas_are_counted_by_state_through_a_restart_and_a_rebuild(start, scratch):
    server, client, management = start()
    training = register_course(client, kind="training")
    for _ in range(3):
        enroll(client, training)
    waiting = lambda port: value(scrape(port), "sugang_sagas", state="waiting")
    eventually(lambda: waiting(management) == 3)
    cancelled = enroll(client, training, student=unique("s")).json()["id"]
    eventually(lambda: waiting(management) == 4)
    cancel(client, cancelled)
    eventually(lambda: waiting(management) == 3)
    assert management.post("/v1/admin/views/enrollments/rebuild", {}).status == 202
    eventually(lambda: waiting(management) == 3)
    server.kill()
    server.start()
    with Client(server.management) as again:
        eventually(lambda: waiting(again) == 3)


def test_webhook_calls_that_are_still_to_be_made_are_counted(start):
    _, client, management = start(webhook_retry_ms=60_000)
    assert client.post("/v1/webhooks", {"url": "http://127.0.0.1:9/none"}).status == 201
    confirmed(client, register_course(client))
    eventually(lambda: value(scrape(management), "sugang_webhook_calls_pending") >= 1)


@pytest.fixture(scope="module")
def samples(server):
    """/metrics of a server that has done a little of everything that rules and panels name."""
    with Client(server.listen) as client, Client(server.management) as management:
        confirmed(client, register_course(client))
        client.get("/v1/courses/none")
        read_enrollment(client, enroll(client, register_course(client, kind="performance")).json()["id"])
        management.get("/metrics")
        return scrape(management)


@pytest.mark.parametrize("where", (rule_expressions() | dashboard_expressions()).items(),
                         ids=lambda where: where[0])
def test_what_rules_and_panels_ask_for_is_there(samples, where):
    _, expression = where
    if expression != 'up{job="sugang"} == 0':
        assert re.search(r"\b(sugang|process)_", expression)
    assert not list(faults(expression, samples)), expression


# Metrics that nothing in deploy/ asks for.
UNWATCHED = set()


def test_every_metric_is_watched():
    written = (DEPLOY.parent / "app" / "metrics.cpp").read_text()
    metrics = set(re.findall(r'"((?:sugang|process)_[a-z_]+)"', written))
    asked = {name for expression in (rule_expressions() | dashboard_expressions()).values()
             for name in re.findall(r"\b(?:sugang|process)_[a-z_]+", expression)}
    assert len(metrics) > 30
    assert metrics - {re.sub("_(bucket|count|sum)$", "", name) for name in asked} == UNWATCHED


def promtool(*arguments, **run):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                          **run)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="script/setup found no promtool to install")
def test_promtool_finds_rules_their_tests_panels_and_metrics_in_order(management, samples, scratch):
    assert samples
    rules = DEPLOY / "prometheus"
    promtool("check", "rules", rules / "alerts.yml")
    promtool("test", "rules", rules / "alerts_test.yml")
    panels = [{"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
              for number, expression in enumerate(dashboard_expressions().values())]
    written = scratch / "panels.yml"
    written.write_text(json.dumps({"groups": [{"name": "panels", "rules": panels}]}))
    promtool("check", "rules", written)
    promtool("check", "metrics", input=management.get("/metrics").body.decode())


def test_every_alert_is_in_the_runbook_and_has_a_test():
    runbook = (DEPLOY.parent / "docs" / "runbook.md").read_text()
    tested = (DEPLOY / "prometheus" / "alerts_test.yml").read_text()
    for alert in rule_expressions():
        assert f"`{alert}`" in runbook
        assert f"alertname: {alert}\n" in tested


def test_every_event_of_the_log_is_in_the_runbook():
    root = DEPLOY.parent
    runbook = (root / "docs" / "runbook.md").read_text()
    written = "".join(path.read_text() for path in (root / "app").glob("*.cpp"))
    events = {name for chosen in re.findall(r'\{"event", ([^}]*)\}', written)
              for name in re.findall(r'"([a-z_]+)"', chosen)}
    assert len(events) > 15
    assert not {name for name in events if f"`{name}`" not in runbook}
