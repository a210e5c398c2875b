"""Contract §6: every fault that must never happen has a test here that names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

import app
from app.settings import Settings
from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.contract.calls import (
    NOBODY,
    age,
    agent,
    at_once,
    batch,
    edge,
    found,
    got,
    keyless,
    listed,
    made,
    on_plan,
    refused,
    sql,
    statuses,
    store,
    team,
    used,
    walked,
)
from tests.system.contract.test_memories import DISTINCT
from tests.system.contract.test_scoring import searched
from tests.system.contract.test_teams import accepted, invited, roles
from tests.system.contract.voyaging import Voyaging

ROOT = Path(app.__file__).parents[1]


@contextmanager
def breaking(stack: Stack, fact: str) -> Iterator[None]:
    """While this lasts, the database takes everything but this fact."""
    sql(
        stack,
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.fact = '{fact}' THEN RAISE EXCEPTION 'the secret of the trigger'; END IF;
            RETURN NEW;
        END $$
        """,
    )
    sql(
        stack,
        "CREATE TRIGGER refuse BEFORE INSERT ON memories FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    try:
        yield
    finally:
        sql(stack, "DROP TRIGGER refuse ON memories")
        sql(stack, "DROP FUNCTION refuse")


def anew(stack: Stack, client: Client) -> Client:
    """The same client on a new connection: the service closes one on which it failed."""
    return Client(stack.base_url, client.http.headers["authorization"].removeprefix("Bearer "))


def test_01_identical_stores_through_every_door_are_one_memory(client: Client) -> None:
    """Fault 1: concurrent identical stores, by store, batch and tool call, leave one row."""
    fact = {"user_id": "ada", "fact": "Likes tea"}
    call = {"name": "smara_store_memory", "arguments": fact}
    answers = at_once(
        *[lambda: client.http.post("/v1/memories", json=fact)] * 5,
        *[lambda: client.http.post("/v1/memories:batch", json={"memories": [fact] * 3})] * 5,
        *[lambda: client.http.post("/v1/openai/tool-call", json=call)] * 5,
    )
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert (listed(client), used(client)) == (["Likes tea"], 1)


def test_02_a_replacement_is_all_or_nothing(own: Stack) -> None:
    """Fault 2: when the new fact cannot be written, the old one stays as it was."""
    client = on_plan(own, "self-hosted")
    home = store(client, "Lives in New York")["id"]
    dog = store(client, "Has a dog named Rex")["id"]
    edge(client, home, dog)
    with breaking(own, "Lives in San Francisco"):
        body = {"user_id": "ada", "fact": "Lives in San Francisco"}
        assert client.http.post("/v1/memories", json=body).status_code == 500
    client = anew(own, client)
    memory = got(client, f"/v1/memories/{home}")
    assert (memory["state"], memory["valid_until"]) == ("live", None)
    assert walked(client, home) == {dog: 1}
    assert used(client) == 2


def test_03_the_last_slot_is_given_once(small: Client) -> None:
    """Fault 3: with one slot free, eight concurrent stores: one succeeds."""
    batch(small, DISTINCT[:2])
    posts: list[Callable[[], httpx2.Response]] = [
        lambda n=n: small.http.post(  # type: ignore[misc]
            "/v1/memories", json={"user_id": f"u{n}", "fact": "Likes tea"}
        )
        for n in range(8)
    ]
    assert statuses(at_once(*posts)) == [201] + [402] * 7
    assert used(small) == 3


def test_04_the_quota_comes_after_dedup_and_on_every_path(small: Client) -> None:
    """Fault 4: a duplicate at the limit is fine; agent stores and tool calls are counted."""
    agent_id = agent(small)
    batch(small, DISTINCT[:3])
    assert store(small, DISTINCT[0])["action"] == "duplicate"
    fact = {"user_id": "ada", "fact": "Keeps bees"}
    call = {"name": "smara_store_memory", "arguments": fact}
    for path, body in (
        ("/v1/memories", fact),
        (f"/v1/agents/{agent_id}/memories", fact),
        ("/v1/openai/tool-call", call),
    ):
        refused(small.http.post(path, json=body), 402, "plan_limit")


def test_05_no_duplicate_is_missed_among_many(client: Client) -> None:
    """Fault 5: every one of many facts is recognised when it comes again, all in one scope."""
    facts = [
        f"The favourite dish of {name} is {dish}" for name in _NAMES for dish in ("pie", "soup")
    ]
    body = {"memories": [{"user_id": "ada", "fact": fact} for fact in facts]}
    first = client.http.post("/v1/memories:batch", json=body).json()
    number = used(client)
    live = {each["id"] for each in first["results"]}
    again = client.http.post(
        "/v1/memories:batch",
        json={"memories": [{"user_id": "ada", "fact": fact} for fact in listed(client)]},
    ).json()
    assert again["duplicates"] == len(again["results"]) == number >= 20
    assert {each["id"] for each in again["results"]} <= live


def test_06_private_and_team_memories_never_touch_each_other(client: Client) -> None:
    """Fault 6: a private store never retires a team's or an agent's memory, and the reverse."""
    team_id, agent_id = team(client), agent(client)
    places: list[dict[str, Any]] = [{}, {"team_id": team_id}, {"agent_id": agent_id}]
    for first in places:
        for second in places:
            if first is second:
                continue
            namespace = f"{places.index(first)}{places.index(second)}"
            old = store(client, "Lives in New York", namespace=namespace, **first)["id"]
            new = store(client, "Lives in San Francisco", namespace=namespace, **second)
            same = store(client, "Lives in New York", namespace=f"{namespace}=", **first)
            also = store(client, "Lives in New York", namespace=f"{namespace}=", **second)
            assert (new["action"], same["action"], also["action"]) == ("stored",) * 3
            assert got(client, f"/v1/memories/{old}")["state"] == "live"


def test_07_two_agents_do_not_know_each_other(client: Client) -> None:
    """Fault 7: the same fact and its contradiction in two agents' scopes stand side by side."""
    one, two = agent(client, "One"), agent(client, "Two")
    homes = {one: "Lives in New York", two: "Lives in San Francisco"}
    for agent_id, home in homes.items():
        path = f"/v1/agents/{agent_id}/memories"
        assert made(client, path, user_id="ada", fact=home)["action"] == "stored"
        assert made(client, path, user_id="ada", fact="Likes tea")["action"] == "stored"
    for agent_id, home in homes.items():
        assert found(client, agent_id=agent_id) == {"Likes tea", home}


def test_08_who_contradicted_a_team_and_why_is_on_record(client: Client) -> None:
    """Fault 8: a colleague's memory is retired visibly: by which memory, whose, when and why."""
    team_id = team(client, bob="member")
    old = store(client, "Lives in New York", "ada", team_id=team_id)["id"]
    new = store(client, "Lives in San Francisco", "bob", team_id=team_id)
    assert new["replaced_id"] == old
    retired = got(client, f"/v1/memories/{old}")
    event = retired["history"][-1]
    assert (event["action"], event["memory_id"]) == ("replaced", new["id"])
    assert event["reason"]
    assert event["at"]
    assert got(client, f"/v1/memories/{retired['superseded_by']}")["user_id"] == "bob"
    assert client.http.post(f"/v1/memories/{old}/restore").status_code == 200


def test_09_a_poorer_wording_does_not_destroy_a_richer_one(client: Client) -> None:
    """Fault 9: a paraphrase is no contradiction; what was said in more detail is kept."""
    for n, (rich, poor) in enumerate(
        [
            ("Plays the cello in the city orchestra on Sundays", "Plays the cello"),
            ("Is allergic to peanuts, so no satay", "Is allergic to peanuts"),
            ("Works at Google as a designer since 2019", "Works at Google"),
        ]
    ):
        store(client, rich, f"u{n}")
        assert store(client, poor, f"u{n}")["action"] != "replaced"
        assert rich in found(client, f"u{n}")


def test_10_what_was_replaced_can_be_read_and_restored(client: Client) -> None:
    """Fault 10: history and restore for replaced rows."""
    ids = [
        store(client, f"The favourite color is {color}", metadata={"n": color})["id"]
        for color in ("red", "blue", "green")
    ]
    versions = got(client, f"/v1/memories/{ids[2]}")["versions"]
    assert [version["id"] for version in versions] == [ids[1], ids[0]]
    restored = client.http.post(f"/v1/memories/{ids[0]}/restore").json()
    assert (restored["state"], restored["metadata"]) == ("live", {"n": "red"})
    assert listed(client) == ["The favourite color is green", "The favourite color is red"]


def test_11_nothing_is_left_out_of_an_answer(client: Client) -> None:
    """Fault 11: recall is whole: each of a user's facts is found by its own words, first."""
    batch(client, [f"Has a friend named {name}" for name in _NAMES])
    for name in _NAMES[::3]:
        [best, *_] = searched(client, f"Has a friend named {name}")
        assert best["fact"] == f"Has a friend named {name}"


def test_12_a_small_user_gets_a_full_answer(client: Client) -> None:
    """Fault 12: beside users with more, and behind a filter, `limit` memories come back."""
    others = [{"user_id": f"u{n % 3}", "fact": f"Plays the cello {n} times"} for n in range(60)]
    client.http.post("/v1/memories:batch", json={"memories": others})
    batch(client, DISTINCT, source="app")
    query = {"user_id": "ada", "q": "Plays the cello", "limit": 10}
    for filters in ({}, {"source": "app"}):
        results = got(client, "/v1/memories/search", **query, **filters)["results"]
        assert {memory["fact"] for memory in results} == set(DISTINCT)


def test_13_decay_lifts_from_anywhere(stack: Stack, client: Client) -> None:
    """Fault 13: a fresh memory outside the 2·limit nearest can come first."""
    for memory_id in batch(client, [f"Visited the town of {name}" for name in _NAMES]):
        age(stack, memory_id, 365)
    store(client, "Went on a trip", importance=1.0)
    everything = searched(client, "town visited")
    nearer = [m for m in everything if m["similarity"] > everything[0]["similarity"]]
    assert everything[0]["fact"] == "Went on a trip"
    assert len(nearer) > 2
    best = got(client, "/v1/memories/search", user_id="ada", q="town visited", limit=1)
    assert best["results"][0]["fact"] == "Went on a trip"


def test_14_an_important_fact_outranks_fresh_trivia(stack: Stack, client: Client) -> None:
    """Fault 14: without a question, a fact of importance 1.0 five days old comes before twenty
    trivial newer ones."""
    age(stack, store(client, "Is allergic to nuts", importance=1.0)["id"], 5)
    for memory_id in batch(client, [f"Met {name}" for name in _NAMES[:20]], importance=0.1):
        age(stack, memory_id, 1)
    answer = got(client, "/v1/users/ada/context")
    assert answer["memories"][0]["fact"] == "Is allergic to nuts"
    assert answer["context"].startswith("[1] (importance: 1, decay: 0.71, source: api) Is allergic")


def test_15_a_search_writes_nothing(stack: Stack, client: Client) -> None:
    """Fault 15: no access counts, no decay column that is overwritten with a similarity."""
    memory_id = store(client, "Likes tea")["id"]
    question = "SELECT xmin::text, m.* FROM memories m WHERE memory_id = %s"
    before = sql(stack, question, memory_id)
    searched(client, "tea")
    got(client, "/v1/users/ada/context", q="tea")
    assert sql(stack, question, memory_id) == before


def test_16_similarity_is_clamped_and_ties_are_broken(client: Client) -> None:
    """Fault 16: similarity in [0, 1] for the farthest question, and the same order every time."""
    batch(client, DISTINCT)
    for question in ("qqqq zzzz 0x7f", "!?", "Das Wetter ist schön", "SELECT 1"):
        results = searched(client, question)
        assert all(0 <= memory["similarity"] <= 1 for memory in results)
        again = searched(client, question)
        assert [memory["id"] for memory in again] == [memory["id"] for memory in results]


def test_17_the_half_life_is_what_it_is_called(stack: Stack, client: Client) -> None:
    """Fault 17: 10 days for importance 1.0, not 6.93."""
    age(stack, store(client, "Likes tea", importance=1.0)["id"], 10)
    [memory] = searched(client, "tea", explain=True)
    assert memory["explain"]["half_life_days"] == 10
    assert memory["decay_score"] == pytest.approx(0.5, abs=0.001)


def test_18_the_meaning_of_the_score_is_shown(stack: Stack, client: Client) -> None:
    """Fault 18: an explained score is the sum of its two parts, by the weights in force."""
    age(stack, store(client, "Likes tea")["id"], 4)
    answer = got(client, "/v1/memories/search", user_id="ada", q="tea", explain=True)
    [memory], weights = answer["results"], answer["explain"]
    assert weights["similarity_weight"] + weights["retention_weight"] == 1
    parts = memory["explain"]["similarity_part"] + memory["explain"]["retention_part"]
    assert memory["score"] == pytest.approx(parts, abs=0.0002)
    assert 0 <= memory["score"] <= 1


def test_19_a_dense_graph_is_walked_in_no_time(stack: Stack, client: Client) -> None:
    """Fault 19: five layers of 20, each connected with all of the next: 3.2 million paths, 81
    nodes."""
    body = {"memories": [{"user_id": f"u{n}", "fact": "Likes tea"} for n in range(100)]}
    results = client.http.post("/v1/memories:batch", json=body).json()["results"]
    ids = [each["id"] for each in results]
    [[tenant_id]] = sql(stack, "SELECT tenant_id FROM memories WHERE memory_id = %s", ids[0])
    for start in range(0, 80, 20):
        sql(
            stack,
            "INSERT INTO memory_edges (tenant_id, from_memory_id, to_memory_id, relationship_type)"
            " SELECT %s, a, b, 'r' FROM unnest(%s::uuid[]) a, unnest(%s::uuid[]) b",
            tenant_id,
            ids[start : start + 20],
            ids[start + 20 : start + 40],
        )
    answer = client.http.get(f"/v1/graph/traverse/{ids[0]}", params={"depth": 5})
    assert answer.elapsed.total_seconds() < 2
    depths = [node["depth"] for node in answer.json()["nodes"]]
    assert depths == [1] * 20 + [2] * 39 + [3] * 20 + [4] * 20
    one = got(client, f"/v1/graph/traverse/{ids[0]}", depth=5, limit=30)
    assert (one["node_count"], one["truncated"]) == (30, True)


def test_20_no_walk_passes_what_is_gone(stack: Stack, client: Client) -> None:
    """Fault 20: a deleted or superseded memory ends the path; nodes are ordered by depth."""
    ids = batch(client, DISTINCT[:7])
    for start, end in ((0, 1), (1, 2), (0, 3), (3, 4), (0, 5), (5, 6)):
        edge(client, ids[start], ids[end])
    client.http.delete(f"/v1/memories/{ids[1]}")
    sql(stack, "UPDATE memories SET state = 'superseded' WHERE memory_id = %s", ids[3])
    assert walked(client, ids[0], depth=5) == {ids[5]: 1, ids[6]: 2}
    assert walked(client, ids[4], depth=5) == {}
    nodes = got(client, f"/v1/graph/traverse/{ids[0]}", depth=5)["nodes"]
    assert [node["depth"] for node in nodes] == [1, 2]
    related = got(client, f"/v1/graph/related/{ids[0]}")["related"]
    assert [node["memory_id"] for node in related] == [ids[5]]


def test_21_a_contradiction_disconnects_nothing(client: Client) -> None:
    """Fault 21: edges follow to the successor, through two replacements and a conversation."""
    home = store(client, "User lives in New York.")["id"]
    dog = store(client, "Has a dog named Rex")["id"]
    edge(client, dog, home, "near")
    store(client, "User lives in San Francisco.")
    client.finished(client.post_conversation("ada", "I live in Boston now."))
    [(last, depth)] = walked(client, dog).items()
    assert "Boston" in got(client, f"/v1/memories/{last}")["fact"]
    assert depth == 1
    assert used(client) == 2


def test_22_a_bad_depth_is_refused_and_edges_belong_to_one_tenant(
    stack: Stack, client: Client
) -> None:
    """Fault 22: depth 0 and text are 422; another tenant cuts no edge."""
    a, b = batch(client, DISTINCT[:2])
    edge_id = edge(client, a, b)
    for depth in ("0", "-1", "deep", ""):
        answer = client.http.get(f"/v1/graph/traverse/{a}", params={"depth": depth})
        refused(answer, 422, "validation")
    other = stack.client()
    refused(other.http.delete(f"/v1/graph/edge/{edge_id}"), 404, "not_found")
    assert walked(client, a) == {b: 1}


def test_23_auth_comes_first_and_a_500_says_nothing(own: Stack) -> None:
    """Fault 23: 401 before validation; the database's words stay in the log."""
    stranger = Client(own.base_url, "smara_nobody")
    refused(stranger.http.post("/v1/memories", content=b"{"), 401, "unauthenticated")
    client = on_plan(own, "self-hosted")
    with breaking(own, "Likes tea"):
        answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})
    refused(answer, 500, "internal")
    for word in ("trigger", "secret", "psycopg", "INSERT", "Traceback", "tea"):
        assert word not in answer.text


