"""The README's first session, run as it stands: what it promises is what comes, the second time as well."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from blackbox.actions import read
from blackbox.client import Client
from blackbox.server import Server

README = Path(__file__).resolve().parents[2] / "README.md"
SESSION_DEADLINE_S = 120
# Every answer's header goes to the output, also where the README leaves it out.
SHELL = """
curl() { command curl -D "$HEADERS/$(date +%s%N)" "$@"; }
step() { cat "$HEADERS"/* 2>/dev/null; rm -f "$HEADERS"/*; printf '\\n%s\\n' "$END_OF_STEP"; }
"""
END_OF_STEP = "=== end of step"


def session():
    """(what is promised, shell text) of each step: the comment above some commands, and the commands."""
    section = README.read_text().split("\n## A first session\n")[1].split("\n## ")[0]
    text = "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    steps = re.findall(r"((?:^#.*\n)*)((?:^(?!#).*\n)+)", text, re.MULTILINE)
    return [(promises(comment), commands) for comment, commands in steps]


def promises(comment):
    _, arrow, promised = " ".join(line.lstrip("# ") for line in comment.splitlines()).partition("→ ")
    return promised.split(", ") if arrow else []


def statuses(output):
    return {int(status) for status in re.findall(r"^HTTP/1\.1 (\d+)", output, re.MULTILINE)}


@pytest.fixture
def demo(scratch):
    """Each its own folder, as `script/server` starts it; the free ports are all that differs."""
    arguments = ["--listen", "127.0.0.1:0", "--management", "127.0.0.1:0"]
    with Server(scratch / "demo", command="demo", arguments=arguments) as server:
        yield server
        assert server.terminate() == 0


@pytest.mark.parametrize("time", ["first", "second"])
def test_the_first_session_comes_out_as_the_readme_says(demo, scratch, time):
    (scratch / "headers").mkdir()
    steps = session()
    script = SHELL + "".join(f"{commands}\nstep\n" for _, commands in steps)
    script = script.replace("127.0.0.1:8080", demo.ready_line["listen"])
    script = script.replace("127.0.0.1:9090", demo.ready_line["management"])
    ran = subprocess.run(["bash", "-u", "-c", script], capture_output=True, text=True, timeout=SESSION_DEADLINE_S,
                         check=False, env={"PATH": "/usr/bin:/bin", "HEADERS": str(scratch / "headers"),
                                           "END_OF_STEP": END_OF_STEP})
    outputs = ran.stdout.split(END_OF_STEP)
    assert len(outputs) == len(steps) + 1, ran.stderr
    for (promised, commands), output in zip(steps, outputs):
        for promise in promised:
            assert (int(promise) in statuses(output)) if promise.isdigit() else (promise in output), \
                (promise, commands, output)
        broken = {status for status in statuses(output) if status >= 400 and str(status) not in promised}
        assert not broken, (commands, output)


def test_the_session_promises_something_of_nearly_every_step():
    promised = [step for step, _ in session()]
    assert len(promised) >= 15
    assert sum(not step for step in promised) <= 2, "the settings of the shell, and the gateway's switch"


def test_the_course_of_the_crowds_example_outlasts_any_run(demo):
    url, body = re.search(r"'http://127.0.0.1:8080(\S+) POST (\{.*?\})'", README.read_text()).groups()
    with Client(demo.listen) as client:
        for _ in range(2):
            answer = client.post(url, json.loads(body))
            assert answer.status == 202, answer
        course = read(client, f"/v1/courses/{json.loads(body)['courseId']}")
    assert course["seats"]["capacity"] >= 10_000_000
    assert course["kind"] == "performance", "which one student may book again and again"
