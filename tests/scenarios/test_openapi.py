"""The server's description of itself."""

import re

import pytest

METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}

ROUTES = """
POST /v1/courses
GET /v1/courses
GET /v1/courses/{id}
PATCH /v1/courses/{id}
POST /v1/enrollments
GET /v1/enrollments
GET /v1/enrollments/{id}
GET /v1/enrollments/{id}/events
POST /v1/enrollments/{id}/cancel
GET /v1/payments/{id}
GET /v1/payments
GET /v1/students/{id}/page
GET /v1/events
GET /v1/sagas
GET /v1/sagas/{id}
GET /openapi.json
GET /problems/{name}
""".split("\n")[1:-1]


def operations(contract):
    for path, item in contract.document["paths"].items():
        for method in item.keys() & METHODS:
            yield path, method, item[method]


def test_it_is_openapi_3_1(contract):
    assert contract.document["openapi"].startswith("3.1")
    assert contract.document["info"]["title"] and contract.document["info"]["version"]


def test_its_references_resolve_and_its_schemas_are_valid(contract):
    assert list(contract.faults()) == []


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_described(contract, route):
    method, path = route.split()
    assert contract.operation(method, path.replace("{id}", "x").replace("{name}", "x")), route


def test_every_operation_says_what_it_does_and_takes(contract):
    ids = []
    for path, method, operation in operations(contract):
        assert operation.get("summary") or operation.get("description"), (method, path)
        assert operation["responses"], (method, path)
        ids.append(operation["operationId"])
        shared = contract.document["paths"][path].get("parameters", [])
        named = [contract.resolve(one) for one in shared + operation.get("parameters", [])]
        in_path = {one["name"] for one in named if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), (method, path)
    assert len(set(ids)) == len(ids)


def test_every_refusal_is_described_as_a_problem(contract):
    for path, method, operation in operations(contract):
        for status, response in operation["responses"].items():
            content = contract.resolve(response).get("content", {})
            if status.startswith(("4", "5")) and content and (path, status) != ("/readyz", "503"):
                assert "application/problem+json" in content, (method, path, status)