@pytest.mark.parametrize(
    "path", ["/v1/webhooks/stripe", "/webhooks/stripe", "/v1/billing/webhook", "/v1/webhook"]
)
def test_24_there_are_no_payment_events(somebody: Client, path: str) -> None:
    """Fault 24: nothing here takes payment events (rule 16), signed or not."""
    for headers in ({}, {"Stripe-Signature": "t=1,v1=00"}):
        assert somebody.http.post(path, json={}, headers=headers).status_code == 404


def test_25_there_is_no_second_way_in(own: Stack) -> None:
    """Fault 25: /setup asks for the operator's secret and never answers twice; there are no admin
    routes over several tenants."""
    secret = {"x-setup-secret": "a secret of the operator"}
    http = keyless(own)
    refused(http.post("/setup"), 403, "setup_secret")
    on_plan(own, "free")
    refused(http.post("/setup", headers=secret), 410, "already_set_up")
    for path in ("/admin/keys", "/admin/stats"):
        for method in ("GET", "POST"):
            assert http.request(method, path, headers=secret).status_code == 404


def test_26_signing_up_again_opens_nothing(own: Stack) -> None:
    """Fault 26: an address that has a tenant gets no key to it."""
    sql(own, "DELETE FROM signup_attempts")
    http = keyless(own)
    first = http.post("/v1/signup", json={"email": "owner@example.org"})
    assert first.status_code == 201
    before = sql(own, "SELECT count(*) FROM api_keys")
    for email in ("owner@example.org", "OWNER@Example.org", " owner@example.org "):
        answer = http.post("/v1/signup", json={"email": email, "password": "12345678"})
        refused(answer, 409, "already_registered")
        assert "smara_" not in answer.text
    assert sql(own, "SELECT count(*) FROM api_keys") == before


