"""The program itself: settings, start, drain, end."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blackbox.actions import (confirmed, enroll, eventually, read, read_enrollment, register_course, seats,
                              set_gateway)
from blackbox.answer import AnswerReader, render_request
from blackbox.client import Client, ConnectionEnded
from blackbox.server import DRAIN_DEADLINE_S, Server, ServerEnded, clean_environment, run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_server(scratch):
    """A server of the test's own, which it may end."""
    with Server(scratch / "data") as server:
        yield server


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_the_version_is_printed(argument):
    notified = run(argument)
    assert notified.returncode == 0
    assert re.fullmatch(r"sugangd \d+\.\d+\.\d+\n", notified.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help_is_given(arguments):
    notified = run(*arguments)
    assert notified.returncode == 0
    assert "--" in notified.stdout


@pytest.mark.parametrize("arguments", [["serv"], [], ["--colour"], ["serve", "--colour", "red"], ["verify"]])
def test_a_wrong_command_line_is_refused(arguments):
    notified = run(*arguments)
    assert notified.returncode == 2
    assert notified.stderr


def test_an_unknown_command_is_named_with_those_that_there_are():
    notified = run("bogus", "--data", "x")
    assert notified.returncode == 2
    assert notified.stderr.startswith("sugangd: unknown command 'bogus'")
    for command in ("serve", "demo", "check-config", "verify", "version"):
        assert re.search(rf"^  {command}: ", notified.stderr, re.MULTILINE), notified.stderr


def test_help_and_readme_give_the_same_default_for_every_setting():
    notified = re.sub(r"\s+", " ", run("serve", "--help").stdout)
    defaults = dict(re.findall(r"--([a-z-]+) TEXT (?:(?!--).)*?\[default: ([^]]*)\]", notified))
    table = re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name: text.strip("`()") for name, text in table} == defaults


def test_a_demo_says_that_its_folder_is_new():
    notified = re.sub(r"\s+", " ", run("demo", "--help").stdout)
    folder, = re.findall(r"--data TEXT (?:(?!--).)*?\[default: ([^]]*)\]", notified)
    assert folder == "a new folder, removed at the end"


def test_a_build_does_not_want_promtool(scratch):
    def setup(path):
        return subprocess.run([ROOT / "script" / "setup", "--check"], env=os.environ | {"PATH": path},
                              capture_output=True, text=True, timeout=60, check=False)

    tools = scratch / "tools"
    tools.mkdir()
    for name in ("bash", "dpkg-query", "grep"):
        (tools / name).symlink_to(shutil.which(name))
    without = setup(str(tools))
    assert "promtool" not in without.stderr
    assert without.returncode == setup(os.environ["PATH"]).returncode


def test_port_0_takes_a_free_one_each(own_server, scratch):
    with Server(scratch / "other") as other:
        ports = {own_server.listen[1], own_server.management[1], other.listen[1], other.management[1]}
        assert len(ports) == 4 and 0 not in ports


def test_the_ready_line_is_all_that_stands_on_stdout(own_server):
    assert set(own_server.ready_line) >= {"ready", "listen", "management"}
    assert own_server.terminate() == 0
    assert own_server.process.stdout.read() == b""


def test_logs_are_json_lines_on_stderr(own_server):
    own_server.terminate()
    lines = own_server.stderr().splitlines()
    assert lines
    for line in lines:
        assert isinstance(json.loads(line), dict), line


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_flag_beats_the_environment_and_that_the_file(scratch):
    config = write(scratch / "sugang.toml", 'listen = "127.0.0.4:0"\nmanagement = "127.0.0.4:0"\n'
                                            f'data = "{scratch}/from-file"\n')
    environment = clean_environment(SUGANG_LISTEN="127.0.0.3:0", SUGANG_MANAGEMENT="127.0.0.3:0")
    arguments = ["--config", config, "--listen", "127.0.0.2:0"]
    with Server(scratch / "unused", arguments=arguments, environment=environment) as server:
        assert server.listen[0] == "127.0.0.2"
        assert server.management[0] == "127.0.0.3"
    assert (scratch / "from-file").is_dir()
    assert not (scratch / "unused").exists()


