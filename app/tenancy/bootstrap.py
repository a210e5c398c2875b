"""Create the first tenant, and its first key."""

from __future__ import annotations

import os
from pathlib import Path

from app.db import tenants
from app.db.pool import close_pool, open_pool, transaction
from app.settings import Settings
from app.tenancy import api_keys

KEY_FILE = "api_key"


async def first_key(settings: Settings) -> tuple[Path | None, bool]:
    """Give the file with the installation's first API key, and whether it was created just now.

    On a fresh database a tenant and a key are created, and the key is written to ``api_key`` in the
    data folder, mode 0600. None when the database has tenants already and the folder has no key of
    theirs.
    """
    file = settings.data_dir / KEY_FILE
    await open_pool(settings, size=1)
    try:
        tenant_id = tenants.new_id()
        async with transaction(tenant_id) as tx:
            if not await tenants.lock_setup(tx):
                return (file if file.exists() else None), False
            await tenants.create_tenant(tx, "default", plan=settings.default_plan)
            issued = await api_keys.issue(tx, label="first start")
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(issued.api_key + "\n")
            file.chmod(0o600)
            return file, True
    finally:
        await close_pool()
