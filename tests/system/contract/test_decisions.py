"""Contract §0: the rules.

Rule 1 is in test_guide.py, rules 3 and 4 in test_scoring.py.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest

from app.settings import Settings
from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.contract.calls import (
    SEARCHED,
    age,
    agent,
    edge,
    found,
    got,
    listed,
    made,
    refused,
    restricted,
    sql,
    store,
    team,
    used,
    walked,
)
from tests.system.contract.voyaging import Voyaging

MEMORY = {"user_id": "ada", "fact": "Likes tea"}


def test_a_bare_start_needs_the_database_and_a_voyage_key(voyaging: Voyaging) -> None:
    """Rule 2: boot, store, search and context. §2.4 and §2.6: with Voyage's 1,024 dimensions and
    words that say no more, or another time: from 0.985 on a duplicate, from 0.94 on a
    contradiction. Where a word differs that says something, no band decides."""
    assert Settings.model_fields["port"].default == 3010
    bare = voyaging.client()
    places = " ".join(f"Zor{one}{other}q" for one in "aeiou" for other in "bcdfghjklmnprst")
    long = f"User's train to {places} and to the old mill by the river is at 6:04"
    first = store(bare, long)
    assert found(bare) == {long}
    assert long in got(bare, "/v1/users/ada/context", q="Zorabq")["context"]

    again = store(bare, long.replace("the old", "their old"))
    filled = store(bare, long.replace("river is", "river quite simply is"))
    other = store(bare, long.replace("6:04", "6:24"))
    new = store(bare, long.replace("Zorabq", "Vibobq").replace("6:04", "6:24"))

    assert [again, filled] == [{"action": "duplicate", "id": first["id"]}] * 2
    assert (other["action"], other["replaced_id"]) == ("replaced", first["id"])
    assert new["action"] == "stored"


def test_a_deletion_answers_200_with_a_body(client: Client) -> None:
    """Rule 5 and §1.2 DELETE: 200 with the id, 404 from then on; every other DELETE is 204."""
    memory_id = store(client, "Likes tea")["id"]
    first = client.http.delete(f"/v1/memories/{memory_id}")
    again = client.http.delete(f"/v1/memories/{memory_id}")
    assert (first.status_code, first.json()) == (200, {"id": memory_id, "deleted": True})
    refused(again, 404, "not_found")

    agent_id, team_id = agent(client), team(client)
    skill_id = made(client, "/v1/skills", name="Chess")["id"]
    key_id = made(client, "/v1/keys", scopes=["read"])["id"]
    ends = [store(client, fact)["id"] for fact in ("Plays the cello", "Has a dog named Rex")]
    talk = client.post_conversation("ada", "I live in Lisbon.")
    for path in (
        f"/v1/graph/edge/{edge(client, *ends)}",
        f"/v1/skills/{skill_id}",
        f"/v1/agents/{agent_id}",
        f"/v1/teams/{team_id}?user_id=ada",
        f"/v1/keys/{key_id}",
        f"/v1/conversations/{talk}",
    ):
        answer = client.http.delete(path)
        assert (answer.status_code, answer.content) == (204, b""), path


def test_the_context_numbers_its_lines_in_the_order_of_the_memories(client: Client) -> None:
    """Rule 6 and §2.5: the line format, one line a memory, white space folded."""
    store(client, "Plays the\ncello\t on Sundays", importance=0.25, source="bot")
    store(client, "Drinks tea without sugar", importance=1)

    answer = got(client, "/v1/users/ada/context", q="Which instrument does Ada play?")

    cello, tea = answer["memories"]
    assert cello["fact"] == "Plays the\ncello\t on Sundays"
    assert answer["context"] == (
        "[1] (importance: 0.25, decay: 1.00, source: bot) Plays the cello on Sundays\n"
        "[2] (importance: 1, decay: 1.00, source: api) Drinks tea without sugar"
    )
    assert tea.keys() >= SEARCHED


def test_without_memories_the_context_is_a_notice_of_one_line(client: Client) -> None:
    """Rule 6: no memories → a one-line notice and an empty list."""
    for query in ({}, {"q": "tea"}):
        answer = got(client, "/v1/users/nobody/context", **query)
        assert answer["memories"] == []
        assert answer["context"] == "No memories of this user yet."


def test_without_a_question_the_best_kept_memories_come_first(stack: Stack, client: Client) -> None:
    """Rule 6: without `q` the best by retention over all; similarity 1 and score = decay."""
    old = store(client, "Is a cellist", importance=1.0)["id"]
    young = store(client, "Had soup for lunch", importance=0.1)["id"]
    age(stack, old, 5)
    age(stack, young, 1)

    memories = got(client, "/v1/users/ada/context")["memories"]

    assert [memory["id"] for memory in memories] == [old, young]
    for memory in memories:
        assert memory["similarity"] == 1.0
        assert memory["score"] == memory["decay_score"]


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b'{"user_id": "ada"}', "application/json", 422, "validation"),
        (b'{"user_id": ', "application/json", 400, "malformed_json"),
        (b'{"user_id": "ada"}', "text/plain", 415, "unsupported_media_type"),
        (b" " * (2 * 1024 * 1024 + 1), "application/json", 413, "body_too_large"),
    ],
)
def test_each_kind_of_bad_body_has_its_status(
    somebody: Client, content: bytes, media_type: str, status: int, code: str
) -> None:
    """Rule 7: validation 422, malformed JSON 400, content type 415, too large 413. 401 comes
    before any of them."""
    headers = {"Content-Type": media_type}
    for path in ("/v1/memories", "/v1/agents", "/v1/teams", "/v1/graph/connect"):
        refused(somebody.http.post(path, content=content, headers=headers), status, code)
        nobody = somebody.http.post(
            path, content=content[:100], headers={**headers, "Authorization": "Bearer smara_x"}
        )
        refused(nobody, 401, "unauthenticated")


@pytest.mark.parametrize(("limit", "shown"), [("1.5", 1), ("2", 2), ("5000", 3), ("1e9", 3)])
def test_query_numbers_are_cut_and_clamped(client: Client, limit: str, shown: int) -> None:
    """Rule 7: `1.5` → 1, more than the maximum counts as the maximum."""
    for fact in ("Likes tea", "Plays the cello", "Lives in Lisbon"):
        store(client, fact)
    for path in ("/v1/memories", "/v1/memories/search"):
        answer = got(client, path, user_id="ada", q="x", limit=limit)
        assert len(answer["results" if "search" in path else "memories"]) == shown


@pytest.mark.parametrize("number", ["abc", "-1", "", "nan", "inf", "1,5"])
def test_query_numbers_that_are_none_are_refused(somebody: Client, number: str) -> None:
    """Rule 7: text or negatives are 422. §1.1 query numbers."""
    query = {"user_id": "ada", "q": "x"}
    for path, name in (
        ("/v1/memories/search", "limit"),
        ("/v1/memories", "limit"),
        ("/v1/memories", "offset"),
        ("/v1/users/ada/context", "top_n"),
        (f"/v1/graph/traverse/{UUID(int=7)}", "depth"),
        (f"/v1/graph/related/{UUID(int=7)}", "limit"),
    ):
        refused(somebody.http.get(path, params={**query, name: number}), 422, "validation")


def test_booleans_are_one_of_four_words(client: Client) -> None:
    """Rule 7 and §1.1 booleans in query: true/false/1/0, anything else is 422."""
    for word in ("true", "false", "1", "0"):
        assert found(client, include_team=word, include_agents=word) == set()
    for word in ("yes", "on", "2", "", "null"):
        for name in ("include_team", "include_agents", "explain"):
            answer = client.http.get(
                "/v1/memories/search", params={"user_id": "ada", "q": "x", name: word}
            )
            refused(answer, 422, "validation")


def test_facts_are_trimmed_and_never_blank(client: Client) -> None:
    """Rule 7: the fact is stored without the white space around it; blank is 422."""
    store(client, " \n Likes tea\t ")
    assert listed(client) == ["Likes tea"]
    for fact in ("", " \n\t ", "\u3000\u00a0"):
        answer = client.http.post("/v1/memories", json={**MEMORY, "fact": fact})
        refused(answer, 422, "validation")
    fits = "x" * 2000
    assert store(client, f"  {fits}  ", "bob")["action"] == "stored"


def test_private_with_a_team_is_its_authors_alone(client: Client) -> None:
    """Rule 8: `team_id` + `visibility: private` stays private."""
    team_id = team(client, bob="member")
    stored = store(client, "Is looking for a new job", team_id=team_id, visibility="private")
    assert stored["team_id"] == team_id
    store(client, "The release is on Friday", team_id=team_id)

    assert found(client, "bob", team_id=team_id) == {"The release is on Friday"}
    assert found(client, "bob", include_team=True) == {"The release is on Friday"}
    assert listed(client, "bob", team_id=team_id) == ["The release is on Friday"]
    assert found(client) == {"Is looking for a new job"}


def test_include_team_alone_means_every_team_of_the_user(client: Client) -> None:
    """Rule 8: `include_team` without `team_id`."""
    one = team(client, slug="one", bob="read_only")
    two = team(client, slug="two", bob="member")
    three = team(client, slug="three")
    store(client, "The office is in Lisbon", team_id=one)
    store(client, "The standup is at nine", team_id=two)
    store(client, "The budget is secret", team_id=three)
    store(client, "Likes tea", "bob")

    shared = {"The office is in Lisbon", "The standup is at nine"}
    assert found(client, "bob", include_team=True) == {"Likes tea", *shared}
    assert found(client, "bob", include_team=False) == {"Likes tea"}
    assert set(listed(client, "bob", visibility="team")) == shared
    context = got(client, "/v1/users/bob/context", include_team=True)
    assert {memory["fact"] for memory in context["memories"]} == {"Likes tea", *shared}


def test_a_team_id_is_refused_alike_everywhere(client: Client) -> None:
    """Rule 8: a non-member's `team_id` is 403 on search, context, list and store alike."""
    team_id = team(client)
    query = {"user_id": "eve", "team_id": team_id}
    for include in ({}, {"include_team": "true"}, {"include_team": "false"}):
        for path in ("/v1/memories", "/v1/memories/search", "/v1/users/eve/context"):
            answer = client.http.get(path, params={**query, **include, "q": "x"})
            refused(answer, 403, "not_a_member")
    for visibility in ({}, {"visibility": "private"}, {"visibility": "team"}):
        answer = client.http.post("/v1/memories", json={**MEMORY, **query, **visibility})
        refused(answer, 403, "not_a_member")
    talk = {"transcript": "Ada: I live in Lisbon.", **query}
    refused(client.http.post("/v1/conversations", json=talk), 403, "not_a_member")