def test_the_config_file_may_be_named_by_the_environment(scratch):
    config = write(scratch / "sugang.toml", 'listen = "127.0.0.4:0"\nmanagement = "127.0.0.1:0"\n'
                                            f'data = "{scratch}/data"\n')
    with Server(scratch / "data", arguments=[], environment=clean_environment(SUGANG_CONFIG=config)) as server:
        assert server.listen[0] == "127.0.0.4"


def test_check_config_accepts_good_settings(scratch):
    config = write(scratch / "good.toml", 'listen = "127.0.0.1:0"\nauth = "off"\ngateway = "embedded"\n')
    notified = run("check-config", "--config", config)
    assert notified.returncode == 0, notified.stderr


def test_check_config_names_every_wrong_setting_with_file_and_line(scratch):
    config = write(scratch / "wrong.toml", 'listen = "nowhere"\n\nauth = "perhaps"\ncolour = "red"\n'
                                           'management = 9090\ngateway = "ftp://x"\n')
    notified = run("check-config", "--config", config)
    assert notified.returncode != 0
    text = notified.stdout + notified.stderr
    for setting, line in (("listen", 1), ("auth", 3), ("colour", 4), ("management", 5), ("gateway", 6)):
        assert any(f"{config}:{line}: {setting}: " in one for one in text.splitlines()), (setting, text)


def test_check_config_names_a_wrong_flag_and_a_wrong_variable(scratch):
    notified = run("check-config", "--listen", "nowhere", environment=clean_environment(SUGANG_AUTH="perhaps"))
    text = notified.stdout + notified.stderr
    assert notified.returncode != 0
    assert "--listen" in text or "listen" in text
    assert "SUGANG_AUTH" in text


def test_a_mistyped_setting_is_an_error_with_the_nearest_name_wherever_it_stands(scratch):
    config = write(scratch / "typo.toml", 'connection-max = 10\n')
    environment = clean_environment(SUGANG_LISTN="127.0.0.1:0", SUGANG_NOTHING_LIKE_IT="1")
    base = ["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--data", scratch / "data"]
    for arguments in (["check-config"], ["serve", *base], ["demo", *base]):
        notified = run(*arguments, "--config", config, environment=environment)
        assert notified.returncode == 1
        assert f"{config}:1: connection-max: there is no such setting; did you mean connections-max?" in notified.stderr
        assert "SUGANG_LISTN: there is no such setting; did you mean SUGANG_LISTEN?" in notified.stderr
        assert "SUGANG_NOTHING_LIKE_IT: there is no such setting\n" in notified.stderr
    assert not (scratch / "data").exists()


@pytest.mark.parametrize("setting", ["reports", "data"])
def test_a_folder_that_cannot_be_written_is_an_error_at_start(scratch, setting):
    in_the_way = write(scratch / "file", "")
    folders = {"--data": scratch / "data"} | {f"--{setting}": in_the_way / "below"}
    arguments = [part for pair in folders.items() for part in pair]
    notified = run("check-config", *arguments)
    assert notified.returncode == 1
    assert f"{setting}: cannot write into {in_the_way}: Not a directory" in notified.stderr
    notified = run("serve", "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", *arguments)
    assert notified.returncode == 1
    assert f"{setting}: cannot write into {in_the_way}: Not a directory" in notified.stderr
    assert not (scratch / "data").exists()


def test_check_config_creates_no_folder(scratch):
    folders = ["--data", scratch / "a" / "data", "--reports", scratch / "b" / "reports"]
    notified = run("check-config", *folders)
    assert notified.returncode == 0, notified.stderr
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("text", ['listen = "127.0.0.1:0\n', "listen\n"], ids=["a string without end", "no value"])
def test_check_config_names_the_line_that_is_no_toml(scratch, text):
    notified = run("check-config", "--config", write(scratch / "broken.toml", "\n" + text))
    assert notified.returncode != 0
    assert "broken.toml" in notified.stdout + notified.stderr
    assert re.search(r"\b[23]\b", notified.stdout + notified.stderr)


