"""A person who was erased: no word of theirs is anywhere, and nothing that was under way brings one
back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx2
import psycopg
import redis as redis_client
from psycopg import sql

from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.support.client import Client
from tests.support.process import Server, eventually
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack

CANARY = "quetzalcoatlus"


def places_of(stack: Stack, redis_url: str, word: str) -> list[str]:
    """Tables, Redis keys and logs that hold the word."""
    found = []
    with psycopg.connect(stack.database_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace"
        ).fetchall()
        for (table,) in tables:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {} t WHERE t::text ILIKE %s").format(
                    sql.Identifier(table)
                ),
                (f"%{word}%",),
            ).fetchone()
            found += [table] if row and row[0] else []
    client = redis_client.Redis(unix_socket_path=redis_url.removeprefix("redis+socket://"))
    with client:
        for key in client.scan_iter("*"):
            held = key + (client.dump(key) or b"")
            found += [key.decode()] if word.encode() in held else []
    found += [log.name for log in stack.folder.glob("*.log") if word in log.read_text()]
    return found


def test_no_word_of_theirs_is_left_and_the_receipt_checks(
    make_stack: MakeStack, redis: tuple[Server, str], fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack().start()
    client = stack.client()
    texts = (f"User keeps a {CANARY}.", "User lives in Oslo.")
    done = client.post_conversation("ada", *texts, metadata={"note": CANARY}, key="k-1")
    assert client.finished(done)["state"] == "done"
    replaced = client.post_conversation("ada", f"User has a {CANARY} named Miso.")
    assert client.finished(replaced)["state"] == "done"
    fake_anthropic[0].script({"status": 400})
    dead = client.post_conversation("ada", f"The {CANARY} is dead.", key="k-2")
    assert client.finished(dead)["state"] == "dead"
    store = {"user_id": "ada", "fact": f"Feeds the {CANARY}.", "metadata": {"of": CANARY}}
    memory = client.http.post("/v1/memories", json=store, headers={"Idempotency-Key": "k-3"})
    changed = {"fact": f"Feeds the {CANARY} twice."}
    client.http.patch(f"/v1/memories/{memory.json()['id']}", json=changed)
    client.http.get("/v1/memories/search", params={"user_id": "ada", "q": CANARY})
    assert "memories" in places_of(stack, redis[1], CANARY)
    fake_anthropic[0].script({"delay_seconds": 0.9}, {"delay_seconds": 0.9})
    seen = fake_anthropic[0].count
    under_way = client.post_conversation("ada", f"User sells the {CANARY}.")
    client.post_conversation("ada", f"User buys another {CANARY}.")
    eventually(lambda: fake_anthropic[0].count > seen)

    answer = client.http.delete("/v1/users/ada")

    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["erased"]["conversations"] == 5
    assert receipt["erased"]["memories"] >= 4
    assert client.http.get(f"/v1/conversations/{under_way}").status_code == 404
    other = client.post_conversation("bob", "User has a dog named Rex.")
    assert client.finished(other)["state"] == "done"
    eventually(lambda: not places_of(stack, redis[1], CANARY))
    assert places_of(stack, redis[1], CANARY) == []
    assert places_of(stack, redis[1], "Oslo") == []
    assert CANARY not in client.http.get("/v1/users/ada/export").text

    check = client.http.post("/v1/erasures/verify", json=receipt)
    assert check.json() == {"valid": True}
    forged = {**receipt, "erased": {**receipt["erased"], "memories": 0}}
    assert client.http.post("/v1/erasures/verify", json=forged).json() == {"valid": False}
    stranger = stack.client()
    assert stranger.http.post("/v1/erasures/verify", json=receipt).json() == {"valid": False}
    again = client.http.delete("/v1/users/ada").json()
    assert set(again["erased"].values()) == {0}


def test_a_store_that_was_under_way_does_not_bring_them_back(
    make_stack: MakeStack, fake_voyage: tuple[FakeVoyage, str]
) -> None:
    stack = make_stack().start(workers=False)
    client = stack.client()
    fake_voyage[0].script({"delay_seconds": 0.8})
    body = {"user_id": "ada", "fact": f"Keeps a {CANARY}."}
    with ThreadPoolExecutor(1) as pool:
        seen = fake_voyage[0].count
        storing = pool.submit(client.http.post, "/v1/memories", json=body)
        eventually(lambda: fake_voyage[0].count > seen)
        assert client.http.delete("/v1/users/ada").status_code == 200
        stored = storing.result()

    assert stored.status_code == 409
    assert stored.json()["code"] == "user_erased"
    assert client.facts("ada") == []
    assert client.http.post("/v1/memories", json=body).status_code == 201


def test_nothing_that_named_them_is_left_in_the_smaller_tables(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack().start()
    client = stack.client()

    def post(path: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = client.http.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        made: dict[str, Any] = answer.json()
        return made

    team = post("/v1/teams", name="Crew", slug="crew", user_id="bob")["id"]
    invited = post(f"/v1/teams/{team}/invitations", email=f"{CANARY}@example.org", invited_by="bob")
    post(f"/v1/invitations/{invited['token']}/accept", user_id="ada", email=invited["email"])
    post("/v1/agents", key="k-1", name=CANARY, owner_id="ada", system_prompt=CANARY)
    one, two = (
        post("/v1/memories", user_id="ada", fact=fact)["id"]
        for fact in ("Likes tea.", "Plays the cello.")
    )
    edge = {"from_memory_id": one, "to_memory_id": two, "relationship_type": CANARY}
    post("/v1/graph/connect", key="k-2", **edge, metadata={"of": CANARY})
    talk = client.http.post(
        "/v1/conversations",
        json={
            "user_id": "ada",
            "team_id": team,
            "external_id": CANARY,
            "messages": [{"role": "user", "name": CANARY.title(), "content": "It rains."}],
        },
    )
    assert client.finished(talk.json()["id"])["state"] == "done"
    post("/v1/keys", users=["ada", "bob"])
    own = post("/v1/keys", users=["ada"])
    exported = client.http.get("/v1/users/ada/export").text
    kinds = {json.loads(line)["type"] for line in exported.splitlines()}
    assert kinds >= {"memory", "conversation", "event", "edge", "agent", "membership", "invitation"}
    assert "+00:00" not in exported

    receipt = client.http.delete("/v1/users/ada").json()

    assert receipt["erased"]["agents"] == 1
    assert places_of(stack, redis[1], CANARY) == []
    [key] = [each for each in client.http.get("/v1/keys").json()["keys"] if each["users"]]
    assert key["users"] == ["bob"]
    for as_hers in ({"user_id": "ada", "q": "tea"}, {"user_id": "bob", "q": "tea"}):
        with_own_key = {"Authorization": f"Bearer {own['api_key']}"}
        eventually(
            lambda asked=as_hers, key=with_own_key: (
                client.http.get("/v1/memories/search", params=asked, headers=key).status_code == 401
            ),
            seconds=10,
        )
    assert client.http.get("/v1/usage").json()["usage"]["agents"]["used"] == 0
    assert client.http.post("/v1/erasures/verify", json=receipt).json() == {"valid": True}


def test_what_is_being_posted_while_they_are_erased_is_not_remembered(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    """The request arrives before the erasure, and its body ends after it."""
    stack = make_stack().start()
    client = stack.client()
    chat = {
        "user_id": "ada",
        "messages": [{"role": "user", "content": f"I keep a {CANARY}. " + "x" * 100_000}],
    }
    invited_to = client.http.post(
        "/v1/teams", json={"name": "Crew", "slug": "crew", "user_id": "bob"}
    ).json()["id"]
    member = {"user_id": "ada", "added_by": "bob"}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("/v1/conversations", chat),
        ("/v1/memories", {"user_id": "ada", "fact": f"Keeps a {CANARY}."}),
        ("/v1/memories:batch", {"memories": [{"user_id": "ada", "fact": f"Keeps a {CANARY}."}]}),
        ("/v1/agents", {"name": CANARY, "owner_id": "ada"}),
        (f"/v1/teams/{invited_to}/members", member),
        ("/v1/teams", {"name": CANARY, "slug": "hers", "user_id": "ada"}),
        ("/v1/keys", {"users": ["ada"], "label": CANARY}),
    ]
    erased = Event()
    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [pool.submit(send_slowly, client, path, body, erased) for path, body in requests]
        for each in sent:
            assert each.running()
        time.sleep(0.5)
        assert client.http.delete("/v1/users/ada").status_code == 200
        erased.set()
        answers = [each.result() for each in sent]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "user_erased")
    ] * len(requests)
    assert places_of(stack, redis[1], CANARY) == []
    assert client.http.post("/v1/memories", json=requests[1][1]).status_code == 201


def send_slowly(client: Client, path: str, body: dict[str, Any], go_on: Event) -> httpx2.Response:
    """Send the first half of the body, and the rest when ``go_on`` is set."""
    encoded = json.dumps(body).encode()

    def parts() -> Iterator[bytes]:
        yield encoded[: len(encoded) // 2]
        go_on.wait(10)
        yield encoded[len(encoded) // 2 :]

    headers = {"Content-Type": "application/json", "Content-Length": str(len(encoded))}
    return client.http.post(path, content=parts(), headers=headers)


def test_a_retry_after_the_erasure_does_not_bring_them_back(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack().start()
    client = stack.client()
    requests: list[tuple[str, dict[str, Any]]] = [
        (
            "/v1/conversations",
            {"user_id": "ada", "messages": [{"role": "user", "content": f"I keep a {CANARY}."}]},
        ),
        ("/v1/memories", {"user_id": "ada", "fact": f"Keeps a {CANARY}."}),
        ("/v1/agents", {"name": CANARY, "owner_id": "ada"}),
    ]

    def send(nth: int) -> httpx2.Response:
        path, body = requests[nth]
        return client.http.post(path, json=body, headers={"Idempotency-Key": f"key-{nth}"})

    first = [send(nth) for nth in range(len(requests))]
    assert {answer.status_code for answer in first} <= {200, 201, 202}
    assert client.finished(first[0].json()["id"])["state"] == "done"
    assert client.http.delete("/v1/users/ada").status_code == 200

    again = [send(nth) for nth in range(len(requests))]

    assert [answer.json().get("code") for answer in again] == ["user_erased"] * len(requests)
    eventually(lambda: not places_of(stack, redis[1], CANARY))
