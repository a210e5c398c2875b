"""Skills: what agents can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._request import given, segment


class AsyncSkills(AsyncGroup):
    """The tenant's skills and the built-in ones; ``client.agents`` attaches them."""

    async def create(
        self,
        name: str,
        *,
        description: str | None = None,
        category: str | None = None,
        schema: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Skill:
        """Create a skill."""
        body = {
            "name": name,
            "description": description,
            "category": category,
            "schema": schema,
        }
        return await self._ask(_request.create("/v1/skills", body, idempotency_key), models.Skill)

    async def get(self, skill_id: str) -> models.Skill:
        """Get a skill."""
        return await self._ask(_request.get(f"/v1/skills/{segment(skill_id)}"), models.Skill)

    async def update(
        self,
        skill_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        category: str | None = None,
        schema: Mapping[str, Any] | None = None,
        if_match: str | models.Skill | None = None,
    ) -> models.Skill:
        """Change a skill; what is not given stays. Built-in ones cannot be changed. With
        ``if_match`` only if it is still as it was read."""
        body = given(
            {
                "name": name,
                "description": description,
                "category": category,
                "schema": schema,
            }
        )
        return await self._ask(
            _request.change(f"/v1/skills/{segment(skill_id)}", body, if_match=if_match),
            models.Skill,
        )

    async def delete(self, skill_id: str) -> None:
        """Delete a skill."""
        await self._do(_request.remove(f"/v1/skills/{segment(skill_id)}"))

    async def list(self, *, category: str | None = None) -> Sequence[models.Skill]:
        """List the tenant's skills and the built-in ones, oldest first."""
        return (
            await self._ask(_request.get("/v1/skills", {"category": category}), models.SkillList)
        ).skills