def test_27_no_key_is_kept_in_clear(own: Stack) -> None:
    """Fault 27: no table holds a key or an invitation's token."""
    client = on_plan(own, "self-hosted")
    secrets = [
        made(client, "/v1/keys", scopes=["read"], label="x")["api_key"],
        invited(client, team(client), "bob@example.org"),
        client.http.headers["authorization"].removeprefix("Bearer "),
    ]
    tables = sql(own, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 10
    for [table] in tables:
        for [row] in sql(own, f"SELECT to_jsonb(t)::text FROM {table} t"):
            for secret in secrets:
                assert secret not in row, table
                assert secret.encode().hex() not in row, table


def test_28_no_secret_stands_in_the_source() -> None:
    """Fault 28: no token of a bot, a provider or a service is a default in the code."""
    token = re.compile(
        r"\d{8,10}:[\w-]{35}|sk-ant-[\w-]{20,}|sk_live_\w{16,}|ghp_\w{36}|pa-[\w-]{40,}|xox[bp]-\d+"
    )
    files = [path for path in (ROOT / "app").rglob("*") if path.suffix in (".py", ".html", ".js")]
    assert len(files) > 100
    assert [path for path in files if token.search(path.read_text())] == []
    for name in ("anthropic_api_key", "voyage_api_key", "setup_secret"):
        assert Settings.model_fields[name].default is None


def test_29_a_team_is_closed_to_others(client: Client) -> None:
    """Fault 29: membership is checked on list; user and role on PATCH and DELETE."""
    team_id = team(client, bob="read_only")
    shared = store(client, "The release is on Friday", team_id=team_id)["id"]
    for user_id, code in (("eve", "not_a_member"), ("bob", "read_only_member")):
        listing = client.http.get("/v1/memories", params={"user_id": "eve", "team_id": team_id})
        refused(listing, 403, "not_a_member")
        change = {"importance": 1, "user_id": user_id}
        refused(client.http.patch(f"/v1/memories/{shared}", json=change), 403, code)
        refused(client.http.delete(f"/v1/memories/{shared}?user_id={user_id}"), 403, code)
    assert got(client, f"/v1/memories/{shared}")["importance"] == 0.5


def test_30_acting_users_are_the_callers_word_and_keys_are_not(client: Client) -> None:
    """Fault 30: roles are advisory inside a tenant, and the reference says whose word they are."""
    paths = got(client, "/openapi.json")["components"]["schemas"]
    for schema, field in (
        ("MemberIn", "added_by"),
        ("RoleIn", "changed_by"),
        ("TeamPatch", "user_id"),
        ("InvitationIn", "invited_by"),
    ):
        assert "asks for it" in paths[schema]["properties"][field]["description"]
    said = (ROOT / "app" / "tenancy" / "access.py").read_text()
    assert "not authenticated" in said


def test_31_invitations_and_the_last_admin(stack: Stack, client: Client) -> None:
    """Fault 31: bound to the address, no admin by link, used once; the last admin can neither
    leave, nor be removed, nor demoted."""
    team_id = team(client, bob="member")
    token = invited(client, team_id, "eve@example.org")
    refused(accepted(stack, token, "mallory", "mallory@example.org"), 403, "other_address")
    assert accepted(stack, token, "eve", "eve@example.org").status_code == 200
    by_link = {"email": "x@example.org", "invited_by": "ada", "role": "admin"}
    answer = client.http.post(f"/v1/teams/{team_id}/invitations", json=by_link)
    refused(answer, 422, "validation")
    path = f"/v1/teams/{team_id}/members/ada"
    refused(client.http.delete(f"{path}?removed_by=ada"), 409, "last_admin")
    demoted = client.http.patch(path, json={"role": "member", "changed_by": "ada"})
    refused(demoted, 409, "last_admin")
    assert roles(client, team_id)["ada"] == "admin"


def test_32_private_stays_private_in_a_team(client: Client) -> None:
    """Fault 32: `private` + `team_id` is seen by its author alone, on every read."""
    team_id = team(client, bob="admin")
    secret = "Is looking for a new job"
    store(client, secret, team_id=team_id, visibility="private")
    for query in ({"team_id": team_id}, {"include_team": True}, {"visibility": "team"}):
        assert listed(client, "bob", **query) == []
    for path in ("/v1/memories/search", "/v1/users/bob/context"):
        answer = client.http.get(path, params={"user_id": "bob", "q": "job", "team_id": team_id})
        assert secret not in answer.text


def test_33_a_source_opens_no_scope(client: Client) -> None:
    """Fault 33: a `source` like an agent's tag writes nothing into the agent's scope."""
    agent_id = agent(client)
    for source in (f"agent:{agent_id}"[:50], agent_id):
        store(client, f"Trusts {source}", source=source)
    path = f"/v1/agents/{agent_id}/memories"
    assert got(client, path, user_id="ada")["memories"] == []
    assert got(client, path, user_id="ada", q="trust")["results"] == []


def test_34_no_origin_is_reflected_and_limits_are_shared(own: Stack, client: Client) -> None:
    """Fault 34: no CORS for any origin; TLS is what the database's address says; limits on
    sign-up are in the database."""
    origin = {"Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in client.http.get("/v1/usage", headers=origin).headers
    preflight = client.http.options("/v1/memories", headers=origin)
    assert "access-control-allow-origin" not in preflight.headers
    for path in (ROOT / "app").rglob("*.py"):
        assert "sslmode" not in path.read_text(), path
    assert sql(own, "SELECT to_regclass('signup_attempts') IS NOT NULL") == [(True,)]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/memories/x", {}),
        ("/v1/memories", {"user_id": "ada", "limit": "abc"}),
        ("/v1/memories", {"user_id": "ada", "offset": "-1"}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"n": {"gt": 1e999}}'}),
        ("/v1/memories/search", {"user_id": "ada", "q": "x", "limit": "0x10"}),
        ("/v1/teams/x", {}),
        ("/v1/agents/x", {}),
        ("/v1/skills/x", {}),
        ("/v1/conversations/x", {}),
        ("/v1/graph/traverse/x", {}),
        ("/v1/graph/related/x", {}),
    ],
)
def test_35_bad_numbers_and_ids_are_not_500(
    somebody: Client, path: str, query: dict[str, str]
) -> None:
    """Fault 35: query errors are 422."""
    store(somebody, "Likes tea", metadata={"n": 1})
    refused(somebody.http.get(path, params=query), 422, "validation")


