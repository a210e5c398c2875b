"""Use case: record requests for the audit log, a moment later and in batches, so that a read writes
nothing.

A user is recorded as a digest under the installation's secret. Whoever has the id can ask whether a
key read that user's data; the digest gives no id back.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from app.db import api_keys, audit_log
from app.db.pool import read_only, transaction
from app.errors import DatabaseUnavailable, NotFound, ServiceError
from app.logs import log
from app.rules.types import Access, Caller, NewAccess
from app.tenancy import installation

MOST = 10_000
"""How many entries may wait to be written, in one process: some megabytes."""
BATCH = 1_000
FLUSH_SECONDS = 0.5
LAST_SECONDS = 5.0
"""How long a process that stops tries to write what is left."""


@dataclass(frozen=True, slots=True)
class _Noted:
    tenant_id: UUID
    key_id: UUID
    method: str
    route: str
    via: str | None
    user_id: str | None
    status: int
    at: float


def user_hash(secret: bytes, tenant_id: UUID, user_id: str) -> bytes:
    """Compute what stands for a user in the audit log."""
    return hmac.digest(secret, b"audited:" + tenant_id.bytes + user_id.encode(), "sha256")


class Recorder:
    """Keeps entries until its own task has written them. When there are more than it can keep, it
    drops the oldest, and the log says how many."""

    def __init__(self, *, most: int = MOST) -> None:
        self._waiting: deque[_Noted] = deque(maxlen=most)
        self._dropped = 0
        self._enough = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def note(
        self,
        caller: Caller,
        *,
        method: str,
        route: str,
        via: str | None,
        users: Collection[str],
        status: int,
    ) -> None:
        """Record one request, one entry for each user that it was about. Returns at once."""
        at = time.monotonic()
        for user_id in users or (None,):
            self._keep(
                _Noted(caller.tenant_id, caller.key_id, method, route, via, user_id, status, at)
            )
        if len(self._waiting) >= BATCH:
            self._enough.set()

    def start(self) -> None:
        """Start writing, on the running event loop."""
        self._task = asyncio.create_task(self._write_now_and_then())

    async def stop(self) -> None:
        """Stop, and write what is left, for a few seconds if need be."""
        self._stopping = True
        self._enough.set()
        if self._task is not None:
            await self._task
        deadline = time.monotonic() + LAST_SECONDS
        while self._waiting and time.monotonic() < deadline:
            if not await self._write():
                await asyncio.sleep(0.2)
        if self._waiting:
            log.error("accesses_not_written", count=len(self._waiting))

    async def _write_now_and_then(self) -> None:
        while not self._stopping:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._enough.wait()
            except TimeoutError:
                pass  # The time is up, although there are few entries.
            self._enough.clear()
            if not await self._write():
                await asyncio.sleep(FLUSH_SECONDS)

    async def _write(self) -> bool:
        """Write all waiting entries, each tenant's in a transaction of its own. False when the
        database did not accept some of them, which then go on waiting."""
        taken = sorted(self._waiting, key=lambda noted: noted.tenant_id)
        self._waiting.clear()
        if self._dropped:
            log.warning("accesses_dropped", count=self._dropped)
            self._dropped = 0
        refused: list[_Noted] = []
        for tenant_id, group in groupby(taken, key=lambda noted: noted.tenant_id):
            theirs = list(group)
            try:
                if not refused:
                    await _add(tenant_id, theirs)
                    continue
            except DatabaseUnavailable as error:
                log.warning("accesses_wait", error=type(error).__name__)
            except ServiceError as error:
                # This tenant's entries can never be written, now or later.
                log.error("accesses_lost", error=type(error).__name__, count=len(theirs))
                continue
            refused += theirs
        if refused:
            newer = list(self._waiting)
            self._waiting.clear()
            for noted in (*sorted(refused, key=lambda each: each.at), *newer):
                self._keep(noted)
        return not refused

    def _keep(self, noted: _Noted) -> None:
        if len(self._waiting) == self._waiting.maxlen:
            self._dropped += 1
        self._waiting.append(noted)


async def _add(tenant_id: UUID, noted: list[_Noted]) -> None:
    now, secret = time.monotonic(), await installation.secret()
    async with transaction(tenant_id) as tx:
        await audit_log.add(
            tx,
            [
                NewAccess(
                    each.key_id,
                    each.method,
                    each.route,
                    each.via,
                    None if each.user_id is None else user_hash(secret, tenant_id, each.user_id),
                    each.status,
                    now - each.at,
                )
                for each in noted
            ],
        )


async def read(
    caller: Caller,
    *,
    user_id: str | None,
    key_id: UUID | None,
    route: str | None,
    since: datetime | None,
    until: datetime | None,
    before: UUID | None,
    limit: int,
) -> list[Access]:
    """List what was requested with the tenant's keys, newest first. Raises NotFound for a key that
    the tenant does not have."""
    digest = None
    if user_id is not None:
        digest = user_hash(await installation.secret(), caller.tenant_id, user_id)
    async with read_only(caller.tenant_id) as tx:
        if key_id is not None:
            known = await api_keys.list_all(tx)
            if key_id not in {key.key_id for key in known}:
                raise NotFound("There is no key of this id.")
        return await audit_log.list_page(
            tx,
            user_hash=digest,
            key_id=key_id,
            route=route,
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
