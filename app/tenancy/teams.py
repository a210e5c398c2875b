"""Use case: create, join, manage and dissolve teams.

The application says who acts, as it says every ``user_id``: these rules keep an honest application
in order.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from app.db import api_keys, memory_owners, teams
from app.db import quotas as counters
from app.db.pool import TenantTx, read_only, system, transaction
from app.errors import Conflict, Duplicate, Forbidden, Gone, NotFound, PlanLimit, Unprocessable
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Caller, Invitation, Member, Scope, Team
from app.startup import runtime
from app.tenancy.access import must_reach, visible_teams
from app.tenancy.idempotency import IdempotentRequest, Made, make_once
from app.tenancy.quotas import count_one_more
from app.tenancy.tombstones import refuse_erased
from app.tenancy.versions import must_be_current


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, at the only moment when its token is known in clear."""

    invitation: Invitation
    token: str


async def form(
    caller: Caller,
    *,
    name: str,
    slug: str,
    creator: str,
    email: str | None,
    request: IdempotentRequest | None = None,
) -> Made[Team]:
    """Create a team with its creator as first admin. Raises Forbidden, Conflict for a slug that is
    taken, PlanLimit."""

    async def allow(_: TenantTx) -> None:
        _check_key(caller, creator)

    async def make(tx: TenantTx) -> Team:
        await refuse_erased(tx, [creator])
        team = await teams.add(tx, name=name, slug=slug)
        if team is None:
            raise _slug_taken()
        await count_one_more(tx, "teams")
        await teams.add_member(
            tx, team.team_id, creator, role="admin", email=email, invited_by=None
        )
        return team

    return await make_once(caller, request, Team, make, allow=allow)


async def list_all(caller: Caller) -> list[Team]:
    """List the teams that the key may see, oldest first."""
    async with read_only(caller.tenant_id) as tx:
        return await visible_teams(tx, caller)


