"""Turn an HTTP answer into the service's JSON, or into the error that it means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from smara._retry import retry_after
from smara.errors import APIStatusError, InvalidResponse, RateLimited, ServiceUnavailable
from smara.errors import error_class as class_of

if TYPE_CHECKING:
    from pydantic import BaseModel

ModelT = TypeVar("ModelT", bound="BaseModel")

_TAGS = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether the service did what it was asked."""
        return 200 <= self.status < 300

    @property
    def replayed(self) -> bool:
        """Whether this is the answer to an earlier request with the same Idempotency-Key."""
        return self.headers.get("idempotent-replayed") == "true"

    def json(self) -> Any:
        """Give the body; an empty one is an empty object."""
        if not self.content:
            return {}
        try:
            return json.loads(self.content)
        except ValueError:
            raise InvalidResponse(
                f"The answer is {self._kind}, not JSON; is base_url right? {self._beginning()}",
                status=self.status,
                code="not_json",
                body=self._text(),
                request_id=self._request_id,
            ) from None

    def parsed(self, model: type[ModelT]) -> ModelT:
        """Give the body as ``model``."""
        from pydantic import ValidationError

        body = self.json()
        try:
            found = model.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the body"
            raise InvalidResponse(
                f"The answer is not a {model.__name__}: {place}: {first['msg']}; "
                "are client and service of matching versions?",
                status=self.status,
                code="unexpected_shape",
                body=body,
                request_id=self._request_id,
            ) from None
        if "etag" in self.headers and hasattr(found, "_etag"):
            found._etag = self.headers["etag"]
        return found

    def error(self) -> APIStatusError | InvalidResponse:
        """Give the error of a refusal."""
        if self.status < 400:
            return InvalidResponse(
                f"The service answers with a redirect to {self.headers.get('location', '?')}; "
                "set base_url to where it is.",
                status=self.status,
                code="redirect",
                body=self._text(),
            )
        body, message, code = self._reason()
        error = class_of(self.status)(
            message, status=self.status, code=code, body=body, request_id=self._request_id
        )
        if isinstance(error, RateLimited | ServiceUnavailable):
            error.retry_after = retry_after(self.headers)
        return error

    def _reason(self) -> tuple[Any, str, str | None]:
        try:
            body = json.loads(self.content)
        except ValueError:
            return self._text(), self._not_ours(), "not_json"
        if isinstance(body, dict) and isinstance(body.get("error"), str):
            return body, body["error"], body.get("code")
        return body, self._not_ours(), None

    def _not_ours(self) -> str:
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "an unknown status"
        return (
            f"{phrase}, with {self._kind} that is not the service's; a proxy before it may have "
            f"answered. {self._beginning()}"
        )

    def _beginning(self) -> str:
        words = " ".join(_TAGS.sub(" ", self._text()).split())
        return f"It begins: {words[:160]!r}" if words else "It is empty."

    def _text(self) -> str:
        return self.content.decode(errors="replace")

    @property
    def _kind(self) -> str:
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        return kind or "a body of no declared type"

    @property
    def _request_id(self) -> str | None:
        return self.headers.get("x-request-id") or self.headers.get("request-id")
