"""What a client knows: every request it sent, every answer it got, and so which states are still legal."""

from collections import Counter

from blackbox.actions import LIVE_STATES

ENDED = {"confirmed", "rejected", "expired", "cancelled"}
CANCELLING = {"cancel_requested", "cancelled"}
LEGAL_AFTER = {201: {"confirmed"}, 202: LIVE_STATES | {"confirmed", "rejected", "expired"}, 402: {"rejected"}}
KEPT_UNDER_A_KEY = {200, 201, 202, 402, 404, 409, 422}
REFUSED_AT_THE_DOOR = {"payment-unavailable", "overloaded", "draining"}
NEVER_KEPT = {"request-in-progress"}


class Operation:
    """One request that changes something, from before it was sent."""

    __slots__ = ("kind", "target", "body", "headers", "subject", "answer")

    def __init__(self, kind, target, body, headers, subject):
        self.kind = kind
        self.target = target
        self.body = body
        self.headers = headers
        self.subject = subject  # enroll: (student, course); cancel: enrollment id; register: course id
        self.answer = None

    @property
    def keyed(self):
        return "Idempotency-Key" in self.headers

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


class Known:
    """An enrollment as its client knows it: the states in which it may be found."""

    __slots__ = ("id", "subject", "may", "version", "at_rest", "settled", "answers")

    def __init__(self, id, subject, may):
        self.id = id
        self.subject = subject
        self.may = set(may)
        self.version = 0
        self.at_rest = ENDED
        self.settled = False
        self.answers = []

    def cancel_sent(self):
        if self.may - {"rejected", "expired"}:
            self.may |= CANCELLING
        self.settled = False

    def cancel_answered(self, answer):
        self.answers.append(answer)
        if answer.status == 200:
            self.may = {"cancelled"}
        elif answer.status == 202:
            # The answer may show the state from before the mark; and an enrollment that was on its way back,
            # declined or expired, ends as that.
            turned_before = self.may & {"rejected", "expired"}
            self.may = CANCELLING | turned_before | {answer.json()["state"]}
            self.at_rest = {"cancelled"} | turned_before
        elif answer.problem == "not-cancellable":
            self.may &= {"rejected", "expired"}
            assert self.may, f"{self.id} was confirmed, then not cancellable: {answer!r}"

    def seen(self, shown, may):
        assert shown["state"] in may, \
            f"{shown['state']} is none of {sorted(may)}: {shown}\nafter {self.answers}"
        assert (shown["studentId"], shown["courseId"]) == self.subject, shown
        if shown["state"] == "confirmed":
            self.may -= LIVE_STATES | {"rejected", "expired"}

    def seen_at_rest(self, shown):
        """With every saga at its end, what is shown is what it stays, until somebody cancels."""
        self.seen(shown, self.may)
        assert shown["state"] in self.at_rest, f"the saga has ended, the enrollment has not: {shown}"
        assert shown["version"] >= self.version, (self.version, shown)
        self.version = shown["version"]
        self.may = {shown["state"]}
        self.at_rest = ENDED
        self.settled = True


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
        elif answer.status in LEGAL_AFTER:
            self._learn(operation, answer)
        else:
            assert answer.status in (409, 503), operation

    def _learn(self, operation, answer):
        body = answer.json()
        id = body["enrollmentId"] if answer.status == 402 else body["id"]
        assert id not in self.known, f"two requests got one enrollment: {operation}"
        self.known[id] = Known(id, operation.subject, LEGAL_AFTER[answer.status])
        self.known[id].answers.append(answer)

    def unanswered(self, operations):
        """Those that may have happened or not, for all that their client knows."""
        return [one for one in operations
                if one.answer is None or (one.answer.status == 503 and not one.nothing_happened)]

    def explain(self, enrollment):
        """Finds the unanswered request behind an enrollment that nobody was told about; each has at most one."""
        subject = (enrollment["studentId"], enrollment["courseId"])
        for operation in self.operations:
            if operation.kind == "enroll" and operation.subject == subject and id(operation) not in self._explains:
                if operation in self.unanswered([operation]):
                    self._explains[id(operation)] = enrollment["id"]
                    self.known[enrollment["id"]] = Known(enrollment["id"], subject, {enrollment["state"]})
                    return
        raise AssertionError(f"nobody asked for it, or it was refused, or it was placed twice: {enrollment}")