def test_36_one_error_shape_and_one_way_to_tell_a_duplicate(client: Client) -> None:
    """Fault 36: duplicates are 200 on both routes, `replaced_id` is spelt so everywhere."""
    agent_id = agent(client)
    for path in ("/v1/memories", f"/v1/agents/{agent_id}/memories"):
        body = {"user_id": "ada", "fact": "Lives in New York"}
        assert client.http.post(path, json=body).status_code == 201
        duplicate = client.http.post(path, json=body)
        assert duplicate.status_code == 200
        assert duplicate.json().keys() == {"action", "id"}
        replaced = client.http.post(path, json={**body, "fact": "Lives in San Francisco"}).json()
        assert replaced["replaced_id"] == duplicate.json()["id"]
        assert "replacedId" not in replaced
        errors = [client.http.post(path, json={}), client.http.get(f"{path}/{NOBODY}/x")]
        for error in errors:
            assert error.json().keys() <= {"error", "code", "details"}


def test_37_nothing_asked_is_ignored_silently(client: Client) -> None:
    """Fault 37: `include_team` alone has an effect, unknown boolean words are refused."""
    team_id = team(client)
    store(client, "The release is on Friday", team_id=team_id)
    assert found(client, include_team="true") == {"The release is on Friday"}
    assert found(client) == set()
    for word in ("yes", "TRUE ", "t", "on"):
        query = {"user_id": "ada", "q": "x", "include_team": word}
        refused(client.http.get("/v1/memories/search", params=query), 422, "validation")


