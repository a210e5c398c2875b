"""Teams, their members, and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    bindparam,
    case,
    exists,
    func,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import SystemTx, TenantTx
from app.db.schema import invitations, memories, memory_recalls, team_members, teams
from app.db.statements import OWN_ID, Statement, columns_of, own, parameters
from app.rules.types import Invitation, Member, Scope, Team


def _team(of: FromClause) -> list[ColumnElement[Any]]:
    """A team as it is answered, from rows of the table or of a statement that made one."""
    members = team_members.alias("m")
    count = (
        select(func.count())
        .select_from(members)
        .where(members.c.tenant_id == of.c.tenant_id, members.c.team_id == of.c.team_id)
        .correlate(of)
        .scalar_subquery()
    )
    names = ("team_id", "tenant_id", "name", "slug", "created_at")
    return [*(of.c[name] for name in names), count.label("member_count")]


_THE_TEAM = own(teams) & (teams.c.team_id == bindparam("team_id"))
_new = (
    insert(teams)
    .values(tenant_id=OWN_ID, **parameters(("name", "slug")))
    .on_conflict_do_nothing(index_elements=["tenant_id", "slug"])
    .returning(teams)
    .cte("new")
)
_ADD = Statement(select(*_team(_new)))
_GET = Statement(select(*_team(teams)).where(_THE_TEAM))
_LOCK = Statement(select(*_team(teams)).where(_THE_TEAM).with_for_update(key_share=True))
_LIST = Statement(select(*_team(teams)).where(own(teams)).order_by(teams.c.team_id))
_RENAME = Statement(
    update(teams)
    .where(_THE_TEAM)
    .values(
        name=func.coalesce(bindparam("name", type_=Text), teams.c.name),
        slug=func.coalesce(bindparam("slug", type_=Text), teams.c.slug),
    )
    .returning(*_team(teams))
)
_DELETE = Statement(sa.delete(teams).where(_THE_TEAM))

_mine, _others = team_members.alias("mine"), team_members.alias("others")
_HOLD_ALONE = Statement(
    select(teams.c.team_id)
    .where(
        own(teams),
        exists(
            select()
            .select_from(_mine)
            .where(
                _mine.c.tenant_id == teams.c.tenant_id,
                _mine.c.team_id == teams.c.team_id,
                _mine.c.user_id == bindparam("user_id"),
            )
        ),
        ~exists(
            select()
            .select_from(_others)
            .where(
                _others.c.tenant_id == teams.c.tenant_id,
                _others.c.team_id == teams.c.team_id,
                _others.c.user_id != bindparam("user_id"),
            )
        ),
    )
    .order_by(teams.c.team_id)
    .with_for_update(key_share=True)
)

_MEMBER = columns_of(Member, team_members)
_MEMBERS = own(team_members) & (team_members.c.team_id == bindparam("team_id"))
_THE_MEMBER = _MEMBERS & (team_members.c.user_id == bindparam("user_id"))
_LIST_MEMBERS = Statement(
    select(*_MEMBER).where(_MEMBERS).order_by(team_members.c.joined_at, team_members.c.member_id)
)
_ADD_MEMBER = Statement(
    insert(team_members)
    .values(
        tenant_id=OWN_ID,
        **parameters(("team_id", "user_id", "role", "email", "invited_by")),
    )
    .on_conflict_do_nothing()
    .returning(*_MEMBER)
)
_SET_ROLE = Statement(
    update(team_members).where(_THE_MEMBER).values(role=bindparam("role")).returning(*_MEMBER)
)
_REMOVE_MEMBER = Statement(
    sa.delete(team_members).where(_THE_MEMBER).returning(team_members.c.user_id)
)
_ROLE = Statement(select(team_members.c.role).where(_THE_MEMBER))
_ROLES = Statement(
    select(team_members.c.team_id, team_members.c.role)
    .where(own(team_members), team_members.c.user_id == bindparam("user_id"))
    .order_by(team_members.c.team_id)
)

_INVITATION = [
    (invitations.c.expires_at <= func.now()).label("expired")
    if column == "expired"
    else invitations.c[column]
    for column in Invitation.__dataclass_fields__
]
_INVITE = Statement(
    insert(invitations)
    .values(
        tenant_id=OWN_ID,
        **parameters(("team_id", "email", "role", "invited_by", "token_hash", "key_id")),
    )
    .returning(*_INVITATION)
)
_OF_TOKEN = invitations.c.token_hash == bindparam("token_hash")
_TENANT_OF_INVITATION = Statement(select(invitations.c.tenant_id).where(_OF_TOKEN))
_TAKE_INVITATION = Statement(
    select(*_INVITATION).where(own(invitations), _OF_TOKEN).with_for_update(key_share=True)
)
_ACCEPT_INVITATION = Statement(
    update(invitations)
    .where(own(invitations), invitations.c.invitation_id == bindparam("invitation_id"))
    .values(accepted_at=func.now(), accepted_by=bindparam("user_id"))
)

_AUTHORS = Statement(
    select(memories.c.user_id, memories.c.namespace)
    .distinct()
    .where(own(memories), memories.c.team_id == bindparam("team_id"))
)
_said = (
    select(memories.c.content_hash, memories.c.memory_id)
    .where(
        own(memories),
        memories.c.scope_key == bindparam("scope_key"),
        memories.c.state == "live",
    )
    .cte("said")
)
_old = memories.alias("old")
_given = (
    select(_old.c.memory_id, _said.c.memory_id.label("said_by"))
    .select_from(
        _old.outerjoin(
            _said,
            (_old.c.state == "live")
            & (_old.c.visibility == "team")
            & (_said.c.content_hash == _old.c.content_hash),
        )
    )
    .where(
        own(_old),
        _old.c.team_id == bindparam("team_id"),
        _old.c.user_id == bindparam("user_id"),
        _old.c.namespace == bindparam("namespace"),
    )
    .cte("given")
)
_KEPT = _given.c.said_by.is_(None)
_handed = (
    update(memories)
    .where(own(memories), memories.c.memory_id == _given.c.memory_id)
    .values(
        visibility="private",
        team_id=null(),
        scope_key=bindparam("scope_key"),
        state=case((_KEPT, memories.c.state), else_="superseded"),
        superseded_at=case((_KEPT, memories.c.superseded_at), else_=func.clock_timestamp()),
        superseded_by=func.coalesce(_given.c.said_by, memories.c.superseded_by),
    )
    .returning(memories.c.memory_id, _given.c.said_by)
    .cte("handed")
)
_HAND_TO_AUTHOR = Statement(
    select(func.count(_handed.c.said_by)).add_cte(
        update(memory_recalls)
        .where(own(memory_recalls), memory_recalls.c.memory_id == _handed.c.memory_id)
        .values(scope_key=bindparam("scope_key"))
        .cte("counts")
    )
)


async def add(tx: TenantTx, *, name: str, slug: str) -> Team | None:
    """Add a team without members; None when the tenant has a team of that slug."""
    return await _ADD.one(tx, Team, name=name, slug=slug)


async def get(tx: TenantTx, team_id: UUID, *, lock: bool = False) -> Team | None:
    """Find one team; None when the tenant has none of that id. With ``lock`` its members and admins
    do not change until the transaction ends."""
    return await (_LOCK if lock else _GET).one(tx, Team, team_id=team_id)


async def hold_alone(tx: TenantTx, user_id: str) -> list[UUID]:
    """Find the teams whose only member the user is; nobody joins them until the transaction
    ends."""
    return [row[0] for row in await _HOLD_ALONE.rows(tx, user_id=user_id)]


async def list_all(tx: TenantTx) -> list[Team]:
    """List the tenant's teams, oldest first."""
    return await _LIST.all(tx, Team)


