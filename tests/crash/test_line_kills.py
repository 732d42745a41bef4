"""Full courses with long waitlists, thousands of cancels, and kill -9 in between: each moves strictly and at once.

SUGANG_LINE_CANCELS says how many cancels (1,500; 10,000 in full), SUGANG_CRASH_SEED replays a run's choices.
"""

import asyncio
import os
import random
import time

from blackbox.actions import await_views, events, eventually, every, register_course, set_component, set_gateway
from blackbox.aftermath import Aftermath, check_statements
from blackbox.accounts import Accounts
from blackbox.chronicle import Chronicle
from blackbox.client import Client, crowd
from blackbox.crash_load import CONNECTIONS
from blackbox.ledger import Ledger
from blackbox.line_load import PAUSED, LineLoad
from blackbox.lines import Lines
from blackbox.server import Server, run

CANCELS = int(os.environ.get("SUGANG_LINE_CANCELS", "1500"))
SEED = int(os.environ.get("SUGANG_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
COURSES = [("lecture", 20, 12000), ("lecture", 40, 0), ("lecture", 5, 12000), ("performance", 60, 5000),
           ("performance", 25, 0)]
LINE_LENGTH = max(100, CANCELS // 10)
WRITES_BEFORE_THE_KILL = (20, 700)
LOAD_S = 3
GROWS_PERCENT = 30
KILLED_AGAIN_PERCENT = 20
KILLED_AGAIN_WITHIN_S = 0.4
IDLE_SEAT_MAX_S = 1.0


class LineRounds:
    """One server's life through all kills, its waitlists as the events have them, and what its clients were answered."""

    def __init__(self, data):
        self.server = Server(data)
        self.ledger = Ledger()
        self.lines = Lines()
        self.chronicle = Chronicle()
        self.chance = random.Random(SEED)
        self.courses = []
        self.lives = []
        self.rounds = self.kills = self.cancels = self.repeats = self.joined = 0

    def open(self):
        self._start()
        with Client(self.server.listen) as client:
            for kind, capacity, price in COURSES:
                course = register_course(client, kind=kind, capacity=capacity, price=price, waitlist=True)
                self.courses.append((course, kind))
                self.ledger.courses.add(course)
        load = self._new_load([])
        enough = (len(COURSES) * LINE_LENGTH + sum(capacity for _, capacity, _ in COURSES))

        async def join(client, _):
            await load._join(client)

        asyncio.run(crowd(self.server.listen, CONNECTIONS, range(enough), join))
        with Client(self.server.listen) as client:
            self._await_quiet(client)
        assert all(self.lines.courses[course].waiting for course, _ in self.courses), "a course without a line"

    def play(self):
        self.rounds += 1
        growing = []
        if self.chance.randrange(100) < GROWS_PERCENT:
            growing = [self.chance.choice(self.courses)[0]]
        load = self._new_load(growing)
        load.run(self.chance.randint(*WRITES_BEFORE_THE_KILL), LOAD_S)
        self._ended()
        self.cancels += load.cancels
        while self.chance.randrange(100) < KILLED_AGAIN_PERCENT:
            self.server.start_and_kill(self.chance.uniform(0, KILLED_AGAIN_WITHIN_S))
            self.kills += 1
        self._start()
        self._check(load)

    def _new_load(self, growing):
        return LineLoad(self.server, self.ledger, self.chance, self.courses, self.lines, self.chronicle, growing)

    def _start(self):
        self.server.start()
        self.lives.append([time.time(), float("inf")])

    def _ended(self):
        self.kills += 1
        self.lives[-1][1] = time.time()

    def _await_quiet(self, client):
        """Waits until every saga has ended, except on waitlists."""
        def quiet():
            self._read_on(client)
            waiting = set().union(*(line.waiting for line in self.lines.courses.values()))
            return self.chronicle.sagas_open == waiting

        eventually(quiet, 30, "all sagas to end")

    def _read_on(self, client):
        self.lines.feed(self.chronicle.read_on(client))

    def _check(self, load):
        after = Aftermath(self.server.listen, self.ledger, self.chance, load.operations)
        with Client(self.server.management) as management, Client(self.server.listen) as client:
            set_gateway(management)
            for component in PAUSED:
                set_component(management, component, "running")
            self._check_events(client, load)
            asyncio.run(after.check_answers())
            self._await_quiet(client)
            await_views(client)
            after.explain_the_unanswered(client)
        self._assert_no_idle_seat()
        for course, capacity in load.grown.items():
            assert capacity in self.lines.courses[course].capacities, f"{course} has not grown to {capacity}"
        self.repeats += after.repeats
        self.joined += after.joined

    def _check_events(self, client, load):
        """What was visible before the kill is there, the same and in the same order."""
        found, _ = events(client, load.events_position)
        seen = len(load.events_seen)
        assert found[:seen] == load.events_seen, "an event that was visible is lost or changed"
        self.chronicle.feed(found[seen:])
        self.lines.feed(found[seen:])

    def _assert_no_idle_seat(self):
        for course, line in self.lines.courses.items():
            assert not line.head_fits(), f"{course}: {line.free()} free, the head of the waitlist wants no more"
        idle = self.lines.longest_idle(self.lives)
        assert idle <= IDLE_SEAT_MAX_S, f"a seat was idle for {idle:.3f} s while the head of its line fitted"

    def check_at_the_end(self):
        """Each enrollment is where the events put it, in the order of the waitlist, with one notification and the right payment."""
        with Client(self.server.management) as management, Client(self.server.listen) as client:
            self._await_quiet(client)
            self.lines.feed(self.chronicle.read_on(client))
            asyncio.run(Aftermath(self.server.listen, self.ledger, self.chance, []).check_at_rest())
            accounts = Accounts(client, management, await_views)
            accounts.assert_agree()
            assert set(accounts.enrollments) == set(self.ledger.known)
            for course, line in self.lines.courses.items():
                waiting = list(every(client, f"/v1/courses/{course}/waitlist"))
                assert [one["id"] for one in waiting] == list(line.waiting), course
                assert [one["waitlistPosition"] for one in waiting] == list(range(1, len(waiting) + 1)), course
                self._check_states(course, line, accounts)
        asyncio.run(check_statements(self.server.listen, accounts, self.chronicle))

    def _check_states(self, course, line, accounts):
        of_course = [one for one in accounts.enrollments.values() if one["courseId"] == course]
        found = {state: {one["id"]: one["seats"] for one in of_course if one["state"] == state}
                 for state in ("confirmed", "waitlisted")}
        assert found == {"confirmed": line.held, "waitlisted": line.waiting}, course


def test_the_waitlist_moves_strictly_and_at_once_whatever_is_killed(scratch):
    rounds = LineRounds(scratch / "data")
    print(f"\nSUGANG_CRASH_SEED={SEED} SUGANG_LINE_CANCELS={CANCELS} data {scratch}")
    begun = time.monotonic()
    try:
        rounds.open()
        while rounds.cancels < CANCELS:
            rounds.play()
        rounds.check_at_the_end()
    except BaseException:
        print(f"round {rounds.rounds} of seed {SEED} failed; data and log kept in {scratch}")
        raise
    finally:
        rounds.server.kill()
    notified = run("verify", "--data", rounds.server.data)
    assert notified.returncode == 0, notified.stdout + notified.stderr
    print(f"{rounds.cancels} cancels, {rounds.kills} kills in {time.monotonic() - begun:.0f} s, "
          f"{rounds.lines.promotions()} promoted, {sum(len(line.waiting) for line in rounds.lines.courses.values())} "
          f"still waiting, longest idle seat {rounds.lines.longest_idle(rounds.lives):.3f} s, "
          f"{len(rounds.ledger.known)} enrollments, {rounds.repeats} repeats, {rounds.joined} joined, "
          f"{rounds.chronicle.events} events, {len(rounds.chronicle.notified)} notifications, "
          f"{dict(rounds.ledger.statuses)}")
