"""A server that webhooks are posted to: it keeps every call, and answers as the test sets."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNED_WITHIN_S = 300


class Call:
    """One POST that arrived."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self.at = time.time()

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def message(self):
        return json.loads(self.body)

    def is_signed_with(self, secret):
        """The rules of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, and a timestamp that is not old."""
        timestamp = self.headers["webhook-timestamp"]
        if abs(self.at - int(timestamp)) > SIGNED_WITHIN_S:
            return False
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        content = f"{self.id}.{timestamp}.".encode() + self.body
        expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(expected, one) for one in self.headers["webhook-signature"].split(" "))


class Receiver:
    """Answers with `status`, a number or a function of the call; None: never."""

    def __init__(self):
        self.status = 204
        self.calls = []
        self._ended = threading.Event()

    def of(self, enrollment):
        """What arrived about the enrollment, in order."""
        return [call for call in list(self.calls) if call.message["data"]["enrollmentId"] == enrollment]

    def let_go(self):
        """Ends the connections of the calls that were not answered."""
        self._ended.set()

    def __enter__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                call = Call(self.path, self.headers, body)
                receiver.calls.append(call)
                status = receiver.status(call) if callable(receiver.status) else receiver.status
                if status is None:
                    receiver._ended.wait()
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/notified"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.let_go()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
