"""Build and sign the messages of webhooks, by Standard Webhooks 1.0.0."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias
from uuid import UUID

from standardwebhooks import Webhook

EventType: TypeAlias = Literal[
    "conversation.done",
    "conversation.dead",
    "conversation.cancelled",
    "memory.stored",
    "memory.replaced",
    "memory.quarantined",
    "memory.edited",
    "memory.restored",
    "memory.raised",
    "memory.superseded",
    "memory.deleted",
]
TEST_EVENT = "webhook.test"
"""The event that is sent on request, whatever the endpoint subscribes to."""

SECRET_BYTES = 32
"""The length of a secret; the specification asks for 24 to 64."""


def new_secret() -> bytes:
    """Generate a secret for an endpoint."""
    return secrets.token_bytes(SECRET_BYTES)


def shown(secret: bytes) -> str:
    """Give the secret in the form that people copy."""
    return "whsec_" + base64.b64encode(secret).decode()


def body(event: str, happened_at: datetime, about: Mapping[str, object]) -> bytes:
    """Build the event as JSON. ``about`` has ids and a reason, never what somebody said; what is
    None is left out. It is equal at each attempt."""
    at = happened_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = {name: str(value) for name, value in about.items() if value is not None}
    document = {"type": event, "timestamp": at, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def headers(
    delivery_id: UUID, content: bytes, keys: Sequence[bytes], *, now: datetime
) -> dict[str, str]:
    """Build the headers of one attempt: an id that stays, a time that does not, a signature by each
    of the endpoint's secrets."""
    message_id = f"msg_{delivery_id}"
    signatures = [Webhook(key).sign(message_id, now, content.decode()) for key in keys]
    return {
        "content-type": "application/json",
        "user-agent": "smara-webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
