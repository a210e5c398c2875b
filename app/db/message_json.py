"""Messages as a conversation's row holds them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.rules.types import Message


def message_to_json(message: Message) -> dict[str, Any]:
    """Write a message as JSON, without what it does not have."""
    document: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        document["name"] = message.name
    if message.at is not None:
        document["at"] = message.at.isoformat()
    return document


def message_from_json(document: dict[str, Any]) -> Message:
    """Read what ``message_to_json`` has written."""
    at = document.get("at")
    return Message(
        role=document["role"],
        content=document["content"],
        name=document.get("name"),
        at=datetime.fromisoformat(at) if at else None,
    )