def test_an_agents_memories_are_a_scope_of_their_own(client: Client) -> None:
    """Rule 9: found by that agent's search only, left out of the user's general search and
    context unless `include_agents=true`."""
    one, two = agent(client, "One"), agent(client, "Two")
    mine = store(client, "Likes tea")
    path = f"/v1/agents/{one}/memories"
    same = made(client, path, user_id="ada", fact="Likes tea")
    made(client, path, user_id="ada", fact="Plays the cello")

    assert same["id"] != mine["id"]
    found_by = got(client, path, user_id="ada", q="tea")
    assert found_by["results"] == found_by["memories"]
    assert {memory["fact"] for memory in found_by["results"]} == {"Likes tea", "Plays the cello"}
    assert got(client, f"/v1/agents/{two}/memories", user_id="ada", q="tea")["results"] == []
    assert found(client) == {"Likes tea"}
    assert len(got(client, "/v1/users/ada/context", q="tea")["memories"]) == 1
    everywhere = got(client, "/v1/users/ada/context", q="tea", include_agents=True)
    assert len(everywhere["memories"]) == 3
    assert found(client, agent_id=one) == {"Likes tea", "Plays the cello"}


def test_a_replaced_memory_hands_its_graph_on(client: Client) -> None:
    """Rule 10 and §1.11: edges go to the successor, in both directions, and a `supersedes`
    edge is added."""
    home = store(client, "Lives in New York")["id"]
    job = store(client, "Works as a cellist")["id"]
    dog = store(client, "Has a dog named Rex")["id"]
    kept = [edge(client, home, job, "near", weight=0.4, metadata={"n": 1}), edge(client, dog, home)]

    moved = store(client, "Lives in San Francisco")

    assert moved["replaced_id"] == home
    assert walked(client, moved["id"]) == {job: 1, dog: 1}
    nodes = got(client, f"/v1/graph/traverse/{moved['id']}")["nodes"]
    assert {node["edge"]["id"] for node in nodes} == set(kept)
    [near] = [node["edge"] for node in nodes if node["memory_id"] == job]
    assert (near["weight"], near["metadata"]) == (0.4, {"n": 1})
    [old] = got(client, f"/v1/graph/related/{moved['id']}", relationship_type="supersedes")[
        "related"
    ]
    assert (old["memory_id"], old["edge"]["relationship_type"]) == (home, "supersedes")
    assert client.http.get(f"/v1/graph/traverse/{home}").status_code == 404


