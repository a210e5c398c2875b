"""Use case: create tenants, by set-up or sign-up, and report what they use."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from app.db import quotas, spend, tenants
from app.db.pool import read_only, system, transaction
from app.errors import Conflict, Duplicate, Forbidden, Gone, NotFound, RateLimited
from app.rules.types import Budget, Caller, Used
from app.startup import runtime
from app.tenancy import api_keys, installation
from app.tenancy.access import must_reach_the_tenant


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A tenant, at the only moment when its first key is known in clear."""

    tenant_id: UUID
    name: str
    api_key: str


async def set_up(name: str, *, secret: str | None, from_here: bool) -> NewTenant:
    """Create the first tenant and its key. Works once in the life of an installation.

    Raises Forbidden when SETUP_SECRET is set and ``secret`` is another, and when it is not set and
    whoever asks is not on this machine (``from_here``): otherwise the first to come would have the
    installation. Gone from the second time on.
    """
    settings = runtime().settings
    expected = settings.setup_secret
    if expected is None and not from_here:
        raise Forbidden(
            "Set SETUP_SECRET and send it as x-setup-secret, ask from the machine itself, or run "
            "`smara-server keys create`.",
            code="setup_secret",
        )
    if expected is not None and not hmac.compare_digest(
        (secret or "").encode(), expected.get_secret_value().encode()
    ):
        raise Forbidden("Send the installation's secret as x-setup-secret.", code="setup_secret")
    tenant_id = tenants.new_id()
    async with transaction(tenant_id) as tx:
        if not await tenants.lock_setup(tx):
            raise Gone(
                "This installation is set up; more keys come from POST /v1/keys or "
                "`smara-server keys create`.",
                code="already_set_up",
            )
        await tenants.create_tenant(tx, name, plan=settings.default_plan)
        issued = await api_keys.issue(tx, label="setup")
    return NewTenant(tenant_id, name, issued.api_key)


async def sign_up(email: str, *, address: str) -> NewTenant:
    """Create a tenant for whoever has the e-mail address, where the operator allows it.

    Raises NotFound where sign-up is closed, RateLimited after too many attempts from one network
    ``address``, Conflict when the e-mail address has a tenant.
    """
    settings = runtime().settings
    if not settings.signup_open:
        raise NotFound("Sign-up is closed here; ask the operator for a key.")
    digest = hmac.digest(await installation.secret(), address.encode(), hashlib.sha256)
    async with system() as tx:
        attempts = await tenants.signup_attempts(tx, digest, hours=1)
    if attempts > settings.signups_per_hour:
        raise RateLimited("Too many sign-ups from this address; try again in an hour.")
    tenant_id, name = tenants.new_id(), email.lower()
    try:
        async with transaction(tenant_id) as tx:
            await tenants.create_tenant(tx, name, plan=settings.signup_plan, email=name)
            issued = await api_keys.issue(tx, label="sign-up")
    except Duplicate:
        raise Conflict(
            "This address has signed up already; use the key it got then.",
            code="already_registered",
        ) from None
    return NewTenant(tenant_id, name, issued.api_key)


async def usage(caller: Caller) -> tuple[Used, Budget]:
    """Read how much the tenant has stored, and what its month has cost. Raises Forbidden for a
    restricted key."""
    must_reach_the_tenant(caller)
    async with read_only(caller.tenant_id) as tx:
        used = await quotas.used(tx)
        return used, await spend.budget(tx, runtime().settings.spending_caps)


async def plan_of(tenant_id: UUID) -> str:
    """Read the name of the tenant's plan."""
    async with read_only(tenant_id) as tx:
        return await tenants.plan_of(tx)
