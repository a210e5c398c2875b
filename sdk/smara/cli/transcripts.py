"""Parse files of conversations into the bodies to send."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PART_MESSAGES = 1_000
PART_CHARACTERS = 300_000
"""The service takes 2,000 messages and 2 MiB at once; a character is at most four bytes."""

Body = dict[str, Any]

_JSON = re.compile(r'\[\s*(?:[\[{"\]]|-?\d+(?:\.\d+)?\s*[,\]]|true|false|null)|\{\s*["}]')
"""How JSON goes on. A transcript may begin with "[31/12/25, 21:15:30] Ana: …" or "{Ana} …"."""


def read(name: str) -> str:
    """Read the text of a file, or of standard input for ``-``. Raises ValueError with what is
    wrong."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{_called(name)} is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ValueError(f"{_called(name)} cannot be read: {error.strerror}") from None


def conversations(name: str, text: str) -> list[Body]:
    """Parse the conversations of a file, each small enough to send. Raises ValueError."""
    found = [part for body in _whole(name, text) for part in _parts(body)]
    if not found:
        raise ValueError(f"{_called(name)} holds no conversation")
    return found


def _whole(name: str, text: str) -> list[Body]:
    text = text.strip()
    if not text:
        return []
    if text[0] not in "[{" or not _JSON.match(text):
        return [{"transcript": text}]
    try:
        value = json.loads(text)
    except ValueError:
        records = list(_lines(name, text))
    else:
        records = value if isinstance(value, list) else [value]
    if all(_is_message(record) for record in records):
        return [{"messages": records}]
    if all(_is_conversation(record) for record in records):
        return records
    wrong = next(
        number
        for number, record in enumerate(records, 1)
        if not (_is_message(record) or _is_conversation(record))
        or _is_message(record) != _is_message(records[0])
    )
    raise ValueError(
        f"{_called(name)}: record {wrong} is neither a message (role and content) nor a "
        "conversation (messages or transcript) like the others"
    )


def _lines(name: str, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            raise ValueError(
                f"{_called(name)} begins as JSON, but line {number} is none: {error}"
            ) from None


def _is_message(record: Any) -> bool:
    return isinstance(record, dict) and "role" in record and "content" in record


def _is_conversation(record: Any) -> bool:
    return isinstance(record, dict) and ("messages" in record or "transcript" in record)


def _parts(body: Body) -> Iterator[Body]:
    """Split the conversation into as many parts as it needs, between messages or lines."""
    kind = "messages" if "messages" in body else "transcript"
    pieces = body[kind] if kind == "messages" else body[kind].splitlines(keepends=True)
    part: list[Any] = []
    size = 0
    for piece in pieces:
        weight = len(piece if isinstance(piece, str) else json.dumps(piece, ensure_ascii=False))
        full = kind == "messages" and len(part) == PART_MESSAGES
        if part and (full or size + weight > PART_CHARACTERS):
            yield {**body, kind: part if kind == "messages" else "".join(part)}
            part, size = [], 0
        part.append(piece)
        size += weight
    if part:
        yield {**body, kind: part if kind == "messages" else "".join(part)}


def _called(name: str) -> str:
    return "standard input" if name == "-" else name
