"""Use case: read and change a tenant's settings: how memories are ranked, fade and replace each
other, and which personal data is redacted."""

from __future__ import annotations

from collections.abc import Mapping

from app.db import tenant_settings
from app.db.pool import read_only, transaction
from app.errors import Unprocessable
from app.providers.registry import get_providers
from app.rules.tuning import InForce, in_force
from app.rules.types import Caller, Redaction
from app.startup import runtime
from app.tenancy.access import must_reach_the_tenant
from app.tenancy.versions import must_be_current


async def rules_in_force(caller: Caller) -> InForce:
    """Read the tenant's settings for ranking and fading, with the defaults filled in."""
    async with read_only(caller.tenant_id) as tx:
        own = await tenant_settings.tuning(tx)
    return in_force(own, get_providers().bands)


async def read(caller: Caller) -> tuple[InForce, Redaction]:
    """Read everything that the tenant can set, with the defaults filled in. Raises Forbidden for a
    restricted key."""
    must_reach_the_tenant(caller)
    async with read_only(caller.tenant_id) as tx:
        own = await tenant_settings.tuning(tx)
        redaction = await tenant_settings.redaction(tx)
    return in_force(own, get_providers().bands), redaction


async def change(
    caller: Caller,
    rules: Mapping[str, float | None],
    redaction: Redaction | None,
    *,
    if_match: str | None = None,
) -> tuple[InForce, Redaction]:
    """Change the named settings, None for the default, and the redaction unless it is None; give
    the settings as they are then. Raises PreconditionFailed, and Unprocessable for what this
    installation cannot do or what does not fit together."""
    if redaction not in (None, "off") and not runtime().settings.presidio:
        raise Unprocessable(
            "redaction: this installation has none; its operator can switch it on"
            " (SMARA_PRESIDIO).",
            code="redaction_missing",
        )
    async with transaction(caller.tenant_id) as tx:
        await tenant_settings.hold(tx)
        if if_match is not None:
            before = in_force(await tenant_settings.tuning(tx), get_providers().bands)
            must_be_current(if_match, before, await tenant_settings.redaction(tx))
        if redaction is not None:
            await tenant_settings.set_redaction(tx, redaction)
        kept = await tenant_settings.redaction(tx)
        own = (
            await tenant_settings.change_tuning(tx, rules)
            if rules
            else await tenant_settings.tuning(tx)
        )
        try:
            rules_now = in_force(own, get_providers().bands)
        except ValueError:
            raise Unprocessable(
                "contradiction_similarity must not be above duplicate_similarity."
            ) from None
    return rules_now, kept