async def rename(tx: TenantTx, team_id: UUID, *, name: str | None, slug: str | None) -> Team | None:
    """Change name, slug or both (None stays). The transaction raises Duplicate when the slug is
    taken."""
    return await _RENAME.one(tx, Team, team_id=team_id, name=name, slug=slug)


async def delete(tx: TenantTx, team_id: UUID) -> None:
    """Remove the team with its members and invitations."""
    await _DELETE.run(tx, team_id=team_id)


async def members(tx: TenantTx, team_id: UUID) -> list[Member]:
    """List the team's members in the order in which they joined."""
    return await _LIST_MEMBERS.all(tx, Member, team_id=team_id)


async def add_member(
    tx: TenantTx,
    team_id: UUID,
    user_id: str,
    *,
    role: str,
    email: str | None,
    invited_by: str | None,
) -> Member | None:
    """Take the user into the team; None when they are in it."""
    return await _ADD_MEMBER.one(
        tx, Member, team_id=team_id, user_id=user_id, role=role, email=email, invited_by=invited_by
    )


async def set_role(tx: TenantTx, team_id: UUID, user_id: str, role: str) -> Member | None:
    """Change the member's role; None when they are not in the team."""
    return await _SET_ROLE.one(tx, Member, team_id=team_id, user_id=user_id, role=role)


