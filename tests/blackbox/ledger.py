"""What a client knows: every request it sent, every answer it got, and so which states are still legal."""

import json
from collections import Counter

LIVE = {"requested", "waitlisted", "seats_held", "payment_pending", "awaiting_instructor", "awaiting_schedule"}
UNDONE = {"rejected", "expired"}
CANCELLING = {"cancel_requested", "cancelled"}
AT_REST = {"confirmed", "completed", "rejected", "expired", "cancelled"}
WAITS_FOR_PERSON = {"awaiting_instructor", "awaiting_schedule"}
LEGAL_AFTER = {201: {"confirmed"}, 202: LIVE | {"confirmed"} | UNDONE, 402: {"rejected"}}
KEPT_UNDER_A_KEY = {200, 201, 202, 402, 404, 409, 422}
REFUSED_AT_THE_DOOR = {"payment-unavailable", "overloaded", "draining", "component-paused", "catalogue-paused"}
NEVER_KEPT = {"request-in-progress"}

# Commands, and the states in which an enrollment may be found after them.
PERSON_STEPS = {"assign": {"awaiting_schedule"}, "schedule": {"confirmed"}, "result": {"completed"}, "start": set(),
                "complete": {"completed"}}
STEPS_OF = {"training": ("assign", "schedule", "result"), "product": ("start", "complete")}
LAST_STEPS = {"result", "complete"}
IRREVOCABLE = {"start", "complete", "result"}


def kind_of(course):
    """Courses are named after their kind, see actions.unique()."""
    return course.split("-")[0]


class Operation:
    """One request that changes something, from before it was sent."""

    __slots__ = ("kind", "target", "body", "headers", "subject", "answer")

    def __init__(self, kind, target, body, headers, subject):
        self.kind = kind
        self.target = target
        self.body = body
        self.headers = headers
        self.subject = subject  # enroll: (student, course); register: course id; else the enrollment's id
        self.answer = None

    @property
    def keyed(self):
        return "Idempotency-Key" in self.headers

    @property
    def may_wait(self):
        return self.kind == "enroll" and b'"onFull"' in self.body

    @property
    def kept(self):
        """Whether a repeat must get this answer again."""
        return (self.keyed and self.answer is not None and self.answer.status in KEPT_UNDER_A_KEY
                and self.answer.problem not in NEVER_KEPT)

    @property
    def nothing_happened(self):
        """Whether the answer says that the request left nothing behind."""
        if self.answer is None:
            return False
        return self.answer.status in (404, 409, 422, 429) or self.answer.problem in REFUSED_AT_THE_DOOR

    def __repr__(self):
        return f"{self.kind} {self.subject} {self.headers} {self.body} -> {self.answer!r}"

    def asked(self):
        return json.loads(self.body) if self.body else {}


class Assignments:
    """Instructors that an enrollment was assigned to: the last one counts, and of several under way at once the order is
    not known. The schedule can't be changed so: the slots lie in the past, and the class has begun."""

    def __init__(self):
        self._all = []  # [instructor, when sent, when answered, whether it was acknowledged]
        self._now = 0

    def sent(self, asked):
        self._now += 1
        self._all.append([asked["instructorId"], self._now, None, False])

    def answered(self, asked, acknowledged):
        self._now += 1
        one = next((one for one in self._all if one[0] == asked["instructorId"] and not one[3]), None)
        if one:
            one[2:] = [self._now, acknowledged]

    def possible(self):
        """(instructors, number sent): none that one acknowledged since was sent after the answer to it."""
        sent_last = max((one[1] for one in self._all if one[3]), default=0)
        return {instructor for instructor, _, answered, acknowledged in self._all
                if answered is None or (acknowledged and answered >= sent_last)}, len(self._all)

    def sent_since(self, number):
        return {one[0] for one in self._all[number:]}


