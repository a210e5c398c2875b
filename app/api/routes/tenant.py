"""The tenant itself: what it uses, by which rules it remembers."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field, model_validator

from app.api.auth import Admin, Reader
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.memories import RulesInForce
from app.api.schemas.types import IsoTime, Share
from app.memories import tenant_settings
from app.rules.tuning import InForce
from app.rules.types import Budget, Redaction
from app.rules.types import Used as UsedNow
from app.settings import Plan
from app.startup import runtime
from app.tenancy import tenants

router = APIRouter(prefix="/v1", tags=["account"], route_class=StrictRoute)


class Used(BaseModel):
    """How much of something is in use; without a limit, `limit` is null."""

    used: int
    limit: int | None


class UsedByKind(BaseModel):
    """What a plan counts. Memories are live ones."""

    memories: Used
    agents: Used
    teams: Used


class BudgetOut(BaseModel):
    """What the tenant's calls of paid providers cost in a calendar month (UTC), in US dollars."""

    month: str = Field(examples=["2026-04"])
    spent_usd: float
    reserved_usd: float = Field(description="What calls under way may cost at worst.")
    soft_usd: float | None = Field(description="Noted once it is spent; null is no such limit.")
    hard_usd: float | None = Field(
        description="Once it is spent conversations wait and stores are refused; null is no limit."
    )
    soft_reached_at: IsoTime | None


class Usage(BaseModel):
    """What the tenant holds, and what its plan allows; null is no limit."""

    plan: str
    memory_limit: int | None
    memories_used: int
    memories_remaining: int | None
    usage: UsedByKind
    budget: BudgetOut

    @classmethod
    def of(cls, used: UsedNow, month: Budget, plan: Plan) -> Self:
        """What a tenant sees of what it uses."""
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
    """What the tenant has set, defaults filled in."""

    redaction: Redaction

    @classmethod
    def of_both(cls, rules: InForce, redaction: Redaction) -> Self:
        """The settings as the tenant sees them."""
        return cls(**RulesInForce.of(rules).model_dump(), redaction=redaction)


class RulesPatch(BaseModel):
    """The tenant's own rules; null is the default. At least one of them."""

    similarity_weight: Share | None = Field(
        None, description="Of similarity in the score (0.7); what is left of 1 weighs retention."
    )
    half_life_days: Annotated[float, Field(ge=0.01, le=36_500, allow_inf_nan=False)] | None = Field(
        None, description="Half-life of a memory of importance 1 (10)."
    )
    lowest_importance: Annotated[float, Field(ge=0.01, le=1, allow_inf_nan=False)] | None = Field(
        None, description="Importance below this counts as this when memories fade (0.1)."
    )
    duplicate_similarity: Share | None = Field(
        None, description="From this cosine similarity on two facts are the same (0.985)."
    )
    contradiction_similarity: Share | None = Field(
        None, description="From this one on the newer replaces the older (0.94)."
    )

    redaction: Redaction | None = Field(
        None,
        description="`memories`: no personal data in what is remembered. `everything`: nor in what"
        " is accepted, nor in what a provider is sent. `off` is the default.",
    )

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"give at least one of {', '.join(type(self).model_fields)}")
        return self


@router.get("/usage")
async def read_usage(caller: Reader) -> Usage:
    """What the tenant holds, what its plan allows, and what its month has cost."""
    used, month = await tenants.usage(caller)
    return Usage.of(used, month, runtime().settings.plan(used.plan))


@router.get("/settings")
async def read_rules(caller: Reader) -> TenantSettings:
    """The rules by which the tenant's memories are ranked, fade, and replace each other; and what
    of people's personal data is redacted."""
    return TenantSettings.of_both(*await tenant_settings.read(caller))


@router.patch("/settings")
async def change_rules(body: RulesPatch, caller: Admin) -> TenantSettings:
    """Change them; searches and stores follow from the next one on. Needs the scope `admin`."""
    changes = body.model_dump(exclude_unset=True)
    changes.pop("redaction", None)
    redaction = body.redaction or "off" if "redaction" in body.model_fields_set else None
    return TenantSettings.of_both(*await tenant_settings.change(caller, changes, redaction))


def _usd(microusd: int | None) -> float | None:
    return None if microusd is None else microusd / 1e6
