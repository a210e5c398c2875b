"""End an API process whose event loop stands still, so that it is started anew.

docs/decisions/0017-stalled-loops.md has why it is done in this way.
"""

from __future__ import annotations

import asyncio
import faulthandler
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

TICK_SECONDS = 1.0


@asynccontextmanager
async def watched(stalled_seconds: float) -> AsyncIterator[None]:
    """End the process with exit code 1 if the loop does not tick for this long within the block. It
    says on stderr where every thread stood: files, lines and functions, no values.

    The clock is a thread of C that needs no GIL, so it also ends code that never gives it back.
    """
    ticker = asyncio.create_task(_tick(stalled_seconds))
    try:
        yield
    finally:
        ticker.cancel()
        with suppress(asyncio.CancelledError):
            await ticker
        faulthandler.cancel_dump_traceback_later()


async def _tick(stalled_seconds: float) -> None:
    while True:
        faulthandler.dump_traceback_later(stalled_seconds, exit=True)
        await asyncio.sleep(TICK_SECONDS)
