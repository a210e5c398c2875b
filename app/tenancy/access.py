"""Decide who may reach which memories: what a request names → scopes, or a refusal.

``user_id`` is the application's own word for a person and is not authenticated by us: membership
and roles keep an honest application in order, and the API key keeps others out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.db import agents, teams
from app.db.pool import TenantTx, read_only
from app.errors import Forbidden, NotFound, Unprocessable
from app.rules.types import Agent, Caller, Scope, Team, Visibility

WRITERS = ("admin", "member")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose memories a request means."""

    user_id: str
    namespace: str = "default"
    agent_id: UUID | None = None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a fact goes. ``team_id`` of a private one is recorded as the team that it may be shared
    with."""

    scope: Scope
    visibility: Visibility
    team_id: UUID | None


async def target(
    tx: TenantTx, caller: Caller, place: Place, visibility: Visibility | None
) -> Target:
    """Find the scope that a store writes to; with a team and no visibility it is the team's.

    Raises NotFound for an unknown agent, Forbidden for a team that the user may not write to or a
    place that the key does not reach, Unprocessable for fields that do not go together.
    """
    check_key(caller, place)
    if place.agent_id is not None and place.team_id is not None:
        raise Unprocessable("Give agent_id or team_id, not both: each is a scope of its own.")
    if place.team_id is None:
        if visibility == "team":
            raise Unprocessable("visibility `team` needs a team_id.")
        if place.agent_id is not None:
            await known_agent(tx, caller, place.agent_id)
        return Target(_own_scope(caller, place), "private", None)
    await _check_member(tx, caller, place.team_id, place.user_id, to_write=True)
    if visibility == "private":
        own = Scope(caller.tenant_id, place.namespace, place.user_id)
        return Target(own, "private", place.team_id)
    return Target(
        Scope(caller.tenant_id, place.namespace, team_id=place.team_id), "team", place.team_id
    )


async def find_targets(
    caller: Caller, wanted: Iterable[tuple[Place, Visibility | None]]
) -> dict[tuple[Place, Visibility | None], Target]:
    """Find the scopes that a store writes to, as ``target`` does, by place and visibility. Users'
    own memories need no look-up."""
    found: dict[tuple[Place, Visibility | None], Target] = {}
    looked_up: list[tuple[Place, Visibility | None]] = []
    for place, visibility in dict.fromkeys(wanted):
        if place.agent_id is None and place.team_id is None and visibility != "team":
            check_key(caller, place)
            found[place, visibility] = Target(_own_scope(caller, place), "private", None)
        else:
            looked_up.append((place, visibility))
    if looked_up:
        async with read_only(caller.tenant_id) as tx:
            for place, visibility in looked_up:
                found[place, visibility] = await target(tx, caller, place, visibility)
    return found


async def readable_scopes(
    caller: Caller,
    place: Place,
    *,
    include_agents: bool,
    include_team: bool | None,
    visibility: Visibility | None = None,
) -> list[Scope]:
    """Find the scopes that a question reads, as ``sources`` does. A user's own memories need no
    look-up."""
    elsewhere = (place.agent_id, include_agents, place.team_id, include_team)
    if visibility != "team" and not any(elsewhere):
        return own(caller, place)
    async with read_only(caller.tenant_id) as tx:
        return await sources(
            tx,
            caller,
            place,
            include_agents=include_agents,
            include_team=include_team,
            visibility=visibility,
        )


def own(caller: Caller, place: Place) -> list[Scope]:
    """Give the scope of the user's own memories, without a look-up. Raises Forbidden when the key
    does not reach them."""
    check_key(caller, place)
    return [_own_scope(caller, place)]


async def sources(
    tx: TenantTx,
    caller: Caller,
    place: Place,
    *,
    include_agents: bool = False,
    include_team: bool | None = None,
    visibility: Visibility | None = None,
) -> list[Scope]:
    """Find the scopes that a question reads; none when nothing can be there.

    If the place names an agent, it is that agent's scope alone. Otherwise it is the user's own
    scope, with ``include_agents`` also those of all agents, and also the team's when the place
    names one, or with ``include_team`` those of every team that the user is in. ``visibility``
    leaves out scopes of the other kind.
    """
    check_key(caller, place, any_agent=include_agents)
    if place.agent_id is not None:
        if place.team_id is not None:
            raise Unprocessable("Give agent_id or team_id, not both: each is a scope of its own.")
        await known_agent(tx, caller, place.agent_id)
        return [] if visibility == "team" else [_own_scope(caller, place)]
    scopes = []
    if visibility != "team" and caller.restriction.agents is None:
        scopes.append(_own_scope(caller, place))
    if visibility != "team" and include_agents:
        scopes += await _agent_scopes(tx, caller, place)
    if visibility != "private" and caller.restriction.agents is None:
        scopes += await _team_scopes(tx, caller, place, include_team, visibility)
    elif place.team_id is not None:
        await _check_member(tx, caller, place.team_id, place.user_id)
    return scopes


async def known_agent(tx: TenantTx, caller: Caller, agent_id: UUID, *, lock: bool = False) -> Agent:
    """Get the agent, if the tenant has it and the key reaches it; with ``lock`` it does not change
    until the transaction ends. Raises NotFound if not."""
    agent = await agents.get(tx, agent_id, lock=lock)
    allowed = caller.restriction.agents
    if agent is None or (allowed is not None and agent_id not in allowed):
        raise NotFound("There is no agent of this id.")
    return agent


async def managed_agent(
    tx: TenantTx, caller: Caller, agent_id: UUID, *, lock: bool = False
) -> Agent:
    """Get the agent, if the key may change it: it must reach the agent's owner. Raises NotFound,
    Forbidden."""
    agent = await known_agent(tx, caller, agent_id, lock=lock)
    may_own_agents(caller, agent.owner_id)
    return agent


async def seen_agent(tx: TenantTx, caller: Caller, agent_id: UUID) -> Agent:
    """Get the agent, if the key may read its fields. Raises NotFound."""
    agent = await known_agent(tx, caller, agent_id)
    if not sees(caller, agent):
        raise NotFound("There is no agent of this id.")
    return agent


def sees(caller: Caller, agent: Agent) -> bool:
    """Whether the key may read the agent's fields: a key restricted to agents sees these, one
    restricted to users sees theirs, one restricted to namespaces sees none.

    It may still store and search memories of an agent that it does not see, within its reach.
    """
    restriction = caller.restriction
    if restriction.agents is not None:
        return agent.agent_id in restriction.agents
    return restriction.namespaces is None and restriction.allows_user(agent.owner_id)


def may_own_agents(caller: Caller, owner_id: str) -> None:
    """Raise Forbidden unless the key may make and change this owner's agents."""
    if not caller.restriction.allows_user(owner_id) or caller.restriction.namespaces is not None:
        raise Forbidden("This API key does not act for this owner.", code="out_of_reach")


