"""Which faults are tried side by side, and that a verdict against one never rests on a group."""

from __future__ import annotations

from torture.faults import FAULTS
from torture.side_by_side import APART, groups


def test_every_fault_is_tried_once_and_no_part_suffers_twice_at_a_time() -> None:
    tried = groups(list(FAULTS.values()))

    assert sorted(fault.name for group in tried for fault in group) == sorted(FAULTS)
    assert all(len({fault.part for fault in group}) == len(group) for group in tried)


def test_what_must_be_alone_is_alone() -> None:
    alone = {group[0].name for group in groups(list(FAULTS.values())) if len(group) == 1}

    assert alone >= {*APART, *(name for name, fault in FAULTS.items() if fault.waits_seconds)}
    assert set(APART) <= set(FAULTS)


def test_one_by_one_makes_no_groups() -> None:
    assert {len(group) for group in groups(list(FAULTS.values()), one_by_one=True)} == {1}
