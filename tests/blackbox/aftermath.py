"""What must be true of a server that came back from kill -9: nothing answered is lost, changed or done twice."""

from blackbox.actions import every, my_page
from blackbox.client import crowd
from blackbox.crash_load import CONNECTIONS, assert_kept
from blackbox.ledger import PERSON_STEPS, kind_of

OLD_ANSWERS_REPEATED = 60
OLD_ENROLLMENTS_READ = 200
UNSETTLED_READ = 1500  # the newest of them, so all of the last load


class Aftermath:
    """The checks after one load; `operations` are those that it sent."""

    def __init__(self, address, ledger, chance, operations):
        self.address = address
        self.ledger = ledger
        self.chance = chance
        self.operations = operations
        self.repeats = self.joined = 0

    async def check_answers(self):
        """At once after the start: nothing answered is lost or changed, and keys work as before the kill."""
        await crowd(self.address, CONNECTIONS, self._touched(), self._read_again)
        kept = [one for one in self.operations if one.kept]
        old = [one for one in self.ledger.operations if one.kept]
        kept += self.chance.sample(old, min(OLD_ANSWERS_REPEATED, len(old)))
        await crowd(self.address, CONNECTIONS, dict.fromkeys(kept), self._repeat)
        unanswered = [one for one in self.ledger.unanswered(self.operations) if one.keyed]
        await crowd(self.address, CONNECTIONS, unanswered, self._join)

    def _touched(self):
        known = self.ledger.known
        touched = [known[one.subject] for one in self.operations if one.kind == "cancel" or one.kind in PERSON_STEPS]
        touched += [one for one in known.values() if not one.settled][-UNSETTLED_READ:]
        touched += self.chance.sample(list(known.values()), min(OLD_ENROLLMENTS_READ, len(known)))
        return dict.fromkeys(touched)

    async def _read_again(self, client, known):
        answer = await client.request("GET", f"/v1/enrollments/{known.id}")
        assert answer.status == 200, f"answered and lost: {known.id} {answer!r}"
        known.seen(answer.json(), known.may)
        assert answer.json()["version"] >= known.version, (known.version, answer)

    async def _repeat(self, client, operation):
        self.repeats += 1
        await assert_kept(client, operation)

    async def _join(self, client, operation):
        self.joined += 1
        answer = await client.request("POST", operation.target, operation.body,
                                      operation.headers | {"Prefer": "wait=20"})
        assert answer.status in (200, 201, 202, 402, 409), f"{operation}\n{answer!r}"
        assert answer.problem != "already-exists", f"the unanswered request repeated itself: {answer!r}"
        self.ledger.answered(operation, answer)
        await assert_kept(client, operation)

    def explain_the_unanswered(self, client):
        students = {one.subject[0] for one in self.ledger.unanswered(self.operations) if one.kind == "enroll"}
        for student in students:
            for enrollment in every(client, "/v1/enrollments", studentId=student):
                if enrollment["id"] not in self.ledger.known:
                    self.ledger.explain(enrollment)

    async def check_at_rest(self):
        """With no saga under way: each enrollment stands where its answers let it stand."""
        async def read_at_rest(client, known):
            answer = await client.request("GET", f"/v1/enrollments/{known.id}")
            assert answer.status == 200, answer
            known.seen_at_rest(answer.json())
            assert_parts_fit(answer.json())

        unsettled = [known for known in self.ledger.known.values() if not known.settled]
        await crowd(self.address, CONNECTIONS, unsettled, read_at_rest)

    def check_pages(self, client):
        students = {one.subject[0] for one in self.operations if one.kind == "enroll"}
        mine = {}
        for known in self.ledger.known.values():
            if known.subject[0] in students:
                mine.setdefault(known.subject[0], {})[known.id] = next(iter(known.may))
        for student in students:
            shown = {id: row["state"] for id, row in my_page(client, student).items()}
            assert shown == mine.get(student, {}), student


def assert_parts_fit(shown):
    """Of an enrollment at rest: coaching, stock and delivery are where its state says (invariants 4 to 7)."""
    state, kind = shown["state"], kind_of(shown["courseId"])
    ended = state in ("rejected", "expired", "cancelled")
    if kind == "training":
        may = {"awaiting_instructor": {"requested"}, "awaiting_schedule": {"assigned"}, "confirmed": {"scheduled"},
               "completed": {"result_recorded"}}.get(state, {"none", "released"})
        assert shown["coaching"]["state"] in may, shown
    if kind == "product":
        stock, delivery = (shown.get(part, {}).get("state") for part in ("stock", "delivery"))
        assert stock in ({None, "released"} if ended else {"prepared"}), shown
        may = {"confirmed": {"requested", "started"}, "completed": {"completed"}}.get(state, {None, "cancelled"})
        assert delivery in may, shown


async def check_statements(address, accounts, chronicle):
    """Each student's balance is what the standing enrollments earned, and each event has one notification."""
    notified = chronicle.notified_by_student()

    async def check(client, job):
        student, enrollments = job
        earned = sum(one["mileage"]["earned"] for one in enrollments.values())
        assert chronicle.balance(student) == earned, student
        statement = (await client.request("GET", f"/v1/students/{student}/mileage?limit=1")).json()
        assert statement["balance"] == earned, (statement, enrollments)
        found, cursor = [], ""
        while cursor is not None:
            target = f"/v1/students/{student}/notifications?limit=200" + (cursor and f"&cursor={cursor}")
            answer = await client.request("GET", target, headers={"Sugang-Min-Position": chronicle.position})
            assert answer.status == 200, answer
            found += answer.json()["items"]
            cursor = answer.json()["next"]
        assert all(one["state"] == "sent" for one in found), found
        ids = [one["id"] for one in found]
        assert len(ids) == len(set(ids)) and set(ids) == notified[student], (student, found)

    students = accounts.of_student()
    assert set(notified) <= set(students)
    await crowd(address, CONNECTIONS, students.items(), check)
