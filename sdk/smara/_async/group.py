"""What every group of calls has: the transport, and the parsing of answers."""

from __future__ import annotations

from smara._answer import ModelT
from smara._async.transport import AsyncTransport
from smara._request import Request


class AsyncGroup:
    """Calls that belong together."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def _ask(self, request: Request, model: type[ModelT]) -> ModelT:
        return (await self._transport.send(request)).parsed(model)

    async def _do(self, request: Request) -> None:
        await self._transport.send(request)