def test_38_no_failure_is_swallowed(own: Stack) -> None:
    """Fault 38: what is not written is not said to be; what is, leaves an event."""
    client = on_plan(own, "self-hosted")
    fact = {"user_id": "ada", "fact": "Likes tea"}
    body = {"memories": [{"user_id": "ada", "fact": "Plays the cello"}, fact]}
    with breaking(own, "Likes tea"):
        assert client.http.post("/v1/memories:batch", json=body).status_code == 500
    client = anew(own, client)
    assert (listed(client), used(client)) == ([], 0)
    memory_id = store(client, "Likes tea")["id"]
    events = sql(own, "SELECT action FROM memory_events WHERE memory_id = %s", memory_id)
    assert events == [("stored",)]


def test_39_a_provider_outage_is_no_500(voyaging: Voyaging) -> None:
    """Fault 39: a search goes on by words and says so, a store is 503 with when to come back; a
    batch asks once, the same question twice asks once."""
    client = voyaging.client()
    voyaging.provider.forget()
    batch(client, DISTINCT)
    assert len(voyaging.provider.calls) == 1
    for _ in range(2):
        searched(client, "Plays the cello")
    assert len(voyaging.provider.calls) == 2
    voyaging.provider.script({"status": 500, "times": 0})
    try:
        answer = got(client, "/v1/memories/search", user_id="ada", q="Who plays a cello?")
        assert answer["results"][0]["fact"] == "Plays the cello"
        assert (answer["degraded"], answer["degraded_reason"]) == (True, "provider_unavailable")
        context = got(client, "/v1/users/ada/context", q="Who drinks tea?")
        assert context["degraded"] is True
        assert got(client, "/v1/users/ada/context")["degraded"] is False
        refusal = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Keeps bees"})
        refused(refusal, 503, "provider_unavailable")
        assert int(refusal.headers["retry-after"]) > 0
    finally:
        voyaging.provider.forget()
    assert store(client, "Keeps bees")["action"] == "stored"


