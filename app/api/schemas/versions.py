"""The headers by which a client changes only what it has seen: ETag and If-Match."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Response

from app.api.errors import ErrorBody
from app.rules.version import version_of

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1_000,
        description="The `ETag` that an answer has shown: the change is made if the thing is still"
        " in that version, else it is a 412.",
    ),
]

CHANGED_SINCE: dict[int | str, dict[str, Any]] = {
    412: {"model": ErrorBody, "description": "It is no longer in the version of `If-Match`."}
}


def tag(response: Response, *parts: Any) -> None:
    """Show in the header ETag in which version the thing is."""
    response.headers["ETag"] = version_of(*parts)
