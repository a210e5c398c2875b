"""Function definitions for OpenAI and Anthropic clients, and the route that executes the calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx2
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, BeforeValidator, Field

from app.api.auth import AnyCaller, Reader
from app.api.routes.memories import OVER_PLAN
from app.api.schemas.idempotency import IdempotencyKey, key_of
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import Text
from app.errors import Unprocessable
from app.mcp.tools.formats import for_anthropic, for_openai
from app.mcp.tools.in_process import IN_PROCESS_URL, in_process
from app.mcp.tools.requests import send
from app.mcp.tools.table import FUNCTIONS
from app.mcp.tools.tool import BadArguments, Defaults, Problem, Tool, call_of

router = APIRouter(prefix="/v1", tags=["tools"], route_class=StrictRoute)

_DEFAULTS = Defaults(source="openai")
_FUNCTIONS = {tool.name: tool for tool in FUNCTIONS}


def _not_text(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(
            "is a JSON string as the model wrote it; send the object: "
            "json.loads(tool_call.function.arguments)"
        )
    return value


class ToolCall(BaseModel):
    """A function call of a model."""

    name: Text = Field(examples=["smara_store_memory"])
    arguments: Annotated[dict[str, Any], BeforeValidator(_not_text)] = Field(
        {}, examples=[{"user_id": "user-123", "fact": "Prefers Python for backend work"}]
    )


class FactSettled(BaseModel):
    """What became of the fact of a `smara_store_memory`."""

    id: UUID
    action: Literal["stored", "replaced", "duplicate", "quarantined"]
    replaced_id: UUID | None = Field(description="With `replaced`: the memory that was replaced.")
    replacedId: UUID | None = Field(description="The same as `replaced_id`.")  # noqa: N815


class Definitions(BaseModel):
    """Definitions to pass as `tools=`."""

    tools: list[dict[str, Any]]


@router.get("/tools")
async def list_tools(
    _: Reader,
    format: Annotated[
        Literal["openai", "anthropic"],
        Query(description="The client library that the definitions are for."),
    ] = "openai",
) -> Definitions:
    """List the functions to offer to a model; its calls go to `POST /v1/openai/tool-call`."""
    shape = for_openai if format == "openai" else for_anthropic
    return Definitions(tools=[shape(tool, _DEFAULTS) for tool in FUNCTIONS])


@router.post(
    "/openai/tool-call",
    response_model=None,
    responses={
        **OVER_PLAN,
        200: {
            "description": "What the search, the context or the usage endpoint answers.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        201: {"model": FactSettled, "description": "Of `smara_store_memory`, duplicates too."},
        204: {"description": "Of `smara_delete_memory`."},
    },
)
async def call_tool(
    body: ToolCall,
    _: AnyCaller,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Execute a function call of a model, from OpenAI, Anthropic or elsewhere.

    It does what the route behind the function does, with the same key.
    """
    tool = _FUNCTIONS.get(body.name)
    if tool is None:
        raise Unprocessable(
            f"There is no tool `{body.name[:100]}`; there are {', '.join(_FUNCTIONS)}.",
            code="unknown_tool",
        )
    try:
        call = call_of(tool, body.arguments, _DEFAULTS)
    except BadArguments as error:
        raise _invalid(error.problems) from None
    headers = {"Authorization": request.headers["authorization"]}
    key = key_of(idempotency_key)
    if key is not None:
        headers["Idempotency-Key"] = key
    async with in_process(request.app, request.scope) as client:
        answer = await send(client, IN_PROCESS_URL, call, headers)
    return _answer(tool, call.method, answer)


def _answer(tool: Tool, method: str, answer: httpx2.Response) -> Response:
    if answer.status_code == 422 and "details" in answer.json():
        raise _invalid(
            Problem(_shown_name(tool, each["path"]), each["message"])
            for each in answer.json()["details"]
        )
    passed_on = {
        name: answer.headers[name]
        for name in ("Idempotent-Replayed", "Retry-After")
        if name in answer.headers
    }
    if not answer.is_success or method == "GET":
        return JSONResponse(answer.json(), answer.status_code, passed_on)
    if method == "DELETE":
        return Response(status_code=204)
    stored = answer.json()
    replaced_id = stored.get("replaced_id")
    return JSONResponse(
        {
            "id": stored["id"],
            "action": stored["action"],
            "replaced_id": replaced_id,
            "replacedId": replaced_id,
        },
        201,
        passed_on,
    )


def _shown_name(tool: Tool, path: str) -> str:
    """Give the name that the model knows for ``path``, which is what the route behind the tool
    calls it."""
    return next((each.name for each in tool.inputs if each.sent_as == path), path)


def _invalid(problems: Iterable[Problem]) -> RequestValidationError:
    return RequestValidationError(
        [
            {
                "type": "value_error",
                "loc": ("body", "arguments", problem.argument),
                "msg": problem.message,
            }
            for problem in problems
        ]
    )
