import shutil
import tempfile
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from blackbox import server as process
from blackbox.actions import register_course, set_gateway, unique
from blackbox.client import Client
from blackbox.coaching import register_training
from blackbox.contract import Contract
from blackbox.receiver import Receiver
from blackbox.site import Site, assert_journal_is_sound
from blackbox.stillness import Stillness

ATTEMPTS = 4
# Less than the shortest time after which a server, or a test of it, gives up.
STILL_S = 0.5

_stillness = Stillness()
_failures = 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """A test that fails while the machine stands still is run again: its deadlines passed and nothing had a turn."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for attempt in range(1, ATTEMPTS + 1):
        _stillness.reset()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        if not failed or _stillness.longest_s < STILL_S or attempt == ATTEMPTS:
            break
        print(f"\n{item.nodeid}: failed while the machine stood still for {_stillness.longest_s:.1f} s: run again")
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    global _failures
    outcome = yield
    _failures += outcome.get_result().failed


def _kept_on_failure():
    """A folder for data and logs; it goes when its tests passed, and its path is notified when they did not."""
    root = Path(tempfile.mkdtemp(prefix="sugang-test-"))
    failed_before = _failures
    yield root
    if _failures > failed_before:
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
def scratch():
    """A folder of the test's own."""
    yield from _kept_on_failure()


@pytest.fixture(scope="module")
def module_scratch():
    yield from _kept_on_failure()


@pytest.fixture(scope="module")
def server(module_scratch):
    """One server for all tests of a module; each test works on courses of its own."""
    with process.Server(module_scratch / "data") as running:
        yield running
        assert running.running(), running.stderr()
        assert running.terminate() == 0, running.stderr()
        assert_journal_is_sound(running.data)


@pytest.fixture
def site(request, scratch):
    """A server of the test's own, which it may kill; a module may name SITE_ARGUMENTS for it."""
    with Site(scratch, *getattr(request.module, "SITE_ARGUMENTS", ())) as site:
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


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def product(client):
    return register_course(client, kind="product", capacity=10, price=5000, mileagePercent=2)


@pytest.fixture
def training(client):
    return register_training(client)


@pytest.fixture
def instructor():
    return unique("instructor")
