"""The daily enrollment report, a consumer that knows of nothing but the journal: what happened stands there once."""

import csv

from blackbox.actions import cancel, confirmed, enroll, eventually, register_course, unique
from blackbox.client import Client
from blackbox.server import Server

COLUMNS = ["time", "position", "enrollmentId", "studentId", "seats", "amount", "currency", "state"]


def server_with_reports(scratch):
    server = Server(scratch / "data")
    server.arguments += ["--reports", str(scratch / "reports")]
    return server


def rows_of(scratch, course):
    """The rows of a course's files, day after day."""
    rows = []
    for path in sorted((scratch / "reports").glob(f"*/{course}.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows += [row | {"day": path.parent.name} for row in reader]
            assert reader.fieldnames == COLUMNS
    return rows


def states_of(rows, enrollment):
    return [row["state"] for row in rows if row["enrollmentId"] == enrollment]


def await_rows(scratch, course, count):
    return eventually(lambda: len(rows := rows_of(scratch, course)) >= count and rows,
                      what=f"{count} rows of {course}, not {rows_of(scratch, course)}")


def expect_each_once(rows):
    positions = [int(row["position"]) for row in rows]
    assert positions == sorted(set(positions))
    changes = [(row["enrollmentId"], row["state"]) for row in rows]
    assert len(changes) == len(set(changes))


def test_it_tells_what_became_of_each_enrollment(scratch):
    with server_with_reports(scratch) as server, Client(server.listen) as client:
        course, student = register_course(client, price=12000, seatsPerStudent=3), unique("student")
        kept = confirmed(client, course, student, seats=2)["id"]
        declined = enroll(client, course, paymentMethod="test-decline")
        assert declined.status == 402
        left = confirmed(client, course)["id"]
        cancel(client, left, {"Prefer": "wait=10"})
        rows = await_rows(scratch, course, 7)
        assert len(rows) == 7
        expect_each_once(rows)
        assert states_of(rows, kept) == ["requested", "confirmed"]
        assert states_of(rows, left) == ["requested", "confirmed", "cancelled"]
        assert sorted(row["state"] for row in rows if row["enrollmentId"] not in (kept, left)) == [
            "rejected", "requested"]
        row = next(row for row in rows if row["enrollmentId"] == kept)
        assert (row["studentId"], row["seats"], row["amount"], row["currency"]) == (student, "2", "24000", "KRW")
        assert all(row["time"].startswith(row["day"]) for row in rows)


def test_what_happened_before_it_was_wanted_is_there_too(scratch):
    with Server(scratch / "data") as server, Client(server.listen) as client:
        course = register_course(client)
        enrollments = [confirmed(client, course)["id"] for _ in range(3)]
        assert server.terminate() == 0
    assert not (scratch / "reports").exists()
    with server_with_reports(scratch):
        rows = await_rows(scratch, course, 6)
        expect_each_once(rows)
        assert {row["enrollmentId"] for row in rows} == set(enrollments)


def test_each_change_stands_there_once_though_the_server_is_killed_again_and_again(scratch):
    server, enrollments, course = server_with_reports(scratch), [], None
    for _ in range(5):
        with server.start(), Client(server.listen) as client:
            course = course or register_course(client, capacity=1000)
            enrollments += [confirmed(client, course)["id"] for _ in range(20)]
            server.kill()
    with server.start():
        rows = await_rows(scratch, course, 2 * len(enrollments))
        expect_each_once(rows)
        for enrollment in enrollments:
            assert states_of(rows, enrollment) == ["requested", "confirmed"]
