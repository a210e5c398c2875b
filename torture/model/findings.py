"""Compare what is there with what must be there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from app.rules.content_hash import content_hash
from torture.model.deeds import Acceptance, Place
from torture.model.expected import Expected, Standing, State
from torture.model.rows import Row
from torture.words import canaries_in


class Wrong(StrEnum):
    """The kinds of a wrong result."""

    LOST = "lost"
    DOUBLED = "doubled"
    MISPLACED = "misplaced"
    UNPLANNED = "unplanned"
    WRONG_ORDER = "wrong order"
    ALTERED = "altered"
    RETURNED = "returned"
    WRONG_SOURCE = "wrong source"


@dataclass(frozen=True, slots=True)
class Finding:
    """One wrong result: of which kind, and what to look at."""

    wrong: Wrong
    detail: str


def findings(wanted: Expected, rows: Sequence[Row], watched: Iterable[str]) -> list[Finding]:
    """Everything about the memories of the ``watched`` tenants that is not as it must be."""
    tenants = set(watched)
    found: list[Finding] = []
    by_word: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.place.tenant not in tenants:
            continue
        words = canaries_in(row.fact)
        if len(words) == 1 and (word := next(iter(words))) in wanted.states:
            by_word[word].append(row)
        else:
            found.append(Finding(Wrong.UNPLANNED, f"memory {row.memory} in {_name(row.place)}"))
    known = {row.memory: row for row in rows}
    for word, states in wanted.states.items():
        there = by_word.get(word, [])
        judged = [
            _of_state(word, state, there, wanted.rivals.get(word, frozenset()), known)
            for state in sorted(states, key=lambda state: state.standing)
        ]
        if judged:
            least: list[Finding] = min(judged, key=len)
            found += least
    for tied in wanted.one_of:
        alive = sum(row.state == Standing.LIVE for word in tied for row in by_word[word])
        if alive != 1:
            what = Wrong.LOST if alive == 0 else Wrong.WRONG_ORDER
            found.append(Finding(what, f"of {', '.join(sorted(tied))} {alive} live"))
    return found + _scopes(row for row in rows if row.place.tenant in tenants)


def _of_state(
    word: str,
    state: State,
    there: Sequence[Row],
    rivals: frozenset[str],
    known: Mapping[str, Row],
) -> list[Finding]:
    """What is wrong with the rows of a word, if this is how it must be kept."""
    if state.standing is Standing.GONE:
        return [Finding(Wrong.RETURNED, f"{word} is {row.state}: {row.memory}") for row in there]
    kept = [row for row in there if row.state == state.standing]
    others = [row for row in there if row.state != state.standing]
    if not kept:
        if state.standing is Standing.HISTORY and others:
            return [Finding(Wrong.WRONG_ORDER, f"{word} is {others[0].state}, not history")]
        instead = f", it is {others[0].state}" if others else ""
        return [Finding(Wrong.LOST, f"{word} is not {state.standing}{instead}")]
    found = [
        Finding(Wrong.DOUBLED, f"{word} is {row.state} again: {row.memory}") for row in kept[1:]
    ]
    for row in others:
        wrong = Wrong.UNPLANNED if row.state != Standing.LIVE else Wrong.WRONG_ORDER
        found.append(Finding(wrong, f"{word} is {row.state} too: {row.memory}"))
    found += [finding for row in kept for finding in _of_row(word, state, row)]
    if state.standing is Standing.HISTORY:
        found += _of_successor(word, kept[0], rivals, known)
    return found


def _of_row(word: str, state: State, row: Row) -> list[Finding]:
    found = []
    if row.place != state.place:
        found.append(
            Finding(
                Wrong.MISPLACED, f"{word} is in {_name(row.place)}, not in {_name(state.place)}"
            )
        )
    if row.fact in state.former:
        found.append(Finding(Wrong.WRONG_ORDER, f"{word} has the words from before an edit"))
    elif row.fact not in state.texts:
        found.append(Finding(Wrong.ALTERED, f"{word} has other words: {row.memory}"))
    elif row.content_hash != content_hash(row.fact):
        found.append(Finding(Wrong.ALTERED, f"{word} has the digest of other words: {row.memory}"))
    right = row.source in state.sources if state.sources else row.source is None
    if not right or (row.source is not None and row.quote not in state.said):
        found.append(Finding(Wrong.WRONG_SOURCE, f"{word} rests on {row.source}, or its quote"))
    return found


def _of_successor(
    word: str, row: Row, rivals: frozenset[str], known: Mapping[str, Row]
) -> list[Finding]:
    """History names a later statement of the same topic, where that is still there."""
    by = known.get(row.superseded_by or "")
    if by is None or not (canaries_in(by.fact) & rivals):
        return [Finding(Wrong.WRONG_ORDER, f"{word} was not replaced by what was said later")]
    return []


def _scopes(rows: Iterable[Row]) -> list[Finding]:
    """Memories of one place lie in one scope, and those of two places in two: else searches find
    what is not theirs, or nothing."""
    places: dict[str, Place] = {}
    scopes: dict[Place, str] = {}
    found = []
    for row in rows:
        # A team's scope is all of its authors'.
        place = replace(row.place, user="") if row.place.team else row.place
        # Tenants keep scopes of the same name apart.
        scope = f"{place.tenant} {row.scope}"
        if (
            places.setdefault(scope, place) != place
            or scopes.setdefault(place, row.scope) != row.scope
        ):
            found.append(Finding(Wrong.MISPLACED, f"{row.memory} lies in a scope of another place"))
    return found


def out_of_order(accepted: Iterable[Acceptance]) -> list[Finding]:
    """Conversations of one owner that were accepted, by the service's word, before one that had
    been answered when they were first sent."""
    by_owner: dict[tuple[str, str], list[Acceptance]] = defaultdict(list)
    for each in accepted:
        by_owner[each.owner].append(each)
    found = []
    for of_owner in by_owner.values():
        of_owner.sort(key=lambda each: each.created_at)
        last_sent, last = 0.0, ""
        for each in of_owner:
            if each.answered < last_sent:
                found.append(Finding(Wrong.WRONG_ORDER, f"{each.key} was accepted after {last}"))
            if each.sent > last_sent:
                last_sent, last = each.sent, each.key
    return found


def done_out_of_order(
    finished: Iterable[tuple[str, str, str]],
) -> list[Finding]:
    """Owners, with their conversations in the order of their ends, that were not done in the order
    in which they were accepted: ids rise with time. Each is (owner, id, when it ended)."""
    by_owner: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for owner, conversation, ended in finished:
        by_owner[owner].append((ended, conversation))
    return [
        Finding(Wrong.WRONG_ORDER, f"{second} was done only after {first}, which came later")
        for ends in by_owner.values()
        for (_, first), (_, second) in pairwise(sorted(ends))
        if first > second
    ]


def _name(place: Place) -> str:
    parts = [place.tenant, place.user, place.namespace]
    parts += [f"agent {place.agent}"] if place.agent else []
    parts += [f"team {place.team}"] if place.team else []
    return "/".join(parts)
