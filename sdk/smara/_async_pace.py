"""The same as smara/_pace.py for asyncio, which has total time limits of its own."""

from __future__ import annotations

import asyncio
from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["deadline", "sleep"]


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[dict[str, Any]]:
    """Raise TimeoutError when ``seconds`` have passed; yields the extensions that the request has
    to carry for it."""
    async with asyncio.timeout(seconds):
        yield {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}
