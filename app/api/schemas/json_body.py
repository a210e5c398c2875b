"""Parse JSON strictly, and answer 400 with the place of an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.concurrency import LONG_CHARS, off_loop, off_loop_if_long
from app.errors import BadRequest


class StrictRequest(Request):
    """A request whose body must be UTF-8 and JSON without NaN and Infinity. Of equal keys the last
    one counts."""

    @property
    def sent(self) -> Any:
        """The body once it is parsed; None for a request without one."""
        return getattr(self, "_parsed", None)

    async def json(self) -> Any:
        if not hasattr(self, "_parsed"):
            body = await self.body()
            self._parsed = await off_loop_if_long(len(body), _parse, body)
        return self._parsed

    async def validate(self, field: ModelField) -> None:
        """Validate a long body here, off the event loop. FastAPI then finds the model instead of
        the JSON, and takes it as it is. Raises RequestValidationError."""
        parsed = await self.json()
        if len(await self.body()) <= LONG_CHARS:
            return
        model, problems = await off_loop(field.validate, parsed, {}, loc=("body",))
        if problems:
            raise RequestValidationError(problems)
        self._parsed = model


class StrictRoute(APIRoute):
    """A route that reads StrictRequests."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if request.method in ("POST", "PUT", "PATCH"):
                request = StrictRequest(request.scope, request.receive)
                field = self.body_field
                optional = field is not None and not field.field_info.is_required()
                if field is not None and not (optional and not await request.body()):
                    # Parse it here, outside FastAPI's own try block, which would hide the error.
                    await request.validate(field)
            return await handler(request)

        return strict


def _parse(body: bytes) -> Any:
    if not body:
        raise BadRequest("The body is empty; send a JSON object.", code="malformed_json")
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BadRequest(
            "The body is not UTF-8; send JSON encoded as UTF-8.", code="malformed_json"
        ) from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not valid JSON (line {error.lineno}, column {error.colno}).",
            code="malformed_json",
        ) from None
    except RecursionError:
        raise BadRequest(
            "The body is nested too deeply; flatten it.", code="malformed_json"
        ) from None
    except ValueError:
        raise BadRequest(
            "The body holds a number that JSON does not have (NaN, Infinity, or thousands of "
            "digits).",
            code="malformed_json",
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
