"""One HTTP/1.1 answer, and the incremental reader that both clients use."""

import json


class Answer:
    __slots__ = ("method", "target", "request_body", "status", "headers", "body")

    def __init__(self, method, target, request_body, status, headers, body):
        self.method = method
        self.target = target
        self.request_body = request_body
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return self.headers.get(name.lower())

    @property
    def location(self):
        return self.headers.get("location")

    @property
    def media_type(self):
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def problem(self):
        """The problem's name, `sold-out` of `/problems/sold-out`; None if the answer is no problem."""
        if self.media_type != "application/problem+json":
            return None
        return self.json()["type"].rsplit("/", 1)[-1]

    def link(self, rel):
        """The target of the Link with this relation (RFC 8288), or None."""
        for link in self.headers.get("link", "").split(","):
            target, *parameters = [part.strip() for part in link.split(";")]
            if f'rel="{rel}"' in parameters:
                return target.strip("<>")
        return None

    def __repr__(self):
        return f"{self.method} {self.target} {self.request_body!r} -> {self.status} {self.headers} {self.body!r}"


class BrokenAnswer(Exception):
    """The server's bytes are not an HTTP/1.1 answer."""


def render_request(method, target, host, headers=None, body=None):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


class AnswerReader:
    """Takes bytes in; gives (status, headers, body) out once they are complete."""

    def __init__(self):
        self.buffer = b""
        self.method = "GET"
        self._head = None

    def expect(self, method):
        self.method = method

    def feed(self, data):
        self.buffer += data
        return self.take()

    def take(self):
        if self._head is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._head = self._parse_head(self.buffer[:end].decode("latin-1"))
            self.buffer = self.buffer[end + 4:]
            if self._head[0] == 100:
                self._head = None
                return self.take()
        status, headers = self._head
        if self.method == "HEAD" or status in (204, 304):
            body = b""
        elif "content-length" in headers:
            length = int(headers["content-length"])
            if len(self.buffer) < length:
                return None
            body, self.buffer = self.buffer[:length], self.buffer[length:]
        elif headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._take_chunked()
            if body is None:
                return None
        else:
            raise BrokenAnswer(f"neither Content-Length nor chunked: {status} {headers}")
        self._head = None
        return status, headers, body

    @staticmethod
    def _parse_head(text):
        first, *lines = text.split("\r\n")
        version, _, rest = first.partition(" ")
        if version != "HTTP/1.1":
            raise BrokenAnswer(first)
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise BrokenAnswer(line)
            name, value = name.lower(), value.strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return int(rest[:3]), headers

    def _take_chunked(self):
        at, body = 0, b""
        while True:
            line_end = self.buffer.find(b"\r\n", at)
            if line_end < 0:
                return None
            size = int(self.buffer[at:line_end].split(b";")[0], 16)
            chunk_end = line_end + 2 + size
            if len(self.buffer) < chunk_end + 2:
                return None
            body += self.buffer[line_end + 2:chunk_end]
            at = chunk_end + 2
            if size == 0:
                self.buffer = self.buffer[at:]
                return body
