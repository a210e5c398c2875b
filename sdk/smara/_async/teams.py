"""Teams, whose members share memories."""

from __future__ import annotations

from collections.abc import Sequence

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._request import given, segment


class AsyncTeams(AsyncGroup):
    """Roles are ``admin`` (manages), ``member`` (reads and stores) and ``read_only``.

    A memory is the team's when it is stored with the ``team_id``. The caller says who acts: inside
    one tenant roles are an agreement, not a wall.
    """

    async def create(
        self,
        name: str,
        slug: str,
        user_id: str,
        *,
        email: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Team:
        """Create a team with ``user_id`` as its admin; the slug has a-z, 0-9 and hyphens."""
        body = {"name": name, "slug": slug, "user_id": user_id, "email": email}
        return await self._ask(_request.create("/v1/teams", body, idempotency_key), models.Team)

    async def get(self, team_id: str) -> models.Team:
        """Get a team with its members."""
        return await self._ask(_request.get(f"/v1/teams/{segment(team_id)}"), models.Team)

    async def update(
        self,
        team_id: str,
        *,
        user_id: str,
        name: str | None = None,
        slug: str | None = None,
        if_match: str | models.Team | None = None,
    ) -> models.Team:
        """Change a team, as its admin ``user_id``. With ``if_match`` only if it is still as it was
        read."""
        body = given({"user_id": user_id, "name": name, "slug": slug})
        request = _request.change(f"/v1/teams/{segment(team_id)}", body, if_match=if_match)
        return await self._ask(request, models.Team)

    async def delete(self, team_id: str, *, user_id: str) -> None:
        """Dissolve a team, as its admin ``user_id``."""
        await self._do(_request.remove(f"/v1/teams/{segment(team_id)}", {"user_id": user_id}))

    async def add_member(
        self,
        team_id: str,
        user_id: str,
        *,
        added_by: str,
        role: str | None = None,
        email: str | None = None,
    ) -> models.Member:
        """Add a member, as the admin ``added_by``."""
        body = {"user_id": user_id, "added_by": added_by, "role": role, "email": email}
        return await self._ask(
            _request.act(f"/v1/teams/{segment(team_id)}/members", body), models.Member
        )

    async def change_role(
        self,
        team_id: str,
        user_id: str,
        role: str,
        *,
        changed_by: str,
        if_match: str | models.Member | None = None,
    ) -> models.Member:
        """Change a member's role, as the admin ``changed_by``. With ``if_match`` only if it is
        still as ``add_member`` or this has answered it."""
        path = f"/v1/teams/{segment(team_id)}/members/{segment(user_id)}"
        body = {"role": role, "changed_by": changed_by}
        return await self._ask(_request.change(path, body, if_match=if_match), models.Member)

    async def remove_member(self, team_id: str, user_id: str, *, removed_by: str) -> None:
        """Remove a member, as an admin or as the member."""
        path = f"/v1/teams/{segment(team_id)}/members/{segment(user_id)}"
        await self._do(_request.remove(path, {"removed_by": removed_by}))

    async def invite(
        self, team_id: str, email: str, *, invited_by: str, role: str | None = None
    ) -> models.Invitation:
        """Create an invitation whose ``token`` opens the team for seven days; you send it
        yourself."""
        body = {"email": email, "invited_by": invited_by, "role": role}
        return await self._ask(
            _request.act(f"/v1/teams/{segment(team_id)}/invitations", body), models.Invitation
        )

    async def accept(
        self, token: str, user_id: str, *, email: str | None = None
    ) -> models.Membership:
        """Accept an invitation for ``user_id``. Needs no API key."""
        path = f"/v1/invitations/{segment(token)}/accept"
        body = {"user_id": user_id, "email": email}
        return await self._ask(_request.act(path, body, keyless=True), models.Membership)

    async def list(self) -> Sequence[models.Team]:
        """List the tenant's teams, oldest first."""
        return (await self._ask(_request.get("/v1/teams"), models.TeamList)).teams
