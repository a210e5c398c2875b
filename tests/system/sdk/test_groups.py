"""Agents, teams, skills, keys, settings, users, tools: every other call, on the running service."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from smara import AuthenticationError, Conflict, NotFound, PermissionDenied, Smara

from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.sdk.conftest import Connect

_SDK = Path(__file__).resolve().parents[3] / "sdk/smara"
SOURCES = [*_SDK.glob("_async/*.py"), _SDK / "_memory_calls.py"]
ELSEWHERE: set[str] = set()
"""Paths that are not for programs."""


def test_what_an_agent_remembers_only_it_finds(smara: Smara) -> None:
    agent = smara.agents.create("CodeAssist", "developer-sri", model="claude", description="x")
    other = smara.agents.create("Other", "developer-sri")
    stored = smara.agents.store(agent.id, "u", "Prefers functional programming", 0.8)
    assert (stored.action, stored.agent_id) == ("stored", agent.id)
    assert [m.fact for m in smara.agents.search(agent.id, "u", "style")] == [
        "Prefers functional programming"
    ]
    assert [m.id for m in smara.agents.memories(agent.id, "u")] == [stored.id]
    assert smara.agents.search(other.id, "u", "style") == []
    assert smara.search("u", "style") == []
    assert [m.id for m in smara.search("u", "style", include_agents=True)] == [stored.id]
    assert {a.name for a in smara.agents.list(owner_id="developer-sri")} == {"CodeAssist", "Other"}
    assert smara.agents.update(agent.id, name="Coder").name == "Coder"
    smara.agents.delete(agent.id)
    with pytest.raises(NotFound):
        smara.agents.get(agent.id)


def test_skills_are_made_attached_and_detached(smara: Smara) -> None:
    skill = smara.skills.create("search", category="web", schema={"type": "object"})
    assert skill["schema"] == {"type": "object"}
    agent = smara.agents.create("A", "o")
    attached = smara.agents.attach_skill(agent.id, skill.id, {"k": 1})
    assert attached == {"agent_id": agent.id, "skill_id": skill.id, "config": {"k": 1}}
    assert smara.agents.configure_skill(agent.id, skill.id, {"k": 2}).config == {"k": 2}
    assert [s.config for s in smara.agents.skills(agent.id)] == [{"k": 2}]
    smara.agents.detach_skill(agent.id, skill.id)
    assert smara.agents.get(agent.id).skills == []
    assert smara.skills.update(skill.id, description="Finds").description == "Finds"
    assert "search" in [s.name for s in smara.skills.list(category="web")]
    assert smara.skills.get(skill.id).name == "search"
    smara.skills.delete(skill.id)
    with pytest.raises(NotFound):
        smara.skills.get(skill.id)


def test_a_team_shares_memories_with_its_members(smara: Smara) -> None:
    team = smara.teams.create("Engineering", "engineering", "sri")
    stored = smara.store("sri", "The API migration deadline is May 15", team_id=team.id)
    with pytest.raises(PermissionDenied) as caught:
        smara.search("bob", "deadline", team_id=team.id)
    assert caught.value.code == "not_a_member"
    assert smara.teams.add_member(team.id, "bob", added_by="sri").role == "member"
    found = smara.search("bob", "deadline", team_id=team.id, include_team=True)
    assert [m.id for m in found] == [stored.id]
    assert (
        smara.teams.change_role(team.id, "bob", "read_only", changed_by="sri").role == "read_only"
    )
    with pytest.raises(PermissionDenied):
        smara.store("bob", "The deadline is June 1", team_id=team.id)
    invitation = smara.teams.invite(team.id, "eve@example.org", invited_by="sri")
    joined = smara.teams.accept(invitation.token, "eve", email="eve@example.org")
    assert joined.team_id == team.id
    assert {m.user_id for m in smara.teams.get(team.id).members} == {"sri", "bob", "eve"}
    smara.teams.remove_member(team.id, "bob", removed_by="sri")
    assert smara.teams.update(team.id, user_id="sri", name="R&D").name == "R&D"
    assert [(t.slug, t.member_count) for t in smara.teams.list()] == [("engineering", 2)]
    smara.teams.delete(team.id, user_id="sri")
    assert smara.teams.list() == []


def test_edges_connect_memories(smara: Smara) -> None:
    one = smara.store("u", "Works at Stripe on payment systems")
    two = smara.store("u", "Has a cat named Mia")
    edge = smara.graph.connect(one.id, two.id, "relates_to", 0.5, metadata={"why": "test"})
    assert (edge.weight, edge.metadata) == (0.5, {"why": "test"})
    [node] = smara.graph.traverse(two.id, 2, relationship_type="relates_to").nodes
    assert (node.memory_id, node.depth) == (one.id, 1)
    assert node.edge is not None
    assert node.edge.relationship_type == "relates_to"
    assert [n.memory_id for n in smara.graph.related(one.id).related] == [two.id]
    with pytest.raises(Conflict):
        smara.graph.connect(one.id, two.id, "relates_to")
    smara.graph.delete_edge(edge.id)
    assert smara.graph.related(one.id).related == []


def test_keys_are_limited_rotated_and_revoked(connect: Connect, stack: Stack, smara: Smara) -> None:
    made = smara.keys.create("reader", scopes=["read"])
    reader = connect(made.api_key, stack.base_url)
    assert reader.search("u", "tea") == []
    with pytest.raises(PermissionDenied):
        reader.store("u", "Likes tea")
    rotated = smara.keys.rotate(made.id)
    assert rotated.api_key != made.api_key
    assert "reader" in {key.label for key in smara.keys.list()}
    smara.keys.revoke(rotated.id)
    revoked = connect(rotated.api_key, stack.base_url)
    eventually(lambda: _is_refused(revoked), seconds=8)


def test_an_agents_memories_are_narrowed_like_all_others(smara: Smara) -> None:
    agent = smara.agents.create("A", "o")
    smara.agents.store(agent.id, "u", "Likes tea", source="diary", metadata={"topic": "food"})
    smara.agents.store(agent.id, "u", "Rides a bicycle", metadata={"topic": "travel"})
    found = smara.agents.search(agent.id, "u", "habits", metadata={"topic": "food"})
    assert [m.fact for m in found] == ["Likes tea"]
    assert [m.fact for m in smara.agents.memories(agent.id, "u", source="diary")] == ["Likes tea"]
    smara.agents.delete(agent.id, memories=True)
    assert smara.usage().memories_used == 0


def test_every_path_of_the_service_has_its_call(stack: Stack) -> None:
    served = httpx2.get(f"{stack.base_url}/openapi.json", trust_env=False).json()["paths"]
    calls = "".join(file.read_text() for file in SOURCES)
    called = {
        re.sub(r"{[^}]*}", "{}", path.partition("?")[0])
        for path in re.findall(r'f?"(/(?:v1/|health|setup)[^"]*)"', calls)
    }
    wanted = {re.sub(r"{[^}]*}", "{}", path) for path in served}
    operated = {path for path in wanted if path.startswith(("/v1/", "/health", "/setup"))}
    assert operated - called - ELSEWHERE == set()


def test_settings_change_and_fall_back(smara: Smara) -> None:
    changed = smara.settings.update(similarity_weight=0.6)
    assert (changed.similarity_weight, changed.retention_weight) == (0.6, 0.4)
    assert smara.settings.update(similarity_weight=None).similarity_weight == 0.7
    assert smara.settings.get().half_life_days == 10


def test_a_user_is_exported_and_erased(smara: Smara) -> None:
    smara.store("u/1", "Likes tea\u2028and cake")
    smara.store("u/2", "Likes coffee")
    records = list(smara.users.export("u/1"))
    facts = [record["fact"] for record in records if record["type"] == "memory"]
    assert facts == ["Likes tea\u2028and cake"]
    erased = smara.users.erase("u/1")
    assert (erased.user_id, erased.erased["memories"]) == ("u/1", 1)
    assert smara.users.verify(erased)
    assert not smara.users.verify(erased.model_copy(update={"user_id": "u/2"}))
    assert list(smara.list("u/1")) == []
    assert [memory.fact for memory in smara.list("u/2")] == ["Likes coffee"]


def test_what_a_key_was_used_for_can_be_asked(smara: Smara) -> None:
    smara.store("u/1", "Likes tea")

    def noted() -> list[str]:
        return [access.route for access in smara.keys.audit(user_id="u/1")]

    eventually(lambda: noted()[-1:] == ["/v1/memories"])  # Asking is noted too.
    assert list(smara.keys.audit(user_id="u/2")) == []


def test_tools_are_defined_and_run(smara: Smara) -> None:
    [function] = [
        tool["function"]
        for tool in smara.tools()
        if tool["function"]["name"] == "smara_store_memory"
    ]
    assert "fact" in function["parameters"]["properties"]
    assert "smara_search_memories" in {tool["name"] for tool in smara.tools("anthropic")}
    stored = smara.call_tool("smara_store_memory", {"user_id": "u", "fact": "Likes tea"})
    assert stored["action"] == "stored"
    assert [memory.id for memory in smara.list("u")] == [stored["id"]]


def test_usage_health_and_pipeline_are_typed(smara: Smara) -> None:
    smara.store("u", "Likes tea")
    usage = smara.usage()
    assert (usage.plan, usage.memories_used, usage.memory_limit) == ("self-hosted", 1, None)
    assert usage.usage["memories"].used == 1
    assert smara.health().db == "ok"
    assert smara.pipeline(minutes=1).window_minutes == 1


def test_health_needs_no_key_and_everything_else_says_that_it_does(
    connect: Connect, stack: Stack
) -> None:
    keyless = connect(base_url=stack.base_url)
    assert keyless.health().status == "ok"
    with pytest.raises(AuthenticationError, match="SMARA_API_KEY"):
        keyless.usage()


def _is_refused(client: Smara) -> bool:
    try:
        client.search("u", "tea")
    except AuthenticationError:
        return True
    return False
