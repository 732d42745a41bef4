"""A client that follows the events: GET /v1/events as Server-Sent Events, read frame by frame."""

import json
import socket
import time

from blackbox.answer import BrokenAnswer, render_request


class StreamEnded(Exception):
    """The stream is over; `whole` if the server ended it, and did not just go."""

    def __init__(self, whole):
        super().__init__("ended" if whole else "broken off")
        self.whole = whole


class Event:
    __slots__ = ("id", "name", "data", "arrived")

    def __init__(self, id, name, data, arrived):
        self.id = id
        self.name = name
        self.data = data
        self.arrived = arrived

    def json(self):
        return json.loads(self.data)


class EventStream:
    """One connection. `last_id` is what to come back with."""

    def __init__(self, address, target="/v1/events", last_id=None, deadline_s=60):
        self.last_id = last_id
        self.deadline_s = deadline_s
        self._bytes = b""
        self._text = b""
        self._socket = socket.create_connection(address, deadline_s)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        self._socket.sendall(render_request("GET", target, f"{address[0]}:{address[1]}", headers))
        head = self._take_line(b"\r\n\r\n").decode("latin-1")
        self.status = int(head[9:12])
        self.headers = {name.lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in head.split("\r\n")[1:])}

    def _receive(self):
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            raise StreamEnded(whole=False)
        self._bytes += data

    def _take(self, size):
        while len(self._bytes) < size:
            self._receive()
        taken, self._bytes = self._bytes[:size], self._bytes[size:]
        return taken

    def _take_line(self, end):
        while (at := self._bytes.find(end)) < 0:
            self._receive()
        line, self._bytes = self._bytes[:at], self._bytes[at + len(end):]
        return line

    def _take_chunk(self):
        size = int(self._take_line(b"\r\n"), 16)
        chunk = self._take(size + 2)
        if not chunk.endswith(b"\r\n"):
            raise BrokenAnswer(chunk[-20:])
        if size == 0:
            raise StreamEnded(whole=True)
        return chunk[:-2]

    def frame(self):
        """The next block of lines, as (name, value) pairs; a comment's name is empty."""
        self._socket.settimeout(self.deadline_s)
        while (end := self._text.find(b"\n\n")) < 0:
            self._text += self._take_chunk()
        block, self._text = self._text[:end].decode(), self._text[end + 2:]
        return [(name, value.removeprefix(" ")) for name, _, value in
                (line.partition(":") for line in block.split("\n"))]

    def next(self):
        """The next event."""
        while True:
            fields = dict(self.frame())
            if "data" in fields:
                self.last_id = fields["id"]
                return Event(fields["id"], fields["event"], fields["data"], time.monotonic())

    def until(self, last):
        """The next events, up to the first for which `last(event)` is true, and with it."""
        found = [self.next()]
        while not last(found[-1]):
            found.append(self.next())
        return found

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