def test_at_home_there_is_no_limit(client: Client) -> None:
    """Rule 11: the default plan is `self-hosted`, unlimited; flat fields and nested ones."""
    store(client, "Likes tea")
    agent(client)
    team(client)
    usage = got(client, "/v1/usage")
    del usage["budget"]
    assert usage == {
        "plan": "self-hosted",
        "memory_limit": None,
        "memories_used": 1,
        "memories_remaining": None,
        "usage": {
            "memories": {"used": 1, "limit": None},
            "agents": {"used": 1, "limit": None},
            "teams": {"used": 1, "limit": None},
        },
    }


def test_a_plan_counts_after_dedup(free: Client) -> None:
    """Rule 11: 100 memories and 1 agent; a duplicate or a replacement at the limit succeeds."""
    _fill(free, 99)
    home = store(free, "Lives in New York")
    assert got(free, "/v1/usage")["memories_remaining"] == 0

    assert store(free, "Lives in New York")["action"] == "duplicate"
    moved = store(free, "Lives in San Francisco")
    over = free.http.post("/v1/memories", json={"user_id": "bob", "fact": "Keeps bees"})

    assert (moved["action"], moved["replaced_id"]) == ("replaced", home["id"])
    refused(over, 402, "plan_limit")
    body = over.json()
    assert (body["plan"], body["limit"], body["used"]) == ("free", 100, 100)
    assert isinstance(body["upgrade_url"], str)
    agent(free)
    refused(free.http.post("/v1/agents", json={"name": "B", "owner_id": "ada"}), 402, "plan_limit")


