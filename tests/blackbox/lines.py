"""Courses and their lines, folded from /v1/events in the journal's order; fails at the first event out of line."""

from datetime import datetime


def seconds(time):
    return datetime.fromisoformat(time).timestamp()


class Line:
    """One course: who holds how many seats, who waits in which order, and since when a seat is idle."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.capacities = {capacity}
        self.held = {}
        self.seats_held = 0
        self.waiting = {}  # in the order of the tickets
        self.promoted = set()
        self.last_ticket = 0
        self.idle_since = None
        self.idle = []  # (from, to) in seconds, while a seat was free for the head of the waitlist

    def head(self):
        return next(iter(self.waiting), None)

    def free(self):
        return self.capacity - self.seats_held

    def head_fits(self):
        return bool(self.waiting) and self.waiting[self.head()] <= self.free()

    def apply(self, what, data, time):
        getattr(self, "_" + what.replace("-", "_"), self._nothing)(data)
        assert self.free() >= 0, f"oversold: {what} {data}"
        self._watch_idle_seats(what, time)

    def _watch_idle_seats(self, what, time):
        ends = what == "waiter-promoted" or not self.head_fits()
        if ends and self.idle_since is not None and time > self.idle_since:
            self.idle.append((self.idle_since, time))
        if not self.head_fits():
            self.idle_since = None
        elif self.idle_since is None:
            self.idle_since = time

    def _nothing(self, data):
        pass

    def _hold(self, who, seats):
        assert who not in self.held, f"holds seats twice: {who}"
        self.held[who] = seats
        self.seats_held += seats

    def _revised(self, data):
        if data.get("capacity") is not None:
            self.capacity = data["capacity"]
            self.capacities.add(self.capacity)

    def _seats_held(self, data):
        assert not self.waiting, f"overtook the waitlist: {data}"
        self._hold(data["enrollmentId"], data["seats"])

    def _seats_waitlisted(self, data):
        assert data["ticket"] == self.last_ticket + 1, (self.last_ticket, data)
        self.last_ticket = data["ticket"]
        self.waiting[data["enrollmentId"]] = data["seats"]

    def _waiter_promoted(self, data):
        who = data["enrollmentId"]
        assert who not in self.promoted, f"promoted twice: {data}"
        assert who == self.head(), f"promoted out of turn, {self.head()} was first: {data}"
        self.promoted.add(who)
        assert self.waiting.pop(who) == data["seats"], data
        self._hold(who, data["seats"])

    def _seats_taken(self, data):
        assert data["enrollmentId"] in self.held, f"took what it did not hold: {data}"

    def _seats_released(self, data):
        assert self.held.pop(data["enrollmentId"], 0) == data["seats"], data
        self.seats_held -= data["seats"]

    def _waiter_left(self, data):
        del self.waiting[data["enrollmentId"]]


class Lines:
    """Every course with a line, by its id."""

    def __init__(self):
        self.courses = {}

    def feed(self, batch):
        for event in batch:
            group, what = event["type"].removeprefix("sugang.").split(".")
            if group == "course":
                self._one(event["subject"], what, event)

    def _one(self, course, what, event):
        if what == "registered":
            self.courses[course] = Line(event["data"]["capacity"])
        else:
            self.courses[course].apply(what, event["data"], seconds(event["time"]))

    def promotions(self):
        return sum(len(line.promoted) for line in self.courses.values())

    def longest_idle(self, lives):
        """The longest time that a seat was idle while the head of its line fitted and the server was up; `lives` are
        the times from ready to killed."""
        return max((min(to, killed) - max(since, ready) for line in self.courses.values() for since, to in line.idle
                    for ready, killed in lives), default=0.0)
