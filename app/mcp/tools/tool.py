"""A tool: a name, a description for the LLM, inputs, and the HTTP call behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

JsonSchema = dict[str, Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What fills in an argument that the LLM leaves out; empty where nothing does."""

    source: str
    namespace: str = "default"
    team_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the service. ``query`` keeps its order; a ``body`` is sent as JSON."""

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    query: tuple[tuple[str, Any], ...] = ()
    body: dict[str, Any] | None = None

    @property
    def target(self) -> str:
        """Give path and query string, with spaces of the query as ``+``."""
        if not self.query:
            return self.path
        return f"{self.path}?{urlencode([(name, _text(value)) for name, value in self.query])}"


@dataclass(frozen=True, slots=True)
class Input:
    """One argument of a tool.

    ``default_from`` names the field of Defaults that fills it in. ``sent_as`` is its name in the
    request, where that differs from the name for the LLM. An input that is not ``shown`` always has
    its default. ``is_id``: it becomes a segment of the path, where something that is no id would
    lead elsewhere.
    """

    name: str
    schema: JsonSchema
    required: bool = False
    default_from: Literal["source", "namespace", "team_id", "user_id"] | None = None
    sent_as: str | None = None
    shown: bool = True
    is_id: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A row of the table.

    ``call`` gets arguments that were checked and filled in, under the names of ``sent_as``. Of the
    inputs in ``one_of`` it needs at least one.
    """

    name: str
    title: str
    description: str
    inputs: tuple[Input, ...]
    call: Callable[[Arguments], Call]
    reads_only: bool = False
    destroys: bool = False
    one_of: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Input]:
        """The inputs that the LLM may give."""
        return [each for each in self.inputs if each.shown]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an argument, worded as the API's own validation."""

    argument: str
    message: str


class BadArguments(Exception):
    """The LLM left something out, or sent something that no request can carry."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{each.argument}: {each.message}" for each in problems))
        self.problems = problems


def input_schema(tool: Tool, defaults: Defaults) -> JsonSchema:
    """Build the JSON schema of the tool's arguments. Those that ``defaults`` fill in are not
    required."""
    properties = {}
    required = []
    for each in tool.shown:
        default = _default(each, defaults)
        properties[each.name] = {**each.schema, "default": default} if default else each.schema
        if each.required and not default:
            required.append(each.name)
    return {"type": "object", "properties": properties, "required": required}


def call_of(tool: Tool, arguments: Arguments, defaults: Defaults) -> Call:
    """Build the request of a tool call. Raises BadArguments.

    Null, and where the argument is optional an empty text or the text "null", count as left out.
    JSON in a text is read where an array or an object is wanted. The service checks
    ranges and lengths, so that one place decides what is valid. Here only what could not be sent as
    meant is refused, and what the service would refuse in words for another route.
    """
    problems = []
    filled: dict[str, Any] = {}
    for each in tool.inputs:
        value = _meant(_given(arguments, each.name), each) if each.shown else None
        if value is None or (value == "" and (not each.required or each.default_from)):
            value = _default(each, defaults) or each.schema.get("default")
        if value is None:
            if each.required:
                problems.append(Problem(each.name, "Field required"))
            continue
        wrong = _unusable(value, each)
        if wrong:
            problems.append(Problem(each.name, wrong))
        filled[each.sent_as or each.name] = value
    if tool.one_of and not filled.keys() & set(tool.one_of):
        names = ", ".join(tool.one_of)
        problems.append(Problem("arguments", f"give at least one of {names}; nothing was changed"))
    if problems:
        raise BadArguments(problems)
    return tool.call(filled)


def _given(arguments: Arguments, name: str) -> Any:
    for alias in (name, *ALIASES.get(name, ())):
        if arguments.get(alias) is not None:
            return arguments[alias]
    return None


ALIASES = {"q": ("query", "question"), "fact": ("memory", "content", "text")}
"""Names that models give arguments, by those that these have."""


def _meant(value: Any, given: Input) -> Any:
    """Give the argument as it was meant, where models and their clients write it otherwise."""
    if not isinstance(value, str):
        return value
    kind = given.schema["type"]
    if value.strip().lower() in NULLS and not given.required and kind != "array":
        # A question or a note may say so, and means it.
        return value if kind == "string" and given.name in FREE_TEXT else None
    if kind in ("array", "object") and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


NULLS = frozenset({"null", "none", "undefined"})

FREE_TEXT = frozenset({"q", "fact", "transcript", "instructions"})


def _default(each: Input, defaults: Defaults) -> str:
    return str(getattr(defaults, each.default_from)) if each.default_from else ""


_CARRIED: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "Input should be a string"),
    "number": ((int, float, str), "Input should be a number"),
    "boolean": ((bool, str), "Input should be true or false"),
    "array": ((list,), "Input should be an array"),
    "object": ((dict,), "Input should be an object"),
}
"""LLMs sometimes write numbers and booleans as text; the service reads both."""


def _unusable(value: Any, given: Input) -> str | None:
    kind = given.schema["type"]
    accepted, message = _CARRIED[kind]
    if not isinstance(value, accepted) or (kind == "number" and isinstance(value, bool)):
        return message
    if isinstance(value, str):
        if not value and given.schema.get("minLength"):
            return "must not be empty"
        try:
            value.encode()
        except UnicodeEncodeError:
            return "must not contain lone surrogates"
        if given.is_id and not _is_uuid(value):
            return (
                "is not an id of a memory; ids look like 0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11: "
                "take the `id` that a search or a list gives"
            )
    return None


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _text(value: Any) -> str:
    """Format a value for a query: ``true`` rather than ``True``, and 5 for 5.0."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