def test_a_key_looks_like_one_and_is_stored_as_hmac(stack: Stack, client: Client) -> None:
    """Rule 12: prefix, random part, checksum; shown once; the database has 32 bytes instead."""
    issued = made(client, "/v1/keys", label="x", scopes=["read"])
    assert re.fullmatch(r"smara_[0-9A-Za-z]{46}", issued["api_key"])
    typo = issued["api_key"][:-1] + ("a" if issued["api_key"][-1] != "a" else "b")
    refused(Client(stack.base_url, typo).http.get("/v1/usage"), 401, "unauthenticated")
    [row] = sql(stack, "SELECT * FROM api_keys WHERE key_id = %s", UUID(issued["id"]))
    assert issued["api_key"] not in str(row)
    assert any(isinstance(value, bytes) and len(value) == 32 for value in row)


def test_signup_exists_only_when_it_is_open(client: Client) -> None:
    """Rule 12: `POST /v1/signup` exists only when settings open it."""
    answer = client.http.post("/v1/signup", json={"email": "ada@example.org"})
    assert answer.status_code == 404


def test_an_expired_key_is_refused(stack: Stack, client: Client) -> None:
    """Rule 12: expiry."""

    def ends_in(seconds: float) -> str:
        return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()

    alive = restricted(stack, client, expires_at=ends_in(3600))
    brief = restricted(stack, client, expires_at=ends_in(2))
    assert alive.http.get("/v1/usage").status_code == 200
    eventually(lambda: brief.http.get("/v1/usage").status_code == 401)
    refused(brief.http.get("/v1/usage"), 401, "unauthenticated")
    refused(client.http.post("/v1/keys", json={"expires_at": ends_in(-1)}), 422, "validation")


