"""Load on full courses with long lines: cancels that move them, latecomers, and courses that grow."""

import json

from blackbox.actions import set_component, set_gateway, unique
from blackbox.client import Client
from blackbox.crash_load import ENDED_BY_THE_KILL, CrashLoad
from blackbox.ledger import Operation

HOLDER_PERCENT, PROMOTED_PERCENT = 70, 15  # of the cancels; the others leave the waitlist
JOINING_PERCENT = 50
GROWS_BY = (1, 150)  # more than the server promotes at a time
DECLINED_PERCENT = 5
PAUSED_PERCENT = 30
PAUSED = ["payments", "mileage", "notifications", "views"]


class LineLoad(CrashLoad):
    """Steers by the lines as the events show them; `cancels` counts those that were answered."""

    def __init__(self, server, ledger, chance, courses, lines, chronicle, growing):
        super().__init__(server, ledger, chance, courses, chronicle.position)
        self.lines = lines
        self.chronicle = chronicle
        self.growing = growing
        self.cancels = 0
        self.grown = {}
        self.targeted = set()
        self.late = []  # on the waitlist, the latest last

    def _saw(self, batch):
        self.chronicle.feed(batch)
        self.lines.feed(batch)

    async def _act(self, client):
        dice = self.chance.randrange(100)
        if dice < 5:
            await self._repeat(client)
        elif dice < 8 and self.late:
            await self._read_one(client, self.ledger.known[self.chance.choice(self.late)])
        elif dice < 8 + JOINING_PERCENT * 0.92:
            await self._join(client)
        elif self.growing:
            await self._grow(client)
        else:
            await self._cancel(client)

    async def _join(self, client):
        course, kind = self.chance.choice(self.courses)
        body = {"courseId": course, "studentId": unique("student"), "seats": self._seats(kind), "onFull": "waitlist"}
        if self.chance.randrange(100) < DECLINED_PERCENT:
            body["paymentMethod"] = "test-decline"
        answer = await self._send(client, Operation("enroll", "/v1/enrollments", json.dumps(body).encode(),
                                                    self._headers(), (body["studentId"], course)))
        if answer.status == 202:
            self.late.append(answer.json()["id"])

    def _seats(self, kind):
        return self.chance.randint(1, 3) if kind == "performance" else 1

    async def _cancel(self, client):
        target = self._target()
        if target is None:
            return await self._join(client)
        self.targeted.add(target)
        answer = await self._send(client, Operation("cancel", f"/v1/enrollments/{target}/cancel", b"{}",
                                                    self._headers(), target))
        self.cancels += answer.status in (200, 202)

    def _target(self):
        """An enrollment with seats, often just promoted, or on the waitlist, that the client knows."""
        line = self.lines.courses[self.chance.choice(self.courses)[0]]
        dice = self.chance.randrange(100)
        if dice < HOLDER_PERCENT + PROMOTED_PERCENT:
            among = list(line.held)
            among = among if dice < HOLDER_PERCENT else among[-3:]
        else:
            among = list(line.waiting)[:self.chance.choice([1, 20, 2000])]
        among = [one for one in among if one in self.ledger.known and one not in self.targeted]
        return self.chance.choice(among) if among else None

    async def _grow(self, client):
        """One course gets more seats at once than are promoted at a time; each course is asked for it once a round."""
        course = self.growing.pop()
        target = f"/v1/courses/{course}"
        found = await client.request("GET", target)
        capacity = found.json()["seats"]["capacity"] + self.chance.randint(*GROWS_BY)
        answer = await client.request("PATCH", target, {"capacity": capacity}, {"If-Match": found.header("etag")})
        assert answer.status == 200, answer
        self.grown[course] = capacity

    async def _steer(self, seconds):
        """The payment company is quick, slow or at fault, and a part is down; a promotion waits for none of it."""
        mode = self.chance.choice([{}, {}, {"latencyMillis": [0, 40]}, {"latencyMillis": [0, 20], "failPercent": 20}])
        try:
            with Client(self.server.management) as management:
                set_gateway(management, **mode)
                if self.chance.randrange(100) < PAUSED_PERCENT:
                    set_component(management, self.chance.choice(PAUSED), "paused")
        except ENDED_BY_THE_KILL:
            pass
