"""A journal that lost or changed what was acknowledged is refused, never served."""

import random
import re
import shutil
from pathlib import Path

import pytest

from blackbox.actions import (PAGE_LIMIT, await_views, confirmed, eventually, read_enrollment, register_course,
                              set_component)
from blackbox.client import Client
from blackbox.server import Server, ServerEnded, run

SEED = 7
FLIPS = 8
ENROLLMENTS = 60
TORN_BYTES = 20
# Of a sorted file, behind its rows: what RocksDB reads to open it.
TABLE_TAIL_BYTES = 2500


@pytest.fixture(scope="module")
def killed(module_scratch):
    """The data of a server that was killed with nothing under way, and the enrollments that it confirmed."""
    server = Server(module_scratch / "data").start()
    with Client(server.listen) as client:
        course = register_course(client, capacity=ENROLLMENTS)
        ids = [confirmed(client, course)["id"] for _ in range(ENROLLMENTS)]
    server.kill()
    return server.data, ids


@pytest.fixture
def copy(killed, scratch):
    """A copy to damage."""
    return shutil.copytree(killed[0], scratch / "data")


def log_file(data):
    """The journal's write-ahead log: what was acknowledged and stands in no table yet."""
    logs = [path for path in data.rglob("*.log")
            if re.fullmatch(r"\d+\.log", path.name) and "journal" in str(path.relative_to(data))]
    return max(logs, key=lambda path: path.stat().st_size)


def assert_refused(data):
    with pytest.raises(ServerEnded) as refused:
        Server(data).start()
    assert_names_the_damage(refused.value.exit_code, refused.value.stderr, data)
    notified = run("verify", "--data", data)
    assert_names_the_damage(notified.returncode, notified.stderr + notified.stdout, data)


def assert_names_the_damage(exit_code, text, data):
    assert exit_code > 0, (exit_code, text)
    assert re.search(r"position\W+\d+", text), text
    assert str(data) in text or re.search(r"\d+\.(log|sst)|MANIFEST|head", text), text


def test_an_undamaged_copy_serves_all_that_was_answered(killed, copy):
    with Server(copy) as server, Client(server.listen) as client:
        for id in killed[1]:
            assert read_enrollment(client, id)["state"] == "confirmed"


