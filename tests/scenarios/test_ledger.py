"""`sugangd verify` holds the journal's payments against the embedded gateway's own ledger."""

import shutil

import pytest

from blackbox import server as process
from blackbox.actions import cancel, confirmed, enroll, register_course, set_gateway
from blackbox.site import Site

ASYNC = {"Prefer": "respond-async"}


def verify(data):
    return process.run("verify", "--data", data)


def keep(data, folder, name):
    shutil.copytree(data / folder, data.parent / name)


def restore(data, folder, name):
    shutil.rmtree(data / folder)
    shutil.copytree(data.parent / name, data / folder)


@pytest.mark.parametrize("older, says", [("gateway", "has no charge"), ("journal", "no payment")])
def test_verify_finds_a_ledger_that_contradicts_the_journal(scratch, older, says):
    data = scratch / "data"
    with Site(scratch) as site:
        course = register_course(site.client)
        confirmed(site.client, course)
    keep(data, older, "older")
    with Site(scratch) as site:
        payment = confirmed(site.client, course)["payment"]["id"]
    assert verify(data).returncode == 0
    restore(data, older, "older")
    found = verify(data)
    assert found.returncode == 1, found.stdout
    assert says in found.stdout and payment in found.stdout


def test_verify_finds_a_refund_that_the_ledger_lacks(scratch):
    data = scratch / "data"
    with Site(scratch) as site:
        enrollment = confirmed(site.client, register_course(site.client))
    keep(data, "gateway", "older")
    with Site(scratch) as site:
        assert cancel(site.client, enrollment["id"], {"Prefer": "wait=10"}).status == 200
    restore(data, "gateway", "older")
    found = verify(data)
    assert found.returncode == 1 and enrollment["payment"]["id"] in found.stdout, found.stdout


def test_verify_takes_what_a_retry_will_settle_for_no_fault(scratch):
    with Site(scratch, "--gateway-timeout-ms", 200) as site:
        course = register_course(site.client)
        refunds = [confirmed(site.client, course)["id"] for _ in range(4)]
        set_gateway(site.management, hang=True)
        for one in refunds:
            assert cancel(site.client, one, ASYNC).status == 202
        for _ in range(6):
            enroll(site.client, course, headers=ASYNC)
        # Leaving the site stops the server and verifies what it left.


def test_verify_does_without_a_ledger_where_there_is_none(scratch):
    with Site(scratch) as site:
        confirmed(site.client, register_course(site.client))
    shutil.rmtree(scratch / "data" / "gateway")
    assert verify(scratch / "data").returncode == 0
    assert not (scratch / "data" / "gateway").exists()
