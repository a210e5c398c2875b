"""Skills, and which agent has which."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import Reader, Writer
from app.api.schemas.idempotency import IdempotencyKey, idempotent_request, unwrap
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import MASKED, STORABLE, IsoTime, MaskedMetadata
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.rules.types import Attachment, Skill
from app.tenancy import skills

router = APIRouter(prefix="/v1", tags=["skills"], route_class=StrictRoute)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE, MASKED]
Description = Annotated[str, StringConstraints(max_length=2_000), STORABLE, MASKED]
Category = Annotated[str, StringConstraints(max_length=100), STORABLE, MASKED]


class SkillIn(BaseModel):
    """A skill to create."""

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
        """Render a skill."""
        return cls(
            id=skill.skill_id,
            name=skill.name,
            description=skill.description,
            category=skill.category,
            schema=skill.schema,
            created_at=skill.created_at,
        )


class AttachedSkillOut(SkillOut):
    """A skill as one agent has it."""

    config: dict[str, Any]

    @classmethod
    def of(cls, skill: Skill) -> Self:
        """Render a skill with the agent's configuration."""
        return cls.model_validate({**asdict(skill), "id": skill.skill_id})


class SkillList(BaseModel):
    """Oldest first."""

    skills: list[SkillOut]


class AttachedSkills(BaseModel):
    """By name."""

    skills: list[AttachedSkillOut]


class AttachIn(BaseModel):
    """A skill to give to an agent."""

    skill_id: UUID
    config: MaskedMetadata = {}


class ConfigIn(BaseModel):
    """The configuration of the agent's skill."""

    config: MaskedMetadata


class Attached(BaseModel):
    """An agent's skill."""

    agent_id: UUID
    skill_id: UUID
    config: dict[str, Any]

    @classmethod
    def of(cls, attachment: Attachment) -> Self:
        """Render an agent's skill."""
        return cls.model_validate(asdict(attachment))


@router.post("/skills", status_code=201)
async def create_skill(
    body: SkillIn,
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> SkillOut:
    """Create a skill."""
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    made = await skills.create(caller, body.model_dump(by_alias=True), idempotent)
    return SkillOut.of(unwrap(made, response))


@router.get("/skills")
async def list_skills(
    caller: Reader, category: Annotated[Category | None, Query()] = None
) -> SkillList:
    """List the tenant's skills, oldest first; with a restricted key those of the agents that it
    sees."""
    found = await skills.list_all(caller, category)
    return SkillList(skills=[SkillOut.of(skill) for skill in found])


@router.get("/skills/{skill_id}")
async def get_skill(caller: Reader, skill_id: UUID, response: Response) -> SkillOut:
    """Get one skill."""
    skill = await skills.get(caller, skill_id)
    tag(response, skill)
    return SkillOut.of(skill)


@router.patch("/skills/{skill_id}", responses=CHANGED_SINCE)
async def change_skill(
    body: SkillPatch,
    caller: Writer,
    skill_id: UUID,
    response: Response,
    if_match: IfMatch = None,
) -> SkillOut:
    """Change the given fields of a skill; null empties a field."""
    changes = body.model_dump(exclude_unset=True, by_alias=True)
    changed = await skills.change(caller, skill_id, changes, if_match=if_match)
    tag(response, changed)
    return SkillOut.of(changed)


@router.delete("/skills/{skill_id}", status_code=204)
async def delete_skill(caller: Writer, skill_id: UUID) -> None:
    """Delete a skill, and take it from every agent."""
    await skills.delete(caller, skill_id)


@router.post("/agents/{agent_id}/skills", status_code=201)
async def attach_skill(
    body: AttachIn,
    caller: Writer,
    request: Request,
    response: Response,
    agent_id: UUID,
    idempotency_key: IdempotencyKey = None,
) -> Attached:
    """Give an agent a skill."""
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    made = await skills.attach(caller, agent_id, body.skill_id, body.config, idempotent)
    tag(response, made.value)
    return Attached.of(unwrap(made, response))


@router.get("/agents/{agent_id}/skills")
async def agent_skills(caller: Reader, agent_id: UUID) -> AttachedSkills:
    """List the agent's skills, by name."""
    found = await skills.attached(caller, agent_id)
    return AttachedSkills(skills=[AttachedSkillOut.of(skill) for skill in found])


@router.patch("/agents/{agent_id}/skills/{skill_id}", responses=CHANGED_SINCE)
async def configure_skill(
    body: ConfigIn,
    caller: Writer,
    agent_id: UUID,
    skill_id: UUID,
    response: Response,
    if_match: IfMatch = None,
) -> Attached:
    """Change the configuration of an agent's skill."""
    changed = await skills.configure(caller, agent_id, skill_id, body.config, if_match=if_match)
    tag(response, changed)
    return Attached.of(changed)


@router.delete("/agents/{agent_id}/skills/{skill_id}", status_code=204)
async def detach_skill(caller: Writer, agent_id: UUID, skill_id: UUID) -> None:
    """Take a skill from an agent."""
    await skills.detach(caller, agent_id, skill_id)
