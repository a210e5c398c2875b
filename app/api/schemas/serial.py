"""How values look in answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


IsoTime = Annotated[datetime, PlainSerializer(iso, return_type=str)]


def rounded(number: float) -> float:
    """To 4 decimals, as every score is shown."""
    return round(number, 4)
