"""The daily report: for each course and day a CSV file with every change of an enrollment once, whatever happens."""

import csv
from collections import Counter, defaultdict

import pytest

from blackbox.actions import (await_state, cancel, confirmed, enroll, eventually, register_course, set_component,
                              unique)
from blackbox.site import Site

HEADER = ["time", "position", "enrollmentId", "studentId", "seats", "amount", "currency", "state"]


@pytest.fixture
def reports(scratch):
    return scratch / "reports"


@pytest.fixture
def site(scratch, reports):
    """A server that writes reports."""
    with Site(scratch, "--reports", reports) as site:
        yield site


def rows(reports, course):
    """All whole rows of the course, of all days."""
    found = []
    for path in sorted(reports.glob(f"*/{course}.csv")):
        text = path.read_bytes().decode()
        whole = text[:text.rfind("\r\n") + 2]
        header, *body = csv.reader(whole.splitlines())
        assert header == HEADER
        for row in body:
            assert row[0].startswith(path.parent.name), (path, row)
            found.append(dict(zip(HEADER, row)))
    return found


def states(reports, course):
    """What the report has of each enrollment, in order."""
    notified = defaultdict(list)
    for row in rows(reports, course):
        notified[row["enrollmentId"]].append(row["state"])
    return notified


def await_states(reports, course, enrollment, *expected):
    eventually(lambda: states(reports, course)[enrollment] == list(expected),
               what=f"the report of {enrollment} to be {expected}")


def test_each_change_is_a_row_with_student_seats_and_money(site, reports):
    course, student = register_course(site.client, kind="performance", price=7000), unique("student")
    enrollment = confirmed(site.client, course, student, seats=2)["id"]
    await_states(reports, course, enrollment, "requested", "confirmed")
    cancel(site.client, enrollment, {"Prefer": "wait=10"})
    await_states(reports, course, enrollment, "requested", "confirmed", "cancelled")
    for row in rows(reports, course):
        assert (row["enrollmentId"], row["studentId"]) == (enrollment, student)
        assert (row["seats"], row["amount"], row["currency"]) == ("2", "14000", "KRW")


def test_each_course_has_a_file_of_its_own(site, reports):
    first, second = register_course(site.client), register_course(site.client)
    of_first, of_second = confirmed(site.client, first)["id"], confirmed(site.client, second)["id"]
    await_states(reports, first, of_first, "requested", "confirmed")
    await_states(reports, second, of_second, "requested", "confirmed")
    assert set(states(reports, first)) == {of_first}


def test_declined_and_completed_are_notified_too(site, reports):
    course = register_course(site.client, kind="product")
    declined = enroll(site.client, course, paymentMethod="test-decline").json()["enrollmentId"]
    order = confirmed(site.client, course)
    delivery = "/v1/deliveries/" + order["id"].replace("enr_", "dlv_")
    eventually(lambda: site.client.post(f"{delivery}/start", {}).status == 200)
    assert site.client.post(f"{delivery}/complete", {}).status == 200
    await_states(reports, course, declined, "requested", "rejected")
    await_states(reports, course, order["id"], "requested", "confirmed", "completed")


def test_kills_in_the_middle_leave_every_row_exactly_once(site, reports):
    course = register_course(site.client, kind="performance", capacity=1000)
    made = []
    for _ in range(5):
        made += [enroll(site.client, course).json()["id"] for _ in range(30)]
        site.crash()
    for enrollment in made:
        await_state(site.client, enrollment, "confirmed")
    eventually(lambda: sum(map(len, states(reports, course).values())) >= 2 * len(made), 30)
    notified = states(reports, course)
    assert set(notified) == set(made)
    assert Counter(map(tuple, notified.values())) == {("requested", "confirmed"): len(made)}
    positions = [int(row["position"]) for row in rows(reports, course)]
    assert positions == sorted(set(positions))


def test_a_row_torn_by_a_crash_is_written_whole_again(site, reports):
    course = register_course(site.client)
    enrollment = confirmed(site.client, course)["id"]
    await_states(reports, course, enrollment, "requested", "confirmed")
    path, = reports.glob(f"*/{course}.csv")
    site.server.kill()
    with open(path, "ab") as report:
        report.write(b"2026-11-20T17:00:00.0")
    site.crash()
    later = confirmed(site.client, course)["id"]
    await_states(reports, course, later, "requested", "confirmed")
    await_states(reports, course, enrollment, "requested", "confirmed")


def test_a_report_begun_later_has_all_from_the_first_day_on(scratch, reports):
    with Site(scratch) as site:
        course = register_course(site.client)
        before = confirmed(site.client, course)["id"]
    assert not reports.exists()
    with Site(scratch, "--reports", reports) as site:
        await_states(reports, course, before, "requested", "confirmed")
        after = confirmed(site.client, course)["id"]
        await_states(reports, course, after, "requested", "confirmed")
        await_states(reports, course, before, "requested", "confirmed")


def test_a_report_does_not_wait(site, reports):
    """Not for mileage, not for notifications: it reads the journal."""
    for component in ("mileage", "notifications", "views"):
        set_component(site.management, component, "paused")
    course = register_course(site.client)
    enrollment = confirmed(site.client, course)["id"]
    await_states(reports, course, enrollment, "requested", "confirmed")
    for component in ("mileage", "notifications", "views"):
        set_component(site.management, component, "running")
