"""Load for a server that is about to be killed: enrollments, cancels, steps of the staff, repeats and reads, from one seed."""

import asyncio
import json
from datetime import datetime, timedelta

from blackbox.actions import events_after, set_component, set_gateway, unique, won
from blackbox.client import AsyncClient, Client, ConnectionEnded
from blackbox.ledger import STEPS_OF, Operation

CONNECTIONS = 30
COURSES_KEPT = 24
SERVED_LATEST = 150
COMPONENTS = ["catalogue", "payments", "mileage", "notifications", "coaching", "delivery", "views"]
PAUSED_PERCENT = 40
INSTRUCTORS = 8
# In the past, so that each class may have been held.
FIRST_SLOT = datetime(2020, 3, 2, 9)
AFTER_ALL_SLOTS = "2024-03-02T09:00:00.000Z"
WRITES_PER_HOUR = 20  # instructors are asked for slots ever later, so that some are free and some are taken
SLOT_WITHIN_HOURS = 24
LATEST_REPEATED = 40
KILLED_WITHIN_S = 0.01
EVENTS_LOOKED_FOR_EACH_S = 0.01
ENDED_BY_THE_KILL = (ConnectionEnded, ConnectionError, OSError, TimeoutError)

GATEWAY_MODES = [
    (40, {}),
    (25, {"latencyMillis": [0, 80]}),
    (15, {"latencyMillis": [0, 30], "failPercent": 30}),
    (10, {"latencyMillis": [0, 30], "failPercent": 20, "declinePercent": 30}),
    (10, {"hang": True}),
]
STEP_OUT_OF_ORDER_PERCENT = 10
PREFERENCES = [{}, {}, {"Prefer": "wait=1"}, {"Prefer": "wait=10"}, {"Prefer": "respond-async"}]


