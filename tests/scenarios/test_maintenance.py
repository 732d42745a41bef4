"""What is paused for maintenance stays paused through a kill and a restart, until it is let run again."""

import pytest

from blackbox.actions import (await_state, confirmed, enroll, every, eventually, read, read_enrollment,
                              register_course, set_component, unique)
from blackbox.site import Site

COMPONENTS = ["catalogue", "payments", "mileage", "notifications", "coaching", "delivery", "views"]


def states(management):
    return {one["name"]: one["state"] for one in every(management, "/v1/admin/components")}


def paused_now(management):
    return {name for name, state in states(management).items() if state == "paused"}


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_paused_component_is_paused_after_a_kill(site, name):
    set_component(site.management, name, "paused")
    site.crash()
    assert paused_now(site.management) == {name}


def test_a_component_that_runs_again_runs_after_a_kill(site):
    set_component(site.management, "payments", "paused")
    set_component(site.management, "views", "paused")
    set_component(site.management, "payments", "running")
    site.crash()
    assert paused_now(site.management) == {"views"}
    set_component(site.management, "views", "running")
    site.restart()
    assert paused_now(site.management) == set()


def test_the_log_and_the_probe_name_what_is_paused_at_a_start(site):
    set_component(site.management, "payments", "paused")
    set_component(site.management, "views", "paused")
    site.restart()
    line = next(line for line in site.server.stderr().splitlines() if "paused" in line)
    assert "payments" in line and "views" in line
    answer = site.management.get("/readyz")
    checks = {check["name"]: check for check in answer.json()["checks"]}
    assert answer.status == 200, "a pause is no reason to be unready"
    assert "payments" in checks["components"]["detail"] and "views" in checks["components"]["detail"]


def test_what_was_paused_before_a_kill_does_nothing_until_it_runs_again(site):
    stage = register_course(site.client, kind="performance")
    views = read(site.client, "/v1/courses")
    assert [course["id"] for course in eventually(lambda: read(site.client, "/v1/courses")["items"])] == [stage], views
    for name in ("payments", "notifications", "catalogue"):
        set_component(site.management, name, "paused")
    site.crash()
    student = unique("student")
    booked = enroll(site.client, stage, student).json()["id"]
    refused = site.client.post("/v1/courses", {"kind": "lecture", "title": "Verse", "capacity": 3})
    assert (refused.status, refused.problem) == (503, "catalogue-paused"), refused
    # Another enrollment, placed behind it, waits for its payment too.
    behind = enroll(site.client, stage).json()["id"]
    for one in (booked, behind):
        await_state(site.client, one, "payment_pending")
    set_component(site.management, "payments", "running")
    eventually(lambda: read_enrollment(site.client, booked)["state"] == "confirmed")
    assert list(every(site.client, f"/v1/students/{student}/notifications")) == []
    set_component(site.management, "notifications", "running")
    eventually(lambda: list(every(site.client, f"/v1/students/{student}/notifications")))
    set_component(site.management, "catalogue", "running")
    assert confirmed(site.client, register_course(site.client))


def test_paused_views_stay_where_they_were(site):
    set_component(site.management, "views", "paused")
    site.crash()
    course = register_course(site.client)
    assert read(site.client, f"/v1/courses/{course}")["id"] == course
    assert read(site.client, "/v1/courses")["items"] == []
    set_component(site.management, "views", "running")
    eventually(lambda: read(site.client, "/v1/courses")["items"])