async def remove_member(tx: TenantTx, team_id: UUID, user_id: str) -> bool:
    """Take the user out of the team; False when they are not in it."""
    return await _REMOVE_MEMBER.rowcount(tx, team_id=team_id, user_id=user_id) == 1


async def role_of(tx: TenantTx, team_id: UUID, user_id: str) -> str | None:
    """Read the user's role in the team; None when there is no such team or they are not in it."""
    role: str | None = await _ROLE.scalar(tx, team_id=team_id, user_id=user_id)
    return role


async def roles_of(tx: TenantTx, user_id: str) -> Mapping[UUID, str]:
    """Read the teams that the user is in, and the role in each, oldest team first."""
    return dict(await _ROLES.rows(tx, user_id=user_id))


async def invite(
    tx: TenantTx,
    team_id: UUID,
    *,
    email: str,
    role: str,
    invited_by: str,
    token_hash: bytes,
    key_id: UUID,
) -> Invitation:
    """Write an invitation down, with the API key that made it; its token is known to the caller
    only."""
    invitation = await _INVITE.one(
        tx,
        Invitation,
        team_id=team_id,
        email=email,
        role=role,
        invited_by=invited_by,
        token_hash=token_hash,
        key_id=key_id,
    )
    assert invitation is not None
    return invitation


async def tenant_of_invitation(tx: SystemTx, token_hash: bytes) -> UUID | None:
    """Find whose invitation a token opens; asked as the system, since its holder need not know."""
    found: UUID | None = await _TENANT_OF_INVITATION.scalar(tx, token_hash=token_hash)
    return found


async def take_invitation(tx: TenantTx, token_hash: bytes) -> Invitation | None:
    """Find the invitation behind a token; nobody else can take it until the transaction ends."""
    return await _TAKE_INVITATION.one(tx, Invitation, token_hash=token_hash)


async def accept_invitation(tx: TenantTx, invitation_id: UUID, user_id: str) -> None:
    """Note that the invitation is used, and by whom."""
    await _ACCEPT_INVITATION.run(tx, invitation_id=invitation_id, user_id=user_id)


async def authors_of(tx: TenantTx, team_id: UUID) -> set[tuple[str, str]]:
    """Find who wrote memories of the team (and notes meant for it), as pairs of user and
    namespace."""
    return {(user, namespace) for user, namespace in await _AUTHORS.rows(tx, team_id=team_id)}


async def hand_to_author(tx: TenantTx, scope: Scope, team_id: UUID) -> int:
    """Move what the author wrote for the team into the author's own ``scope``; what is said there
    already is superseded by that. How many live memories there are fewer now."""
    lost = await _HAND_TO_AUTHOR.scalar(
        tx,
        scope_key=scope.key,
        team_id=team_id,
        user_id=scope.user_id,
        namespace=scope.namespace,
    )
    return int(lost)
