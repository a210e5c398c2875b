"""Smara: memory for AI agents.

    from smara import Smara

    client = Smara()
    client.store("user-123", "Prefers Python over JavaScript for backend work", importance=0.7)
    client.context("user-123", q="Help me set up a new API project")

``AsyncSmara`` is the same for asyncio; ``wrap`` gives an Anthropic or OpenAI client a memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from smara._config import VERSION
from smara.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequest,
    Conflict,
    ConversationFailed,
    Gone,
    InvalidResponse,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    PlanLimitError,
    PreconditionFailed,
    RateLimited,
    RequestTimeout,
    ServerError,
    ServiceUnavailable,
    SmaraError,
    UnsupportedMediaType,
    ValidationFailed,
    WaitTimeout,
)

if TYPE_CHECKING:
    from smara._async.client import AsyncSmara
    from smara._async.conversations import AsyncConversationHandle
    from smara._sync.client import Smara
    from smara._sync.conversations import ConversationHandle
    from smara.wrapping import user, wrap

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncConversationHandle",
    "AsyncSmara",
    "AuthenticationError",
    "BadRequest",
    "Conflict",
    "ConversationFailed",
    "ConversationHandle",
    "Gone",
    "InvalidResponse",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "PlanLimitError",
    "PreconditionFailed",
    "RateLimited",
    "RequestTimeout",
    "ServerError",
    "ServiceUnavailable",
    "Smara",
    "SmaraError",
    "UnsupportedMediaType",
    "ValidationFailed",
    "WaitTimeout",
    "__version__",
    "user",
    "wrap",
]

__version__ = VERSION

_LATER = {
    "AsyncConversationHandle": "smara._async.conversations",
    "AsyncSmara": "smara._async.client",
    "ConversationHandle": "smara._sync.conversations",
    "Smara": "smara._sync.client",
    "user": "smara.wrapping",
    "wrap": "smara.wrapping",
}
"""Imported at the first use: a program that needs one client does not wait for the other."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATER[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
