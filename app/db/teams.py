"""Teams, their members, and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx
from app.rules.types import Invitation, Member, Scope, Team

_TEAM = """team_id, tenant_id, name, slug, created_at, (
    SELECT count(*) FROM team_members m
    WHERE m.tenant_id = teams.tenant_id AND m.team_id = teams.team_id) AS member_count"""
_MEMBER = ", ".join(field.name for field in fields(Member))
_INVITATION = """tenant_id, invitation_id, team_id, email, role, invited_by, created_at, expires_at,
    accepted_at, expires_at <= now() AS expired"""


async def add(tx: TenantTx, *, name: str, slug: str) -> Team | None:
    """A new team without members; None when the tenant has a team of that slug."""
    async with tx.cursor(row_factory=class_row(Team)) as cursor:
        await cursor.execute(
            f"""
            WITH teams AS (
                INSERT INTO teams (tenant_id, name, slug) VALUES (%s, %s, %s)
                ON CONFLICT (tenant_id, slug) DO NOTHING RETURNING *)
            SELECT {_TEAM} FROM teams
            """,
            (tx.tenant_id, name, slug),
        )
        return await cursor.fetchone()


async def get(tx: TenantTx, team_id: UUID, *, lock: bool = False) -> Team | None:
    """One team, or None when the tenant has none of that id. With ``lock`` its members and admins
    do not change until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Team)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_TEAM} FROM teams WHERE tenant_id = %s AND team_id = %s
            {"FOR UPDATE" if lock else ""}
            """,
            (tx.tenant_id, team_id),
        )
        return await cursor.fetchone()


async def list_all(tx: TenantTx) -> list[Team]:
    """The tenant's teams, oldest first."""
    async with tx.cursor(row_factory=class_row(Team)) as cursor:
        await cursor.execute(
            f"SELECT {_TEAM} FROM teams WHERE tenant_id = %s ORDER BY team_id", (tx.tenant_id,)
        )
        return await cursor.fetchall()


async def rename(tx: TenantTx, team_id: UUID, *, name: str | None, slug: str | None) -> Team | None:
    """Change name, slug or both (None stays). The transaction raises Duplicate when the slug is
    taken."""
    async with tx.cursor(row_factory=class_row(Team)) as cursor:
        await cursor.execute(
            f"""
            UPDATE teams SET name = coalesce(%s, name), slug = coalesce(%s, slug)
            WHERE tenant_id = %s AND team_id = %s RETURNING {_TEAM}
            """,
            (name, slug, tx.tenant_id, team_id),
        )
        return await cursor.fetchone()


async def delete(tx: TenantTx, team_id: UUID) -> None:
    """Remove the team with its members and invitations."""
    await tx.execute(
        "DELETE FROM teams WHERE tenant_id = %s AND team_id = %s", (tx.tenant_id, team_id)
    )


async def members(tx: TenantTx, team_id: UUID) -> list[Member]:
    """The team's members in the order in which they joined."""
    async with tx.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_MEMBER} FROM team_members WHERE tenant_id = %s AND team_id = %s
            ORDER BY joined_at, member_id
            """,
            (tx.tenant_id, team_id),
        )
        return await cursor.fetchall()


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
    async with tx.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(
            f"""
            INSERT INTO team_members (tenant_id, team_id, user_id, role, email, invited_by)
            VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING {_MEMBER}
            """,
            (tx.tenant_id, team_id, user_id, role, email, invited_by),
        )
        return await cursor.fetchone()


async def set_role(tx: TenantTx, team_id: UUID, user_id: str, role: str) -> Member | None:
    """Change the member's role; None when they are not in the team."""
    async with tx.cursor(row_factory=class_row(Member)) as cursor:
        await cursor.execute(
            f"""
            UPDATE team_members SET role = %s WHERE tenant_id = %s AND team_id = %s AND user_id = %s
            RETURNING {_MEMBER}
            """,
            (role, tx.tenant_id, team_id, user_id),
        )
        return await cursor.fetchone()


async def remove_member(tx: TenantTx, team_id: UUID, user_id: str) -> bool:
    """Take the user out of the team; False when they are not in it."""
    cursor = await tx.execute(
        """
        DELETE FROM team_members WHERE tenant_id = %s AND team_id = %s AND user_id = %s
        RETURNING user_id
        """,
        (tx.tenant_id, team_id, user_id),
    )
    return await cursor.fetchone() is not None


