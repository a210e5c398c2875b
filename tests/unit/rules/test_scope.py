"""Scopes: what is told apart, and that a key never changes."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.rules.types import Scope

TENANT, AGENT, TEAM = UUID(int=1), UUID(int=2), UUID(int=3)
ADA = Scope(TENANT, "default", "ada")


def test_keys_are_the_same_on_every_machine_and_in_every_release() -> None:
    assert ADA.key == UUID("14854d68-4f04-3dec-012b-5e8a99a76618")
    assert dataclasses.replace(ADA, agent_id=AGENT).key == UUID(
        "6c463ec2-fb51-981d-bc7e-aaa4fff5c311"
    )
    assert Scope(TENANT, "default", "ada", team_id=TEAM).key == UUID(
        "c428e5a8-119b-d7ba-4ca6-cd80dc16791c"
    )


def test_private_agent_team_and_namespace_are_scopes_of_their_own() -> None:
    scopes = [
        ADA,
        Scope(TENANT, "work", "ada"),
        Scope(TENANT, "default", "bob"),
        Scope(TENANT, "default", "ada", agent_id=AGENT),
        Scope(TENANT, "default", "ada", agent_id=TEAM),
        Scope(TENANT, "default", "bob", agent_id=AGENT),
        Scope(TENANT, "default", "ada", team_id=TEAM),
        Scope(TENANT, "default", "ada", team_id=AGENT),
        Scope(TENANT, "work", "ada", team_id=TEAM),
    ]

    assert len({scope.key for scope in scopes}) == len(scopes)


def test_a_teams_memories_are_one_scope_whoever_of_its_members_speaks() -> None:
    assert (
        Scope(TENANT, "default", "ada", team_id=TEAM).key
        == Scope(TENANT, "default", "bob", team_id=TEAM).key
    )


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(names, names, names, names)
def test_no_user_and_namespace_run_together_into_another_pair(
    u1: str, n1: str, u2: str, n2: str
) -> None:
    same = Scope(TENANT, n1, u1).key == Scope(TENANT, n2, u2).key

    assert same is ((u1, n1) == (u2, n2))
