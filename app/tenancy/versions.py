"""Refuse a change to a thing that is no longer as its client has seen it."""

from __future__ import annotations

from typing import Any

from app.errors import PreconditionFailed
from app.rules.version import is_current, version_of


def must_be_current(if_match: str | None, *parts: Any) -> None:
    """Raise PreconditionFailed when ``if_match`` (a header's value, None for any version) is not
    the version of the thing, which the caller's transaction holds."""
    if if_match is not None and not is_current(if_match, version_of(*parts)):
        raise PreconditionFailed("It has been changed since; read it again, and decide anew.")
