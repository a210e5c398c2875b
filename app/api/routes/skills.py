"""Skills, and which agent has which."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

import psycopg
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import may
from app.api.schemas.idempotency import IdempotencyKey, create_idempotently, idempotent_request
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import MASKED, STORABLE, IsoTime, MaskedMetadata
from app.db import agents
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Conflict, NotFound
from app.rules.types import Skill
from app.tenancy.access import managed_agent, may_change_the_tenants, seen_agent

router = APIRouter(prefix="/v1", tags=["skills"], route_class=StrictRoute)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE, MASKED]
Description = Annotated[str, StringConstraints(max_length=2_000), STORABLE, MASKED]
Category = Annotated[str, StringConstraints(max_length=100), STORABLE, MASKED]


class SkillIn(BaseModel):
    """Something that agents can be given."""

    name: Name
    description: Description | None = None
    category: Category | None = None
    schema_: MaskedMetadata = Field({}, alias="schema", description="Describes its configuration.")


class SkillPatch(BaseModel):
    """What to change; at least one of them."""

    name: Name | None = None
    description: Description | None = None
    category: Category | None = None
    schema_: MaskedMetadata | None = Field(None, alias="schema")

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of name, description, category, schema")
        for field in ("name", "schema_"):
            if field in self.model_fields_set and getattr(self, field) is None:
                raise ValueError(f"{field.rstrip('_')} must not be null")
        return self


class SkillOut(BaseModel):
    """A skill."""

    id: UUID
    name: str
    description: str | None
    category: str | None
    schema_: dict[str, Any] = Field(alias="schema")
    created_at: IsoTime

    @classmethod
    def of(cls, skill: Skill) -> Self:
        """The skill as its tenant sees it."""
        return cls(
            id=skill.skill_id,
            name=skill.name,
            description=skill.description,
            category=skill.category,
            schema=skill.schema,
            created_at=skill.created_at,
        )


class AttachedSkill(SkillOut):
    """A skill as one agent has it."""

    config: dict[str, Any]

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """The skill with the agent's configuration."""
        return cls.model_validate({**row, "id": row["skill_id"]})


class SkillList(BaseModel):
    """Oldest first."""

    skills: list[SkillOut]


class AttachedSkills(BaseModel):
    """By name."""

    skills: list[AttachedSkill]


class AttachIn(BaseModel):
    """A skill to be given to an agent."""

    skill_id: UUID
    config: MaskedMetadata = {}


class ConfigIn(BaseModel):
    """How the agent's skill is to be configured."""

    config: MaskedMetadata


class Attached(BaseModel):
    """An agent's skill."""

    agent_id: UUID
    skill_id: UUID
    config: dict[str, Any]


@router.post("/skills", status_code=201)
async def create_skill(
    body: SkillIn, request: Request, response: Response, idempotency_key: IdempotencyKey = None
) -> SkillOut:
    """Make a skill known."""
    caller = may(request, "write")
    may_change_the_tenants(caller)

    async def create(tx: TenantTx) -> SkillOut:
        return SkillOut.of(await agents.add_skill(tx, body.model_dump(by_alias=True)))

    idempotent = idempotent_request(request, caller, idempotency_key, body)
    return await create_idempotently(caller.tenant_id, SkillOut, idempotent, response, create)


@router.get("/skills")
async def list_skills(
    request: Request, category: Annotated[Category | None, Query()] = None
) -> SkillList:
    """The tenant's skills, oldest first."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        found = await agents.list_skills(tx, category)
    return SkillList(skills=[SkillOut.of(skill) for skill in found])


@router.get("/skills/{skill_id}")
async def get_skill(request: Request, skill_id: UUID) -> SkillOut:
    """One skill."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        skill = await agents.get_skill(tx, skill_id)
    return SkillOut.of(_there(skill))


@router.patch("/skills/{skill_id}")
async def change_skill(body: SkillPatch, request: Request, skill_id: UUID) -> SkillOut:
    """Change what is named; null empties a field."""
    caller = may(request, "write")
    may_change_the_tenants(caller)
    changes = body.model_dump(exclude_unset=True, by_alias=True)
    async with transaction(caller.tenant_id) as tx:
        skill = await agents.change_skill(tx, skill_id, changes)
    return SkillOut.of(_there(skill))


@router.delete("/skills/{skill_id}", status_code=204)
async def delete_skill(request: Request, skill_id: UUID) -> None:
    """Remove a skill, from every agent too."""
    caller = may(request, "write")
    may_change_the_tenants(caller)
    async with transaction(caller.tenant_id) as tx:
        if not await agents.delete_skill(tx, skill_id):
            raise _no_skill()


@router.post("/agents/{agent_id}/skills", status_code=201)
async def attach_skill(
    body: AttachIn,
    request: Request,
    response: Response,
    agent_id: UUID,
    idempotency_key: IdempotencyKey = None,
) -> Attached:
    """Give an agent a skill."""
    caller = may(request, "write")

    async def attach(tx: TenantTx) -> Attached:
        await managed_agent(tx, caller, agent_id)
        try:
            attached = await agents.attach(tx, agent_id, body.skill_id, body.config)
        except psycopg.errors.ForeignKeyViolation:
            raise _no_skill() from None
        if not attached:
            raise Conflict("The agent has this skill already; PATCH changes its config.")
        return Attached(agent_id=agent_id, skill_id=body.skill_id, config=body.config)

    idempotent = idempotent_request(request, caller, idempotency_key, body)
    return await create_idempotently(caller.tenant_id, Attached, idempotent, response, attach)


@router.get("/agents/{agent_id}/skills")
async def agent_skills(request: Request, agent_id: UUID) -> AttachedSkills:
    """The agent's skills, by name."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        await seen_agent(tx, caller, agent_id)
        found = await agents.attached(tx, agent_id)
    return AttachedSkills(skills=[AttachedSkill.from_row(row) for row in found])


@router.patch("/agents/{agent_id}/skills/{skill_id}")
async def configure_skill(
    body: ConfigIn, request: Request, agent_id: UUID, skill_id: UUID
) -> Attached:
    """Change how the agent's skill is configured."""
    caller = may(request, "write")
    async with transaction(caller.tenant_id) as tx:
        await managed_agent(tx, caller, agent_id)
        if not await agents.configure(tx, agent_id, skill_id, body.config):
            raise NotFound("The agent has no skill of this id.")
    return Attached(agent_id=agent_id, skill_id=skill_id, config=body.config)


@router.delete("/agents/{agent_id}/skills/{skill_id}", status_code=204)
async def detach_skill(request: Request, agent_id: UUID, skill_id: UUID) -> None:
    """Take a skill from an agent."""
    caller = may(request, "write")
    async with transaction(caller.tenant_id) as tx:
        await managed_agent(tx, caller, agent_id)
        if not await agents.detach(tx, agent_id, skill_id):
            raise NotFound("The agent has no skill of this id.")


def _there(skill: Skill | None) -> Skill:
    if skill is None:
        raise _no_skill()
    return skill


def _no_skill() -> NotFound:
    return NotFound("There is no skill of this id.")
