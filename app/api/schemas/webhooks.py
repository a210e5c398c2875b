"""Request and response models of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.schemas.types import MASKED, STORABLE, IsoTime, Time
from app.rules.types import Delivery, Endpoint
from app.webhooks.addresses import MAX_URL_CHARS
from app.webhooks.message import EventType, shown

Url = Annotated[str, StringConstraints(min_length=1, max_length=MAX_URL_CHARS), STORABLE]
Description = Annotated[str, StringConstraints(max_length=500), STORABLE, MASKED]
Events = Annotated[
    list[EventType], Field(max_length=20, description="The events to send; empty means all.")
]


class WebhookIn(BaseModel):
    """A webhook to register."""

    url: Url = Field(
        description="https, on port 443 or 8443 of a public address; an operator may open others.",
        examples=["https://example.com/hooks/smara"],
    )
    events: Events = []
    description: Description = ""


class WebhookPatch(BaseModel):
    """What to change; at least one of them."""

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: bool | None = Field(
        None,
        description="False disables it and gives up its pending deliveries; true enables it again.",
    )

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        if all(value is None for value in self.model_dump().values()):
            raise ValueError(f"give at least one of {', '.join(type(self).model_fields)}")
        return self


class SecretRotationIn(BaseModel):
    """How a secret is replaced."""

    grace_seconds: float = Field(
        86_400,
        ge=0,
        le=2_592_000,
        description="How long the old secret also signs; a day by default.",
    )


class ReplayIn(BaseModel):
    """Which failed deliveries to send again."""

    since: Time | None = Field(
        None, description="Only deliveries of this time or later; without it, all that failed."
    )


class WebhookOut(BaseModel):
    """An endpoint without its secret."""

    id: UUID
    url: str
    events: list[str] = Field(description="Empty means all events.")
    description: str
    enabled: bool
    created_at: IsoTime
    failing_since: IsoTime | None = Field(
        description="Since when no delivery has arrived; after five days it is disabled."
    )
    disabled_at: IsoTime | None
    disabled_reason: str | None = Field(
        description="`by_request`, `failing` or `gone` (it answered 410)."
    )

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """Render an endpoint without its secret."""
        return cls(
            id=endpoint.endpoint_id,
            url=endpoint.url,
            events=endpoint.events,
            description=endpoint.description,
            enabled=endpoint.disabled_at is None,
            created_at=endpoint.created_at,
            failing_since=endpoint.failing_since,
            disabled_at=endpoint.disabled_at,
            disabled_reason=endpoint.disabled_reason,
        )


class WebhookMade(WebhookOut):
    """The answers that hold the secret."""

    secret: str = Field(description="`whsec_…`: what each delivery is signed with. Shown once.")

    @classmethod
    def with_secret(cls, endpoint: Endpoint, secret: bytes) -> Self:
        """Render an endpoint with its new secret."""
        return cls(**WebhookOut.of(endpoint).model_dump(mode="python"), secret=shown(secret))


class WebhookList(BaseModel):
    """Oldest first."""

    webhooks: list[WebhookOut]


class DeliveryOut(BaseModel):
    """A delivery to an endpoint, finished or pending."""

    id: UUID
    event: str
    happened_at: IsoTime
    user_id: str | None
    memory_id: UUID | None
    replaced_id: UUID | None
    conversation_id: UUID | None
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: IsoTime | None = Field(description="While it is pending.")
    last_status: int | None = Field(description="The HTTP status of the last answer.")
    last_error: str | None = Field(
        description="`status_…`, `timeout`, `unresolvable`, `unreachable`, `tls`, `protocol`,"
        " `url_not_allowed` or `endpoint_disabled`."
    )
    finished_at: IsoTime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Render a delivery."""
        next_attempt_at: datetime | None = delivery.next_attempt_at
        return cls(
            id=delivery.delivery_id,
            event=delivery.event,
            happened_at=delivery.happened_at,
            user_id=delivery.user_id,
            memory_id=delivery.memory_id,
            replaced_id=delivery.replaced_id,
            conversation_id=delivery.conversation_id,
            state=delivery.state,
            attempts=delivery.attempts,
            next_attempt_at=next_attempt_at if delivery.state == "pending" else None,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
            finished_at=delivery.finished_at,
        )


class DeliveryPage(BaseModel):
    """Newest first."""

    deliveries: list[DeliveryOut]
    next_cursor: str | None


class Replayed(BaseModel):
    """How many deliveries are sent again."""

    replayed: int