def test_40_without_the_database_health_says_so(voyaging: Voyaging) -> None:
    """Fault 40 and §1.4: a dead database is a degraded report, 503 and not 500, and passes."""
    client = voyaging.client()
    store(client, "Likes tea")
    with voyaging.without_database():
        # What it reads of the database is kept for a second.
        eventually(lambda: voyaging.answer().status_code == 503, seconds=5)
        health = voyaging.answer()
        read = client.http.get("/v1/memories", params={"user_id": "ada"})
        write = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Keeps bees"})
    assert health.status_code == 503
    assert health.json().items() >= {"status": "degraded", "db": "error"}.items()
    for answer in (read, write):
        refused(answer, 503, "database_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert found(client) == {"Likes tea"}


def test_41_a_key_is_not_written_to_on_every_request(stack: Stack, client: Client) -> None:
    """Fault 41: the use of a key is noted once a minute, not once a request."""
    question = "SELECT xmin::text, last_used_at FROM api_keys WHERE key_id = %s"
    key_id = got(client, "/v1/keys")["keys"][0]["id"]
    first = sql(stack, question, key_id)
    assert first[0][1] is not None
    for _ in range(5):
        got(client, "/v1/usage")
    assert sql(stack, question, key_id) == first


def test_42_the_schema_is_written_once(own: Stack) -> None:
    """Fault 42: the migrations alone make tables, and the API's part of the code makes none; the
    README's links lead somewhere."""
    makes_tables = re.compile(r"(CREATE|ALTER|DROP)\s+TABLE", re.IGNORECASE)
    written = {
        path.relative_to(ROOT / "app").parts[:2]
        for path in (ROOT / "app").rglob("*.py")
        if makes_tables.search(path.read_text())
    }
    assert written == {("db", "migrations"), ("db", "migrate.py")}
    links = re.findall(r"\]\(([\w./-]+)\)", (ROOT / "README.md").read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert sql(own, "SELECT count(*) > 0 FROM alembic_version") == [(True,)]


def test_43_what_was_missing_is_there(client: Client) -> None:
    """Fault 43: bulk store, fact edit, export, erase, totals."""
    ids = batch(client, DISTINCT[3:6])
    assert got(client, "/v1/memories", user_id="ada", limit=1)["total"] == 3
    patch = client.http.patch(f"/v1/memories/{ids[0]}", json={"fact": "Drinks coffee"})
    assert patch.json()["fact"] == "Drinks coffee"
    edge(client, ids[0], ids[1])
    client.finished(client.post_conversation("ada", "I live in Lisbon."))
    lines = client.http.get("/v1/users/ada/export")
    kinds = re.findall(r'^\{"type": "(\w+)"', lines.text, re.MULTILINE)
    assert set(kinds) == {"memory", "conversation", "event", "edge"}
    erased = client.http.delete("/v1/users/ada").json()["erased"]
    assert (erased["memories"], erased["conversations"], erased["edges"]) == (4, 1, 1)
    assert client.http.get("/v1/users/ada/export").text == ""
    assert used(client) == 0


def test_44_a_plan_is_raised_as_a_whole(own: Stack, small: Client) -> None:
    """Fault 44: another plan raises every limit at once, for memories, agents and teams."""
    agent(small)
    team(small)
    batch(small, DISTINCT[:3])
    usage = got(small, "/v1/usage")["usage"]
    assert {name: usage[name]["limit"] for name in usage} == {
        "memories": 3,
        "agents": 1,
        "teams": 1,
    }
    sql(own, "UPDATE tenants SET plan = 'self-hosted' WHERE plan = 'small'")
    usage = got(small, "/v1/usage")["usage"]
    assert {name: usage[name]["limit"] for name in usage} == dict.fromkeys(usage)
    agent(small)
    team(small, slug="two")
    store(small, DISTINCT[4])


def test_45_another_tenant_removes_nobody(stack: Stack, client: Client) -> None:
    """Fault 45: DELETE of a member looks in the caller's tenant alone."""
    team_id = team(client, bob="member")
    other = stack.client()
    for user_id in ("ada", "bob"):
        path = f"/v1/teams/{team_id}/members/{user_id}"
        for by in ("ada", "bob"):
            refused(other.http.delete(f"{path}?removed_by={by}"), 404, "not_found")
    assert roles(client, team_id) == {"ada": "admin", "bob": "member"}


def test_46_our_examples_say_how_much_a_model_may_write() -> None:
    """Fault 46: every call of a model in our examples gives `max_tokens`."""
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in (ROOT / "examples").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("messages.create")
    ]
    assert calls
    for name, keywords in calls:
        assert "max_tokens" in keywords, name
    for page in (ROOT / "README.md", ROOT / "sdk" / "README.md"):
        for call in re.findall(r"messages\.create\((.*?)^\)", page.read_text(), re.S | re.M):
            assert "max_tokens" in call, page


_NAMES = [
    "Alice",
    "Bruno",
    "Clara",
    "David",
    "Elena",
    "Felix",
    "Greta",
    "Hugo",
    "Irene",
    "Jonas",
    "Katja",
    "Louis",
    "Maria",
    "Nils",
    "Olga",
    "Pablo",
    "Quinn",
    "Rosa",
    "Simon",
    "Tilda",
    "Ursula",
    "Viktor",
]