class Known:
    """An enrollment as its client knows it: the states in which it may be found, and the commands about it."""

    __slots__ = ("id", "subject", "kind", "may", "version", "rest", "at_rest", "settled", "answers", "asked",
                 "assignments", "done", "delivery")

    def __init__(self, id, subject, may, may_wait=False):
        self.id = id
        self.subject = subject
        self.kind = kind_of(subject[1])
        self.may = set(may)
        self.version = 0
        self.rest = AT_REST | (WAITS_FOR_PERSON if self.kind == "training" else set())
        self.rest |= {"waitlisted"} if may_wait else set()
        self.at_rest = self.rest
        self.settled = False
        self.answers = []
        self.asked = set()
        self.done = {}
        self.assignments = Assignments()
        self.delivery = None

    def irrevocable(self):
        """Whether what was done with it cannot be undone: it stays, in spite of cancels."""
        return bool(IRREVOCABLE & self.done.keys())

    def next_step(self):
        """The step that the staff has to take next; None: none known."""
        if not self.may - UNDONE - CANCELLING or (self.kind == "product" and self.delivery is None):
            return None
        return next((step for step in STEPS_OF.get(self.kind, ()) if step not in self.done), None)

    def cancel_sent(self):
        if self.may - UNDONE - {"completed"} and not self.irrevocable():
            self.may |= CANCELLING
        self.settled = False

    def cancel_answered(self, answer):
        self.answers.append(answer)
        if answer.status in (200, 202):
            assert not self.irrevocable(), f"cancelled after {self.done}: {answer!r}"
        if answer.status == 200:
            self.may = {"cancelled"}
        elif answer.status == 202:
            # The answer may show the state from before the mark; and an enrollment that was on its way back,
            # declined or expired, ends as that.
            turned_before = self.may & UNDONE
            self.may = CANCELLING | turned_before | {answer.json()["state"]}
            self.at_rest = {"cancelled"} | turned_before
        elif answer.problem == "not-cancellable":
            self.may &= UNDONE | ({"confirmed", "completed"} if IRREVOCABLE & self.asked else set())
            assert self.may, f"{self.id} was confirmed, then not cancellable: {answer!r}"

    def step_sent(self, step, asked):
        self.asked.add(step)
        if step == "assign":
            self.assignments.sent(asked)
        self.may |= PERSON_STEPS[step]
        self.settled = False

    def step_answered(self, step, asked, answer):
        self.answers.append(answer)
        if step == "assign" and answer.status != 503:
            self.assignments.answered(asked, answer.status in (200, 201, 202))
        if answer.status not in (200, 201, 202):
            return
        if step == "schedule":
            self.at_rest = self.at_rest - WAITS_FOR_PERSON
            # With the coaching side down in the middle, the calendar has it and the coaching follows.
            if answer.json()["schedule"] is None:
                return
        if step == "assign":
            self.done[step] = self.assignments.possible()
        else:
            done = self.done.setdefault(step, asked)
            assert done == asked, f"{step} was done otherwise: {self.done}, {answer!r}"
        if step in IRREVOCABLE:
            self.may &= {"confirmed", "completed"}
            assert self.may, f"{step} of what could not be: {answer!r} after {self.answers}"
        else:
            self.may -= LIVE - {"awaiting_schedule"}
        if step in LAST_STEPS:
            self.at_rest = {"completed"}

    def seen(self, shown, may, done=None):
        """`may` and `done`: as they were when the read was sent, if others were under way."""
        assert shown["state"] in may, \
            f"{shown['state']} is none of {sorted(may)}: {shown}\nafter {self.answers}"
        assert (shown["studentId"], shown["courseId"]) == self.subject, shown
        if shown["state"] in ("confirmed", "completed"):
            self.may -= LIVE | UNDONE
        if shown["state"] == "completed":
            self.may = {"completed"}
        if "delivery" in shown:
            self.delivery = shown["delivery"]["id"]
        if shown["state"] not in CANCELLING | UNDONE:
            self._assert_steps_are_done(shown, self.done if done is None else done)

    def _assert_steps_are_done(self, shown, done):
        coaching, delivery = shown.get("coaching", {}), shown.get("delivery", {}).get("state")
        for step, asked in done.items():
            if step == "assign":
                possible, number = asked
                assert coaching.get("instructorId") in possible | self.assignments.sent_since(number), (asked, shown)
            elif step == "schedule":
                assert coaching.get("schedule") == asked, (asked, shown)
            elif step == "result":
                assert (coaching.get("result"), coaching.get("heldAt")) == (asked["result"], asked["heldAt"]), \
                    (done, shown)
            else:
                assert delivery == "completed" or (step, delivery) == ("start", "started"), (done, shown)

    def seen_at_rest(self, shown):
        """With no saga under way, what is shown is what it stays, until another command."""
        self.seen(shown, self.may)
        assert shown["state"] in self.at_rest, f"the saga has ended, the enrollment has not: {shown}"
        assert shown["version"] >= self.version, (self.version, shown)
        self.version = shown["version"]
        # The line moves by what others do.
        self.settled = shown["state"] != "waitlisted"
        if self.settled:
            self.may = {shown["state"]}
            self.at_rest = self.rest


class Ledger:
    def __init__(self):
        self.known = {}
        self.operations = []
        self.courses = set()
        self.statuses = Counter()
        self._explains = {}

    def send(self, operation):
        self.operations.append(operation)
        if operation.kind == "cancel":
            self.known[operation.subject].cancel_sent()
        elif operation.kind in PERSON_STEPS:
            self.known[operation.subject].step_sent(operation.kind, operation.asked())

    def answered(self, operation, answer):
        operation.answer = answer
        self.statuses[operation.kind, answer.status] += 1
        assert answer.status < 500 or answer.status == 503, operation
        if operation.kind == "register":
            assert answer.status in (201, 503), operation
            if answer.status == 201:
                self.courses.add(operation.subject)
        elif operation.kind == "cancel":
            assert answer.status in (200, 202, 409, 503), operation
            self.known[operation.subject].cancel_answered(answer)
        elif operation.kind in PERSON_STEPS:
            assert answer.status in (200, 201, 202, 409, 503), operation
            self.known[operation.subject].step_answered(operation.kind, operation.asked(), answer)
        elif answer.status in LEGAL_AFTER:
            self._learn(operation, answer)
        else:
            assert answer.status in (409, 503), operation

    def _learn(self, operation, answer):
        body = answer.json()
        id = body["enrollmentId"] if answer.status == 402 else body["id"]
        assert id not in self.known, f"two requests got one enrollment: {operation}"
        known = self.known[id] = Known(id, operation.subject, LEGAL_AFTER[answer.status], operation.may_wait)
        known.answers.append(answer)
        if answer.status != 402:
            known.seen(body, known.may)

    def unanswered(self, operations):
        """Those that may have happened or not, for all that their client knows."""
        return [one for one in operations
                if one.answer is None or (one.answer.status == 503 and not one.nothing_happened)]

    def explain(self, enrollment):
        """Finds the unanswered request behind an enrollment without an answer; each has at most one."""
        subject = (enrollment["studentId"], enrollment["courseId"])
        for operation in self.operations:
            if operation.kind == "enroll" and operation.subject == subject and id(operation) not in self._explains:
                if operation in self.unanswered([operation]):
                    self._explains[id(operation)] = enrollment["id"]
                    waits = enrollment["state"] == "waitlisted"
                    may = LEGAL_AFTER[202] if waits else {enrollment["state"]}
                    self.known[enrollment["id"]] = Known(enrollment["id"], subject, may, operation.may_wait)
                    return
        raise AssertionError(f"it was not requested, or it was refused, or it was placed twice: {enrollment}")
