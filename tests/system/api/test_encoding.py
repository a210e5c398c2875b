"""A path or query that is not UTF-8 is refused on every route: it would be several names in one."""

from __future__ import annotations

import http.client
import json
import re
from urllib.parse import urlsplit

import pytest

from app.api.app import create_app
from tests.support.client import Client
from tests.support.stack import Stack

BAD = ["%ff", "a%FE", "%c3%28", "%ed%a0%80", "%c0%af", "%f5%80%80%80"]
ROUTES = sorted(
    (method.upper(), path)
    for path, operations in create_app().openapi()["paths"].items()
    for method in operations
)


@pytest.fixture(scope="module")
def somebody(stack: Stack) -> Client:
    return stack.client()


def answer(client: Client, method: str, target: str, *, key: bool = True) -> tuple[int, str]:
    """The status and the code for exactly these bytes: httpx2 would encode them anew."""
    address = urlsplit(str(client.http.base_url))
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    headers = {"Authorization": client.http.headers["authorization"]} if key else {}
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in {
        **headers,
        "Content-Type": "application/json",
        "Content-Length": "2",
    }.items():
        connection.putheader(name, value)
    connection.endheaders(b"{}")
    got = connection.getresponse()
    body = got.read()
    connection.close()
    return got.status, json.loads(body).get("code", "") if body.startswith(b"{") else ""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_refuses_a_path_and_a_query(method: str, path: str, somebody: Client) -> None:
    filled = re.sub(r"\{\w+\}", "%ff", path)

    if filled != path:
        assert answer(somebody, method, filled) == (400, "malformed_url")
    assert answer(somebody, method, re.sub(r"\{\w+\}", "x", path) + "?user_id=%ff") == (
        400,
        "malformed_url",
    )


@pytest.mark.parametrize("bad", BAD)
def test_whatever_is_no_utf_8_is_refused(bad: str, somebody: Client) -> None:
    for target in (
        f"/v1/users/{bad}/context?q=x",
        f"/v1/users/ada/context?q={bad}",
        f"/v1/memories?user_id={bad}",
        f"/v1/memories?{bad}=1&user_id=ada",
        f"/v1/nothing/{bad}",
        f"/{bad}",
        f"/mcp/{bad}",
    ):
        assert answer(somebody, "GET", target) == (400, "malformed_url")


def test_the_key_comes_first(somebody: Client) -> None:
    assert answer(somebody, "GET", "/v1/users/%ff/context", key=False) == (401, "unauthenticated")
    assert answer(somebody, "DELETE", "/v1/users/%ff", key=False) == (401, "unauthenticated")


@pytest.mark.parametrize("user", ["%C3%BC", "%F0%9F%A6%8A", "%EF%BF%BD", "a%20b"])
def test_what_is_utf_8_is_taken(user: str, somebody: Client) -> None:
    assert answer(somebody, "GET", f"/v1/users/{user}/context?q={user}")[0] == 200
    assert answer(somebody, "GET", f"/v1/memories?user_id={user}")[0] == 200


def test_two_users_that_are_no_utf_8_are_not_erased_as_one(stack: Stack, client: Client) -> None:
    kept = client.http.post("/v1/memories", json={"user_id": "\ufffd", "fact": "Likes tea"})
    assert kept.status_code == 201

    assert answer(client, "DELETE", "/v1/users/%fe")[0] == 400

    assert client.facts("\ufffd") == ["Likes tea"]
