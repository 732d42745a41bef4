import shutil
import tempfile
from pathlib import Path

import pytest

from blackbox import server as process
from blackbox.actions import set_gateway
from blackbox.client import Client
from blackbox.contract import Contract
from blackbox.site import Site, assert_journal_is_sound


def _kept_on_failure(request):
    """A folder for data and logs; it goes when its tests passed, and its path is notified when they did not."""
    root = Path(tempfile.mkdtemp(prefix="sugang-test-"))
    failed_before = request.session.testsfailed
    yield root
    if request.session.testsfailed > failed_before:
        print(f"\ndata and logs kept in {root}")
    else:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def sugangd():
    try:
        return process.binary()
    except RuntimeError as error:
        pytest.exit(str(error), 2)


@pytest.fixture
def scratch(request):
    """A folder of the test's own."""
    yield from _kept_on_failure(request)


@pytest.fixture(scope="module")
def module_scratch(request):
    yield from _kept_on_failure(request)


@pytest.fixture(scope="module")
def server(module_scratch):
    """One server for all tests of a module; each test works on courses of its own."""
    with process.Server(module_scratch / "data") as running:
        yield running
        assert running.running(), running.stderr()
        assert running.terminate() == 0, running.stderr()
        assert_journal_is_sound(running.data)


@pytest.fixture
def site(scratch):
    """A server of the test's own, which it may kill."""
    with Site(scratch) as site:
        yield site


@pytest.fixture(scope="module")
def contract(server):
    with Client(server.listen) as client:
        return Contract(client.get("/openapi.json").json())


@pytest.fixture
def client(server, contract):
    """Every answer that it gets is held against /openapi.json."""
    with Client(server.listen, contract.check) as client:
        yield client


@pytest.fixture
def management(server):
    with Client(server.management) as client:
        yield client


@pytest.fixture
def gateway(management):
    """Steers the embedded gateway; after the test it is healthy again."""
    yield lambda **settings: set_gateway(management, **settings)
    set_gateway(management)
