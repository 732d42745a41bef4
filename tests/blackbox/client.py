"""Two clients: a synchronous one for scenarios, and an asynchronous one for crowds of connections."""

import asyncio
import json
import socket
from urllib.parse import quote

from blackbox.answer import Answer, AnswerReader, render_request

ANSWER_DEADLINE_S = 60


class ConnectionEnded(Exception):
    """The server closed the connection before the answer was complete."""


def encode(body):
    """(bytes, media type) of a request body: bytes go as they are, anything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body, "application/json"
    return json.dumps(body, separators=(",", ":")).encode(), "application/json"


def query(path, **parameters):
    given = [f"{name}={quote(str(value), safe='')}" for name, value in parameters.items() if value is not None]
    return path + ("?" + "&".join(given) if given else "")


def _with_media_type(headers, media_type, body):
    headers = dict(headers or {})
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = media_type
    return headers


class Client:
    """One keep-alive connection. `on_answer` sees every answer."""

    def __init__(self, address, on_answer=None):
        self.address = address
        self.host = f"{address[0]}:{address[1]}"
        self.on_answer = on_answer
        self.answers = []
        self._socket = None
        self._reader = None

    def request(self, method, target, body=None, headers=None):
        payload, media_type = encode(body)
        raw = render_request(method, target, self.host, _with_media_type(headers, media_type, payload), payload)
        status, answer_headers, content = self._exchange(method, raw)
        answer = Answer(method, target, payload, status, answer_headers, content)
        self.answers.append(answer)
        if answer_headers.get("connection", "").lower() == "close":
            self.close()
        if self.on_answer:
            self.on_answer(answer)
        return answer

    def _exchange(self, method, raw):
        reused = self._socket is not None
        if not reused:
            self._socket = socket.create_connection(self.address, ANSWER_DEADLINE_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = AnswerReader()
        self._reader.expect(method)
        received = b""
        try:
            self._socket.sendall(raw)
            while True:
                data = self._socket.recv(1 << 16)
                if not data:
                    raise ConnectionEnded(raw[:200])
                received += data
                complete = self._reader.feed(data)
                if complete:
                    return complete
        except (ConnectionEnded, ConnectionError):
            self.close()
            # An idle keep-alive connection may be closed by the server at any time.
            if reused and not received and method in ("GET", "HEAD"):
                return self._exchange(method, raw)
            raise

    def get(self, target, headers=None):
        return self.request("GET", target, None, headers)

    def post(self, target, body=None, headers=None):
        return self.request("POST", target, body, headers)

    def put(self, target, body, headers=None):
        return self.request("PUT", target, body, headers)

    def patch(self, target, body, headers=None):
        return self.request("PATCH", target, body, headers)

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self):
        self._reader = AnswerReader()
        self._waiting = None
        self._transport = None
        self.open = False

    def connection_made(self, transport):
        self._transport = transport
        self.open = True

    def data_received(self, data):
        complete = self._reader.feed(data)
        if complete and self._waiting and not self._waiting.done():
            self._waiting.set_result(complete)

    def connection_lost(self, error):
        self.open = False
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionEnded(str(error)))

    def close(self):
        self._transport.abort()

    async def exchange(self, method, raw):
        self._reader.expect(method)
        self._waiting = asyncio.get_running_loop().create_future()
        if not self.open:
            raise ConnectionEnded("closed before the request")
        self._transport.write(raw)
        return await self._waiting


class AsyncClient:
    """One connection of a crowd, reopened when the server closes it. `on_answer` sees every answer."""

    def __init__(self, address, on_answer=None):
        self.address = address
        self.host = f"{address[0]}:{address[1]}"
        self.on_answer = on_answer
        self._connection = None

    async def request(self, method, target, body=None, headers=None, deadline_s=ANSWER_DEADLINE_S):
        payload, media_type = encode(body)
        raw = render_request(method, target, self.host, _with_media_type(headers, media_type, payload), payload)
        async with asyncio.timeout(deadline_s):
            if self._connection is None or not self._connection.open:
                loop = asyncio.get_running_loop()
                _, self._connection = await loop.create_connection(Connection, *self.address)
            status, answer_headers, content = await self._connection.exchange(method, raw)
        if answer_headers.get("connection", "").lower() == "close":
            self.close()
        answer = Answer(method, target, payload, status, answer_headers, content)
        if self.on_answer:
            self.on_answer(answer)
        return answer

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def crowd(address, connections, jobs, do, on_answer=None):
    """Runs `await do(client, job)` for every job, `connections` at a time; returns when all are done."""
    jobs = iter(jobs)

    async def work():
        client = AsyncClient(address, on_answer)
        try:
            for job in jobs:
                await do(client, job)
        finally:
            client.close()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(work())
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
