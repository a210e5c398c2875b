"""A secret in what describes a thing is masked like one in a fact."""

from __future__ import annotations

import json
from typing import Any

from tests.support.client import Client

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def made(client: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.http.post(path, json=body)
    assert answer.status_code in (201, 202), answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_users_id_is_kept_as_it_is_whatever_it_looks_like(client: Client) -> None:
    """Masking would make one person of two: ids are compared, never read."""
    one, two = f"user-{TOKEN}", f"user-{TOKEN[:-1]}9"
    made(client, "/v1/memories", user_id=one, fact="Likes tea")
    made(client, "/v1/memories", user_id=two, fact="Plays the cello")

    listed = client.http.get("/v1/memories", params={"user_id": one}).json()["memories"]

    assert [(each["user_id"], each["fact"]) for each in listed] == [(one, "Likes tea")]


def test_no_field_keeps_a_token(client: Client) -> None:
    text = f"the token is {TOKEN}"
    agent = made(
        client, "/v1/agents", name=text, owner_id="ada", description=text, system_prompt=text
    )
    made(client, "/v1/skills", name=text, description=text, schema={"note": text})
    made(client, "/v1/teams", name=text, slug="crew", user_id="ada")
    made(client, "/v1/keys", label=text)
    made(client, "/v1/webhooks", url="https://hooks.invalid/", description=text)
    one, two = (
        made(client, "/v1/memories", user_id="ada", fact=fact, source=TOKEN)["id"]
        for fact in ("Likes tea", "Plays the cello")
    )
    made(
        client,
        "/v1/graph/connect",
        from_memory_id=one,
        to_memory_id=two,
        relationship_type=text,
        metadata={"password": "hunter2", "note": text},
    )
    talk = made(
        client,
        "/v1/conversations",
        user_id="ada",
        external_id=TOKEN,
        messages=[{"role": "user", "name": TOKEN, "content": "I live in Oslo."}],
    )
    client.finished(talk["id"])

    seen = [
        client.http.get(path).text
        for path in (
            f"/v1/agents/{agent['id']}",
            "/v1/skills",
            "/v1/teams",
            "/v1/keys",
            "/v1/webhooks",
            "/v1/memories?user_id=ada",
            f"/v1/graph/related/{one}",
            f"/v1/conversations/{talk['id']}",
            "/v1/users/ada/export",
        )
    ]

    assert all(TOKEN not in text for text in seen)
    assert "hunter2" not in json.dumps(seen)
    assert all("masked" in text for text in seen[:7])


def test_text_that_grows_when_it_is_masked_is_stored_as_it_was_masked(client: Client) -> None:
    """The mask is longer than what it hides, and the text was as long as it may be."""
    numbers = "4111 1111 1111 1111 " * 100
    agent = made(client, "/v1/agents", name="Helper", owner_id="ada")
    stated = {"user_id": "ada", "fact": numbers[:2_000], "source": numbers[:50]}

    made(client, "/v1/memories", **stated)
    made(client, f"/v1/agents/{agent['id']}/memories", **stated)
    made(client, "/v1/webhooks", url="https://hooks.invalid/", description=numbers[:500])
    made(client, "/v1/keys", label=numbers[:100])
    made(client, "/v1/skills", name=numbers[:200], description=numbers[:2_000])
