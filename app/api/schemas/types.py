"""Types of request fields: texts that Postgres can store, numbers as lenient as rule 7 of
docs/reference/contract.md."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from starlette.convertors import Convertor, register_url_convertor

from app.api.schemas.named_users import one_form
from app.privacy.sanitize import mask_metadata, mask_text

MAX_METADATA_DEPTH = 16
MAX_METADATA_BYTES = 16_384


def storable(text: str) -> str:
    """Give ``text`` if UTF-8 and Postgres can hold it. Raises ValueError with the reason."""
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("must not contain lone surrogates") from None
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


STORABLE = AfterValidator(storable)
"""For a text with a maximum length, which is checked first."""

MASKED = AfterValidator(mask_text)
"""For texts that describe a thing: secrets in them are masked here."""

Text = Annotated[str, STORABLE]
"""Any text that UTF-8 and Postgres can hold: no NUL, no lone surrogates."""


class _NamesUser:
    """Marks in OpenAPI that a field names a user: tests find them all by it."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "x-names-user": True}


UserId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512),
    AfterValidator(storable),
    AfterValidator(one_form),
    _NamesUser(),
]
Namespace = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]
Source = Annotated[str, StringConstraints(max_length=50), STORABLE, MASKED]
FactText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000),
    STORABLE,
    AfterValidator(_not_blank),
]
MAX_QUESTION_CHARS = 8_000


def _both_ends(text: str) -> str:
    """Shorten a question that is too long: it is a message as the user wrote it, perhaps with a log
    pasted into it, and what is asked stands at its beginning or at its end."""
    if len(text) <= MAX_QUESTION_CHARS:
        return text
    half = MAX_QUESTION_CHARS // 2
    return f"{text[: half - 1]}\n{text[-half:]}"


Question = Annotated[
    str, AfterValidator(storable), AfterValidator(_not_blank), AfterValidator(_both_ends)
]
"""A message of any length; of a long one its first and last 4,000 characters count."""


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
    STORABLE,
]
"""Something that looks like an e-mail address; whether mail arrives there is not checked."""


def _in_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time between the years 1000 and 3000") from None
    if not 1000 <= at.year <= 3000:
        raise ValueError("must be a time between the years 1000 and 3000")
    return at


Time = Annotated[datetime, AfterValidator(_in_utc)]
"""An ISO 8601 time; without an offset it is UTC."""

AHEAD = timedelta(days=1)
"""How far a client's clock may be ahead of ours, its time zone included."""


def _said(at: datetime) -> datetime:
    in_utc = _in_utc(at)
    if in_utc > datetime.now(UTC) + AHEAD:
        raise ValueError("must not be more than a day ahead: nothing is said in the future")
    return at if at.tzinfo else in_utc


SaidAt = Annotated[datetime, AfterValidator(_said)]
"""When something was said. Its offset is kept: "today" is the day where it was said."""

_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


def _with_plus(value: Any) -> Any:
    """Restore a plus sign that nobody encoded, and that arrives as a space."""
    return _LOST_PLUS.sub("+", value) if isinstance(value, str) and "T" in value else value


QueryTime = Annotated[Time, BeforeValidator(_with_plus)]
"""The same in a query."""


def _whole(value: Any) -> Any:
    """Cut off the fraction: clients send ``1.5`` where a whole number is meant."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            raise ValueError("must be a number") from None
        if not math.isfinite(number):
            raise ValueError("must be a finite number")
        return int(number)
    return value


@dataclass(frozen=True, slots=True)
class Lenient(GroupedMetadata):
    """A whole number, at least ``minimum``; a fraction is cut off, and more than ``maximum`` counts
    as the maximum."""

    minimum: int
    maximum: int

    def __iter__(self) -> Iterator[object]:
        yield Field(ge=self.minimum, json_schema_extra={"maximum": self.maximum})
        yield BeforeValidator(_whole)
        yield AfterValidator(lambda number: min(number, self.maximum))


Share = Annotated[
    float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(lambda share: round(share, 6))
]
"""From 0 to 1, in millionths; Postgres' arithmetic takes no finer ones."""


def _strict_bool(value: Any) -> Any:
    if isinstance(value, str) and value.lower() not in ("true", "false", "1", "0"):
        raise ValueError("must be true, false, 1 or 0")
    return value


Flag = Annotated[bool, BeforeValidator(_strict_bool)]


def storable_json(value: dict[str, Any]) -> dict[str, Any]:
    """Give ``value`` if Postgres can hold it, at a sane size. Raises ValueError with the reason."""
    if not value:
        return value
    _check_json(value, 1)
    if len(json.dumps(value, ensure_ascii=False).encode()) > MAX_METADATA_BYTES:
        raise ValueError(f"must not be larger than {MAX_METADATA_BYTES} bytes as JSON")
    return value


def _check_json(value: Any, depth: int) -> None:
    if depth > MAX_METADATA_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_METADATA_DEPTH} levels")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must contain finite numbers only")
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("must contain numbers of at most 64 bits")
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_json(key, depth)
            _check_json(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check_json(member, depth + 1)


Metadata = Annotated[dict[str, Any], AfterValidator(storable_json)]

MaskedMetadata = Annotated[Metadata, AfterValidator(mask_metadata)]
"""The same with secrets masked. The metadata of facts and conversations is masked by the use
case."""


def iso(at: datetime) -> str:
    """Format a time as ISO 8601 in UTC with milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


IsoTime = Annotated[datetime, PlainSerializer(iso, return_type=str)]


def rounded(number: float) -> float:
    """Round to 4 decimals, as every score is shown."""
    return round(number, 4)


class AnyText(Convertor[str]):
    """The rest of the path, with encoded slashes and line breaks: ``{user_id:any}``."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


# Routes are compiled where they are declared, so the convertor is known before the first of them.
register_url_convertor("any", AnyText())

USER_ID = "{user_id:any}"
