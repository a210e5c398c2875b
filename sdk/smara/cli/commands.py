"""What each verb does and prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from smara._sync.client import Smara
from smara.cli.ingest import ingest
from smara.models import FoundMemory, Memory, Model


def run(given: argparse.Namespace) -> int:
    """Run the given command; gives its exit code."""
    with Smara(given.api_key, given.url, given.timeout) as client:
        return _VERBS[given.command](client, given)


def _store(client: Smara, given: argparse.Namespace) -> int:
    fact = sys.stdin.read() if given.fact == "-" else given.fact
    stored = client.store(given.user, fact, given.importance, given.namespace, given.source)
    if given.json:
        return _print_json(stored)
    replaced = f", instead of {stored.replaced_id}" if stored.replaced_id else ""
    print(f"{stored.action}  {stored.id}{replaced}")
    return 0


def _search(client: Smara, given: argparse.Namespace) -> int:
    found = client.search(given.user, given.question, given.limit, given.namespace)
    if given.json:
        return _print_json(found)
    _warn_degraded(found.degraded, found.degraded_reason)
    for memory in found:
        print(f"{memory.score:.3f}  {memory.fact}")
    return _none_found(found)


def _context(client: Smara, given: argparse.Namespace) -> int:
    context = client.context(given.user, given.question, given.top, given.namespace)
    if given.json:
        memories = [memory.to_dict() for memory in context.memories]
        return _print_json(
            {
                "context": str(context),
                "memories": memories,
                "degraded": context.degraded,
                "degraded_reason": context.degraded_reason,
            }
        )
    _warn_degraded(context.degraded, context.degraded_reason)
    print(context)
    return 0


def _list(client: Smara, given: argparse.Namespace) -> int:
    size = min(given.limit or 100, 100)
    pages = client.list(given.user, namespace=given.namespace, page_size=max(1, size))
    memories = islice(pages, given.limit)
    if given.json:
        return _print_json(list(memories))
    shown: list[Memory] = []
    for memory in memories:
        learned = f"{memory.created_at:%Y-%m-%d}" if memory.created_at else "          "
        print(f"{learned}  {memory.importance:.2f}  {memory.fact}")
        shown.append(memory)
    return _none_found(shown)


def _export(client: Smara, given: argparse.Namespace) -> int:
    records = client.users.export(given.user)
    if given.output is None:
        for record in records:
            print(json.dumps(record, ensure_ascii=False))
        return 0
    target = Path(given.output)
    # Beside the target and then renamed: a broken export leaves no file that looks whole.
    with tempfile.NamedTemporaryFile(
        "w", dir=target.parent, prefix=f".{target.name}.", delete=False, encoding="utf-8"
    ) as file:
        try:
            number = 0
            for number, record in enumerate(records, 1):  # noqa: B007 # The last number counts.
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, target)
    print(f"{number} records in {target}", file=sys.stderr)
    return 0


def _erase(client: Smara, given: argparse.Namespace) -> int:
    if not given.yes:
        if not sys.stdin.isatty():
            raise ValueError("erase asks before it acts; without a terminal, give --yes")
        question = f"Erase everything kept of {given.user!r}? It cannot be undone. [y/N] "
        print(question, end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("Nothing was erased.", file=sys.stderr)
            return 1
    erased = client.users.erase(given.user)
    if given.json:
        return _print_json(erased)
    counts = ", ".join(f"{number} {kind}" for kind, number in erased.erased.items() if number)
    print(f"erased  {counts or 'nothing, there was nothing'}")
    return 0


def _usage(client: Smara, given: argparse.Namespace) -> int:
    usage = client.usage()
    if given.json:
        return _print_json(usage)
    print(f"plan      {usage.plan}")
    quotas = usage.usage or {}
    for kind, quota in quotas.items():
        limit = "no limit" if quota.limit is None else f"of {quota.limit:,}"
        print(f"{kind:<8}  {quota.used:,} {limit}")
    return 0


def _print_json(answer: Model | Mapping[str, Any] | Iterable[Memory | FoundMemory]) -> int:
    if isinstance(answer, Model):
        plain: Any = answer.to_dict()
    elif isinstance(answer, Mapping):
        plain = answer
    else:
        plain = [memory.to_dict() for memory in answer]
    print(json.dumps(plain, ensure_ascii=False, indent=2))
    return 0


def _warn_degraded(degraded: bool, reason: str | None) -> None:
    if degraded:
        print(f"smara: searched by words only: {reason or 'no embedding'}", file=sys.stderr)


def _none_found(memories: Iterable[Memory]) -> int:
    if not list(memories):
        print("No memories.", file=sys.stderr)
    return 0


_VERBS: Mapping[str, Callable[[Smara, argparse.Namespace], int]] = {
    "context": _context,
    "erase": _erase,
    "export": _export,
    "ingest": ingest,
    "list": _list,
    "search": _search,
    "store": _store,
    "usage": _usage,
}