def must_reach(caller: Caller, users: Iterable[str]) -> None:
    """Raise Forbidden unless the key may act for each of these users, and put each into a place."""
    if not all(caller.restriction.allows_user(user_id) for user_id in users):
        raise Forbidden("This API key does not act for this user.", code="out_of_reach")


def must_reach_all_of(caller: Caller, user_id: str) -> None:
    """Raise Forbidden unless the key reaches the whole user."""
    restriction = caller.restriction
    if not restriction.allows_user(user_id) or restriction.namespaces or restriction.agents:
        raise Forbidden("This API key does not reach all of this user.", code="out_of_reach")


def must_reach_the_tenant(caller: Caller) -> None:
    """Raise Forbidden unless the key reaches all of its tenant: to read the tenant's figures and
    settings, or change what everyone shares."""
    if not caller.restriction.unrestricted:
        raise Forbidden("This API key is restricted; this concerns everyone.", code="out_of_reach")


def may_review(caller: Caller) -> None:
    """Raise Forbidden unless the key may decide about what waits in quarantine: who may only write
    must not let out what they have planted themselves."""
    if not caller.may("review"):
        raise Forbidden("This API key lacks the scope `review`.", code="missing_scope")


async def visible_teams(tx: TenantTx, caller: Caller) -> list[Team]:
    """List the teams that the key may see: all of them, or those of the users that it reaches; none
    with another restriction."""
    found = await teams.list_all(tx)
    restriction = caller.restriction
    if restriction.agents is not None or restriction.namespaces is not None:
        return []
    if restriction.users is None:
        return found
    theirs: set[UUID] = set()
    for user_id in restriction.users:
        theirs |= (await teams.roles_of(tx, user_id)).keys()
    return [team for team in found if team.team_id in theirs]


