"""All of /v1/events folded as they come: sequences, who is to be notified of what, points, and instructors' slots."""

from collections import Counter, defaultdict

from blackbox.actions import events

NOTIFIED = {"sugang.course.waiter-promoted", "sugang.enrollment.confirmed", "sugang.enrollment.completed",
        "sugang.enrollment.rejected", "sugang.enrollment.expired", "sugang.enrollment.cancelled",
        "sugang.stock.prepared", "sugang.delivery.requested", "sugang.delivery.started", "sugang.delivery.completed",
        "sugang.coaching.assigned", "sugang.coaching.scheduled", "sugang.coaching.result-recorded"}


class Chronicle:
    """Reads on from where it stands; fails at the first event that cannot come where it comes."""

    def __init__(self):
        self.position = None
        self.events = 0
        self.types = Counter()
        self.students = {}
        self.notified = {}
        self.sagas_open = set()
        self.points = defaultdict(dict)
        self._sequences = {}
        self._slots = defaultdict(dict)

    def read_on(self, client):
        """The events since the last time."""
        found, _ = events(client, self.position)
        self.feed(found)
        return found

    def feed(self, batch):
        for event in batch:
            self._one(event)
        if batch:
            self.position = batch[-1]["position"]

    def _one(self, event):
        self.events += 1
        self.types[event["type"]] += 1
        self._assert_no_gap(event)
        data, kind = event["data"], event["type"]
        if kind == "sugang.enrollment.requested":
            self.students[event["subject"]] = data["studentId"]
        elif kind in NOTIFIED:
            of = data["enrollmentId"] if kind == "sugang.course.waiter-promoted" else event["enrollmentid"]
            assert event["id"] not in self.notified, f"two events with one id: {event}"
            self.notified[event["id"]] = self.students[of]
        elif kind in ("sugang.saga.started", "sugang.saga.turned"):
            self.sagas_open.add(event["enrollmentid"])
        elif kind in ("sugang.saga.completed", "sugang.saga.compensated"):
            self.sagas_open.remove(event["enrollmentid"])
        elif kind in ("sugang.payment.approved", "sugang.payment.refund-requested"):
            self._count_points(event)
        elif kind.startswith("sugang.calendar."):
            self._book(event)

    def _assert_no_gap(self, event):
        aggregate = event["subject"]
        expected = self._sequences.get(aggregate, 0) + 1
        assert int(event["sequence"]) == expected, (expected, event)
        self._sequences[aggregate] = expected

    def _count_points(self, event):
        """Invariant 3."""
        ledger, points = self.points[self.students[event["enrollmentid"]]], event["data"]["mileage"]
        left = ledger.get(event["subject"])
        if event["type"].endswith(".approved"):
            assert left is None, f"earned twice, or after the reverse: {event}"
            ledger[event["subject"]] = points
        else:
            assert points == (left or 0), f"reversed twice, or not all: {event}"
            ledger[event["subject"]] = 0

    def _book(self, event):
        """Invariant 5."""
        slots, data = self._slots[event["subject"]], event["data"]
        slots.pop(data["enrollmentId"], None)
        if event["type"].endswith(".slot-booked"):
            slot = (data["startsAt"], data["endsAt"])
            for other in slots.values():
                assert slot[1] <= other[0] or other[1] <= slot[0], f"{slot} overlaps {other}: {event}"
            slots[data["enrollmentId"]] = slot

    def balance(self, student):
        return sum(self.points[student].values())

    def notified_by_student(self):
        found = defaultdict(set)
        for about, student in self.notified.items():
            found[student].add(about)
        return found
