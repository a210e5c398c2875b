"""Whether statements are prepared: by the setting, and by whether a pooler stands between."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from app import logs
from app.cli.embedded.postgres import SUPERUSER
from app.db.pool import close_pool, open_pool, transaction
from app.settings import Settings
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import SERVICE_LOGIN

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("setting", "pooled", "after"),
    [
        ("auto", True, None),
        ("auto", False, 5),
        ("on", True, 5),
        ("on", False, 5),
        ("off", True, None),
        ("off", False, None),
    ],
)
async def test_statements_are_prepared_unless_a_pooler_stands_between(
    setting: Any,
    pooled: bool,
    after: int | None,
    between: PgBouncer,
    direct_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = direct_url.replace(f"//{SUPERUSER}@", f"//{SERVICE_LOGIN}@")
    if pooled:
        url = between.to(url)
    settings = Settings(database_url=url, prepare=setting, log_format="json")
    logs.configure(settings)
    await open_pool(settings, size=1, serving=True)
    try:
        async with transaction(UUID(int=1)) as tx:
            assert tx.connection.prepare_threshold == after
    finally:
        await close_pool()

    said = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line[:1] == "{"]
    chosen = [each for each in said if each["event"] == "prepared_statements"]
    assert [(each["used"], each["pooler_between"], each["setting"]) for each in chosen] == [
        (after is not None, pooled, f"SMARA_PREPARE={setting}")
    ]
