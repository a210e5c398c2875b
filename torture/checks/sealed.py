"""What must be found nowhere: people's words in logs, anything of the erased in any table, in Redis
or in a log."""

from __future__ import annotations

import re
from collections.abc import Iterable

from torture.checks.verdict import Verdict, at_most, none_of
from torture.cluster import Cluster
from torture.ledger import Ledger
from torture.stories.people import REFUSED_WITHIN_SECONDS
from torture.words import CANARY, canaries_in

_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type y ON y.oid = a.atttypid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
    AND y.typname NOT IN ('halfvec', 'vector', 'bit')
ORDER BY c.relname, a.attnum
"""
"""Every column of every table but the vectors, which are no text."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


async def judge(cluster: Cluster, ledger: Ledger) -> list[Verdict]:
    """Look through everything that is kept."""
    words = {word for person in ledger.erased for word in person.words}
    digests = {digest for person in ledger.erased for digest in person.digests}
    found: list[str] = []
    if ledger.erased:
        found += await _in_tables(cluster, words, digests)
        found += await _in_redis(cluster, words, digests)
    spoken = []
    for log in cluster.logs:
        text = log.read_text(errors="replace")
        said = canaries_in(text)
        if said:
            spoken.append(f"{log.name}: {len(said)} of them, such as {sorted(said)[0]}")
        if said & words or set(_DIGEST.findall(text)) & digests:
            found.append(f"{log.name}: {sorted(said & words)[:3]}")
    late = [f"{each.accepted_for:.1f} s" for each in ledger.revoked
            if each.accepted_for > REFUSED_WITHIN_SECONDS]  # fmt: skip
    worst = round(max((each.accepted_for for each in ledger.revoked), default=0.0), 2)
    return [
        none_of("I4", "logs with people's words in them", spoken),
        none_of("F47", "tables, Redis and logs: traces of persons who were erased", found),
        none_of("F37", "revoked keys that were taken for too long", late),
        at_most("F37", "seconds for which a revoked key was taken, at worst", worst,
                REFUSED_WITHIN_SECONDS),
    ]  # fmt: skip


async def _in_tables(cluster: Cluster, words: set[str], digests: set[str]) -> list[str]:
    by_table: dict[str, list[str]] = {}
    for table, column in await cluster.surely(_COLUMNS):
        by_table.setdefault(table, []).append(f'"{column}"')
    found = []
    for table, columns in by_table.items():
        # A row is one text: an array's and an object's words are in it too, and bytes as digits.
        rows = await cluster.surely(f'SELECT ROW({", ".join(columns)})::text FROM "{table}"')
        hits = {hit for (text,) in rows for hit in _hits(text, words, digests)}
        if hits:
            found.append(f"{table}: {len(hits)} of them, such as {sorted(hits)[0]}")
    return found


async def _in_redis(cluster: Cluster, words: set[str], digests: set[str]) -> list[str]:
    client, found = cluster.redis(), []
    try:
        async for key in client.scan_iter():
            kept = key + (await client.dump(key) or b"")
            if any(_hits(kept.decode("latin-1"), words, digests)):
                found.append(f"Redis: {key!r}")
    finally:
        await client.aclose()
    return found


def _hits(text: str, words: set[str], digests: set[str]) -> Iterable[str]:
    """Of the erased what stands in a text."""
    if "zq" in text.lower():
        yield from {hit.lower() for hit in CANARY.findall(text)} & words
    yield from set(_DIGEST.findall(text)) & digests
