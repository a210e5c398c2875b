"""Whoever a request names, as who acts or as who is put into a place, is within the key's reach:
every field that names a user, as the OpenAPI document has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from app.api.app import create_app
from app.api.schemas.named_users import NAMES_OF_USERS
from app.concurrency import LONG_CHARS
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.api.test_audit import accesses, seen
from tests.system.contract.calls import NOBODY, got, keyless, made, refused, restricted, store, team

SCHEMA = create_app().openapi()
METHODS = ("get", "put", "post", "patch", "delete")
SUSPECTS = ("user", "owner", "member", "author", "acting")
"""Parts of names that a field for a user may have."""


@dataclass(frozen=True)
class Field:
    """A field of a request: where it is (path, query, or body), its name, and the list in the body
    whose entries have it, if it is in one."""

    operation: str
    place: str
    name: str
    listed_in: str | None = None
    names_a_user: bool = True

    def __str__(self) -> str:
        return f"{self.operation} {self.place} {self.name}"

    def request(self, user_id: str, padding: int = 0) -> dict[str, Any]:
        """A request that names the user here, and nothing else that could be refused before."""
        method, path = self.operation.split(" ")
        if self.place == "path":
            path = path.replace(f"{{{self.name}}}", quote(user_id, safe=""))
        while "{" in path:
            path = path[: path.index("{")] + NOBODY + path[path.index("}") + 1 :]
        query = {self.name: user_id} if self.place == "query" else {}
        body: dict[str, Any] = {}
        if self.place == "body":
            named: Any = [user_id] if self.name == "users" else user_id
            body = {self.name: named}
            if self.listed_in:
                body = {self.listed_in: [{self.name: "ada"}, body]}
        if padding:
            body["no such field"] = "x" * padding
        sent = {"json": body} if method in ("POST", "PATCH", "PUT") else {}
        return {"method": method, "url": path, "params": query, **sent}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = SCHEMA["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return found


def kinds(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema, and what it may be one of."""
    yield resolved(schema)
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from kinds(one)


def is_a_user(schema: dict[str, Any]) -> bool:
    return any(
        kind.get("x-names-user") or (kind.get("items") and is_a_user(kind["items"]))
        for kind in kinds(schema)
    )


def of_a_body(operation: str, schema: dict[str, Any], within: str | None) -> Iterator[Field]:
    for kind in kinds(schema):
        for name, field in kind.get("properties", {}).items():
            yield Field(operation, "body", name, within, is_a_user(field))
            for each in kinds(field):
                for deeper in [each] if "properties" in each else [each.get("items", {})]:
                    yield from of_a_body(operation, deeper, name)


def fields() -> Iterator[Field]:
    for path, item in SCHEMA["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = f"{method.upper()} {path}"
            for each in item[method].get("parameters", ()):
                named = is_a_user(each["schema"])
                yield Field(operation, each["in"], each["name"], names_a_user=named)
            for content in item[method].get("requestBody", {}).get("content", {}).values():
                yield from of_a_body(operation, content["schema"], None)


ALL = list(fields())
NAMING = sorted((field for field in ALL if field.names_a_user), key=str)
OPEN = {"POST /v1/invitations/{token}/accept"}
"""Has no key; its own tests are below."""


def test_every_field_that_names_a_user_is_in_the_one_list() -> None:
    assert len(NAMING) > 25
    assert {field.name for field in NAMING} == set(NAMES_OF_USERS)
    assert {field.listed_in for field in NAMING} == {None, "memories"}
    assert {field.place for field in NAMING} == {"path", "query", "body"}


def test_a_field_that_sounds_like_a_user_is_marked_as_one() -> None:
    sounding = {
        field.name
        for field in ALL
        if field.name.endswith("_by") or any(part in field.name for part in SUSPECTS)
    }

    # Which of the speakers in a transcript is the user: a name, and no id.
    assert sounding - {"user_speaker"} == set(NAMES_OF_USERS)
    assert {field.name for field in ALL if not field.names_a_user} & set(NAMES_OF_USERS) == set()


@pytest.mark.parametrize(
    "field", [field for field in NAMING if field.operation not in OPEN], ids=str
)
def test_a_restricted_key_names_nobody_beyond_its_reach(
    field: Field, bobs: Client, application: Client
) -> None:
    # A long body is read off the event loop, another way.
    for padding in (0, 2 * LONG_CHARS) if field.place == "body" else (0,):
        answer = bobs.http.request(**field.request("alice", padding))
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] in ("out_of_reach", "missing_scope")

    assert "out_of_reach" not in application.http.request(**field.request("alice")).text


