"""Agents, and the memories in their own scopes."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import Reader, Writer
from app.api.routes.memories import OVER_PLAN, StatedBy, stored_answer
from app.api.routes.search import shown
from app.api.routes.skills import AttachedSkillOut
from app.api.schemas.filters import FiltersQuery, Reading
from app.api.schemas.idempotency import IdempotencyKey, idempotent_request, unwrap
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.memories import MemoryDuplicate, MemoryIn, MemoryStored
from app.api.schemas.recall import MemoryOut
from app.api.schemas.types import (
    MASKED,
    STORABLE,
    FactText,
    Flag,
    IsoTime,
    Lenient,
    Metadata,
    Namespace,
    Question,
    Share,
    Source,
    UserId,
)
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.memories.recall import newest, recall
from app.memories.store import store_facts
from app.rules.types import Agent
from app.tenancy import agents

router = APIRouter(prefix="/v1/agents", tags=["agents"], route_class=StrictRoute)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE, MASKED]
Description = Annotated[str, StringConstraints(max_length=2_000), STORABLE, MASKED]
Model = Annotated[str, StringConstraints(max_length=200), STORABLE, MASKED]
SystemPrompt = Annotated[str, StringConstraints(max_length=10_000), STORABLE, MASKED]


class AgentIn(BaseModel):
    """An agent to create."""

    name: Name
    owner_id: UserId = Field(description="Whose agent it is: your own name for a person.")
    description: Description | None = None
    model: Model | None = None
    system_prompt: SystemPrompt | None = None


class AgentPatch(BaseModel):
    """What to change; at least one of them."""

    name: Name | None = None
    description: Description | None = None
    model: Model | None = None
    system_prompt: SystemPrompt | None = None

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of name, description, model, system_prompt")
        if "name" in self.model_fields_set and self.name is None:
            raise ValueError("name must not be null")
        return self


class AgentOut(BaseModel):
    """An agent."""

    id: UUID
    name: str
    description: str | None
    owner_id: str
    model: str | None
    system_prompt: str | None
    created_at: IsoTime
    updated_at: IsoTime

    @staticmethod
    def fields_of(agent: Agent) -> dict[str, Any]:
        """Give the fields of every answer about an agent."""
        return {
            "id": agent.agent_id,
            "name": agent.name,
            "description": agent.description,
            "owner_id": agent.owner_id,
            "model": agent.model,
            "system_prompt": agent.system_prompt,
            "created_at": agent.created_at,
            "updated_at": agent.updated_at,
        }

    @classmethod
    def of(cls, agent: Agent) -> Self:
        """Render an agent."""
        return cls(**cls.fields_of(agent))


class AgentDetail(AgentOut):
    """An agent with its skills."""

    skills: list[AttachedSkillOut]


class AgentList(BaseModel):
    """Newest first."""

    agents: list[AgentOut]


class AgentMemoryIn(BaseModel):
    """A fact for the agent's own scope."""

    user_id: UserId
    fact: FactText
    importance: Share = 0.5
    namespace: Namespace = "default"
    source: Source = "api"
    metadata: Metadata = {}


class AgentMemories(BaseModel):
    """The same list under both names: by score for a question, otherwise newest first."""

    results: list[MemoryOut]
    memories: list[MemoryOut]
    degraded: bool
    degraded_reason: str | None = None


@router.post("", status_code=201, responses=OVER_PLAN)
async def create_agent(
    body: AgentIn,
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> AgentOut:
    """Create an agent. Its memories are a scope of their own, which no other store touches."""
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    made = await agents.create(caller, body.model_dump(), idempotent)
    return AgentOut.of(unwrap(made, response))


@router.get("")
async def list_agents(
    caller: Reader,
    owner_id: Annotated[UserId | None, Query(description="Agents of this owner only.")] = None,
) -> AgentList:
    """List the tenant's agents, newest first."""
    found = await agents.list_all(caller, owner_id)
    return AgentList(agents=[AgentOut.of(agent) for agent in found])


@router.get("/{agent_id}")
async def get_agent(caller: Reader, agent_id: UUID, response: Response) -> AgentDetail:
    """Get one agent with its skills."""
    agent, skills = await agents.get(caller, agent_id)
    tag(response, agent)
    return AgentDetail(
        **AgentOut.fields_of(agent), skills=[AttachedSkillOut.of(skill) for skill in skills]
    )


@router.patch("/{agent_id}", responses=CHANGED_SINCE)
async def change_agent(
    body: AgentPatch,
    caller: Writer,
    agent_id: UUID,
    response: Response,
    if_match: IfMatch = None,
) -> AgentOut:
    """Change the given fields of an agent; null empties a field."""
    changes = body.model_dump(exclude_unset=True)
    changed = await agents.change(caller, agent_id, changes, if_match=if_match)
    tag(response, changed)
    return AgentOut.of(changed)


@router.delete("/{agent_id}", status_code=204)
async def delete_agent(
    caller: Writer,
    agent_id: UUID,
    memories: Annotated[Flag, Query(description="Also delete its memories.")] = False,
) -> None:
    """Delete an agent. Its memories stay, and `include_agents=true` still finds them, unless
    `memories=true` deletes them too."""
    await agents.delete(caller, agent_id, with_memories=memories)


@router.post(
    "/{agent_id}/memories",
    status_code=201,
    responses={
        200: {"model": MemoryDuplicate, "description": "The agent knew it already."},
        **OVER_PLAN,
    },
    response_model_exclude_none=True,
)
async def store_agent_memory(
    body: AgentMemoryIn,
    caller: Writer,
    request: Request,
    response: Response,
    agent_id: UUID,
    idempotency_key: IdempotencyKey = None,
    stated_by: StatedBy = "application",
) -> MemoryStored | MemoryDuplicate:
    """Store a fact in the agent's own scope."""
    # Not validated again: what was masked may be longer by now than what was sent.
    fact = MemoryIn.model_construct(**body.model_dump(), agent_id=agent_id)
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    stored = await store_facts(caller, [fact.stated()], idempotent, stated_by=stated_by)
    return stored_answer(fact, stored, response)


@router.get("/{agent_id}/memories", response_model_exclude_unset=True)
async def agent_memories(
    caller: Reader,
    agent_id: UUID,
    filters: FiltersQuery,
    user_id: Annotated[UserId, Query()],
    namespace: Annotated[Namespace, Query()] = "default",
    q: Annotated[
        Question | None, Query(description="The question; without it, the newest memories.")
    ] = None,
    limit: Annotated[int, Lenient(1, 50), Query()] = 10,
) -> AgentMemories:
    """Search or list what the agent remembers of a user. No other memories are in the answer."""
    scopes = await Reading(namespace, filters, agent_id=agent_id).scopes(caller, user_id)
    if q is None:
        found = await newest(scopes, filters=filters, limit=limit)
    else:
        found = await recall(scopes, user_id, q, filters=filters, limit=limit)
    answer = shown(found)
    return AgentMemories.model_construct(
        results=answer,
        memories=answer,
        degraded=found.degraded is not None,
        degraded_reason=found.degraded,
    )
