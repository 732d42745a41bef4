"""kill -9 at any moment loses nothing that was answered.

SUGANG_CRASH_ROUNDS says how many rounds (20; 200 in full), SUGANG_CRASH_SEED replays a run's choices.
"""

import asyncio
import os
import random
import time

from blackbox.actions import (assert_seats_add_up, await_quiet_sagas, read, register_course, set_component,
                              set_gateway)
from blackbox.aftermath import Aftermath, check_statements
from blackbox.accounts import Accounts
from blackbox.chronicle import Chronicle
from blackbox.client import Client
from blackbox.crash_load import COMPONENTS, COURSES_KEPT, CrashLoad
from blackbox.ledger import Ledger, kind_of
from blackbox.server import Server, run

ROUNDS = int(os.environ.get("SUGANG_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("SUGANG_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
WRITES_BEFORE_THE_KILL = (5, 700)
LOAD_S = 1.5
KILLED_AGAIN_PERCENT = 20
KILLED_AGAIN_WITHIN_S = 0.4
EVERY_BOOK_UP_TO = 12_000
EVERY_BOOK_EACH = 10
VERIFIED_EACH = 5
DRAINED_EACH = 7
SERVED_KEPT = 300
HOT_CAPACITY = 1_000_000
COURSES = [("lecture", 15, 12000), ("lecture", 60, 12000), ("lecture", 40, 0), ("performance", 80, 5000),
           ("performance", 2000, 5000), ("product", 50, 9000), ("product", 1000, 700), ("training", 8, 30000),
           ("training", 80, 30000)]


class Rounds:
    """One server's life through all kills, and all that its clients know of it."""

    def __init__(self, data):
        self.server = Server(data)
        self.base_arguments = self.server.arguments
        self.ledger = Ledger()
        self.chance = random.Random(SEED)
        self.courses = []
        self.served = []
        self.chronicle = Chronicle()
        self.kills = self.repeats = self.joined = self.reads = 0

    def open(self):
        self.server.start()
        with Client(self.server.listen) as client:
            self.hot = register_course(client, kind="performance", capacity=HOT_CAPACITY, price=3000)
        self.ledger.courses.add(self.hot)

    def play(self, number):
        self._register_courses()
        load = self._load()
        self._arguments()
        self._kill_during_recovery()
        if number % VERIFIED_EACH == 0:
            self.verify()
        self.server.start()
        self._check(load, number)
        if number % DRAINED_EACH == 0:
            self._drain()

    def _register_courses(self):
        with Client(self.server.listen) as client:
            for kind, capacity, price in COURSES:
                course = register_course(client, kind=kind, capacity=capacity, price=price)
                self.ledger.courses.add(course)
                self.courses.append((course, kind))
        self.courses = self.courses[-COURSES_KEPT:]

    def _arguments(self):
        """Courses fall asleep after a time of each round's own, so a kill comes at any moment of that too."""
        idle_ms = self.chance.choice([0, 20, 30_000])
        self.server.arguments = self.base_arguments + ["--course-idle-ms", str(idle_ms)]

    def _load(self):
        load = CrashLoad(self.server, self.ledger, self.chance, self.courses + [(self.hot, "performance")],
                         self.chronicle.position, self.served)
        load.run(self.chance.randint(*WRITES_BEFORE_THE_KILL), LOAD_S)
        self.courses = [one for one in load.courses if one[0] != self.hot]
        self.served = load.served[-SERVED_KEPT:]
        self.kills += 1
        self.reads += load.reads
        return load

    def _kill_during_recovery(self):
        while self.chance.randrange(100) < KILLED_AGAIN_PERCENT:
            self.server.start_and_kill(self.chance.uniform(0, KILLED_AGAIN_WITHIN_S))
            self.kills += 1

    def verify(self):
        notified = run("verify", "--data", self.server.data)
        assert notified.returncode == 0, notified.stdout + notified.stderr

    def _drain(self):
        assert self.server.terminate() == 0
        self.verify()
        self.server.start()

    def _check(self, load, number):
        after = Aftermath(self.server.listen, self.ledger, self.chance, load.operations)
        with Client(self.server.management) as management, Client(self.server.listen) as client:
            set_gateway(management)
            for component in COMPONENTS:
                set_component(management, component, "running")
            asyncio.run(after.check_answers())
            await_quiet_sagas(client)
            self._check_events(client, load)
            after.explain_the_unanswered(client)
            asyncio.run(after.check_at_rest())
            self._check_registered_courses(client, load)
            after.check_pages(client)
            if len(self.ledger.known) < EVERY_BOOK_UP_TO or number % EVERY_BOOK_EACH == 0 or number == ROUNDS:
                self._check_accounts(client, management, number)
        self.repeats += after.repeats
        self.joined += after.joined

    def _check_events(self, client, load):
        """What was visible before the kill is there, the same and in the same order."""
        found = self.chronicle.read_on(client)
        assert found[:len(load.events_seen)] == load.events_seen, "an event that was visible is lost or changed"

    def _check_registered_courses(self, client, load):
        touched = {one.subject[1] for one in load.operations if one.kind == "enroll"}
        registered = {one.subject for one in load.operations if one.kind == "register" and one.answer
                      and one.answer.status == 201}
        for course in touched | registered:
            found = read(client, f"/v1/courses/{course}")["seats"]
            assert_seats_add_up(course, found)
            assert found["held"] == 0 or kind_of(course) == "training", (course, found)

    def _check_accounts(self, client, management, number):
        accounts = Accounts(client, management)
        accounts.assert_agree()
        assert set(accounts.enrollments) == set(self.ledger.known)
        assert self.ledger.courses <= set(accounts.courses)
        for id, known in self.ledger.known.items():
            assert {accounts.enrollments[id]["state"]} == known.may, accounts.enrollments[id]
        if number % EVERY_BOOK_EACH == 0 or number == ROUNDS:
            asyncio.run(check_statements(self.server.listen, accounts, self.chronicle))


def test_kill_9_at_any_moment_loses_nothing_that_was_answered(scratch):
    rounds = Rounds(scratch / "data")
    print(f"\nSUGANG_CRASH_SEED={SEED} SUGANG_CRASH_ROUNDS={ROUNDS} data {scratch}")
    begun, number = time.monotonic(), 0
    try:
        rounds.open()
        for number in range(1, ROUNDS + 1):
            rounds.play(number)
    except BaseException:
        print(f"round {number} of seed {SEED} failed; data and log kept in {scratch}")
        raise
    finally:
        rounds.server.kill()
    rounds.verify()
    ledger = rounds.ledger
    print(f"{rounds.kills} kills in {time.monotonic() - begun:.0f} s, {len(ledger.operations)} requests, "
          f"{len(ledger.unanswered(ledger.operations))} unanswered, {rounds.repeats} repeats, "
          f"{rounds.joined} joined, {rounds.reads} reads under load, {len(ledger.known)} enrollments, "
          f"{rounds.chronicle.events} events, {len(rounds.chronicle.notified)} notifications, {dict(ledger.statuses)}")