@pytest.mark.parametrize("number", range(FLIPS))
def test_one_flipped_bit_is_refused_with_position_and_file(copy, number):
    chance = random.Random(SEED * 1000 + number)
    path = log_file(copy)
    content = bytearray(path.read_bytes())
    # Zero bytes may be padding between the log's blocks, which belongs to no batch.
    at = chance.choice([place for place in range(len(content) * 9 // 10) if content[place]])
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    assert_refused(copy)


@pytest.mark.parametrize("kept_percent", [0, 10, 50, 90])
def test_a_log_that_was_cut_is_refused(copy, kept_percent):
    path = log_file(copy)
    with open(path, "r+b") as log:
        log.truncate(path.stat().st_size * kept_percent // 100)
    assert_refused(copy)


def test_a_log_that_was_deleted_is_refused(copy):
    log_file(copy).unlink()
    assert_refused(copy)


def test_a_torn_tail_that_was_never_acknowledged_is_recovered(killed, copy):
    path = log_file(copy)
    head = path.read_bytes()[:TORN_BYTES]
    with open(path, "ab") as log:
        log.write(head)
    with Server(copy) as server, Client(server.listen) as client:
        for id in killed[1]:
            assert read_enrollment(client, id)["state"] == "confirmed"


def test_a_journal_store_that_was_deleted_is_refused(copy):
    shutil.rmtree(log_file(copy).parent)
    assert_refused(copy)


@pytest.mark.parametrize("pattern", ["CURRENT", "MANIFEST-*"])
def test_a_journal_without_its_catalogue_of_files_is_refused(copy, pattern):
    for path in log_file(copy).parent.glob(pattern):
        path.unlink()
    assert_refused(copy)


@pytest.mark.parametrize("folder", ["journal", "gateway"])
def test_a_head_that_was_overwritten_is_refused(copy, folder):
    head = copy / folder / "head"
    head.write_bytes(bytes(head.stat().st_size))
    with pytest.raises(ServerEnded) as refused:
        Server(copy).start()
    assert "position" in refused.value.stderr and str(head) in refused.value.stderr
    assert run("verify", "--data", copy).returncode > 0


@pytest.mark.parametrize("folder", ["journal", "gateway"])
def test_a_head_that_was_deleted_is_refused(copy, folder):
    (copy / folder / "head").unlink()
    assert_refused(copy)


def last_frame(log):
    """Where the last frame of the ledger's first segment begins."""
    content = log.read_bytes()
    return max(at for at in range(0, len(content), 4096) if content[at:at + 4] == b"SGFR")


def test_a_ledger_that_lost_what_it_acknowledged_is_refused(copy):
    log = copy / "gateway" / "log" / "0000000001.log"
    content = bytearray(log.read_bytes())
    at = last_frame(log)
    content[at:at + 4096] = bytes(4096)
    log.write_bytes(content)
    assert_refused(copy)


def test_a_ledgers_index_is_built_again(killed, copy):
    shutil.rmtree(copy / "gateway" / "index")
    with Server(copy) as server:
        assert server.terminate() == 0
    notified = run("verify", "--data", copy)
    assert notified.returncode == 0 and f"{len(killed[1])} charges" in notified.stdout, notified.stdout


def flip_a_bit_in_each_file(folder, seed):
    chance = random.Random(seed)
    for path in filter(Path.is_file, folder.rglob("*")):
        content = bytearray(path.read_bytes())
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)


def assert_serves_every_confirmation(data, ids):
    expected = dict.fromkeys(ids, "confirmed")

    def listed(client):
        # Rows that a list meets damaged are built again meanwhile.
        answer = client.get(f"/v1/enrollments?limit={PAGE_LIMIT}")
        assert answer.status == 200 or answer.problem == "view-damaged", answer
        return answer.status == 200 and {one["id"]: one["state"] for one in answer.json()["items"]}

    with Server(data) as server, Client(server.listen) as client:
        await_views(client)
        eventually(lambda: listed(client) == expected)
        assert server.terminate() == 0


def test_views_that_were_deleted_are_built_again_from_the_journal(killed, copy):
    shutil.rmtree(copy / "views")
    assert_serves_every_confirmation(copy, killed[1])


@pytest.mark.parametrize("number", range(FLIPS))
def test_views_that_are_damaged_are_built_again(killed, copy, number):
    flip_a_bit_in_each_file(copy / "views", SEED + number)
    assert_serves_every_confirmation(copy, killed[1])
    assert_serves_every_confirmation(copy, killed[1])


@pytest.mark.parametrize("first", [100, 600])
def test_views_whose_rows_are_all_damaged_are_built_again(killed, copy, first):
    with Server(copy) as server:
        assert server.terminate() == 0
    for path in (copy / "views").glob("*.sst"):
        content = bytearray(path.read_bytes())
        for place in range(first, len(content) - TABLE_TAIL_BYTES, 1000):
            content[place] ^= 1
        path.write_bytes(content)
    assert_serves_every_confirmation(copy, killed[1])
    assert_serves_every_confirmation(copy, killed[1])


def test_a_damaged_store_of_webhooks_is_set_aside_and_blocks_no_request(killed, copy):
    for manifest in (copy / "webhooks").glob("MANIFEST-*"):
        manifest.write_bytes(bytes(manifest.stat().st_size))
    with Server(copy) as server, Client(server.listen) as client:
        assert read_enrollment(client, killed[1][0])["state"] == "confirmed"
        assert client.get("/v1/webhooks").json()["items"] == []
        assert "set aside" in server.stderr()
    assert list(copy.glob("webhooks.damaged-*"))


def test_a_damaged_store_of_operations_is_refused_with_what_to_do(killed, copy):
    folder = copy / "operations"
    for manifest in folder.glob("MANIFEST-*"):
        manifest.write_bytes(bytes(manifest.stat().st_size))
    with pytest.raises(ServerEnded) as refused:
        Server(copy).start()
    assert f"restore {folder} from a backup, or move it away" in refused.value.stderr
    folder.rename(copy / "aside")
    with Server(copy) as server, Client(server.listen) as client:
        assert read_enrollment(client, killed[1][0])["state"] == "confirmed"


def test_one_damaged_block_of_operations_is_refused_with_what_to_do(killed, copy):
    with Server(copy) as server, Client(server.management) as management:
        set_component(management, "mileage", "paused")
    # Recovery moves the log into a sorted file.
    with Server(copy) as server:
        assert server.terminate() == 0
    files = list((copy / "operations").glob("*.sst"))
    assert files
    for path in files:
        content = bytearray(path.read_bytes())
        content[8] ^= 0x10
        path.write_bytes(content)
    with pytest.raises(ServerEnded) as refused:
        Server(copy).start()
    assert "move it away" in refused.value.stderr
