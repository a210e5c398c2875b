"""Write the HTTP reference from the API's own schema: python docs/http_reference.py"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.api.app import COMMON_ERRORS, create_app

FOLDER = Path(__file__).parent / "reference" / "http"
REFERENCE = "#/components/schemas/"

Schema = dict[str, Any]


@lru_cache(maxsize=1)
def api_schema() -> Schema:
    """Give the API's own OpenAPI schema."""
    return create_app().openapi()


def write(folder: Path = FOLDER) -> list[tuple[str, str]]:
    """Write a page for each tag and an overview; gives their titles and file names, in order."""
    schema = api_schema()
    folder.mkdir(parents=True, exist_ok=True)
    pages = [("Overview", "index.md", overview(schema))]
    for tag in schema["tags"]:
        operations = list(operations_of(schema, tag["name"]))
        if operations:
            title = tag["name"].capitalize()
            pages.append((title, f"{tag['name']}.md", page(schema, tag, operations)))
    for _, name, text in pages:
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for stale in {path.name for path in folder.glob("*.md")} - {name for _, name, _ in pages}:
        (folder / stale).unlink()
    return [(title, name) for title, name, _ in pages]


def operations_of(schema: Schema, tag: str) -> Iterator[tuple[str, str, Schema]]:
    """Give method, path and description of each route of a tag."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method.upper(), path, operation


def overview(schema: Schema) -> str:
    """Build the page that lists all routes, and what they have in common."""
    lines = [
        "# HTTP API",
        "",
        _flat(schema["info"]["description"], paragraphs=True),
        "",
        "A running service shows this reference at `/docs`, where each route can be tried, and "
        "serves the schema at `/openapi.json` and `/docs/openapi.yaml`.",
        "",
        "| route | what it does |",
        "|---|---|",
    ]
    for tag in schema["tags"]:
        for method, path, operation in operations_of(schema, tag["name"]):
            link = f"[`{method} {path}`]({tag['name']}.md#{_anchor(method, path)})"
            lines.append(f"| {link} | {_cell(_first_sentence(operation['description']))} |")
    lines += ["", "## Refusals", "", "These statuses can come from any route:", ""]
    lines += ["| status | when |", "|---|---|"]
    lines += [f"| {status} | {said['description']} |" for status, said in COMMON_ERRORS.items()]
    lines += ["", *_fields(schema, "ErrorBody"), *_fields(schema, "ErrorDetail")]
    return "\n".join(lines) + "\n"


def page(schema: Schema, tag: Schema, operations: list[tuple[str, str, Schema]]) -> str:
    """Build the page of one tag: its routes, then the types that they name."""
    lines = [
        f"# {tag['name'].capitalize()}",
        "",
        f"{tag['description']} What any route may refuse is in the [overview](index.md#refusals).",
        "",
    ]
    named: dict[str, None] = {}
    for method, path, operation in operations:
        lines += _operation(schema, method, path, operation, named)
    if named:
        lines += ["## Types", ""]
        for name in _closure(schema, named):
            lines += _fields(schema, name)
    return "\n".join(lines).rstrip() + "\n"


def _operation(
    schema: Schema, method: str, path: str, operation: Schema, named: dict[str, None]
) -> list[str]:
    lines = [f"## {method} {path} {{ #{_anchor(method, path)} }}", ""]
    lines += [_flat(operation["description"], paragraphs=True), ""]
    if operation.get("security") == []:
        lines += ["Needs no API key.", ""]
    parameters = operation.get("parameters", [])
    if parameters:
        lines += ["| parameter | in | type | default | |", "|---|---|---|---|---|"]
        for each in parameters:
            kind = _type(each["schema"], named)
            default = "required" if each["required"] else _default(each["schema"])
            said = _cell(each.get("description", ""))
            lines.append(f"| `{each['name']}` | {each['in']} | {kind} | {default} | {said} |")
        lines.append("")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        lines += ["**Body**, as JSON:", ""]
        lines += _table(schema["components"]["schemas"][_body_type(body["schema"])], named)
    lines += ["| answer | body | |", "|---|---|---|"]
    for status, answer in sorted(operation["responses"].items()):
        if answer.get("description") == COMMON_ERRORS.get(int(status), {}).get("description"):
            continue
        said = answer["description"]
        said = "" if said == "Successful Response" else said
        lines.append(f"| {status} | {_content(answer, named)} | {_cell(said)} |")
    return [*lines, ""]


def _content(answer: Schema, named: dict[str, None]) -> str:
    for kind, content in answer.get("content", {}).items():
        if kind != "application/json":
            return f"`{kind}`"
        return _type(content["schema"], named)
    return "empty"


def _fields(schema: Schema, name: str) -> list[str]:
    """A type as a section of its own."""
    described = schema["components"]["schemas"][name]
    said = _flat(described.get("description", ""), paragraphs=True)
    return [f"### {name} {{ #{name.lower()} }}", "", said, "", *_table(described, {})]


def _table(described: Schema, named: dict[str, None]) -> list[str]:
    required = described.get("required", ())
    lines = ["| field | type | default | |", "|---|---|---|---|"]
    for name, field in described.get("properties", {}).items():
        kind, said = _type(field, named), _cell(field.get("description", ""))
        default = "required" if name in required else _default(field)
        lines.append(f"| `{name}` | {kind} | {default} | {said} |")
    return [*lines, ""]


def _closure(schema: Schema, named: dict[str, None]) -> list[str]:
    """The named types and those that they name in turn, each once."""
    waiting, found = list(named), dict[str, None]()
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found[name] = None
        inner: dict[str, None] = {}
        _table(schema["components"]["schemas"][name], inner)
        waiting += inner
    return list(found)


def _type(field: Schema, named: dict[str, None]) -> str:
    """The type in words; a named one is a link, and is noted."""
    name = _named(field)
    if name:
        named[name] = None
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        kinds = [_type(each, named) for each in field["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind: str = field.get("type", "any JSON")
    if kind == "array":
        members = _type(field.get("items", {}), named)
        return f"list of {members}{_bounds(field, 'minItems', 'maxItems')}"
    if kind == "object":
        values = field.get("additionalProperties")
        inner = _type(values, named) if isinstance(values, dict) and values else ""
        return f"object of {inner}" if inner else "object"
    if kind == "string":
        kind = {"uuid": "UUID", "date-time": "time"}.get(field.get("format", ""), "string")
        return kind + _bounds(field, "minLength", "maxLength", " characters")
    return kind + _bounds(field, "minimum", "maximum")


def _bounds(field: Schema, least: str, most: str, unit: str = "") -> str:
    low, high = field.get(least), field.get(most)
    if high is None:
        return ""
    return (
        f", {_figure(low)} to {_figure(high)}{unit}"
        if low is not None
        else f", at most {_figure(high)}{unit}"
    )


def _figure(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def _default(field: Schema) -> str:
    if field.get("default") is None:
        return ""
    return f"`{json.dumps(field['default'])}`"


def _body_type(field: Schema) -> str:
    """The name of a body's type; a body that may be left out has two."""
    choices = [field, *field.get("anyOf", ())]
    return next(name for name in map(_named, choices) if name)


def _named(field: Schema) -> str | None:
    reference: str | None = field.get("$ref")
    return reference.removeprefix(REFERENCE) if reference else None


def _anchor(method: str, path: str) -> str:
    words = "".join(letter if letter.isalnum() else "-" for letter in f"{method}{path}".lower())
    return "-".join(part for part in words.split("-") if part)


def _first_sentence(text: str) -> str:
    flat = _flat(text)
    return flat.split(". ")[0].rstrip(".") + "."


def _flat(text: str, *, paragraphs: bool = False) -> str:
    """The text with each paragraph on one line; all on one line unless paragraphs may stay."""
    blocks = [" ".join(block.split()) for block in text.strip().split("\n\n")]
    return ("\n\n" if paragraphs else " ").join(blocks)


def _cell(text: str) -> str:
    return _flat(text).replace("|", "\\|")


if __name__ == "__main__":
    for title, name in write():
        print(f"{name}: {title}")
