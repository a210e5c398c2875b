"""Send requests over the network, with their time limit and retries."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from smara import _retry
from smara._answer import Answer
from smara._async_pace import deadline, sleep
from smara._config import Config
from smara._request import Request
from smara.errors import AuthenticationError

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger("smara")


class AsyncTransport:
    """Sends requests for one configuration; several configurations share one connection pool."""

    def __init__(self, config: Config, http: httpx2.AsyncClient | None = None) -> None:
        import httpx2

        self.config = config
        self._http = http or httpx2.AsyncClient(follow_redirects=False)
        self._owns_http = http is None

    def reconfigured(self, **changes: Any) -> AsyncTransport:
        """Give a transport with the same connections and other options."""
        return AsyncTransport(replace(self.config, **changes), self._http)

    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's."""
        if self._owns_http:
            await self._http.aclose()

    async def send(self, request: Request) -> Answer:
        """Send a request and give the answer, after as many attempts as make sense. Raises the
        errors of refusals."""
        from smara import _http

        self._require_key(request)
        attempt, perhaps_done = 0, False
        while True:
            attempt += 1
            headers = None
            last = attempt > self.config.max_retries
            try:
                answer = await self._attempt(request)
            except _http.FAILURES as failure:
                arrived = _http.may_have_arrived(failure)
                perhaps_done = perhaps_done or arrived
                again = not _http.is_hopeless(failure) and _retry.again_after_failure(
                    request, arrived=arrived
                )
                if last or not again:
                    raise _http.connection_error(
                        failure, request, self.config, attempt
                    ) from failure
                reason = type(failure).__name__
            else:
                if answer.ok:
                    return answer
                if answer.status == 404 and request.removes and perhaps_done:
                    return Answer(200, answer.headers, b"")
                if last or not _retry.again_after_status(request, answer.status):
                    raise answer.error()
                perhaps_done = perhaps_done or answer.status >= 500
                reason, headers = f"HTTP {answer.status}", answer.headers
            seconds = _retry.pause(attempt, headers)
            log.debug("%s: %s again in %.2f s", reason, request.method, seconds)
            await sleep(seconds)

    async def lines(self, request: Request) -> AsyncIterator[bytes]:
        """Give the lines of a long answer as they come; the timeout limits each wait, not the
        whole.

        A connection that breaks on the way is an error: what was given out cannot be taken back.
        """
        from smara import _http

        self._require_key(request)
        try:
            response = await self._http.send(self._built(request), stream=True)
            try:
                if not response.is_success:
                    content = await response.aread()
                    raise Answer(response.status_code, response.headers, content).error()
                rest = b""
                async for piece in response.aiter_bytes():
                    *lines, rest = (rest + piece).split(b"\n")
                    for line in lines:
                        yield line
                if rest:
                    yield rest
            finally:
                await response.aclose()
        except _http.FAILURES as failure:
            raise _http.connection_error(failure, request, self.config, 1) from failure

    async def _attempt(self, request: Request) -> Answer:
        async with deadline(self.config.timeout) as extensions:
            response = await self._http.send(self._built(request, extensions), stream=True)
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        return Answer(response.status_code, response.headers, content)

    def _built(self, request: Request, extensions: dict[str, Any] | None = None) -> httpx2.Request:
        headers = {**self.config.headers, **request.headers}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        return self._http.build_request(
            request.method,
            self.config.base_url + request.path,
            content=request.body,
            headers=headers,
            timeout=self.config.timeout,
            extensions=extensions,
        )

    def _require_key(self, request: Request) -> None:
        known = self.config.api_key or "authorization" in self._http.headers
        if not known and not request.keyless:
            raise AuthenticationError(
                "No API key: pass api_key=… or set SMARA_API_KEY.", code="no_api_key"
            )
