"""Which scope a request means."""

from __future__ import annotations

from uuid import UUID

from app.db.tenants import Caller
from app.errors import Forbidden, NotFound
from app.memory.types import Scope


def scope_of(
    caller: Caller,
    user_id: str,
    namespace: str,
    *,
    agent_id: UUID | None = None,
    team_id: UUID | None = None,
) -> Scope:
    """The private scope of a user's namespace.

    This installation knows no agents and no teams yet, so an agent is not found and nobody is a
    member of a team: what was meant for one of them is refused rather than stored elsewhere.
    """
    if agent_id is not None:
        raise NotFound("There is no agent of this id.")
    if team_id is not None:
        raise Forbidden("This user is not a member of the team.", code="not_a_member")
    return Scope(caller.tenant_id, namespace, user_id)