async def may_change(
    tx: TenantTx, caller: Caller, memory_user: str, team_id: UUID | None, acting: str
) -> None:
    """Let the acting user change a memory: a private one must be theirs, a team's needs a role that
    writes. Raises NotFound for what they may not even see, else Forbidden."""
    must_reach(caller, [acting])
    if team_id is None:
        if memory_user != acting:
            raise NotFound("There is no memory of this id.")
        return
    await _check_member(tx, caller, team_id, acting, to_write=True)


async def team_to_share_with(
    tx: TenantTx, caller: Caller, user_id: str, team_id: UUID | None
) -> UUID:
    """Find the team that a user shares a memory with: the one named, or the only one that they may
    write to."""
    if team_id is not None:
        await _check_member(tx, caller, team_id, user_id, to_write=True)
        return team_id
    roles = await teams.roles_of(tx, user_id)
    writable = [team for team, role in roles.items() if role in WRITERS]
    if len(writable) == 1:
        return writable[0]
    raise Unprocessable(
        f"This user may write to {len(writable)} teams, so visibility `team` needs a team_id."
    )


def _own_scope(caller: Caller, place: Place) -> Scope:
    return Scope(caller.tenant_id, place.namespace, place.user_id, place.agent_id)


async def _agent_scopes(tx: TenantTx, caller: Caller, place: Place) -> list[Scope]:
    found = await agents.holding(tx, place.user_id, place.namespace)
    allowed = caller.restriction.agents
    return [
        Scope(caller.tenant_id, place.namespace, place.user_id, agent_id)
        for agent_id in found
        if allowed is None or agent_id in allowed
    ]


async def _team_scopes(
    tx: TenantTx,
    caller: Caller,
    place: Place,
    include_team: bool | None,
    visibility: Visibility | None,
) -> list[Scope]:
    if place.team_id is not None:
        await _check_member(tx, caller, place.team_id, place.user_id)
        wanted = [place.team_id] if include_team is not False else []
    elif include_team or (visibility == "team" and include_team is None):
        wanted = list(await teams.roles_of(tx, place.user_id))
    else:
        wanted = []
    return [Scope(caller.tenant_id, place.namespace, team_id=team_id) for team_id in wanted]


async def _check_member(
    tx: TenantTx, caller: Caller, team_id: UUID, user_id: str, *, to_write: bool = False
) -> None:
    role = await teams.role_of(tx, team_id, user_id)
    if role is None:
        raise Forbidden("This user is not a member of the team.", code="not_a_member")
    if to_write and role not in WRITERS:
        raise Forbidden("This user may only read the team's memories.", code="read_only_member")


def check_key(caller: Caller, place: Place, *, any_agent: bool = False) -> None:
    """Raise Forbidden when the caller's key is restricted to other users, namespaces or agents."""
    restriction = caller.restriction
    agents_only = restriction.agents is not None and place.agent_id is None and not any_agent
    if (
        agents_only
        or not restriction.allows_user(place.user_id)
        or (restriction.namespaces is not None and place.namespace not in restriction.namespaces)
    ):
        raise Forbidden("This API key does not reach these memories.", code="out_of_reach")