async def get(caller: Caller, team_id: UUID) -> tuple[Team, list[Member]]:
    """Read a team and its members, in the order in which they joined. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        team = next((t for t in await visible_teams(tx, caller) if t.team_id == team_id), None)
        if team is None:
            raise NotFound("There is no team of this id.")
        return team, await teams.members(tx, team_id)


async def rename(
    caller: Caller,
    team_id: UUID,
    *,
    name: str | None,
    slug: str | None,
    by: str,
    if_match: str | None = None,
) -> Team:
    """Change a team's name, slug or both (None stays). Raises NotFound, Forbidden,
    PreconditionFailed, Conflict for a slug that is taken."""
    try:
        async with transaction(caller.tenant_id) as tx:
            must_be_current(if_match, await _led(tx, caller, team_id, by))
            team = await teams.rename(tx, team_id, name=name, slug=slug)
    except Duplicate:
        raise _slug_taken() from None
    assert team is not None, "the transaction locks it"
    return team


async def _led(tx: TenantTx, caller: Caller, team_id: UUID, acting: str) -> Team:
    """Lock the team for a change that its admin asks for. Raises NotFound, Forbidden."""
    _check_key(caller, acting)
    team = await teams.get(tx, team_id, lock=True)
    if team is None:
        raise NotFound("There is no team of this id.")
    if await teams.role_of(tx, team_id, acting) != "admin":
        raise Forbidden("Only an admin of the team may do this.", code="not_an_admin")
    return team


async def add_member(
    caller: Caller,
    team_id: UUID,
    user_id: str,
    *,
    role: str,
    email: str | None,
    added_by: str,
    request: IdempotentRequest | None = None,
) -> Made[Member]:
    """Add a user to the team. Raises NotFound, Forbidden, Conflict for a member, PlanLimit."""

    async def allow(_: TenantTx) -> None:
        _check_key(caller, added_by, user_id)

    async def make(tx: TenantTx) -> Member:
        await refuse_erased(tx, [user_id, added_by])
        team = await _led(tx, caller, team_id, added_by)
        return await _join(tx, team, user_id, role, email, added_by)

    return await make_once(caller, request, Member, make, allow=allow)


async def set_role(
    caller: Caller,
    team_id: UUID,
    user_id: str,
    *,
    role: str,
    by: str,
    if_match: str | None = None,
) -> Member:
    """Change a member's role. Raises NotFound, Forbidden, PreconditionFailed, Conflict for the last
    admin."""
    _check_key(caller, user_id)
    async with transaction(caller.tenant_id) as tx:
        await _led(tx, caller, team_id, by)
        held = {member.user_id: member for member in await teams.members(tx, team_id)}
        if user_id in held:
            must_be_current(if_match, held[user_id])
        if role != "admin":
            await _keep_an_admin(tx, team_id, user_id)
        member = await teams.set_role(tx, team_id, user_id, role)
    if member is None:
        raise _not_in_it()
    return member


async def remove_member(caller: Caller, team_id: UUID, user_id: str, *, by: str) -> None:
    """Remove a user; a member may leave. Raises NotFound, Forbidden, Conflict for the last
    admin."""
    _check_key(caller, by, user_id)
    async with transaction(caller.tenant_id) as tx:
        if await teams.get(tx, team_id, lock=True) is None:
            raise NotFound("There is no team of this id.")
        if by != user_id:
            await _led(tx, caller, team_id, by)
        await _keep_an_admin(tx, team_id, user_id)
        if not await teams.remove_member(tx, team_id, user_id):
            raise _not_in_it()


async def invite(caller: Caller, team_id: UUID, *, email: str, role: str, by: str) -> Invited:
    """Create an invitation for one address. An invitation cannot make admins. Raises NotFound,
    Forbidden, Unprocessable."""
    if role == "admin":
        raise Unprocessable(
            "role: a link cannot make an admin; invite a member and change the role then."
        )
    token = secrets.token_hex(32)
    async with transaction(caller.tenant_id) as tx:
        await refuse_erased(tx, [by])
        await _led(tx, caller, team_id, by)
        invitation = await teams.invite(
            tx,
            team_id,
            email=email.strip().lower(),
            role=role,
            invited_by=by,
            token_hash=_hash(token),
            key_id=caller.key_id,
        )
    return Invited(invitation, token)


async def accept(token: str, *, user_id: str, email: str) -> Invitation:
    """Join by an invitation, which is then used up; the token is the only credential. It opens no
    more than the API key with which it was made: a restricted key lets in its own users only.

    Raises NotFound, Gone when it is used or has expired, Forbidden for another address than the
    invited one and for a user beyond that key's reach, Conflict for a member, PlanLimit.
    """
    async with system() as tx:
        tenant_id = await teams.tenant_of_invitation(tx, _hash(token))
    if tenant_id is None:
        raise NotFound("There is no such invitation.")
    async with transaction(tenant_id) as tx:
        await refuse_erased(tx, [user_id])
        invitation = await teams.take_invitation(tx, _hash(token))
        if invitation is None:
            raise NotFound("There is no such invitation.")
        if invitation.accepted_at is not None:
            raise Gone("This invitation has been used.", code="invitation_used")
        if invitation.expired:
            raise Gone("This invitation has run out; ask for a new one.", code="invitation_expired")
        if email.strip().lower() != invitation.email:
            raise Forbidden("This invitation is for another address.", code="other_address")
        if not (await _reach_of(tx, invitation)).allows_user(user_id):
            raise Forbidden("This invitation is not for this user.", code="out_of_reach")
        team = await teams.get(tx, invitation.team_id, lock=True)
        if team is None:
            raise NotFound("There is no such invitation.")
        await _join(
            tx,
            team,
            user_id,
            invitation.role,
            invitation.email,
            invitation.invited_by,
        )
        await teams.accept_invitation(tx, invitation.invitation_id, user_id)
        return invitation


async def _reach_of(tx: TenantTx, invitation: Invitation) -> KeyRestriction:
    """Give the restriction of the key with which the invitation was made. One from before keys
    were noted has none."""
    key_id = invitation.key_id
    found = await api_keys.restriction_of(tx, key_id) if key_id is not None else None
    return found or UNRESTRICTED


async def dissolve(caller: Caller, team_id: UUID, *, by: str) -> None:
    """Dissolve a team. Each of its memories goes to its author, private, unless the author has the
    same already. Raises NotFound, Forbidden."""
    async with transaction(caller.tenant_id) as tx:
        tenant_id = caller.tenant_id
        await _led(tx, caller, team_id, by)
        await memory_owners.lock(tx, memory_owners.of_team(team_id))
        for author in sorted({author for author, _ in await teams.authors_of(tx, team_id)}):
            await memory_owners.lock(tx, memory_owners.of_user(author))
        await remove(tx, tenant_id, team_id)


async def remove(tx: TenantTx, tenant_id: UUID, team_id: UUID) -> None:
    """Remove a team, and leave its memories to their authors. The caller has locked the team, and
    as owners of memories the team and its authors."""
    lost = 0
    for author, namespace in sorted(await teams.authors_of(tx, team_id)):
        lost += await teams.hand_to_author(tx, Scope(tenant_id, namespace, author), team_id)
    await counters.add(tx, "memories", -lost)
    await teams.delete(tx, team_id)
    await counters.add(tx, "teams", -1)


async def _join(
    tx: TenantTx,
    team: Team,
    user_id: str,
    role: str,
    email: str | None,
    invited_by: str | None,
) -> Member:
    plan = (await counters.used(tx)).plan
    limit = runtime().settings.plan(plan).team_members
    # Count now that the team is locked: the count from before may be out of date.
    used = len(await teams.members(tx, team.team_id))
    if limit is not None and used >= limit:
        raise PlanLimit("members in a team", plan=plan, limit=limit, used=used)
    member = await teams.add_member(
        tx,
        team.team_id,
        user_id,
        role=role,
        email=email,
        invited_by=invited_by,
    )
    if member is None:
        raise Conflict("This user is a member of the team already.", code="already_a_member")
    return member


async def _keep_an_admin(tx: TenantTx, team_id: UUID, user_id: str) -> None:
    members = await teams.members(tx, team_id)
    if [member.user_id for member in members if member.role == "admin"] == [user_id]:
        raise Conflict(
            "This is the team's last admin; make another member an admin first.", code="last_admin"
        )


def _check_key(caller: Caller, *users: str) -> None:
    """Let only a key that reaches who acts, and who is put into the team or out of it."""
    must_reach(caller, users)
    if caller.restriction.namespaces or caller.restriction.agents:
        raise Forbidden("This API key does not manage teams.", code="out_of_reach")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _slug_taken() -> Conflict:
    return Conflict("There is a team of this slug already.", code="slug_taken")


def _not_in_it() -> NotFound:
    return NotFound("This user is not in the team.")
