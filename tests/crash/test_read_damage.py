"""Damage in old blocks of the journal, behind what a start verifies: what meets it is refused, the rest goes on."""

import json
import shutil
from types import SimpleNamespace

import pytest

from blackbox.actions import await_views, cancel, confirmed, enroll, eventually, read_enrollment, register_course
from blackbox.client import Client
from blackbox.metrics import scrape, value
from blackbox.server import Server

# Enough for several of RocksDB's 16 KiB blocks before the block that a start verifies.
ENROLLMENTS = 150
OLD = 40
PENDING = 3
# Of a sorted file, behind its entries: what RocksDB reads to open it.
TABLE_TAIL_BYTES = 5000


def server_on(data):
    return Server(data, arguments=["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--data", str(data),
                                   "--start-verify-mib", "0"])


def metric(management, name, **labels):
    return value(scrape(management), name, **labels)


def log_lines(server):
    return [json.loads(line) for line in server.stderr().splitlines() if line.startswith("{")]


def sorted_files(data, space):
    """Of one key space of the journal, which their properties name."""
    files = [path for path in (data / "journal" / "store").glob("*.sst") if b"name" + space in path.read_bytes()[-4096:]]
    assert files, space
    return files


def flip_in_first_block(data, space):
    """Flips a bit in the first block of the sorted file of one key space, which its properties name; returns it."""
    path = min(sorted_files(data, space))
    content = bytearray(path.read_bytes())
    content[100] ^= 0x10
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def stopped(module_scratch):
    """Data in sorted files: first trainings whose sagas are pending and an old course with confirmed enrollments."""
    data = module_scratch / "data"
    with server_on(data) as server, Client(server.listen) as client:
        course = register_course(client, capacity=10_000)
        training = register_course(client, "training", capacity=10_000)
        pending = [enroll(client, training).json()["id"] for _ in range(PENDING)]
        old = [confirmed(client, course)["id"] for _ in range(OLD)]
        recent_course = register_course(client, capacity=10_000)
        recent = [confirmed(client, recent_course)["id"] for _ in range(ENROLLMENTS)]
        await_views(client)
        assert server.terminate() == 0
    # Recovery moves the log into sorted files.
    with server_on(data) as server:
        assert server.terminate() == 0
    return SimpleNamespace(data=data, course=course, old=old, pending=pending, recent_course=recent_course,
                           recent=recent)


@pytest.fixture
def damaged(stopped, scratch):
    """A copy with one flipped bit in its oldest block, and the file that it is in."""
    data = shutil.copytree(stopped.data, scratch / "data")
    return SimpleNamespace(**(vars(stopped) | {"data": data, "file": flip_in_first_block(data, b"pages")}))


def assert_served_but_for_the_damage(server, damaged):
    with Client(server.listen) as client, Client(server.management) as management:
        answers = [client.get(f"/v1/enrollments/{id}") for id in damaged.old]
        met = [answer for answer in answers if answer.status != 200]
        assert met and all(answer.problem == "journal-damaged" and answer.status == 500 for answer in met)
        for answer in met:
            again = client.get(answer.target)
            assert (again.status, again.problem) == (503, "quarantined"), again
            command = cancel(client, answer.target.rsplit("/", 1)[1])
            assert (command.status, command.problem) == (503, "quarantined"), command
        # Their sagas met the damage at the start.
        for id in damaged.pending:
            assert client.get(f"/v1/enrollments/{id}").problem in ("journal-damaged", "quarantined")
        place = [enroll(client, damaged.course) for _ in range(2)]
        assert [answer.status for answer in place] == [500, 503], place
        assert client.get(f"/v1/courses/{damaged.course}").status == 503
        # The others go on, and so do new ones.
        assert read_enrollment(client, damaged.recent[-1])["state"] == "confirmed"
        confirmed(client, damaged.recent_course)
        assert management.get("/readyz").status == 200
        assert metric(management, "sugang_quarantined_aggregates") > len(met)
    faults = [line for line in log_lines(server) if line["message"] == "the journal is damaged"]
    assert faults, server.stderr()
    assert {fault["file"] for fault in faults} == {str(damaged.file)}
    assert all(int(fault["position"]) > 0 for fault in faults)


