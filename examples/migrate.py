"""Move what another memory service knows into this one, from a file that it exported.

python -m examples.migrate mem0 memories.json
python -m examples.migrate zep facts.json --user ada

mem0: the JSON that `get_all` returns, a list or {"results": [...]}. Zep and Graphiti: a JSON list
of facts (entity edges), or {"edges": [...]}; they do not say whose they are, so --user does.
Sending the same file again within a week changes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from smara import Smara

from examples import environment

MOST_FACT_CHARACTERS = 2_000
MOST_METADATA_BYTES = 16_384

Record = dict[str, Any]


class Skipped(Exception):
    """A record that is not moved; the message says why."""


def main(arguments: list[str] | None = None) -> None:
    """Read the file, store what can be moved, and say what became of each part."""
    given = _parser().parse_args(arguments)
    convert = from_mem0 if given.format == "mem0" else from_zep
    try:
        found = records(given.file)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    skipped: Counter[str] = Counter()
    memories = list(converted(found, convert, given.user, skipped))
    # The oldest first, so that a newer fact can retire an older one that it contradicts.
    memories.sort(key=lambda memory: memory["valid_from"] or datetime.now(UTC))
    if memories and not given.dry_run:
        environment.require()
        with Smara() as client:
            result = client.store_many(
                memories,
                source=given.format,
                namespace=given.namespace,
                idempotency_key=fingerprint(given.format, given.namespace, memories),
            )
        print(f"{result.stored} stored, {result.duplicates} known already, ", end="")
        print(f"{result.replaced} replaced an older one, {result.rejected} over the plan")
    else:
        print(f"{len(memories)} would be sent" if memories else "nothing to send")
    for reason, count in sorted(skipped.items()):
        print(f"{count} left out: {reason}")


def fingerprint(*parts: Any) -> str:
    """Compute a key by which the service recognises a batch that it has stored before."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return f"migrate-{hashlib.sha256(text.encode()).hexdigest()}"


def records(file: Path) -> list[Record]:
    """Give the records of an export, whichever wrapping it has. Raises ValueError."""
    value = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(value, dict):
        value = next((value[name] for name in ("results", "edges", "facts") if name in value), None)
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        raise ValueError(f"{file} holds neither a list of records nor results, edges or facts")
    return value


def converted(
    found: Iterable[Record],
    convert: Callable[[Record], Record],
    user: str | None,
    skipped: Counter[str],
) -> Iterator[Record]:
    """Give what `memories:batch` takes, for each record that can be moved."""
    for record in found:
        try:
            memory = convert(record)
            memory["user_id"] = user or memory.get("user_id")
            _check(memory)
        except Skipped as reason:
            skipped[str(reason)] += 1
        else:
            yield memory


def from_mem0(record: Record) -> Record:
    """Convert a memory of mem0. Its other ids and categories are kept as metadata, to filter by."""
    extra = {
        name: record[name]
        for name in ("agent_id", "app_id", "run_id", "categories")
        if record.get(name)
    }
    return {
        "user_id": record.get("user_id"),
        "fact": record.get("memory"),
        "metadata": {**(record.get("metadata") or {}), **extra, "mem0_id": record.get("id")},
        "valid_from": _time(record.get("updated_at") or record.get("created_at")),
    }


def from_zep(record: Record) -> Record:
    """Convert a fact of Zep or Graphiti. What is no longer true is left out."""
    if record.get("invalid_at") or record.get("expired_at"):
        raise Skipped("no longer true")
    return {
        "fact": record.get("fact"),
        "metadata": {"relation": record.get("name"), "zep_uuid": record.get("uuid")},
        "valid_from": _time(record.get("valid_at") or record.get("created_at")),
    }


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Skipped("with a time that cannot be read") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check(memory: Record) -> None:
    """Raise Skipped for what the service would refuse: a batch is stored as a whole or not at
    all."""
    fact = memory["fact"]
    if not isinstance(fact, str) or not fact.strip():
        raise Skipped("without a text")
    if len(fact.strip()) > MOST_FACT_CHARACTERS:
        raise Skipped(f"longer than {MOST_FACT_CHARACTERS} characters")
    if len(json.dumps(memory["metadata"]).encode()) > MOST_METADATA_BYTES:
        raise Skipped(f"with more than {MOST_METADATA_BYTES} bytes of metadata")
    if not memory["user_id"]:
        raise Skipped("nobody's: give --user")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="migrate", description=__doc__.splitlines()[0])
    parser.add_argument("format", choices=("mem0", "zep"))
    parser.add_argument("file", type=Path, help="what the other service exported, as JSON")
    parser.add_argument("--user", help="whose memories these are; wins over the file")
    parser.add_argument("--namespace", default="default", help="where they go")
    parser.add_argument("--dry-run", action="store_true", help="send nothing; count")
    return parser


if __name__ == "__main__":
    main()
