"""Requests whose end two readers could see in two places: refused, and the connection closed."""

import re
import socket

import pytest

from blackbox.actions import events, register_course, seats, unique

CLOSE_DEADLINE_S = 20
BODY_MARK = b"{body}"
HEAD = b"POST /v1/enrollments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"
SIZED = b"Content-Length: {size}\r\n\r\n{body}"

# {size} and {body} stand for a good enrollment, which must never be placed.
HOSTILE = {
    "Transfer-Encoding with Content-Length": HEAD + b"Content-Length: {size}\r\n" + CHUNKED,
    "Content-Length with Transfer-Encoding": HEAD + b"Transfer-Encoding: chunked\r\n" + SIZED,
    "transfer coding gzip": HEAD + b"Transfer-Encoding: gzip\r\n\r\n{body}",
    "transfer coding identity": HEAD + b"Transfer-Encoding: identity\r\n\r\n{body}",
    "transfer coding identity with a length": HEAD + b"Transfer-Encoding: identity\r\n" + SIZED,
    "gzip before chunked": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
    "chunked that is not final": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
    "chunked in two headers": HEAD + b"Transfer-Encoding: chunked\r\n" + CHUNKED,
    "chunked with a prefix": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
    "chunked in quotes": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n',
    "an empty transfer coding": HEAD + b"Transfer-Encoding:\r\n" + SIZED,
    "Content-Length twice, alike": HEAD + b"Content-Length: {size}\r\n" + SIZED,
    "Content-Length twice, different": HEAD + b"Content-Length: 1\r\n" + SIZED,
    "a list of lengths, alike": HEAD + b"Content-Length: {size}, {size}\r\n\r\n{body}",
    "a list of lengths, different": HEAD + b"Content-Length: {size}, 1\r\n\r\n{body}",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n{body}",
    "a length with a sign": HEAD + b"Content-Length: +{size}\r\n\r\n{body}",
    "a hexadecimal length": HEAD + b"Content-Length: 0x{size:x}\r\n\r\n{body}",
    "a length with letters": HEAD + b"Content-Length: {size}b\r\n\r\n{body}",
    "an empty length": HEAD + b"Content-Length:\r\n\r\n{body}",
    "a length beyond 64 bits": HEAD + b"Content-Length: 18446744073709551617\r\n\r\n{body}",
    "a folded header": HEAD + b"X-Long: a\r\n b\r\n" + SIZED,
    "a folded length": HEAD + b"Content-Length:\r\n {size}\r\n\r\n{body}",
    "a folded transfer coding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
    "no Host": b"POST /v1/enrollments HTTP/1.1\r\nContent-Type: application/json\r\n" + SIZED,
    "two Hosts": HEAD + b"Host: elsewhere\r\n" + SIZED,
    "the same Host twice": HEAD + b"Host: localhost\r\n" + SIZED,
    "chunked in HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + CHUNKED,
    "a chunk extension of kilobytes":
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n{size:x};" + b"x" * 8192 + b"\r\n{body}\r\n0\r\n\r\n",
    "many chunk extensions": HEAD + b"Transfer-Encoding: chunked\r\n\r\n{size:x}" + b";a=b" * 4096 +
                             b"\r\n{body}\r\n0\r\n\r\n",
    "a negative chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-{size:x}\r\n{body}\r\n0\r\n\r\n",
    "a chunk size that is none": HEAD + b"Transfer-Encoding: chunked\r\n\r\nlots\r\n{body}\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits":
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1" + b"0" * 16 + b"{size:x}\r\n{body}\r\n0\r\n\r\n",
    "a chunk without its end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}0\r\n\r\n",
    "white space before the colon": HEAD + b"Content-Length : {size}\r\n\r\n{body}",
    "white space before a transfer coding's colon": HEAD + b"Transfer-Encoding : chunked\r\n" + SIZED,
    "white space before the first header": b"POST /v1/enrollments HTTP/1.1\r\n Host: localhost\r\n" + SIZED,
    "a header without a name": HEAD + b": value\r\n" + SIZED,
    "a header without a colon": HEAD + b"Nonsense\r\n" + SIZED,
    "a NUL in a header": HEAD + b"X-Null: a\0b\r\n" + SIZED,
    "a bare CR in a header": HEAD + b"X-Bare: a\rb\r\n" + SIZED,
    "another version": HEAD.replace(b"HTTP/1.1", b"HTTP/3.0") + SIZED,
    "no version": HEAD.replace(b" HTTP/1.1", b"") + SIZED,
    "two spaces in the first line": HEAD.replace(b"POST ", b"POST  ", 1) + SIZED,
    "a control character in the target": HEAD.replace(b"/v1/enrollments", b"/v1/enroll\x01ments") + SIZED,
    "not HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 64 + b"\r\n\r\n",
}
# Limits rather than tricks: they have answers of their own.
TOO_LARGE = {
    "a header of 1 MB": (HEAD + b"X-Large: " + b"x" * (1 << 20) + b"\r\n" + SIZED, (400, 431)),
    "ten thousand headers": (HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + SIZED, (400, 431)),
    "a target of 1 MB": (HEAD.replace(b"enrollments", b"x" * (1 << 20)) + SIZED, (400, 414, 431)),
    "a Content-Length of 1 TB": (HEAD + b"Content-Length: 1099511627776\r\n\r\n{body}", (400, 413)),
    "a chunk of 1 TB": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000\r\n{body}", (400, 413)),
}


