"""The tenant: what it uses, and its settings."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator

from app.api.auth import Admin, Reader
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.recall import RulesInForce
from app.api.schemas.types import IsoTime, Share
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.memories import tenant_settings
from app.rules.tuning import InForce
from app.rules.types import Budget, Redaction
from app.rules.types import Used as UsedNow
from app.settings import Plan
from app.startup import runtime
from app.tenancy import tenants

router = APIRouter(prefix="/v1", tags=["account"], route_class=StrictRoute)


class Used(BaseModel):
    """How much is in use; without a limit, `limit` is null."""

    used: int
    limit: int | None


class UsedByKind(BaseModel):
    """What a plan counts. Only live memories count."""

    memories: Used
    agents: Used
    teams: Used


class BudgetOut(BaseModel):
    """What the tenant's calls of paid providers cost in a calendar month (UTC), in US dollars."""

    month: str = Field(examples=["2026-04"])
    spent_usd: float
    reserved_usd: float = Field(description="The most that calls under way may cost.")
    soft_usd: float | None = Field(
        description="When this is spent, a warning is logged; null means no such limit."
    )
    hard_usd: float | None = Field(
        description="When this is spent, conversations wait and stores are refused; null means"
        " no limit."
    )
    soft_reached_at: IsoTime | None


class Usage(BaseModel):
    """How much the tenant has stored, and how much its plan allows; null means no limit."""

    plan: str
    memory_limit: int | None
    memories_used: int
    memories_remaining: int | None
    usage: UsedByKind
    budget: BudgetOut

    @classmethod
    def of(cls, used: UsedNow, month: Budget, plan: Plan) -> Self:
        """Render a tenant's usage."""
        left = None if plan.memories is None else max(plan.memories - used.memories, 0)
        return cls(
            plan=used.plan,
            memory_limit=plan.memories,
            memories_used=used.memories,
            memories_remaining=left,
            usage=UsedByKind(
                memories=Used(used=used.memories, limit=plan.memories),
                agents=Used(used=used.agents, limit=plan.agents),
                teams=Used(used=used.teams, limit=plan.teams),
            ),
            budget=BudgetOut(
                month=f"{month.month:%Y-%m}",
                spent_usd=month.spent_microusd / 1e6,
                reserved_usd=month.reserved_microusd / 1e6,
                soft_usd=_usd(month.soft_microusd),
                hard_usd=_usd(month.hard_microusd),
                soft_reached_at=month.soft_reached_at,
            ),
        )


class TenantSettings(RulesInForce):
    """What the tenant has set, with the defaults filled in."""

    redaction: Redaction

    @classmethod
    def of_both(cls, rules: InForce, redaction: Redaction) -> Self:
        """Render the settings."""
        return cls(**RulesInForce.of(rules).model_dump(), redaction=redaction)


class RulesPatch(BaseModel):
    """The tenant's own settings; null means the default. Give at least one."""

    similarity_weight: Share | None = Field(
        None,
        description="The weight of similarity in the score (0.7). The weight of retention"
        " is 1 minus this.",
    )
    half_life_days: Annotated[float, Field(ge=0.01, le=36_500, allow_inf_nan=False)] | None = Field(
        None, description="The half-life of a memory of importance 1 (10)."
    )
    lowest_importance: Annotated[float, Field(ge=0.01, le=1, allow_inf_nan=False)] | None = Field(
        None, description="A lower importance counts as this one when memories fade (0.1)."
    )
    duplicate_similarity: Share | None = Field(
        None, description="From this cosine similarity on, a fact is a duplicate (0.985)."
    )
    contradiction_similarity: Share | None = Field(
        None,
        description="From this cosine similarity on, the newer fact replaces the older one (0.94).",
    )

    redaction: Redaction | None = Field(
        None,
        description="Where personal data is replaced. `memories`: in memories and quotes."
        " `everything`: also in what is accepted and sent to a provider. `off` is"
        " the default.",
    )

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"give at least one of {', '.join(type(self).model_fields)}")
        return self


@router.get("/usage")
async def read_usage(caller: Reader) -> Usage:
    """Report how much the tenant has stored, how much its plan allows, and what its month has
    cost. A restricted key is refused."""
    used, month = await tenants.usage(caller)
    return Usage.of(used, month, runtime().settings.plan(used.plan))


@router.get("/settings")
async def read_rules(caller: Reader, response: Response) -> TenantSettings:
    """Get the tenant's settings: how memories are ranked, fade and replace each other, and which
    personal data is redacted. A restricted key is refused."""
    settings = await tenant_settings.read(caller)
    tag(response, *settings)
    return TenantSettings.of_both(*settings)


@router.patch("/settings", responses=CHANGED_SINCE)
async def change_rules(
    body: RulesPatch, caller: Admin, response: Response, if_match: IfMatch = None
) -> TenantSettings:
    """Change the tenant's settings; the next search and store follow. Needs the key scope
    `admin`."""
    changes = body.model_dump(exclude_unset=True)
    changes.pop("redaction", None)
    redaction = body.redaction or "off" if "redaction" in body.model_fields_set else None
    settings = await tenant_settings.change(caller, changes, redaction, if_match=if_match)
    tag(response, *settings)
    return TenantSettings.of_both(*settings)


def _usd(microusd: int | None) -> float | None:
    return None if microusd is None else microusd / 1e6