@pytest.fixture(scope="module")
def application(stack: Stack) -> Client:
    """The key of the application, which reaches everyone."""
    return stack.client()


@pytest.fixture(scope="module")
def bobs(stack: Stack, application: Client) -> Client:
    return restricted(stack, application, users=["bob", "ada"])


def out_of_reach(answer: httpx2.Response) -> None:
    refused(answer, 403, "out_of_reach")


def test_a_restricted_key_puts_nobody_else_into_a_team(stack: Stack, client: Client) -> None:
    """Finding 9: bob's key, bob's team, alice's context."""
    bob = restricted(stack, client, users=["bob"])
    crew = team(bob, "bob")
    members = f"/v1/teams/{crew}/members"

    out_of_reach(bob.http.post(members, json={"user_id": "alice", "added_by": "bob"}))
    made(client, members, user_id="alice", added_by="bob")
    role = {"role": "admin", "changed_by": "bob"}
    out_of_reach(bob.http.patch(f"{members}/alice", json=role))
    out_of_reach(bob.http.delete(f"{members}/alice", params={"removed_by": "bob"}))

    roles = {each["user_id"]: each["role"] for each in got(client, f"/v1/teams/{crew}")["members"]}
    assert roles == {"bob": "admin", "alice": "member"}


def test_an_invitation_opens_no_more_than_the_key_that_made_it(
    stack: Stack, client: Client
) -> None:
    bob = restricted(stack, client, users=["bob", "bobs-second-phone"])
    crew = team(bob, "bob")

    def invited(by: Client) -> str:
        path = f"/v1/teams/{crew}/invitations"
        return str(made(by, path, email="a@example.org", invited_by="bob")["token"])

    def accepted(token: str, user_id: str) -> httpx2.Response:
        body = {"user_id": user_id, "email": "a@example.org"}
        return keyless(stack).post(f"/v1/invitations/{token}/accept", json=body)

    token = invited(bob)
    out_of_reach(accepted(token, "alice"))
    assert accepted(token, "bobs-second-phone").status_code == 200
    assert accepted(invited(client), "alice").status_code == 200


def test_the_context_says_whose_a_teams_memory_is(client: Client) -> None:
    crew = team(client, "bob", alice="member")
    store(client, "The bank of the user is Acme", "bob", team_id=crew)
    store(client, "Likes tea", "alice")

    answer = got(client, "/v1/users/alice/context", include_team=True)

    assert sorted(line[4:] for line in answer["context"].splitlines()) == [
        "(importance: 0.5, decay: 1.00, source: api) Likes tea",
        "(importance: 0.5, decay: 1.00, source: team, by bob) The bank of the user is Acme",
    ]


def test_the_audit_log_finds_everyone_whom_a_request_named(client: Client) -> None:
    crew = team(client, "bob")
    members = f"/v1/teams/{crew}/members"
    made(client, members, user_id="alice", added_by="bob")
    client.http.patch(f"{members}/alice", json={"role": "read_only", "changed_by": "bob"})
    client.http.delete(f"{members}/alice", params={"removed_by": "bob"})
    made(client, "/v1/keys", users=["carol"])
    body = {"user_id": "dan", "fact": "x", "metadata": {"user_id": "somebody-elses"}}
    made(client, "/v1/memories", **body)

    of_alice = [
        ("POST", "/v1/teams/{team_id}/members", None, 201),
        ("PATCH", "/v1/teams/{team_id}/members/{user_id}", None, 200),
        ("DELETE", "/v1/teams/{team_id}/members/{user_id}", None, 204),
    ]
    assert seen(client, 3, user_id="alice") == of_alice
    assert seen(client, 4, user_id="bob") == [("POST", "/v1/teams", None, 201), *of_alice]
    assert seen(client, 1, user_id="carol") == [("POST", "/v1/keys", None, 201)]
    assert seen(client, 1, user_id="dan") == [("POST", "/v1/memories", None, 201)]
    assert accesses(client, user_id="somebody-elses") == []
