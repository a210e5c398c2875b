"""The first key of an installation, and sign-up where it is open."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field, StringConstraints

from app.api.errors import ErrorBody
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import STORABLE, Email
from app.db import tenants
from app.db.pool import system, transaction
from app.errors import Conflict, Forbidden, Gone, NotFound, RateLimited
from app.settings import get_settings
from app.tenancy import api_keys

router = APIRouter(tags=["setup"], route_class=StrictRoute)

OPEN: dict[str, Any] = {"security": []}


class SetupIn(BaseModel):
    """The first tenant."""

    tenant_name: Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE] = (
        "Default"
    )


class SetUp(BaseModel):
    """The first tenant and its key."""

    tenant_id: UUID
    tenant_name: str
    api_key: str = Field(description="Keep it: it is not shown again.")
    note: str


class SignupIn(BaseModel):
    """Who signs up."""

    email: Email


class SignedUp(BaseModel):
    """A tenant of one's own."""

    api_key: str = Field(description="Keep it: it is not shown again.")
    message: str


@router.post(
    "/setup",
    status_code=201,
    openapi_extra=OPEN,
    responses={410: {"model": ErrorBody, "description": "The installation is set up."}},
)
async def setup(
    body: SetupIn | None = None,
    x_setup_secret: Annotated[
        str | None, Header(description="Asked for when SETUP_SECRET is set.")
    ] = None,
) -> SetUp:
    """Make the first tenant and its key. Works once in the life of an installation; 410 from then
    on."""
    settings = get_settings()
    secret = settings.setup_secret
    if secret is not None and not hmac.compare_digest(
        (x_setup_secret or "").encode(), secret.get_secret_value().encode()
    ):
        raise Forbidden("Send the installation's secret as x-setup-secret.", code="setup_secret")
    name, tenant_id = (body or SetupIn()).tenant_name, tenants.new_id()
    async with transaction(tenant_id) as tx:
        if not await tenants.lock_setup(tx):
            raise Gone(
                "This installation is set up; more keys come from POST /v1/keys or "
                "`smara-server keys create`.",
                code="already_set_up",
            )
        await tenants.create_tenant(tx, name, plan=settings.default_plan)
        issued = await api_keys.issue(tx, label="setup")
    return SetUp(
        tenant_id=tenant_id,
        tenant_name=name,
        api_key=issued.api_key,
        note="Keep this key: it is not shown again.",
    )


@router.post(
    "/v1/signup",
    status_code=201,
    openapi_extra=OPEN,
    responses={429: {"model": ErrorBody, "description": "Too many attempts."}},
)
async def signup(body: SignupIn, request: Request) -> SignedUp:
    """Make a tenant of one's own, where the operator has opened this. 404 elsewhere."""
    settings = get_settings()
    if not settings.signup_open:
        raise NotFound("Sign-up is closed here; ask the operator for a key.")
    email = body.email.lower()
    address = request.client.host if request.client else ""
    async with system() as tx:
        secret = await tenants.installation_secret(tx)
        attempts = await tenants.signup_attempts(
            tx, hmac.digest(secret, address.encode(), hashlib.sha256), hours=1
        )
    if attempts > settings.signups_per_hour:
        raise RateLimited("Too many sign-ups from this address; try again in an hour.")
    tenant_id = tenants.new_id()
    try:
        async with transaction(tenant_id) as tx:
            await tenants.create_tenant(tx, email, plan=settings.signup_plan, email=email)
            issued = await api_keys.issue(tx, label="sign-up")
    except psycopg.errors.UniqueViolation:
        raise Conflict(
            "This address has signed up already; use the key it got then.",
            code="already_registered",
        ) from None
    return SignedUp(api_key=issued.api_key, message="Keep this key: it is not shown again.")
