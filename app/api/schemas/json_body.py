"""Parse JSON strictly, and answer 400 with the place of an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.api.schemas.named_users import users_named
from app.concurrency import LONG_CHARS, off_loop_if_long
from app.errors import BadRequest

MOST_PROBLEMS = 50
"""Problems that an answer lists; a body may have a million."""


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with a body: the first problems as pydantic gives them, and their number."""

    first: Sequence[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A body as it was read: ``value`` is the model, or JSON that is still to be validated.
    ``users`` are those whom it names."""

    value: Any
    users: frozenset[str]
    problems: Problems | None = None


class StrictRequest(Request):
    """A request whose body must be UTF-8 and JSON without NaN and Infinity. Of equal keys the last
    one counts."""

    _read: _Read | None = None

    @property
    def users(self) -> frozenset[str]:
        """The users whom the body names, once it is read."""
        return self._read.users if self._read else frozenset()

    async def json(self) -> Any:
        if self._read is None:
            await self.read()
        assert self._read is not None
        return self._read.value

    async def read(self, field: ModelField | None = None) -> None:
        """Read the body. A long one is validated here too, off the event loop: FastAPI then finds
        the model instead of the JSON, and takes it as it is; or, when the body is not what the
        route takes, something that it refuses in its turn, and ``problems_of`` has why."""
        body = await self.body()
        validated_by = field if len(body) > LONG_CHARS else None
        self._read = await off_loop_if_long(len(body), _read, body, validated_by)
        self.state.users_in_body = self._read.users
        self.state.problems_in_body = self._read.problems


def problems_of(request: Request, error: RequestValidationError) -> Problems:
    """Give what is wrong with a request that FastAPI refused."""
    found: Problems | None = getattr(request.state, "problems_in_body", None)
    if found is None:
        problems = error.errors()
        found = Problems(problems[:MOST_PROBLEMS], len(problems))
    return found


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
                    await request.read(field)
            return await handler(request)

        return strict


def _read(body: bytes, field: ModelField | None) -> _Read:
    """Read a body. All that is not kept is freed here too, which takes long when it is much."""
    parsed = _parse(body)
    users = frozenset(users_named(parsed) if isinstance(parsed, dict) else ())
    if field is None:
        return _Read(parsed, users)
    model, problems = field.validate(parsed, {}, loc=("body",))
    if problems:
        return _Read(object(), users, Problems(problems[:MOST_PROBLEMS], len(problems)))
    return _Read(model, users)


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
