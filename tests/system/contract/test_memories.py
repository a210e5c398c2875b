"""Contract §1.2: memories are stored, listed, searched, changed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import (
    NOBODY,
    SEARCHED,
    age,
    agent,
    at_once,
    batch,
    found,
    got,
    listed,
    refused,
    statuses,
    store,
    team,
    used,
    walked,
)

DISTINCT = [
    "Likes tea",
    "Plays the cello",
    "Lives in Lisbon",
    "Works as a nurse",
    "Has a dog named Rex",
    "Is allergic to nuts",
    "Drives a red van",
    "Speaks Finnish",
    "Studied law in Oslo",
    "Wakes up at six",
]


def patched(client: Client, memory_id: str, **changes: Any) -> dict[str, Any]:
    """What a PATCH answers."""
    answer = client.http.patch(f"/v1/memories/{memory_id}", json=changes)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_new_fact_is_stored(client: Client) -> None:
    """§1.2 POST: 201 new, with exactly its fields; `team_id` only when sent."""
    answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})
    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "action": "stored",
        "id": body["id"],
        "source": "api",
        "namespace": "default",
    }
    team_id = team(client)
    shared = store(client, "Likes tea", team_id=team_id, source="app", namespace="n")
    assert shared == {
        "action": "stored",
        "id": shared["id"],
        "source": "app",
        "namespace": "n",
        "team_id": team_id,
    }


def test_a_contradiction_replaces(client: Client) -> None:
    """§1.2 POST: 201 `replaced` with `replaced_id`; the old row stays and says until when."""
    old = store(client, "Lives in New York")["id"]
    answer = client.http.post(
        "/v1/memories", json={"user_id": "ada", "fact": "Lives in San Francisco"}
    )
    body = answer.json()
    assert answer.status_code == 201
    assert body.keys() == {"action", "id", "source", "namespace", "replaced_id"}
    assert (body["action"], body["replaced_id"]) == ("replaced", old)
    retired = got(client, f"/v1/memories/{old}")
    assert (retired["state"], retired["superseded_by"]) == ("superseded", body["id"])
    assert retired["valid_until"] is not None
    assert listed(client) == ["Lives in San Francisco"]


def test_a_duplicate_is_told_with_its_id_alone(client: Client) -> None:
    """§1.2 POST: 200 `duplicate`, `action` and `id` only."""
    first = store(client, "Likes tea")
    answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": " likes TEA. "})
    assert answer.status_code == 200
    assert answer.json() == {"action": "duplicate", "id": first["id"]}


@pytest.mark.parametrize(
    "body",
    [
        {"fact": "x"},
        {"user_id": "ada"},
        {"user_id": "", "fact": "x"},
        {"user_id": 5, "fact": "x"},
        {"user_id": "ada", "fact": "x", "importance": 1.01},
        {"user_id": "ada", "fact": "x", "importance": -0.1},
        {"user_id": "ada", "fact": "x", "importance": "high"},
        {"user_id": "ada", "fact": "x", "importance": None},
        {"user_id": "ada", "fact": "x", "team_id": "crew"},
        {"user_id": "ada", "fact": "x", "visibility": "public"},
        {"user_id": "ada", "fact": "x", "visibility": "team"},
        {"user_id": "ada", "fact": "x", "metadata": []},
        {"user_id": "ada", "fact": "x", "valid_from": "soon"},
        {"user_id": "ada", "fact": "x", "namespace": ""},
        [],
        "x",
    ],
)
def test_an_invalid_store_is_refused(somebody: Client, body: Any) -> None:
    """§1.2 POST: invalid (422 by rule 7), in a batch too."""
    refused(somebody.http.post("/v1/memories", json=body), 422, "validation")
    refused(somebody.http.post("/v1/memories:batch", json={"memories": [body]}), 422, "validation")


def test_a_reader_of_the_team_may_not_write(client: Client) -> None:
    """§1.2 POST: 403 for a read-only member, on store and conversation."""
    team_id = team(client, bob="read_only")
    where = {"user_id": "bob", "team_id": team_id}
    answer = client.http.post("/v1/memories", json={"fact": "x", **where})
    refused(answer, 403, "read_only_member")
    talk = client.http.post("/v1/conversations", json={"transcript": "Bob: Hi", **where})
    refused(talk, 403, "read_only_member")


def test_duplicates_are_looked_for_in_the_scope_alone(client: Client) -> None:
    """§1.2 Dedup scope: (tenant, user, namespace), and (tenant, team, namespace)."""
    team_id = team(client, bob="member")
    for place in (
        {"user_id": "ada"},
        {"user_id": "bob"},
        {"user_id": "ada", "namespace": "work"},
        {"user_id": "ada", "team_id": team_id},
        {"user_id": "ada", "team_id": team_id, "namespace": "work"},
    ):
        assert store(client, "Likes tea", **place)["action"] == "stored"
    again = store(client, "Likes tea", "bob", team_id=team_id)
    assert again["action"] == "duplicate"


def test_twenty_identical_stores_at_once_are_one_memory(client: Client) -> None:
    """§1.2 POST under concurrency: one `stored`, nineteen `duplicate` of it."""
    body = {"user_id": "ada", "fact": "Likes tea"}
    answers = at_once(*[lambda: client.http.post("/v1/memories", json=body)] * 20)
    assert statuses(answers) == [200] * 19 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (used(client), listed(client)) == (1, ["Likes tea"])


def test_contradictions_at_once_leave_one_truth(client: Client) -> None:
    """§1.2 POST under concurrency: of ten colors at once one is live, and the chain is whole."""
    colors = ["red", "blue", "green", "yellow", "black", "white", "pink", "purple", "grey", "brown"]
    posts: list[Callable[[], httpx2.Response]] = [
        lambda color=color: client.http.post(  # type: ignore[misc]
            "/v1/memories", json={"user_id": "ada", "fact": f"The favourite color is {color}"}
        )
        for color in colors
    ]
    answers = at_once(*posts)
    assert statuses(answers) == [201] * 10
    [memory] = got(client, "/v1/memories", user_id="ada")["memories"]
    versions = got(client, f"/v1/memories/{memory['id']}")["versions"]
    assert len(versions) == 9
    assert used(client) == 1


def test_search_brings_back_what_is_promised(client: Client) -> None:
    """§1.2 GET search: the fields, `limit` 10 by default and 50 at most."""
    batch(client, DISTINCT)
    batch(client, ["Keeps bees", "Collects stamps"])
    answer = got(client, "/v1/memories/search", user_id="ada", q="What does Ada drink?")
    assert len(answer["results"]) == 10
    assert answer["results"][0]["fact"] == "Likes tea"
    assert answer["degraded"] is False
    for memory in answer["results"]:
        assert memory.keys() >= SEARCHED
    assert len(got(client, "/v1/memories/search", user_id="ada", q="x", limit=99)["results"]) == 12


def test_search_is_narrowed_by_source_and_namespace(client: Client) -> None:
    """§1.2 GET search: `source`, `namespace` (default `default`, not all)."""
    store(client, "Likes tea", source="app")
    store(client, "Plays the cello", source="mail")
    store(client, "Works as a nurse", namespace="work")
    assert found(client) == {"Likes tea", "Plays the cello"}
    assert found(client, source="mail") == {"Plays the cello"}
    assert found(client, source="none") == set()
    assert found(client, namespace="work") == {"Works as a nurse"}


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ('{"project": "atlas"}', {1, 2}),
        ('{"project": {"eq": "atlas"}, "priority": {"gte": 2}}', {2}),
        ('{"priority": {"gt": 1, "lt": 3}}', {2}),
        ('{"priority": {"lte": 2}}', {1, 2}),
        ('{"priority": {"in": [1, 3]}}', {1, 3}),
        ('{"priority": {"in": []}}', set()),
        ('{"priority": {"ne": 1}}', {2, 3, 4}),
        ('{"priority": "1"}', set()),
        ('{"priority": {"gt": "0"}}', set()),
        ('{"tags": {"contains": "x"}}', {3}),
        ('{"tags": ["x", "y"]}', {3}),
        ('{"done": true}', {4}),
        ('{"gone": null}', {4}),
        ('{"absent": 1}', set()),
        ("{}", {1, 2, 3, 4}),
    ],
)
def test_metadata_filters(client: Client, condition: str, matches: set[int]) -> None:
    """§1.2 and rule 15 `metadata`: equality and operators, on search, list and context."""
    kept: list[tuple[str, dict[str, Any]]] = [
        ("Likes tea", {"project": "atlas", "priority": 1}),
        ("Plays the cello", {"project": "atlas", "priority": 2}),
        ("Lives in Lisbon", {"project": "hera", "priority": 3, "tags": ["x", "y"]}),
        ("Works as a nurse", {"done": True, "gone": None}),
    ]
    for number, (fact, metadata) in enumerate(kept, start=1):
        store(client, fact, metadata={**metadata, "n": number})
    query = {"user_id": "ada", "q": "x", "metadata": condition, "top_n": 20}
    for path, key in (
        ("/v1/memories/search", "results"),
        ("/v1/memories", "memories"),
        ("/v1/users/ada/context", "memories"),
    ):
        answer = got(client, path, **query)
        assert {memory["metadata"]["n"] for memory in answer[key]} == matches
    assert got(client, "/v1/memories", **query)["total"] == len(matches)


def test_time_filters(stack: Stack, client: Client) -> None:
    """§1.2 and rule 15: `created_after` counts in, `created_before` does not."""
    old, new = store(client, "Likes tea")["id"], store(client, "Plays the cello")["id"]
    age(stack, old, 10)
    created = got(client, f"/v1/memories/{new}")["created_at"]
    assert found(client, created_after=created[:10]) == {"Plays the cello"}
    assert found(client, created_before=created[:10]) == {"Likes tea"}
    assert listed(client, created_after="2990-01-01") == []
    assert got(client, "/v1/memories", user_id="ada", created_before=created[:10])["total"] == 1


def test_what_was_true_then_is_found_by_valid_at(client: Client) -> None:
    """Rule 15 `valid_at`: the past as it was, retired memories too; §1.2."""
    store(client, "Lives in New York", valid_from="2020-01-01T00:00:00Z")
    store(client, "Lives in San Francisco", valid_from="2022-06-01T00:00:00Z")
    assert found(client) == {"Lives in San Francisco"}
    for time, home in (
        ("2019-12-31T23:59:59Z", set()),
        ("2020-01-01T00:00:00Z", {"Lives in New York"}),
        ("2022-05-31T23:59:59Z", {"Lives in New York"}),
        ("2022-06-01T00:00:00+00:00", {"Lives in San Francisco"}),
        ("2030-01-01", {"Lives in San Francisco"}),
    ):
        assert found(client, valid_at=time) == home, time
        assert set(listed(client, valid_at=time)) == home, time


def test_an_older_truth_that_comes_late_is_history(client: Client) -> None:
    """Rule 15 `valid_at`: what was true before the live memory does not retire it."""
    store(client, "Lives in San Francisco", valid_from="2022-06-01T00:00:00Z")
    late = store(client, "Lives in Boston", valid_from="2018-01-01T00:00:00Z")
    assert late["action"] == "stored"
    assert got(client, f"/v1/memories/{late['id']}")["state"] == "superseded"
    assert (found(client), used(client)) == ({"Lives in San Francisco"}, 1)
    assert found(client, valid_at="2020-01-01") == {"Lives in Boston"}
    assert found(client, valid_at="2024-01-01") == {"Lives in San Francisco"}


def test_of_a_chain_of_truths_one_held_at_a_time(client: Client) -> None:
    """Rule 15 `valid_at`: an older truth that comes late ends where the next one began."""
    store(client, "Lives in New York", valid_from="2020-01-01T00:00:00Z")
    store(client, "Lives in San Francisco", valid_from="2022-06-01T00:00:00Z")
    store(client, "Lives in Boston", valid_from="2018-01-01T00:00:00Z")
    assert found(client, valid_at="2019-01-01") == {"Lives in Boston"}
    assert found(client, valid_at="2021-01-01") == {"Lives in New York"}


def test_the_list_is_newest_first_with_a_total(client: Client) -> None:
    """§1.2 GET list: fields, `limit` 20, `offset` 0, `total`; pages by offset and by cursor."""
    batch(client, DISTINCT)
    newest_first = DISTINCT[::-1]
    page = got(client, "/v1/memories", user_id="ada")
    assert (page["limit"], page["offset"], page["total"]) == (20, 0, 10)
    assert page["next_cursor"] is None
    assert page["memories"][0].keys() >= {
        "id",
        "fact",
        "visibility",
        "team_id",
        "importance",
        "source",
        "namespace",
        "created_at",
    }
    assert listed(client) == newest_first
    by_offset = got(client, "/v1/memories", user_id="ada", limit=4, offset=8)
    assert [memory["fact"] for memory in by_offset["memories"]] == newest_first[8:]
    assert (by_offset["total"], by_offset["offset"]) == (10, 8)
    assert got(client, "/v1/memories", user_id="ada", limit=500)["limit"] == 100
    assert got(client, "/v1/memories", user_id="ada", offset=99)["memories"] == []


def test_a_cursor_holds_while_memories_come_and_go(client: Client) -> None:
    """Rule 15 cursor: no memory twice and none left out, and the last page says so."""
    ids = batch(client, DISTINCT)
    seen: list[str] = []
    query: dict[str, Any] = {"user_id": "ada", "limit": 3}
    while True:
        page = got(client, "/v1/memories", **query)
        seen += [memory["fact"] for memory in page["memories"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
        store(client, f"Owns a {['boat', 'kite', 'lute', 'drone'][len(seen) // 3]}")
        client.http.delete(f"/v1/memories/{ids[9 - len(seen) + 1]}")
    assert seen == DISTINCT[::-1]
    exact = got(client, "/v1/memories", user_id="ada", limit=10)
    assert exact["total"] == len(listed(client))


def test_the_list_shows_a_team_to_its_members_alone(client: Client) -> None:
    """§1.2 GET list `visibility`, `team_id`: with a membership check."""
    team_id = team(client, bob="read_only")
    store(client, "The release is on Friday", team_id=team_id)
    store(client, "Likes tea")
    both = ["Likes tea", "The release is on Friday"]
    assert listed(client, team_id=team_id) == both
    assert listed(client, team_id=team_id, visibility="team") == both[1:]
    assert listed(client, team_id=team_id, visibility="private") == both[:1]
    assert listed(client, "bob", team_id=team_id) == both[1:]
    eve = client.http.get("/v1/memories", params={"user_id": "eve", "team_id": team_id})
    refused(eve, 403, "not_a_member")


def test_every_field_can_be_changed(client: Client) -> None:
    """§1.2 PATCH and rule 15: fact, metadata, importance, visibility, namespace; the answer
    has `id`, `visibility`, `importance`, `team_id`."""
    memory_id = store(client, "Likes tea", metadata={"a": 1})["id"]
    team_id = team(client)

    body = patched(client, memory_id, importance=0.9)
    assert body.keys() >= {"id", "visibility", "importance", "team_id"}
    assert (body["importance"], body["visibility"], body["team_id"]) == (0.9, "private", None)
    assert patched(client, memory_id, metadata={"b": "ü"})["metadata"] == {"b": "ü"}
    assert patched(client, memory_id, metadata={})["metadata"] == {}
    assert patched(client, memory_id, namespace="drinks")["namespace"] == "drinks"
    assert (found(client), found(client, namespace="drinks")) == (set(), {"Likes tea"})
    shared = patched(client, memory_id, visibility="team")
    assert (shared["visibility"], shared["team_id"]) == ("team", team_id)
    private = patched(client, memory_id, visibility="private")
    assert (private["visibility"], private["team_id"]) == ("private", None)
    assert patched(client, memory_id, fact="  Trinkt Kaffee ☕ ")["fact"] == "Trinkt Kaffee ☕"
    seen = got(client, f"/v1/memories/{memory_id}")
    assert seen["updated_at"] is not None
    edits = [event for event in seen["history"] if event["action"] == "edited"]
    assert edits[-1]["before"] == {"fact": "Likes tea"}
    assert edits[-1]["after"] == {"fact": "Trinkt Kaffee ☕"}
    assert len(edits) == 7


def test_a_changed_fact_is_found_by_its_new_meaning(client: Client) -> None:
    """Rule 15: a patched `fact` is re-embedded and deduplicated by its new text."""
    memory_id = store(client, "Plays the cello")["id"]
    store(client, "Drives a red van")
    patched(client, memory_id, fact="Is allergic to peanuts")
    best = got(client, "/v1/memories/search", user_id="ada", q="food allergy", limit=1)
    assert best["results"][0]["id"] == memory_id
    assert store(client, "Is allergic to peanuts") == {"action": "duplicate", "id": memory_id}
    assert store(client, "Plays the cello")["action"] == "stored"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"user_id": "ada"},
        {"fact": " "},
        {"fact": "x" * 2001},
        {"fact": "a\x00b"},
        {"importance": 2},
        {"visibility": "public"},
        {"visibility": "team"},
        {"namespace": ""},
        {"namespace": "x" * 101},
        {"metadata": "x"},
        {"team_id": "x"},
        {"importance": None},
    ],
)
def test_a_change_that_means_nothing_is_refused(client: Client, changes: dict[str, Any]) -> None:
    """§1.2 PATCH: at least one field, within its limits; nothing changes otherwise."""
    memory_id = store(client, "Likes tea")["id"]
    answer = client.http.patch(f"/v1/memories/{memory_id}", json=changes)
    refused(answer, 422, "validation")
    seen = got(client, f"/v1/memories/{memory_id}")
    assert (seen["fact"], seen["importance"], seen["namespace"]) == ("Likes tea", 0.5, "default")


def test_only_what_is_live_can_be_changed(client: Client) -> None:
    """§1.2 PATCH and DELETE: 404 unknown or deleted, no UUID 422, superseded 409; a text that the
    scope holds already is 409."""
    old = store(client, "Lives in New York")["id"]
    new = store(client, "Lives in San Francisco")["id"]
    tea = store(client, "Likes tea")["id"]

    def patch(memory_id: str, **changes: Any) -> httpx2.Response:
        return client.http.patch(f"/v1/memories/{memory_id}", json=changes)

    assert patch(old, importance=1).status_code == 409
    refused(patch(new, fact="Likes tea"), 409, "duplicate_memory")
    refused(patch(NOBODY, importance=1), 404, "not_found")
    refused(patch("x", importance=1), 422, "validation")
    client.http.delete(f"/v1/memories/{tea}")
    refused(patch(tea, importance=1), 404, "not_found")
    assert patch(new, fact="Likes tea").status_code == 200


def test_a_named_user_is_held_to_author_and_role(client: Client) -> None:
    """§1.2 PATCH and DELETE with `user_id`: not the author 404, a reader of the team 403."""
    team_id = team(client, bob="member", eve="read_only")
    mine = store(client, "Likes tea")["id"]
    shared = store(client, "The release is on Friday", team_id=team_id)["id"]

    def patch(memory_id: str, user_id: str) -> httpx2.Response:
        return client.http.patch(
            f"/v1/memories/{memory_id}", json={"importance": 0.9, "user_id": user_id}
        )

    refused(patch(mine, "bob"), 404, "not_found")
    refused(patch(shared, "eve"), 403, "read_only_member")
    refused(patch(shared, "carl"), 403, "not_a_member")
    assert patch(shared, "bob").status_code == 200
    path = "/v1/memories/{}?user_id={}"
    refused(client.http.delete(path.format(mine, "bob")), 404, "not_found")
    refused(client.http.delete(path.format(shared, "eve")), 403, "read_only_member")
    assert client.http.delete(path.format(mine, "ada")).status_code == 200


def test_changes_at_once_are_all_kept_in_the_history(client: Client) -> None:
    """§1.2 PATCH under concurrency: one after another, none lost."""
    memory_id = store(client, "Likes tea")["id"]
    weights = [n / 10 for n in range(1, 10) if n != 5]
    patches: list[Callable[[], httpx2.Response]] = [
        lambda weight=weight: client.http.patch(  # type: ignore[misc]
            f"/v1/memories/{memory_id}", json={"importance": weight}
        )
        for weight in weights
    ]
    assert statuses(at_once(*patches)) == [200] * 8
    seen = got(client, f"/v1/memories/{memory_id}")
    edits = [event for event in seen["history"] if event["action"] == "edited"]
    steps = [(edit["before"]["importance"], edit["after"]["importance"]) for edit in edits]
    assert [round(before, 4) for before, _ in steps[1:]] == [after for _, after in steps[:-1]]
    assert sorted(after for _, after in steps) == weights
    assert seen["importance"] == steps[-1][1]


def test_deletions_at_once_count_once(client: Client) -> None:
    """§1.2 DELETE under concurrency, beside changes: one 200, the rest 404; the count is right."""
    memory_id = store(client, "Likes tea")["id"]
    store(client, "Plays the cello")
    path = f"/v1/memories/{memory_id}"
    deletes = at_once(
        *[lambda: client.http.delete(path)] * 6,
        *[lambda: client.http.patch(path, json={"importance": 0.9})] * 4,
    )
    assert statuses(deletes[:6]) == [200] + [404] * 5
    assert {answer.status_code for answer in deletes[6:]} <= {200, 404}
    assert (used(client), listed(client)) == (1, ["Plays the cello"])


def test_a_retired_memory_can_be_brought_back(client: Client) -> None:
    """Rule 15: history and provenance by id, and a restore; 409 when it lives."""
    old = store(client, "Lives in New York", importance=0.7)["id"]
    new = store(client, "Lives in San Francisco")["id"]
    detail = got(client, f"/v1/memories/{new}")
    assert [version["fact"] for version in detail["versions"]] == ["Lives in New York"]
    assert [event["action"] for event in detail["history"]] == ["replaced"]
    assert detail["history"][0]["other_memory_id"] == old
    assert detail["history"][0]["reason"]

    restored = client.http.post(f"/v1/memories/{old}/restore")

    assert (restored.status_code, restored.json()["importance"]) == (200, 0.7)
    assert set(listed(client)) == {"Lives in New York", "Lives in San Francisco"}
    assert used(client) == 2
    assert client.http.post(f"/v1/memories/{old}/restore").status_code == 409
    refused(client.http.post(f"/v1/memories/{NOBODY}/restore"), 404, "not_found")
    history = got(client, f"/v1/memories/{old}")["history"]
    assert [event["action"] for event in history] == ["stored", "replaced", "restored"]


def test_the_successor_of_a_deleted_memory_lives_on(client: Client) -> None:
    """§1.2 DELETE: of a replaced pair either end can go, and the other stays readable."""
    facts = [f"The favourite color is {color}" for color in ("red", "blue", "green")]
    ids = [store(client, fact)["id"] for fact in facts]
    assert client.http.delete(f"/v1/memories/{ids[1]}").status_code == 200
    assert used(client) == 1
    oldest = got(client, f"/v1/memories/{ids[0]}")
    assert oldest["state"] == "superseded"
    assert listed(client) == ["The favourite color is green"]
    assert walked(client, ids[2]) == {}
    assert client.http.delete(f"/v1/memories/{ids[2]}").status_code == 200
    assert client.http.post(f"/v1/memories/{ids[0]}/restore").status_code == 200
    assert listed(client) == ["The favourite color is red"]


def test_a_batch_says_what_became_of_each(client: Client) -> None:
    """Rule 15 `memories:batch`: compared with what is known and with each other."""
    known = store(client, "Likes tea")["id"]
    facts = ["Likes tea", "Lives in New York", "Plays the cello", "Lives in San Francisco"]
    answer = client.http.post(
        "/v1/memories:batch",
        json={"memories": [{"user_id": "ada", "fact": fact} for fact in facts]},
    ).json()
    results = answer["results"]
    assert [each["action"] for each in results] == ["duplicate", "stored", "stored", "replaced"]
    assert results[0]["id"] == known
    assert results[3]["replaced_id"] == results[1]["id"]
    counts = (answer["stored"], answer["replaced"], answer["duplicates"], answer["rejected"])
    assert counts == (2, 1, 1, 0)
    assert set(listed(client)) == {"Likes tea", "Plays the cello", "Lives in San Francisco"}
    assert used(client) == 3


def test_a_batch_is_all_or_nothing(client: Client) -> None:
    """Rule 15 `memories:batch`: one invalid fact, one forbidden team: nothing is stored."""
    good = {"user_id": "ada", "fact": "Likes tea"}
    path = "/v1/memories:batch"
    for bad, status in (
        ({"user_id": "ada", "fact": ""}, 422),
        ({"user_id": "ada", "fact": "x", "team_id": NOBODY}, 403),
        ({"user_id": "ada", "fact": "x", "agent_id": NOBODY}, 404),
    ):
        answer = client.http.post(path, json={"memories": [good, bad]})
        assert answer.status_code == status
    assert (listed(client), used(client)) == ([], 0)
    for size in (0, 1001):
        answer = client.http.post(path, json={"memories": [good] * size})
        refused(answer, 422, "validation")


def test_a_batch_may_go_to_many_places(client: Client) -> None:
    """Rule 15 `memories:batch`: users, namespaces, agents and teams in one request."""
    team_id, agent_id = team(client), agent(client)
    places = [
        {"user_id": "ada"},
        {"user_id": "bob"},
        {"user_id": "ada", "namespace": "n"},
        {"user_id": "ada", "agent_id": agent_id},
        {"user_id": "ada", "team_id": team_id},
        {"user_id": "ada", "team_id": team_id, "visibility": "private", "namespace": "p"},
    ]
    answer = client.http.post(
        "/v1/memories:batch",
        json={"memories": [{"fact": "Likes tea", **place} for place in places * 2]},
    ).json()
    assert (answer["stored"], answer["duplicates"]) == (6, 6)
    ids = [each["id"] for each in answer["results"]]
    assert ids[:6] == ids[6:]
    assert used(client) == 6
