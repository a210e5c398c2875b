"""Check where a webhook may go: the public internet, and networks that an operator has opened.

A tenant chooses the URL and we make the request, from inside: without care it would reach whatever
we can reach (OWASP API7, server-side request forgery). A name is checked by the addresses that it
resolves to, when it is registered and again at each connection, and the connection goes to the very
address that was checked. A name that changes in between gains nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import TypeAlias

import httpx2

from app.errors import ServiceError
from app.rules.special_addresses import is_public

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = Collection[IPv4Network | IPv6Network]

PUBLIC_PORTS = (443, 8443)
"""The allowed ports. On others a request could reach something that is no web server."""
MAX_URL_CHARS = 2_000

_NAT64 = IPv6Network("64:ff9b::/96")
_TUNNELS = tuple(
    map(IPv6Network, ("2002::/16", "2001::/32", "::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96"))
)
"""6to4, Teredo, the old IPv4-compatible and translated forms, local NAT64: each hides an IPv4
address inside an IPv6 one, and nobody serves from them."""


class AddressNotAllowed(ServiceError):
    """A webhook may not go there."""

    code = "url_not_allowed"


def parsed(url: str, allowed: Networks) -> httpx2.URL:
    """Parse the URL, if webhooks may have such a URL. The addresses of its name are checked when
    they are known.

    Raises AddressNotAllowed. ``allowed`` are the networks that an operator has opened: without any,
    only https on the public ports is allowed.
    """
    if len(url) > MAX_URL_CHARS or any(character <= " " or character == "\\" for character in url):
        raise AddressNotAllowed("The URL is too long, or has blanks or backslashes in it.")
    try:
        found = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError):
        raise AddressNotAllowed("This is not a URL.") from None
    if found.scheme not in ("https", "http") or not found.host:
        raise AddressNotAllowed("The URL must begin with https:// and name a host.")
    if found.userinfo:
        raise AddressNotAllowed("The URL must not hold a user name or password.")
    if found.fragment:
        raise AddressNotAllowed("The URL must not have a fragment.")
    if not allowed and (found.scheme != "https" or port_of(found) not in PUBLIC_PORTS):
        raise AddressNotAllowed(
            f"The URL must be https, on port {' or '.join(map(str, PUBLIC_PORTS))}."
        )
    return found


def judge(url: httpx2.URL, addresses: Collection[str], allowed: Networks) -> None:
    """Raise AddressNotAllowed unless every address that the URL's host resolves to is public, or in
    a network that was opened. In the latter plain http and any port are allowed too."""
    for text in addresses:
        address = _real(ip_address(text.partition("%")[0]))
        if address is None:
            raise AddressNotAllowed("The URL leads to an address that is not public.")
        if any(address in network for network in allowed):
            continue
        if not is_public(address):
            raise AddressNotAllowed("The URL leads to an address that is not public.")
        if url.scheme != "https" or port_of(url) not in PUBLIC_PORTS:
            raise AddressNotAllowed(
                f"The URL must be https, on port {' or '.join(map(str, PUBLIC_PORTS))}."
            )


def port_of(url: httpx2.URL) -> int:
    """Give the port that the URL means."""
    return url.port or (443 if url.scheme == "https" else 80)


def _real(address: Address) -> Address | None:
    """Give the address that is reached in the end; None when that is unknown."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in tunnel for tunnel in _TUNNELS):
        # The loopback and the unspecified address are in the last one: neither is public.
        return address if address.is_loopback else None
    return address
