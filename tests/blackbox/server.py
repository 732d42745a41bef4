"""A sugangd process: started on free ports, watched through its ready line, and always ended by its pid."""

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import time
from pathlib import Path

START_DEADLINE_S = 60
EXIT_DEADLINE_S = 30
# From SIGTERM to the end, as the README promises; with sanitizers everything takes a few times longer.
DRAIN_DEADLINE_S = 30 if os.environ.get("ASAN_OPTIONS") else 10
_PR_SET_PDEATHSIG = 1


class ServerEnded(Exception):
    """The process ended, or stayed silent, where it should have served."""

    def __init__(self, why, exit_code, stderr):
        super().__init__(f"{why} (exit {exit_code})\n{stderr[-4000:]}")
        self.exit_code = exit_code
        self.stderr = stderr


def binary():
    path = os.environ.get("SUGANGD")
    if not path:
        raise RuntimeError("the environment variable SUGANGD must name the sugangd to test")
    return path


def clean_environment(**settings):
    """The caller's environment without settings of the server's own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SUGANG_")}
    return kept | {k: str(v) for k, v in settings.items()}


def run(*arguments, environment=None, deadline_s=60):
    """Runs `sugangd ARGUMENTS` to its end; returns the CompletedProcess with text output."""
    return subprocess.run([binary(), *map(str, arguments)], env=environment or clean_environment(),
                          capture_output=True, text=True, timeout=deadline_s, check=False)


def _end_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _with_descriptors(descriptors):
    """For the child: the limit of open files, a number or (soft, hard); none given, that of this process."""
    def prepare():
        _end_with_parent()
        if descriptors is not None:
            limits = descriptors if isinstance(descriptors, tuple) else (descriptors, descriptors)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    return prepare


def parse_address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


class Server:
    def __init__(self, data, *, command="serve", arguments=None, environment=None, log=None, descriptors=None):
        self.data = Path(data)
        self.command = command
        self.arguments = list(map(str, arguments)) if arguments is not None else [
            "--listen", "127.0.0.1:0", "--management", "127.0.0.1:0", "--data", str(self.data)]
        self.environment = environment or clean_environment()
        self.log = Path(log) if log else self.data.parent / (self.data.name + ".log")
        self.descriptors = descriptors
        self.process = None
        self.listen = None
        self.management = None
        self.ready_line = None

    def _spawn(self):
        assert not self.running()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([binary(), self.command, *self.arguments], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=_with_descriptors(self.descriptors))

    def start_and_kill(self, after_s):
        """Starts it and kills it so soon after, ready or not."""
        self._spawn()
        out, end = self.process.stdout, time.monotonic() + after_s
        while (left := end - time.monotonic()) > 0 and select.select([out], [], [], left)[0]:
            if not os.read(out.fileno(), 1 << 12):
                exit_code = self.process.wait(EXIT_DEADLINE_S)
                raise ServerEnded("ended during its recovery", exit_code, self.stderr())
        self.kill()

    def start(self, deadline_s=START_DEADLINE_S):
        self._spawn()
        line = self._read_line(time.monotonic() + deadline_s)
        self.ready_line = json.loads(line)
        assert self.ready_line["ready"] is True, line
        self.listen = parse_address(self.ready_line["listen"])
        self.management = parse_address(self.ready_line["management"])
        return self

    def _read_line(self, deadline):
        out, line = self.process.stdout, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([out], [], [], max(0, deadline - time.monotonic()))
            byte = os.read(out.fileno(), 1) if ready else b""
            if not byte:
                self.kill()
                why = "ended before it was ready" if ready else "was not ready in time"
                raise ServerEnded(why, self.process.returncode, self.stderr())
            line += byte
        return line

    def stderr(self):
        """What this start of the server has logged."""
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL; returns once the process is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(EXIT_DEADLINE_S)
            self.process.stdout.close()

    def signal_end(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_end(self, deadline_s=EXIT_DEADLINE_S):
        """Waits for the process to end by itself; returns its exit code."""
        try:
            return self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerEnded(f"still running {deadline_s} s later", None, self.stderr()) from None

    def terminate(self, deadline_s=EXIT_DEADLINE_S):
        """SIGTERM, and the exit code."""
        self.signal_end()
        return self.wait_end(deadline_s)

    def __enter__(self):
        return self if self.running() else self.start()

    def __exit__(self, *_):
        if self.running():
            self.kill()
