"""Agents, each with a memory scope of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from smara import _memory_calls as calls
from smara import _request, models
from smara._async.group import AsyncGroup
from smara._memory_calls import Narrowing
from smara._request import given, segment


class AsyncAgents(AsyncGroup):
    """Agents with memories of their own: no other agent finds them, and the user's own search
    leaves them out."""

    async def create(
        self,
        name: str,
        owner_id: str,
        *,
        description: str | None = None,
        model: str | None = None,
        system_prompt: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Agent:
        """Create an agent."""
        body = {
            "name": name,
            "owner_id": owner_id,
            "description": description,
            "model": model,
            "system_prompt": system_prompt,
        }
        return await self._ask(_request.create("/v1/agents", body, idempotency_key), models.Agent)

    async def get(self, agent_id: str) -> models.Agent:
        """Get an agent and its skills."""
        return await self._ask(_request.get(f"/v1/agents/{segment(agent_id)}"), models.Agent)

    async def update(
        self,
        agent_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        model: str | None = None,
        system_prompt: str | None = None,
        if_match: str | models.Agent | None = None,
    ) -> models.Agent:
        """Change an agent; what is not given stays. With ``if_match`` only if it is still as it was
        read."""
        body = given(
            {
                "name": name,
                "description": description,
                "model": model,
                "system_prompt": system_prompt,
            }
        )
        return await self._ask(
            _request.change(f"/v1/agents/{segment(agent_id)}", body, if_match=if_match),
            models.Agent,
        )

    async def delete(self, agent_id: str, *, memories: bool = False) -> None:
        """Delete an agent; with ``memories`` also its memories."""
        params = {"memories": memories or None}
        await self._do(_request.remove(f"/v1/agents/{segment(agent_id)}", params))

    async def store(
        self,
        agent_id: str,
        user_id: str,
        fact: str,
        importance: float | None = None,
        namespace: str | None = None,
        source: str | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.StoreResult:
        """Store a fact in the agent's own scope."""
        body = {
            "user_id": user_id,
            "fact": fact,
            "importance": importance,
            "namespace": namespace,
            "source": source,
            "metadata": metadata,
        }
        path = f"/v1/agents/{segment(agent_id)}/memories"
        return await self._ask(_request.create(path, body, idempotency_key), models.StoreResult)

    async def search(
        self,
        agent_id: str,
        user_id: str,
        q: str,
        limit: int | None = None,
        namespace: str | None = None,
        **filters: Unpack[Narrowing],
    ) -> models.SearchResults:
        """Find the agent's memories of a user that best answer a question, the best first."""
        request = calls.by_agent(agent_id, user_id, q, limit, namespace, filters)
        return calls.found_by_agent(await self._transport.send(request))

    async def memories(
        self,
        agent_id: str,
        user_id: str,
        limit: int | None = None,
        namespace: str | None = None,
        **filters: Unpack[Narrowing],
    ) -> models.SearchResults:
        """List the agent's newest memories of a user: 10, or ``limit`` (at most 50)."""
        request = calls.by_agent(agent_id, user_id, None, limit, namespace, filters)
        return calls.found_by_agent(await self._transport.send(request))

    async def attach_skill(
        self, agent_id: str, skill_id: str, config: Mapping[str, Any] | None = None
    ) -> models.AttachedSkill:
        """Give the agent a skill."""
        path = f"/v1/agents/{segment(agent_id)}/skills"
        body = {"skill_id": skill_id, "config": config}
        return await self._ask(_request.act(path, body), models.AttachedSkill)

    async def skills(self, agent_id: str) -> Sequence[models.Skill]:
        """List the agent's skills with their ``config``, by name."""
        request = _request.get(f"/v1/agents/{segment(agent_id)}/skills")
        return (await self._ask(request, models.SkillList)).skills

    async def configure_skill(
        self,
        agent_id: str,
        skill_id: str,
        config: Mapping[str, Any],
        *,
        if_match: str | models.AttachedSkill | None = None,
    ) -> models.AttachedSkill:
        """Change the configuration of an agent's skill. With ``if_match`` only if it is still as
        ``attach_skill`` or this has answered it."""
        path = f"/v1/agents/{segment(agent_id)}/skills/{segment(skill_id)}"
        request = _request.change(path, {"config": config}, if_match=if_match)
        return await self._ask(request, models.AttachedSkill)

    async def detach_skill(self, agent_id: str, skill_id: str) -> None:
        """Take a skill from the agent."""
        path = f"/v1/agents/{segment(agent_id)}/skills/{segment(skill_id)}"
        await self._do(_request.remove(path))

    async def list(self, *, owner_id: str | None = None) -> Sequence[models.Agent]:
        """List the tenant's agents, or one owner's, newest first."""
        return (
            await self._ask(_request.get("/v1/agents", {"owner_id": owner_id}), models.AgentList)
        ).agents
