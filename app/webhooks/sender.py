"""Send one POST to the URL of a tenant, and to no address that is not allowed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpcore2
import httpx2

from app.errors import ServiceError
from app.startup import runtime
from app.webhooks.addresses import AddressNotAllowed, Networks, judge, parsed, port_of

DEADLINE_SECONDS = 15.0
"""The deadline of one attempt, from resolving the name to the status."""

AFTER_A_TIMEOUT_SECONDS = 5.0
"""The same, for an endpoint that has not answered in time before, until it answers."""


class Undelivered(ServiceError):
    """The delivery did not arrive; ``code`` says why: `timeout`, `unresolvable`, `unreachable`,
    `tls`, `protocol`, `url_not_allowed`."""

    code = "unreachable"


async def resolve(host: str, port: int) -> list[str]:
    """Resolve a host as the system does; a numeric one in any notation is its own address. Raises
    Undelivered."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise Undelivered("The host's name does not resolve.", code="unresolvable") from None
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Sender:
    """Sends webhooks. ``allowed`` are the networks that an operator has opened beside the public
    internet."""

    def __init__(self, allowed: Networks, ssl_context: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._ssl_context = ssl_context or httpx2.create_ssl_context()

    async def check(self, url: str) -> None:
        """Raise AddressNotAllowed when a webhook may not go there. A name that does not resolve at
        present is checked when it does."""
        found = parsed(url, self._allowed)
        try:
            addresses = await resolve(found.host, port_of(found))
        except Undelivered:
            return
        judge(found, addresses, self._allowed)

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> int:
        """Send the body, and give the status of the answer. The answer's body is not read, and a
        redirect is an answer.

        Raises Undelivered within ``deadline_seconds``.
        """
        try:
            async with asyncio.timeout(deadline_seconds):
                return await self._post(parsed(url, self._allowed), headers, body)
        except TimeoutError:
            raise Undelivered("No answer in time.", code="timeout") from None
        except AddressNotAllowed as error:
            raise Undelivered(str(error), code=error.code) from None
        except httpcore2.TimeoutException:
            raise Undelivered("No answer in time.", code="timeout") from None
        except httpcore2.ProtocolError:
            raise Undelivered("The answer is not HTTP.", code="protocol") from None
        except (httpcore2.NetworkError, OSError) as error:
            if any(isinstance(each, ssl.SSLError) for each in _causes(error)):
                raise Undelivered("No secure connection.", code="tls") from None
            raise Undelivered("No connection, or it broke.") from None

    async def _post(self, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> int:
        backend = _ToJudgedAddresses(url, self._allowed)
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=self._ssl_context, network_backend=backend, max_connections=1
            ) as pool,
            pool.stream(
                "POST",
                httpcore2.URL(
                    scheme=url.raw_scheme,
                    host=url.raw_host,
                    port=url.port,
                    target=url.raw_path,
                ),
                headers=[("host", url.netloc.decode("ascii")), *headers.items()],
                content=body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write"), 10.0)},
            ) as response,
        ):
            return int(response.status)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _ToJudgedAddresses(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was checked just now; TLS still proves the name of the URL."""

    def __init__(self, url: httpx2.URL, allowed: Networks) -> None:
        self._url, self._allowed = url, allowed
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await resolve(host, port)
        judge(self._url, addresses, self._allowed)
        last: httpcore2.ConnectError | None = None
        for address in addresses:
            try:
                return await self._plain.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                last = error
        raise last or httpcore2.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


def get_sender() -> Sender:
    """Give the sender of this process."""
    return runtime().one(_sender)


def _sender() -> Sender:
    return Sender(runtime().settings.webhook_networks)
