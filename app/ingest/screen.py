"""Screen what was drawn from a conversation: which facts its messages support, how far each can be
trusted, which of them read as an order to an agent, and how many one conversation may come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

# `standing` needs it at the first fact; here it is loaded once, before the workers fork.
import app.rules.injection.screen  # noqa: F401
from app.rules.grounding import Reason, Rejected, ground
from app.rules.standing import standing
from app.rules.trust import trust_in
from app.rules.types import Extraction, Fact, Relation, Transcript, Window

Parts = Sequence[tuple[Window, Extraction]]


@dataclass(frozen=True, slots=True)
class Screened:
    """Facts after screening: those accepted, those rejected and why, and relations by the places of
    the facts among the accepted ones."""

    accepted: Sequence[Fact]
    rejected: Sequence[Rejected]
    relations: Sequence[Relation]


def screen(transcript: Transcript, parts: Parts, *, most: int) -> Screened:
    """Accept the facts whose quote is in their message, the ``most`` important of them; give each
    its trust, and quarantine those that read as an order to an agent."""
    accepted: list[Fact] = []
    rejected: list[Rejected] = []
    relations: list[Relation] = []
    for window, extraction in parts:
        grounded = ground(transcript, window, extraction.facts)
        places = {origin: place for place, origin in enumerate(grounded.origins, len(accepted))}
        relations += _placed(extraction.relations, places)
        accepted += [_judged(transcript, fact) for fact in grounded.accepted]
        rejected += grounded.rejected
    return _bounded(Screened(accepted, rejected, relations), most)


def _judged(transcript: Transcript, fact: Fact) -> Fact:
    given = standing(
        fact.text,
        trust=trust_in(transcript, fact.message_indexes, fact.quote),
        quote=fact.quote,
        found=fact.quarantine_reason,
    )
    return replace(fact, trust=given.trust, quarantine_reason=given.quarantine_reason)


def _bounded(screened: Screened, most: int) -> Screened:
    """Keep the ``most`` important facts, of equals those that were said first, in their order."""
    facts = screened.accepted
    if len(facts) <= most:
        return screened
    by_importance = sorted(range(len(facts)), key=lambda place: -facts[place].importance)
    kept = sorted(by_importance[:most])
    over = [facts[place] for place in sorted(by_importance[most:])]
    return Screened(
        accepted=[facts[place] for place in kept],
        rejected=[*screened.rejected, *(Rejected(fact, Reason.TOO_MANY) for fact in over)],
        relations=_placed(screened.relations, {old: new for new, old in enumerate(kept)}),
    )


def _placed(relations: Sequence[Relation], places: dict[int, int]) -> list[Relation]:
    """Give the relations of facts that have a place, by these places."""
    return [
        replace(each, from_fact=places[each.from_fact], to_fact=places[each.to_fact])
        for each in relations
        if each.from_fact in places and each.to_fact in places
    ]
