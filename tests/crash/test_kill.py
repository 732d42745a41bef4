"""kill -9 at any moment loses nothing that was answered.

SUGANG_CRASH_ROUNDS says how many rounds (20; 200 in full), SUGANG_CRASH_SEED replays a run's choices.
"""

import asyncio
import os
import random
import time

from blackbox.actions import (assert_seats_add_up, await_quiet_sagas, every, events, my_page, read, register_course,
                              set_component, set_gateway)
from blackbox.books import Books
from blackbox.client import Client, crowd
from blackbox.crash_load import CONNECTIONS, CrashLoad, COURSES_KEPT, assert_kept
from blackbox.ledger import Ledger
from blackbox.server import Server, run

ROUNDS = int(os.environ.get("SUGANG_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("SUGANG_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
WRITES_BEFORE_THE_KILL = (5, 700)
LOAD_S = 1.5
KILLED_AGAIN_PERCENT = 20
KILLED_AGAIN_WITHIN_S = 0.4
OLD_ANSWERS_REPEATED = 60
OLD_ENROLLMENTS_READ = 200
EVERY_BOOK_UP_TO = 12_000
EVERY_BOOK_EACH = 10
VERIFIED_EACH = 5
DRAINED_EACH = 7
HOT_CAPACITY = 1_000_000


class Rounds:
    """One server's life through all kills, and all that its clients know of it."""

    def __init__(self, data):
        self.server = Server(data)
        self.base_arguments = self.server.arguments
        self.ledger = Ledger()
        self.chance = random.Random(SEED)
        self.courses = []
        self.events_position = None
        self.sequences = {}
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
            self._verify()
        self.server.start()
        self._check(load, number)
        if number % DRAINED_EACH == 0:
            self._drain()

    def _register_courses(self):
        with Client(self.server.listen) as client:
            for kind, capacity, price in (("lecture", 15, 12000), ("lecture", 60, 12000), ("lecture", 40, 0),
                                          ("performance", 80, 5000), ("performance", 2000, 5000)):
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
                         self.events_position)
        load.run(self.chance.randint(*WRITES_BEFORE_THE_KILL), LOAD_S)
        self.courses = [one for one in load.courses if one[0] != self.hot]
        self.kills += 1
        self.reads += load.reads
        return load

    def _kill_during_recovery(self):
        while self.chance.randrange(100) < KILLED_AGAIN_PERCENT:
            self.server.start_and_kill(self.chance.uniform(0, KILLED_AGAIN_WITHIN_S))
            self.kills += 1

    def _verify(self):
        told = run("verify", "--data", self.server.data)
        assert told.returncode == 0, told.stdout + told.stderr

    def _drain(self):
        assert self.server.terminate() == 0
        self._verify()
        self.server.start()

    def _check(self, load, number):
        with Client(self.server.management) as management, Client(self.server.listen) as client:
            set_gateway(management)
            set_component(management, "payments", "running")
            asyncio.run(self._check_answers(load))
            await_quiet_sagas(client)
            self._check_events(client, load)
            self._explain_the_unanswered(client, load)
            asyncio.run(self._check_at_rest(load))
            self._check_registered_courses(client, load)
            self._check_pages(client, load)
            if len(self.ledger.known) < EVERY_BOOK_UP_TO or number % EVERY_BOOK_EACH == 0 or number == ROUNDS:
                self._check_books(client, management)

    async def _check_answers(self, load):
        """At once after the start: nothing answered is lost or changed, and keys work as before the kill."""
        ledger = self.ledger

        async def read_again(client, known):
            answer = await client.request("GET", f"/v1/enrollments/{known.id}")
            assert answer.status == 200, f"answered and lost: {known.id} {answer!r}"
            known.seen(answer.json(), known.may)
            assert answer.json()["version"] >= known.version, (known.version, answer)

        async def repeat(client, operation):
            self.repeats += 1
            await assert_kept(client, operation)

        async def join(client, operation):
            self.joined += 1
            answer = await client.request("POST", operation.target, operation.body,
                                          operation.headers | {"Prefer": "wait=20"})
            assert answer.status in (200, 201, 202, 402, 409), f"{operation}\n{answer!r}"
            assert answer.problem != "already-exists", f"the unanswered request repeated itself: {answer!r}"
            ledger.answered(operation, answer)
            await assert_kept(client, operation)

        touched = [ledger.known[one.subject] for one in load.operations if one.kind == "cancel"]
        touched += [known for known in ledger.known.values() if not known.settled]
        touched += self.chance.sample(list(ledger.known.values()), min(OLD_ENROLLMENTS_READ, len(ledger.known)))
        await crowd(self.server.listen, CONNECTIONS, touched, read_again)
        kept = [one for one in load.operations if one.kept]
        old = [one for one in ledger.operations if one.kept]
        kept += self.chance.sample(old, min(OLD_ANSWERS_REPEATED, len(old)))
        await crowd(self.server.listen, CONNECTIONS, dict.fromkeys(kept), repeat)
        unanswered = [one for one in ledger.unanswered(load.operations) if one.keyed]
        await crowd(self.server.listen, CONNECTIONS, unanswered, join)

    def _check_events(self, client, load):
        """What was visible before the kill is there, the same and in the same order; no sequence has a gap."""
        found, self.events_position = events(client, self.events_position)
        seen = len(load.events_seen)
        assert found[:seen] == load.events_seen, "an event that was visible is lost or changed"
        for event in found:
            expected = self.sequences.get(event["subject"], 0) + 1
            assert int(event["sequence"]) == expected, (expected, event)
            self.sequences[event["subject"]] = expected

    def _explain_the_unanswered(self, client, load):
        students = {one.subject[0] for one in self.ledger.unanswered(load.operations) if one.kind == "enroll"}
        for student in students:
            for enrollment in every(client, "/v1/enrollments", studentId=student):
                if enrollment["id"] not in self.ledger.known:
                    self.ledger.explain(enrollment)

    async def _check_at_rest(self, load):
        """With every saga ended: each enrollment stands where its answers let it stand."""
        async def read_at_rest(client, known):
            answer = await client.request("GET", f"/v1/enrollments/{known.id}")
            assert answer.status == 200, answer
            known.seen_at_rest(answer.json())

        unsettled = [known for known in self.ledger.known.values() if not known.settled]
        await crowd(self.server.listen, CONNECTIONS, unsettled, read_at_rest)

    def _check_registered_courses(self, client, load):
        touched = {one.subject[1] for one in load.operations if one.kind == "enroll"}
        registered = {one.subject for one in load.operations if one.kind == "register" and one.answer
                      and one.answer.status == 201}
        for course in touched | registered:
            found = read(client, f"/v1/courses/{course}")["seats"]
            assert_seats_add_up(course, found)
            assert found["held"] == 0, (course, found)

    def _check_pages(self, client, load):
        students = {one.subject[0] for one in load.operations if one.kind == "enroll"}
        mine = {}
        for known in self.ledger.known.values():
            if known.subject[0] in students:
                mine.setdefault(known.subject[0], {})[known.id] = next(iter(known.may))
        for student in students:
            shown = {id: row["state"] for id, row in my_page(client, student).items()}
            assert shown == mine.get(student, {}), student

    def _check_books(self, client, management):
        books = Books(client, management)
        books.assert_agree()
        assert set(books.enrollments) == set(self.ledger.known)
        assert self.ledger.courses <= set(books.courses)
        for id, known in self.ledger.known.items():
            assert {books.enrollments[id]["state"]} == known.may, books.enrollments[id]


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
    ledger = rounds.ledger
    print(f"{rounds.kills} kills in {time.monotonic() - begun:.0f} s, {len(ledger.operations)} requests, "
          f"{len(ledger.unanswered(ledger.operations))} unanswered, {rounds.repeats} repeats, "
          f"{rounds.joined} joined, {rounds.reads} reads under load, {len(ledger.known)} enrollments, "
          f"{dict(ledger.statuses)}")
