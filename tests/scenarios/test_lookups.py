"""Names of webhooks' hosts that are looked up without an end hold up nothing, and not the end of the server."""

import pytest

from blackbox.actions import confirmed, eventually, register_course
from blackbox.client import Client
from blackbox.preload import compiler, environment, library
from blackbox.server import DRAIN_DEADLINE_S, Server

pytestmark = pytest.mark.skipif(not compiler(), reason="no C compiler to build the slow look-up with")


def test_a_look_up_that_does_not_end_does_not_hold_up_the_end(scratch):
    begun = scratch / "lookup"
    server = Server(scratch / "data", environment=environment(library("lookup_shim.c", scratch), TEST_LOOKUP=begun))
    with server, Client(server.listen) as client:
        assert client.post("/v1/webhooks", {"url": "http://receiver.slow/notified"}).status == 201
        confirmed(client, register_course(client))
        eventually(begun.exists)
        assert confirmed(client, register_course(client))
        assert server.terminate(DRAIN_DEADLINE_S) == 0
