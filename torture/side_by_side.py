"""Which faults are tried side by side before they are mixed.

A group that has recovered in time clears all of its members: each was there, with others beside
it. One that has not is taken apart, and each of its members is tried alone, so a verdict against a
fault never rests on a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from torture.faults import Fault
from torture.faults.away import READS_STAY

APART: dict[str, str] = {
    **dict.fromkeys(READS_STAY, "its searches are compared with those of the calm"),
    "every_clock_of_the_workers_ahead": "what goes on meanwhile is measured",
    "provider_down_for_long": "nothing is finished meanwhile",
    "hanging": "crashes need an answer of the provider",
    "overloaded": "crashes need an answer of the provider",
    "older_worker": "it is to meet nothing but its newer schema",
    "poison": "it must be dead to be finished",
    "power_cut": "its recovery is that of the disk",
}
"""Faults that are tried alone, and why."""


def groups(faults: Sequence[Fault], *, one_by_one: bool = False) -> list[tuple[Fault, ...]]:
    """One fault of each part in a group, as long as there are any: two of one part never overlap.
    Those that wait on purpose, and those in ``APART``, are groups of one."""
    alone = [fault for fault in faults if one_by_one or fault.waits_seconds or fault.name in APART]
    by_part: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        if fault not in alone:
            by_part[fault.part].append(fault)
    together = []
    for n in range(max(map(len, by_part.values()), default=0)):
        together.append(tuple(of_part[n] for of_part in by_part.values() if n < len(of_part)))
    return [*together, *((fault,) for fault in alone)]