def test_a_config_file_that_is_not_there_is_refused(scratch):
    notified = run("serve", "--config", scratch / "none.toml")
    assert notified.returncode != 0
    assert "none.toml" in notified.stderr


@pytest.mark.parametrize("arguments, named", [(["--auth", "jwt"], "jwt"), (["--listen", "nowhere"], "listen"),
                                              (["--listen", "127.0.0.1:99999"], "listen"),
                                              (["--listen", "0.0.0.0:0"], "listen"),
                                              (["--gateway", "nonsense"], "gateway")])
def test_it_does_not_serve_with_a_setting_it_cannot_honour(scratch, arguments, named):
    base = {"--listen": "127.0.0.1:0", "--management": "127.0.0.1:0", "--data": scratch / "data"}
    given = base | dict([arguments])
    notified = run("serve", *(part for pair in given.items() for part in pair), deadline_s=30)
    assert notified.returncode != 0
    assert named in notified.stderr
    assert notified.stdout == ""


def test_a_port_in_use_is_refused_and_named(own_server, scratch):
    taken = f"127.0.0.1:{own_server.listen[1]}"
    notified = run("serve", "--listen", taken, "--management", "127.0.0.1:0", "--data", scratch / "other")
    assert notified.returncode != 0
    assert taken in notified.stderr


def test_a_second_server_on_the_same_data_is_refused_and_the_first_serves_on(own_server):
    base = ["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--data", own_server.data]
    for command in ("serve", "demo"):
        notified = run(command, *base)
        assert notified.returncode == 1
        line, = notified.stderr.splitlines()
        assert json.loads(line)["why"] == f"another sugangd uses this folder: {own_server.data}"
    with Client(own_server.listen) as client:
        assert confirmed(client, register_course(client))


def test_what_was_answered_is_there_after_a_drain(own_server):
    with Client(own_server.listen) as client:
        course = register_course(client)
        enrollment = confirmed(client, course)
    assert own_server.terminate() == 0
    own_server.start()
    with Client(own_server.listen) as client:
        assert read_enrollment(client, enrollment["id"]) == enrollment | read_enrollment(client, enrollment["id"])
        assert read_enrollment(client, enrollment["id"])["state"] == "confirmed"
        assert seats(client, course)["taken"] == 1


def test_a_drain_answers_what_runs_and_takes_no_new_work(own_server):
    requests = 40
    with Client(own_server.management) as management, Client(own_server.listen) as idle:
        course = register_course(idle, capacity=requests)
        set_gateway(management, latencyMillis=[1500, 1500])

        def place(_):
            with Client(own_server.listen) as client:
                return enroll(client, course, headers={"Prefer": "wait=8"})

        with ThreadPoolExecutor(requests) as callers:
            running = [callers.submit(place, number) for number in range(requests)]
            eventually(lambda: seats(idle, course)["held"] == requests)
            begun = time.monotonic()
            own_server.signal_end()
            eventually(lambda: is_draining(management), what="/readyz to turn 503")
            assert refused(own_server, course)
            answers = [one.result() for one in running]
    assert own_server.wait_end(DRAIN_DEADLINE_S) == 0
    assert time.monotonic() - begun < DRAIN_DEADLINE_S
    assert {answer.status for answer in answers} == {201}


def is_draining(management):
    try:
        return management.get("/readyz").status == 503
    except (ConnectionError, ConnectionEnded):
        return True


def refused(server, course):
    """Whether new work is refused: with 503, or by not being connected."""
    try:
        with Client(server.listen) as late:
            return enroll(late, course).status == 503
    except (ConnectionError, ConnectionEnded):
        return True


def test_a_drain_is_not_held_up_by_requests_that_were_sent_together(own_server):
    """Each of them is counted until its answer is on its way, and none is counted for ever."""
    with socket.create_connection(own_server.listen, 10) as raw, Client(own_server.listen) as client:
        course = register_course(client)
        raw.sendall(3 * render_request("GET", f"/v1/courses/{course}", "localhost"))
        reader, answered = AnswerReader(), 0
        while answered < 3:
            complete = reader.feed(raw.recv(1 << 16))
            while complete:
                answered += 1
                complete = reader.take()
    begun = time.monotonic()
    assert own_server.terminate() == 0
    assert time.monotonic() - begun < DRAIN_DEADLINE_S / 2