def fill(template, body):
    return (template.replace(b"{size:x}", b"%x" % len(body)).replace(b"{size}", b"%d" % len(body))
            .replace(BODY_MARK, body))


def statuses_until_closed(address, raw):
    """Sends the bytes and a good request behind them; the status of each answer until the server closes."""
    received = b""
    with socket.create_connection(address, CLOSE_DEADLINE_S) as connection:
        try:
            connection.sendall(raw + b"GET /v1/courses HTTP/1.1\r\nHost: localhost\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while data := connection.recv(1 << 16):
                received += data
        except ConnectionResetError:
            pass
        except TimeoutError:
            pytest.fail(f"not closed within {CLOSE_DEADLINE_S} s; received {received!r}")
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)], received


@pytest.fixture
def untouched(client):
    """A body that would enroll a student; after the test none is."""
    course = register_course(client)
    student = unique("smuggled")
    yield b'{"courseId":"%s","studentId":"%s"}' % (course.encode(), student.encode())
    assert seats(client, course)["available"] == 10
    assert student not in str(events(client)[0])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_framing_is_answered_400_and_the_connection_closed(server, untouched, name):
    statuses, received = statuses_until_closed(server.listen, fill(HOSTILE[name], untouched))
    assert statuses == [400], received


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_framing_behind_a_good_request_is_refused_alike(server, untouched, name):
    good = b"GET /v1/courses?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    statuses, received = statuses_until_closed(server.listen, good + fill(HOSTILE[name], untouched))
    assert statuses == [200, 400], received


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_and_the_connection_closed(server, untouched, name):
    raw, expected = TOO_LARGE[name]
    statuses, received = statuses_until_closed(server.listen, fill(raw, untouched))
    assert len(statuses) <= 1 and set(statuses) <= set(expected), received


def test_the_management_port_is_as_strict(server):
    raw = (b"PUT /v1/admin/gateway HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Content-Length: 13\r\nContent-Length: 13\r\n\r\n{\"hang\":true}")
    statuses, received = statuses_until_closed(server.management, raw)
    assert statuses == [400], received


def test_an_idle_half_request_is_closed_in_the_end(server):
    with socket.create_connection(server.listen, 40) as connection:
        connection.sendall(b"POST /v1/enrollments HTTP/1.1\r\nHost: local")
        received = connection.recv(1 << 16)
        assert received == b"" or b" 408 " in received.split(b"\r\n")[0]