@pytest.mark.parametrize(
    "user_id",
    [
        "a/b c",
        "a/context",
        "x/export",
        "/",
        "..",
        "../../admin",
        "50%",
        "%2F",
        "a?b#c&d=e",
        "Zoë 🌍 用户",
        "user@example.org+tag",
        "new\nline",
        "trailing\n",
        " ",
        "x" * 512,
    ],
)
def test_a_user_id_may_hold_any_character(client: Client, user_id: str) -> None:
    """Rule 13 and §1.3: an encoded slash too; in a body, in a query and in a path."""
    store(client, "Likes tea", user_id)
    assert found(client, user_id) == {"Likes tea"}
    segment = quote(user_id, safe="").replace(".", "%2E")

    context = client.http.get(f"/v1/users/{segment}/context")
    export = client.http.get(f"/v1/users/{segment}/export")
    erased = client.http.delete(f"/v1/users/{segment}")

    assert context.status_code == 200, context.text
    assert [memory["user_id"] for memory in context.json()["memories"]] == [user_id]
    assert (export.status_code, "Likes tea" in export.text) == (200, True)
    assert erased.json()["user_id"] == user_id
    assert found(client, user_id) == set()


def test_ids_are_uuids_of_version_7_and_times_have_milliseconds(client: Client) -> None:
    """Rule 14 and §1.1 timestamps."""
    memory_id = store(client, "Likes tea")["id"]
    time_format = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    made_here = [
        got(client, f"/v1/memories/{memory_id}"),
        made(client, "/v1/agents", name="A", owner_id="ada"),
        made(client, "/v1/teams", name="T", slug="t", user_id="ada"),
        made(client, "/v1/skills", name="S"),
        made(client, "/v1/keys", scopes=["read"]),
        got(client, f"/v1/conversations/{client.post_conversation('ada', 'I live in Lisbon.')}"),
    ]
    for thing in made_here:
        assert UUID(thing["id"]).version == 7
        for name in thing:
            if name.endswith("_at") and thing[name] is not None:
                assert time_format.fullmatch(thing[name]), (name, thing[name])
    assert time_format.fullmatch(made_here[0]["valid_from"])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/billing/usage",
        "/v1/billing/checkout",
        "/v1/feedback",
        "/v1/auth/signup",
        "/v1/auth/login",
        "/v1/auth/api-keys",
        "/admin/keys",
        "/admin/stats",
        "/admin/emails",
    ],
)
def test_what_is_left_out_does_not_exist(somebody: Client, path: str) -> None:
    """Rule 16: no billing, e-mail or product feedback (§1.7), and no second door (§1.5)."""
    for method in ("GET", "POST"):
        assert somebody.http.request(method, path, json={}).status_code == 404, path


def _fill(client: Client, number: int) -> None:
    """Store that many different facts, of as many users."""
    body = {"memories": [{"user_id": f"u{n}", "fact": "Likes tea"} for n in range(number)]}
    answer = client.http.post("/v1/memories:batch", json=body)
    assert answer.json()["stored"] == number
    assert used(client) == number


def test_a_user_whose_name_ends_in_a_line_break_is_nobody_else(client: Client) -> None:
    """Rule 13: what is asked for `ada\\n` is never done to `ada`."""
    store(client, "Likes tea")
    team_id = team(client, bob="member")

    client.http.delete("/v1/users/ada%0A")
    client.http.delete(f"/v1/teams/{team_id}/members/bob%0A?removed_by=ada")

    assert found(client) == {"Likes tea"}
    members = got(client, f"/v1/teams/{team_id}")["members"]
    assert [member["user_id"] for member in members] == ["ada", "bob"]
