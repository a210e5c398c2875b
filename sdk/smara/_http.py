"""What the failures of the HTTP library mean. Imported with the first client, since the import
takes time."""

from __future__ import annotations

import httpx2

from smara._config import Config
from smara._request import Request
from smara.errors import APIConnectionError, APITimeoutError

FAILURES = (httpx2.RequestError, httpx2.InvalidURL, TimeoutError)
"""Every failure that leaves a request without an answer."""

_NEVER_ARRIVED = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
)
_HOPELESS = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL)


def may_have_arrived(failure: Exception) -> bool:
    """Whether the service may have read the request."""
    return not isinstance(failure, _NEVER_ARRIVED)


def is_hopeless(failure: Exception) -> bool:
    """Whether another attempt would fail in the same way: the request itself cannot be sent."""
    return isinstance(failure, _HOPELESS)


def connection_error(
    failure: Exception, request: Request, config: Config, attempts: int
) -> APIConnectionError:
    """Give our error for a failure; the library's own is its ``__cause__``."""
    tried = f", {attempts} times" if attempts > 1 else ""
    call = f"{request.method} {config.base_url}{request.path.partition('?')[0]}"
    if isinstance(failure, TimeoutError | httpx2.TimeoutException):
        return APITimeoutError(f"No answer within {config.timeout:g} s{tried}: {call}")
    reason = str(failure) or type(failure).__name__
    if not may_have_arrived(failure):
        return APIConnectionError(f"The service cannot be reached{tried}: {call}: {reason}")
    return APIConnectionError(f"No complete answer{tried}: {call}: {reason}")
