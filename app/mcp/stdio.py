"""``smara-mcp``: the MCP server as a process over stdin and stdout."""

from __future__ import annotations

import asyncio

import httpx2
from mcp.server.stdio import stdio_server

from app.mcp.environment import Environment, read_environment
from app.mcp.server import VERSION, Context, Unreachable, memory_server
from app.mcp.tools.requests import TIMEOUT, send
from app.mcp.tools.tool import Call


def main() -> None:
    """Serve until stdin closes. It also starts without a key: each tool call then says what is
    missing."""
    asyncio.run(_serve(read_environment()))


async def _serve(environment: Environment) -> None:
    async with httpx2.AsyncClient(
        timeout=TIMEOUT, headers={"User-Agent": f"smara-mcp/{VERSION}"}
    ) as client:

        async def send_to_service(call: Call, _: Context) -> httpx2.Response:
            return await deliver(client, environment, call)

        server = memory_server(send_to_service, environment.defaults)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def deliver(
    client: httpx2.AsyncClient, environment: Environment, call: Call
) -> httpx2.Response:
    """Give the service's answer. Raises Unreachable with what to do about it."""
    key = environment.api_key
    if not key or not key.isascii() or not key.isprintable():
        raise Unreachable(
            f"SMARA_API_KEY is {'not valid' if key else 'not set'}. Set it to an API key of the "
            "memory service (smara_…) in the configuration of this MCP server, then restart it."
        )
    url = environment.url
    try:
        return await send(client, url, call, {"Authorization": f"Bearer {key}"})
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        raise Unreachable(
            f"SMARA_API_URL ({url}) is not an address such as http://localhost:3010."
        ) from None
    except (httpx2.ConnectError, httpx2.ConnectTimeout):
        raise Unreachable(
            f"Cannot connect to the memory service at {url}. Is it running, and is SMARA_API_URL "
            "its address?"
        ) from None
    except httpx2.TimeoutException:
        raise Unreachable(
            f"The memory service at {url} did not answer in time. What was sent may have arrived; "
            "it is safe to send it again, since a fact that is known is not stored twice."
        ) from None
    except httpx2.RequestError as error:
        raise Unreachable(
            f"The connection to the memory service at {url} broke ({type(error).__name__}). Try "
            "again; a fact that is known is not stored twice."
        ) from None
