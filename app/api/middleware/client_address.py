"""Find the address that a request comes from, also behind trusted proxies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Network


class ClientAddress:
    """Puts the client's own address into ``scope["client"]`` when trusted proxies stand in
    front."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network]) -> None:
        self._app, self._trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._trusted and scope["type"] == "http" and "smara.outer" not in scope:
            scope["client"] = (client_address(scope, Headers(scope=scope), self._trusted), 0)
        await self._app(scope, receive, send)


def client_address(scope: Scope, headers: Headers, trusted: Sequence[Network]) -> str:
    """Give the socket's address; behind trusted proxies the right-most address in X-Forwarded-For
    that is not a proxy's. Addresses to the left of it can be forged."""
    client = scope.get("client")
    address: str = client[0] if client else ""
    if not trusted or not _is_trusted(address, trusted):
        return address
    hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed([hop.strip() for hop in hops]):
        try:
            ip_address(hop)
        except ValueError:
            return address  # No trusted proxy writes this.
        address = hop
        if not _is_trusted(hop, trusted):
            break
    return address


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(parsed in network for network in trusted)
