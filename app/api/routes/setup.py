"""Create the first key of an installation; sign up, where it is allowed."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field, StringConstraints

from app.api.errors import ErrorBody
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import STORABLE, Email
from app.tenancy import tenants

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")

router = APIRouter(tags=["setup"], route_class=StrictRoute)


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
    """The person who signs up."""

    email: Email


class SignedUp(BaseModel):
    """The new tenant's key."""

    api_key: str = Field(description="Keep it: it is not shown again.")
    message: str


@router.post(
    "/setup",
    status_code=201,
    responses={410: {"model": ErrorBody, "description": "The installation is set up."}},
)
async def setup(
    request: Request,
    body: SetupIn | None = None,
    x_setup_secret: Annotated[
        str | None,
        Header(description="Required when SETUP_SECRET is set, and from another machine."),
    ] = None,
) -> SetUp:
    """Create the first tenant and its key. Works once in the life of an installation;
    afterwards 410. Without SETUP_SECRET only from the machine itself (403)."""
    made = await tenants.set_up(
        (body or SetupIn()).tenant_name, secret=x_setup_secret, from_here=_is_from_here(request)
    )
    return SetUp(
        tenant_id=made.tenant_id,
        tenant_name=made.name,
        api_key=made.api_key,
        note="Keep this key: it is not shown again.",
    )


def _is_from_here(request: Request) -> bool:
    """Whether the client is on this machine. Not when a proxy has forwarded the request: then the
    proxy is, and its client may be anybody."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@router.post(
    "/v1/signup",
    status_code=201,
    responses={429: {"model": ErrorBody, "description": "Too many attempts."}},
)
async def signup(body: SignupIn, request: Request) -> SignedUp:
    """Create a tenant of one's own, where the operator allows it; otherwise 404."""
    address = request.client.host if request.client else ""
    made = await tenants.sign_up(body.email, address=address)
    return SignedUp(api_key=made.api_key, message="Keep this key: it is not shown again.")