def test_a_read_that_meets_damage_is_refused_and_the_others_go_on(damaged):
    with server_on(damaged.data) as server:
        assert_served_but_for_the_damage(server, damaged)
        assert server.terminate() == 0
    with server_on(damaged.data) as server:
        assert_served_but_for_the_damage(server, damaged)
        assert server.running()


def test_a_course_whose_index_is_damaged_is_not_registered_again(stopped, scratch):
    data = shutil.copytree(stopped.data, scratch / "data")
    for path in sorted_files(data, b"index"):
        content = bytearray(path.read_bytes())
        for place in range(100, len(content) - TABLE_TAIL_BYTES, 1000):
            content[place] ^= 1
        path.write_bytes(content)
    with server_on(data) as server, Client(server.listen) as client, Client(server.management) as management:
        again = {"id": stopped.course, "kind": "lecture", "title": "Again", "capacity": 1,
                 "price": {"amount": 1, "currency": "KRW"}}
        answers = [client.post("/v1/courses", again) for _ in range(3)]
        assert [(answer.status, answer.problem) for answer in answers] == [
            (500, "journal-damaged"), (503, "quarantined"), (503, "quarantined")], answers
        assert metric(management, "sugang_journal_faults") >= 1
        assert metric(management, "sugang_quarantined_aggregates") >= 1


def test_the_event_list_and_its_stream_stop_at_the_damage(damaged):
    with server_on(damaged.data) as server, Client(server.listen) as client:
        answer = client.get("/v1/events")
        assert (answer.status, answer.problem) == (500, "journal-damaged"), answer
        read_enrollment(client, damaged.recent[-1])


def test_views_that_meet_the_damage_stop_there_and_the_node_goes_on(damaged):
    shutil.rmtree(damaged.data / "views")
    with server_on(damaged.data) as server, Client(server.listen) as client, Client(server.management) as management:
        eventually(lambda: metric(management, "sugang_views_lag_records") > 0)
        eventually(lambda: any("views" in line["message"] and "position" in line.get("why", "")
                               for line in log_lines(server)))
        views, = [check for check in management.get("/readyz").json()["checks"] if check["name"] == "views"]
        assert "position" in views["detail"], views
        confirmed(client, damaged.recent_course)
        assert server.terminate() == 0


def test_the_scrub_names_each_fault_once(damaged):
    with server_on(damaged.data) as server, Client(server.management) as management:
        eventually(lambda: metric(management, "sugang_scrub_passes_total") >= 1)
        assert metric(management, "sugang_journal_faults") == 1
        assert metric(management, "sugang_scrub_position") > 0
        assert metric(management, "sugang_scrub_age_seconds") < 60
    faults = [line for line in log_lines(server) if line["message"] == "the journal is damaged"]
    assert [fault["file"] for fault in faults] == [str(damaged.file)]


def test_a_consumer_that_meets_the_damage_stops_there_visibly_and_the_others_go_on(damaged, scratch):
    server = server_on(damaged.data)
    # On its first start it begins at the first record.
    server.arguments += ["--reports", str(scratch / "reports")]
    with server, Client(server.listen) as client, Client(server.management) as management:
        eventually(lambda: metric(management, "sugang_consumer_stopped", consumer="daily-report") == 1)
        assert metric(management, "sugang_consumer_stopped", consumer="webhooks") == 0
        checks = {check["name"]: check for check in management.get("/readyz").json()["checks"]}
        assert checks["consumers"]["ready"] and "daily-report" in checks["consumers"]["detail"], checks
        assert metric(management, "sugang_consumers_set_aside") == 0
        confirmed(client, damaged.recent_course)
        assert server.terminate() == 0
