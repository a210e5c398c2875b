"""Webhooks, and what they were told."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from smara.models._base import Model


class Webhook(Model):
    """Where the tenant is told what happens, without the secret.

    No ``events`` are all events. ``failing_since`` is set while nothing arrives; after five days
    of that it is disabled. ``disabled_reason`` is ``by_request``, ``failing`` or ``gone``.
    """

    id: str
    url: str = ""
    events: list[str] = []
    description: str = ""
    enabled: bool = True
    created_at: datetime | None = None
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str | None = None


class NewWebhook(Webhook):
    """A webhook with its ``secret``, by which deliveries are verified: keep it, it is not shown
    again."""

    secret: str = Field(repr=False)


class WebhookList(Model):
    """Webhooks, oldest first."""

    webhooks: list[Webhook] = []


class Delivery(Model):
    """Something that a webhook was told, or is to be told.

    ``state`` is ``pending``, ``delivered`` or ``failed``; ``last_status`` is the HTTP status of the
    last answer, ``last_error`` why it did not count.
    """

    id: str
    event: str = ""
    happened_at: datetime | None = None
    user_id: str | None = None
    memory_id: str | None = None
    replaced_id: str | None = None
    conversation_id: str | None = None
    state: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    finished_at: datetime | None = None


class DeliveryPage(Model):
    """One page of them, newest first."""

    deliveries: list[Delivery] = []
    next_cursor: str | None = None


class Replayed(Model):
    """How many are told again."""

    replayed: int = 0
