"""Webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from smara.models._base import Model


class Webhook(Model):
    """A webhook without its secret.

    An empty list of ``events`` means all. ``failing_since`` is set while nothing arrives; after
    five days it is disabled. ``disabled_reason`` is ``by_request``, ``failing`` or ``gone``.
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
    """A delivery to a webhook, finished or pending.

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
    """One page of deliveries, newest first."""

    deliveries: list[Delivery] = []
    next_cursor: str | None = None


class Replayed(Model):
    """How many deliveries are sent again."""

    replayed: int = 0