async def role_of(tx: TenantTx, team_id: UUID, user_id: str) -> str | None:
    """The user's role in the team; None when there is no such team or they are not in it."""
    cursor = await tx.execute(
        "SELECT role FROM team_members WHERE tenant_id = %s AND team_id = %s AND user_id = %s",
        (tx.tenant_id, team_id, user_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def roles_of(tx: TenantTx, user_id: str) -> Mapping[UUID, str]:
    """The teams that the user is in, and the role in each, oldest team first."""
    cursor = await tx.execute(
        """
        SELECT team_id, role FROM team_members WHERE tenant_id = %s AND user_id = %s
        ORDER BY team_id
        """,
        (tx.tenant_id, user_id),
    )
    return dict(await cursor.fetchall())


async def invite(
    tx: TenantTx,
    team_id: UUID,
    *,
    email: str,
    role: str,
    invited_by: str,
    token_hash: bytes,
) -> Invitation:
    """Write an invitation down; its token is known to the caller only."""
    async with tx.cursor(row_factory=class_row(Invitation)) as cursor:
        await cursor.execute(
            f"""
            INSERT INTO invitations (tenant_id, team_id, email, role, invited_by, token_hash)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING {_INVITATION}
            """,
            (tx.tenant_id, team_id, email, role, invited_by, token_hash),
        )
        invitation = await cursor.fetchone()
    assert invitation is not None
    return invitation


async def tenant_of_invitation(tx: SystemTx, token_hash: bytes) -> UUID | None:
    """Whose invitation a token opens; asked as the system, since its holder need not know."""
    cursor = await tx.execute(
        "SELECT tenant_id FROM invitations WHERE token_hash = %s", (token_hash,)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def take_invitation(tx: TenantTx, token_hash: bytes) -> Invitation | None:
    """The invitation behind a token; nobody else can take it until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Invitation)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_INVITATION} FROM invitations
            WHERE tenant_id = %s AND token_hash = %s FOR UPDATE
            """,
            (tx.tenant_id, token_hash),
        )
        return await cursor.fetchone()


async def accept_invitation(tx: TenantTx, invitation_id: UUID, user_id: str) -> None:
    """Note that the invitation is used, and by whom."""
    await tx.execute(
        """
        UPDATE invitations SET accepted_at = now(), accepted_by = %s
        WHERE tenant_id = %s AND invitation_id = %s
        """,
        (user_id, tx.tenant_id, invitation_id),
    )


async def authors_of(tx: TenantTx, team_id: UUID) -> set[tuple[str, str]]:
    """Who wrote memories of the team (and notes meant for it), as pairs of user and namespace."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT user_id, namespace FROM memories WHERE tenant_id = %s AND team_id = %s
        """,
        (tx.tenant_id, team_id),
    )
    return {(row[0], row[1]) for row in await cursor.fetchall()}


async def hand_to_author(tx: TenantTx, scope: Scope, team_id: UUID) -> int:
    """Move what the author wrote for the team into the author's own ``scope``; what is said there
    already is superseded by that. How many live memories there are fewer now."""
    cursor = await tx.execute(
        """
        WITH mine AS (
            SELECT content_hash, memory_id FROM memories
            WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
        ), handed AS (
            UPDATE memories m SET
                visibility = 'private', team_id = NULL, scope_key = %(scope_key)s,
                state = CASE WHEN said.memory_id IS NULL THEN m.state ELSE 'superseded' END,
                superseded_at = CASE WHEN said.memory_id IS NULL THEN m.superseded_at
                                     ELSE clock_timestamp() END,
                superseded_by = coalesce(said.memory_id, m.superseded_by)
            FROM memories old LEFT JOIN mine said
                ON old.state = 'live' AND old.visibility = 'team'
               AND said.content_hash = old.content_hash
            WHERE m.tenant_id = %(tenant_id)s AND m.team_id = %(team_id)s
              AND m.user_id = %(user_id)s AND m.namespace = %(namespace)s
              AND old.tenant_id = m.tenant_id AND old.memory_id = m.memory_id
            RETURNING m.memory_id, said.memory_id IS NOT NULL AS lost
        ), counts AS (
            UPDATE memory_recalls r SET scope_key = %(scope_key)s FROM handed
            WHERE r.tenant_id = %(tenant_id)s AND r.memory_id = handed.memory_id
        )
        SELECT count(*) FILTER (WHERE lost) FROM handed
        """,
        {
            "tenant_id": tx.tenant_id,
            "scope_key": scope.key,
            "team_id": team_id,
            "user_id": scope.user_id,
            "namespace": scope.namespace,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
