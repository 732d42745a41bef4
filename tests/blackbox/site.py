"""A server of a test's own with a client at each door, which may be killed and comes back on the same data."""

from blackbox import server as process
from blackbox.client import Client
from blackbox.contract import Contract


def assert_journal_is_sound(data):
    """The stopped server's journal keeps every invariant (`sugangd verify`)."""
    verified = process.run("verify", "--data", data)
    assert verified.returncode == 0, verified.stdout + verified.stderr


class Site:
    """Every answer is held against the server's own description. Ends with a drain and a look at the journal."""

    def __init__(self, folder, *arguments):
        self.server = process.Server(folder / "data")
        self.server.arguments += list(map(str, arguments))
        self.client = self.management = None

    def _connect(self):
        with Client(self.server.listen) as client:
            contract = Contract(client.get("/openapi.json").json())
        self.client = Client(self.server.listen, contract.check)
        self.management = Client(self.server.management)

    def _disconnect(self):
        for client in (self.client, self.management):
            if client is not None:
                client.close()

    def crash(self, meanwhile=lambda data: None):
        """kill -9, and a start on what that, and `meanwhile`, left."""
        self._disconnect()
        self.server.kill()
        self._come_back(meanwhile)

    def restart(self, meanwhile=lambda data: None):
        """A drain, and a start on what that, and `meanwhile`, left."""
        self._disconnect()
        assert self.server.terminate() == 0, self.server.stderr()
        self._come_back(meanwhile)

    def _come_back(self, meanwhile):
        meanwhile(self.server.data)
        self.server.start()
        self._connect()

    def __enter__(self):
        self.server.start()
        self._connect()
        return self

    def __exit__(self, failed, *_):
        self._disconnect()
        if failed is not None:
            return self.server.__exit__()
        assert self.server.terminate() == 0, self.server.stderr()
        assert_journal_is_sound(self.server.data)