def test_a_drain_does_not_wait_for_a_gateway_that_hangs(own_server):
    with Client(own_server.management) as management, Client(own_server.listen) as client:
        course = register_course(client, kind="performance")
        set_gateway(management, hang=True)
        pending = enroll(client, course).json()["id"]
    begun = time.monotonic()
    assert own_server.terminate() == 0
    assert time.monotonic() - begun < DRAIN_DEADLINE_S
    own_server.start()
    with Client(own_server.listen) as client, Client(own_server.management) as management:
        set_gateway(management)
        eventually(lambda: read_enrollment(client, pending)["state"] == "confirmed", 30)


def test_verify_finds_a_stopped_servers_accounts_in_order(own_server):
    with Client(own_server.listen) as client:
        course = register_course(client)
        for _ in range(5):
            confirmed(client, course)
    assert own_server.terminate() == 0
    notified = run("verify", "--data", own_server.data)
    assert notified.returncode == 0, notified.stderr


def test_verify_finds_a_killed_servers_accounts_in_order(own_server):
    with Client(own_server.listen) as client:
        confirmed(client, register_course(client))
    own_server.kill()
    notified = run("verify", "--data", own_server.data)
    assert notified.returncode == 0, notified.stderr


def test_verify_refuses_the_data_of_a_running_server(own_server):
    notified = run("verify", "--data", own_server.data)
    assert notified.returncode == 1
    assert notified.stdout == f"another sugangd uses this folder: {own_server.data}\n"
    assert own_server.running()


def test_verify_refuses_a_folder_without_a_journal(scratch):
    notified = run("verify", "--data", scratch / "none")
    assert notified.returncode != 0
    assert not (scratch / "none").exists()


def test_the_demo_has_a_catalogue(scratch):
    with Server(scratch / "demo", command="demo") as server, Client(server.listen) as client:
        courses = eventually(lambda: read(client, "/v1/courses")["items"])
        assert {course["kind"] for course in courses} >= {"lecture", "performance"}


def test_each_demo_has_a_new_folder_which_it_names_and_removes(scratch):
    arguments = ["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0"]
    environment = clean_environment(TMPDIR=scratch)
    named = set()
    for run_of in ("first", "second"):
        with Server(scratch / "unused", command="demo", arguments=arguments, environment=environment,
                    log=scratch / f"{run_of}.log") as server, Client(server.listen) as client:
            assert enroll(client, "lecture-12", student="mina").status == 201
            assert seats(client, "lecture-12")["taken"] == 1
            folder = re.search(r"^Data: (\S+) \(new, and removed at the end", server.stderr(), re.MULTILINE)[1]
            assert Path(folder).parent == scratch and (Path(folder) / "journal").is_dir()
            named.add(folder)
            assert server.terminate() == 0
        assert not Path(folder).exists()
    assert len(named) == 2


def test_a_demo_with_a_folder_keeps_it(scratch):
    for taken in (1, 2):
        with Server(scratch / "kept", command="demo") as server, Client(server.listen) as client:
            assert f"Data: {scratch / 'kept'}\n" in server.stderr()
            assert enroll(client, "lecture-12").status == 201
            assert seats(client, "lecture-12")["taken"] == taken
            assert server.terminate() == 0


def test_a_disk_that_is_nearly_full_takes_no_new_work(scratch):
    more_than_there_is = clean_environment(SUGANG_DISK_FREE_MIB_MIN="1048576")
    with Server(scratch / "data", environment=more_than_there_is) as server, Client(server.listen) as client:
        answer = client.post("/v1/courses", {"id": "c", "kind": "lecture", "title": "A course", "capacity": 1})
        assert answer.status == 503
        assert answer.json()["type"] == "/problems/storage-full"
        assert "retry-after" in answer.headers
        assert client.get("/v1/courses").status == 200
        with Client(server.management) as management:
            assert management.get("/readyz").status == 503
