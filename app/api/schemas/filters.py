"""The query parameters of every request that reads memories."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from app.api.schemas.types import (
    Flag,
    Namespace,
    QueryTime,
    Source,
    Text,
    storable_json,
)
from app.errors import Unprocessable
from app.rules.filters import Condition, Filters, conditions
from app.rules.types import Caller, Scope, Visibility
from app.tenancy import access
from app.tenancy.access import Place


@dataclass(frozen=True, slots=True)
class Reading:
    """Which of a user's memories a request reads."""

    namespace: str
    filters: Filters
    agent_id: UUID | None = None
    include_agents: bool = False
    team_id: UUID | None = None
    include_team: bool | None = None

    async def scopes(
        self, caller: Caller, user_id: str, visibility: Visibility | None = None
    ) -> list[Scope]:
        """Find the scopes to read for this user. Raises NotFound and Forbidden."""
        return await access.readable_scopes(
            caller,
            Place(user_id, self.namespace, self.agent_id, self.team_id),
            include_agents=self.include_agents,
            include_team=self.include_team,
            visibility=visibility,
        )


async def _filters(
    source: Annotated[Source | None, Query(description="Memories of this source only.")] = None,
    metadata: Annotated[
        Text | None,
        Query(
            description="A JSON object. A plain value must be equal; an object names operators: "
            "eq, ne, gt, gte, lt, lte, in, contains.",
            examples=['{"project": "atlas", "priority": {"gte": 2}}'],
        ),
    ] = None,
    created_after: Annotated[
        QueryTime | None, Query(description="Stored at this time or later.")
    ] = None,
    created_before: Annotated[
        QueryTime | None, Query(description="Stored before this time.")
    ] = None,
    valid_after: Annotated[
        QueryTime | None, Query(description="True since this time or later.")
    ] = None,
    valid_before: Annotated[
        QueryTime | None, Query(description="True since before this time.")
    ] = None,
    valid_at: Annotated[
        QueryTime | None,
        Query(description="What was true at this time, even if it was replaced later."),
    ] = None,
) -> Filters:
    return Filters(
        source=source,
        metadata=_conditions(metadata),
        created_after=created_after,
        created_before=created_before,
        valid_after=valid_after,
        valid_before=valid_before,
        valid_at=valid_at,
    )


FiltersQuery = Annotated[Filters, Depends(_filters)]


async def _reading(
    filters: FiltersQuery,
    namespace: Annotated[Namespace, Query()] = "default",
    agent_id: Annotated[UUID | None, Query(description="Only this agent's scope.")] = None,
    include_agents: Annotated[
        Flag, Query(description="Also the scopes of all agents, which are left out by default.")
    ] = False,
    team_id: Annotated[
        UUID | None, Query(description="Also this team's memories; the user must be a member.")
    ] = None,
    include_team: Annotated[
        Flag | None,
        Query(description="Without team_id: the memories of every team that the user is in."),
    ] = None,
) -> Reading:
    return Reading(namespace, filters, agent_id, include_agents, team_id, include_team)


ReadingQuery = Annotated[Reading, Depends(_reading)]


class ReadingIn(BaseModel):
    """The same in a body, for questions that are too long for an address."""

    namespace: Namespace = "default"
    agent_id: UUID | None = Field(None, description="Only this agent's scope.")
    include_agents: Flag = Field(False, description="Also the scopes of all agents.")
    team_id: UUID | None = Field(None, description="Also this team's memories.")
    include_team: Flag | None = Field(
        None, description="Without team_id: the memories of every team that the user is in."
    )
    source: Source | None = Field(None, description="Memories of this source only.")
    metadata: dict[str, Any] | None = Field(
        None, description="A plain value must be equal; an object names operators."
    )
    created_after: QueryTime | None = None
    created_before: QueryTime | None = None
    valid_after: QueryTime | None = None
    valid_before: QueryTime | None = None
    valid_at: QueryTime | None = None

    def reading(self) -> Reading:
        """Give what the request reads. Raises Unprocessable."""
        filters = Filters(
            source=self.source,
            metadata=_wanted(self.metadata) if self.metadata is not None else (),
            created_after=self.created_after,
            created_before=self.created_before,
            valid_after=self.valid_after,
            valid_before=self.valid_before,
            valid_at=self.valid_at,
        )
        return Reading(
            self.namespace,
            filters,
            self.agent_id,
            self.include_agents,
            self.team_id,
            self.include_team,
        )


def _conditions(text: str | None) -> tuple[Condition, ...]:
    if text is None:
        return ()
    try:
        wanted: Any = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError:
        raise Unprocessable('metadata: must be a JSON object, such as {"project": "x"}') from None
    except RecursionError:
        raise Unprocessable("metadata: is nested too deeply") from None
    except ValueError as error:
        raise Unprocessable(f"metadata: {error}") from None
    return _wanted(wanted)


def _wanted(wanted: Any) -> tuple[Condition, ...]:
    try:
        if not isinstance(wanted, dict):
            raise ValueError("must be a JSON object")
        return conditions(storable_json(wanted))
    except RecursionError:
        raise Unprocessable("metadata: is nested too deeply") from None
    except ValueError as error:
        raise Unprocessable(f"metadata: {error}") from None


def _refuse(name: str) -> None:
    raise ValueError(f"JSON has no {name}")