class CrashLoad:
    """One round's load on one server, written down in the ledger."""

    def __init__(self, server, ledger, chance, courses, events_position, served=()):
        self.server = server
        self.ledger = ledger
        self.chance = chance
        self.courses = courses
        self.operations = []
        self.targets = []
        self.served = list(served)  # those that wait for the staff
        self.repeating = set()
        self.events_position = events_position
        self.events_seen = []
        self.reads = 0
        self.kill_at = None

    def run(self, writes, seconds):
        """Loads the server, kills it after so many writes or seconds, and returns when every client saw its end."""
        asyncio.run(self._run(writes, seconds))

    async def _run(self, writes, seconds):
        self.kill_at = writes
        self.kill_now = asyncio.Event()
        killer = asyncio.create_task(self.kill_now.wait())
        workers = [asyncio.create_task(self._work()) for _ in range(CONNECTIONS)]
        side = [asyncio.create_task(self._steer(seconds)), asyncio.create_task(self._watch())]
        await asyncio.wait([killer, *workers], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(self.chance.uniform(0, KILLED_WITHIN_S))
        self.server.kill()
        killer.cancel()
        await asyncio.gather(*workers, *side)

    async def _work(self):
        client = AsyncClient(self.server.listen)
        try:
            while True:
                await self._act(client)
        except ENDED_BY_THE_KILL:
            pass
        finally:
            client.close()

    async def _act(self, client):
        dice = self.chance.random()
        if dice < 0.12:
            await self._read(client)
        elif dice < 0.22:
            await self._repeat(client)
        elif dice < 0.36 and self.targets:
            await self._cancel(client)
        elif dice < 0.38:
            await self._register(client)
        elif dice < 0.60 and self.served:
            await self._serve(client)
        else:
            await self._enroll(client)

    def _headers(self):
        keyed = {"Idempotency-Key": unique("key")} if self.chance.random() < 0.5 else {}
        return keyed | self.chance.choice(PREFERENCES)

    async def _send(self, client, operation):
        self.operations.append(operation)
        self.ledger.send(operation)
        if len(self.operations) == self.kill_at:
            self.kill_now.set()
        answer = await client.request("POST", operation.target, operation.body, operation.headers)
        self.ledger.answered(operation, answer)
        return answer

    async def _enroll(self, client):
        course, kind = self.chance.choice(self.courses)
        student = unique("student") if self.chance.random() < 0.9 else f"regular-{self.chance.randrange(5)}"
        body = {"courseId": course, "studentId": student}
        if kind in ("performance", "product"):
            body["seats"] = self.chance.randint(1, 3)
        if self.chance.random() < 0.15:
            body["paymentMethod"] = "test-decline"
        answer = await self._send(client, Operation("enroll", "/v1/enrollments", json.dumps(body).encode(),
                                                    self._headers(), (student, course)))
        if answer.status in (201, 202):
            self.targets.append(answer.json()["id"])
            if kind in STEPS_OF:
                self.served.append(answer.json()["id"])

    async def _cancel(self, client):
        target = self.chance.choice(self.targets[-200:])
        path = f"/v1/enrollments/{target}/cancel"
        await self._send(client, Operation("cancel", path, b"{}", self._headers(), target))

    async def _register(self, client):
        kind = self.chance.choice(["lecture", "performance", "product", "training"])
        course = unique(kind)
        body = {"id": course, "kind": kind, "title": course, "capacity": self.chance.randint(3, 60),
                "price": won(self.chance.choice([0, 7000]))}
        answer = await self._send(client, Operation("register", "/v1/courses", json.dumps(body).encode(),
                                                    self._headers(), course))
        if answer.status == 201:
            self.courses.append((course, kind))

    async def _serve(self, client):
        """A manager, an instructor or a courier does what is next, or now and then what is not."""
        known = self.ledger.known[self.chance.choice(self.served[-SERVED_LATEST:])]
        step = known.next_step()
        if step is None:
            return await self._read_one(client, known)
        if self.chance.randrange(100) < STEP_OUT_OF_ORDER_PERCENT:
            step = self.chance.choice(STEPS_OF[known.kind])
        if known.kind == "product":
            target, body = f"/v1/deliveries/{known.delivery}/{step}", None
        else:
            target, body = f"/v1/coaching/{known.id}/{step}", json.dumps(self._coaching(step)).encode()
        await self._send(client, Operation(step, target, body, self._headers(), known.id))

    def _coaching(self, step):
        if step == "assign":
            return {"instructorId": f"instructor-{self.chance.randrange(INSTRUCTORS)}"}
        hours = len(self.ledger.operations) // WRITES_PER_HOUR + self.chance.randrange(SLOT_WITHIN_HOURS)
        starts = (FIRST_SLOT + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:00:00.000Z")
        if step == "schedule":
            return {"startsAt": starts, "endsAt": starts.replace(":00:00.000Z", ":50:00.000Z")}
        return {"result": f"result {self.chance.randrange(100)}", "heldAt": AFTER_ALL_SLOTS}

    async def _repeat(self, client):
        kept = [one for one in self.operations[-LATEST_REPEATED:] if one.kept and one not in self.repeating]
        if kept:
            operation = self.chance.choice(kept)
            self.repeating.add(operation)
            await assert_kept(client, operation)
            self.repeating.remove(operation)
        else:
            await self._read(client)

    async def _read(self, client):
        self.reads += 1
        if not self.targets:
            await client.request("GET", f"/v1/courses/{self.chance.choice(self.courses)[0]}")
            return
        await self._read_one(client, self.ledger.known[self.chance.choice(self.targets)])

    async def _read_one(self, client, known):
        may, done = set(known.may), dict(known.done)
        answer = await client.request("GET", f"/v1/enrollments/{known.id}")
        assert answer.status == 200, answer
        known.seen(answer.json(), may | known.may, done)
        known.version = max(known.version, answer.json()["version"])

    async def _steer(self, seconds):
        """Switches the gateway, and pauses and resumes components, at times through the round."""
        for _ in range(self.chance.randint(1, 4)):
            weights, modes = zip(*GATEWAY_MODES)
            mode = self.chance.choices(modes, weights)[0]
            paused = self.chance.sample(COMPONENTS, self.chance.randint(1, 2))
            paused = paused if self.chance.randrange(100) < PAUSED_PERCENT else []
            try:
                with Client(self.server.management) as management:
                    set_gateway(management, **mode)
                    for component in COMPONENTS:
                        set_component(management, component, "paused" if component in paused else "running")
            except ENDED_BY_THE_KILL:
                return
            await asyncio.sleep(self.chance.uniform(0, seconds))

    async def _watch(self):
        """Reads events as they become visible: what was seen once must be there for ever."""
        client = AsyncClient(self.server.listen)
        position = self.events_position
        try:
            while True:
                answer = await client.request("GET", events_after(position))
                assert answer.status == 200, answer
                batch = answer.json()
                if batch:
                    self.events_seen += batch
                    self._saw(batch)
                position = answer.header("sugang-position")
                if not answer.link("next"):
                    await asyncio.sleep(EVENTS_LOOKED_FOR_EACH_S)
        except ENDED_BY_THE_KILL:
            pass
        finally:
            client.close()


    def _saw(self, batch):
        """For a load that steers by what it sees."""


async def assert_kept(client, operation):
    """The repeat of a keyed request that was answered gets the same bytes."""
    answer = await client.request("POST", operation.target, operation.body, operation.headers)
    first = operation.answer
    assert (answer.status, answer.body, answer.location) == (first.status, first.body, first.location), \
        f"not the same answer again:\n{operation}\n{answer!r}"
    assert answer.header("idempotency-replayed") == "true", answer
