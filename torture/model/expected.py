"""What must be there: the states that each planted fact may be in after all deeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from torture.model.deeds import Deed, Dissolved, Edited, Ended, Erased, Place, Restored, Said


class Standing(StrEnum):
    """How a fact is kept."""

    LIVE = "live"
    HISTORY = "superseded"
    WAITING = "quarantined"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class State:
    """One way in which a fact may be kept. ``texts`` are its words, one of them exactly (several
    when one fact was told in several ways at once); ``said`` are those in which it was told before
    any edit; ``sources`` the conversations that it may rest on, none when it was stated directly;
    ``former`` the words that an edit has replaced."""

    standing: Standing
    place: Place
    texts: frozenset[str]
    said: frozenset[str]
    sources: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()


@dataclass(slots=True)
class Expected:
    """``states`` has, by planted word, every state that is right. Of each set in ``one_of`` exactly
    one word must be live. ``rivals`` are the other words of the same topic."""

    states: dict[str, frozenset[State]] = field(default_factory=dict)
    one_of: list[frozenset[str]] = field(default_factory=list)
    rivals: dict[str, frozenset[str]] = field(default_factory=dict)


def expected(deeds: Iterable[Deed]) -> Expected:
    """Fold the deeds, in their order, into what must be there now."""
    fold = _Fold()
    for deed in deeds:
        fold.take(deed)
    return fold.result()


class _Fold:
    def __init__(self) -> None:
        self._states: dict[str, frozenset[State]] = {}
        self._topics: dict[tuple[Place, str], dict[str, str]] = defaultdict(dict)
        self._ties: dict[tuple[Place, str], frozenset[str]] = {}
        # By owner and by team: an erasure or a dissolution need not look at every word.
        self._of: dict[tuple[str, str], set[str]] = defaultdict(set)

    def take(self, deed: Deed) -> None:
        match deed:
            case Said():
                self._said(deed)
            case Edited(word=word):
                self._change([word], lambda state: _edited(state, deed), sure=deed.sure)
            case Ended(words=words):
                self._change(words, _gone, sure=deed.sure)
            case Restored(word=word):
                self._change([word], _live, sure=deed.sure)
            case Dissolved(tenant=tenant, team=team):
                self._change(
                    self._of[tenant, team], lambda state: _left(state, team), sure=deed.sure
                )
            case Erased(tenant=tenant, user=user):
                self._change(self._of[tenant, user], _gone, sure=deed.sure)

    def result(self) -> Expected:
        rivals = {
            word: frozenset(words) - {word} for words in self._topics.values() for word in words
        }
        return Expected(self._states, list(self._ties.values()), rivals)

    def _said(self, deed: Said) -> None:
        for n, fact in enumerate(deed.facts):
            sources = frozenset({deed.source} if deed.source else ())
            standing = Standing.WAITING if deed.waits else Standing.LIVE
            if deed.most is not None and n >= deed.most:
                standing = Standing.GONE
            told = frozenset({fact.text})
            new = State(standing, deed.place, told, told, sources)
            before = self._states.get(fact.word, frozenset())
            after = frozenset(_again(state, new) for state in before) or frozenset({new})
            if not deed.sure:
                after |= before or {_gone(new)}
            self._states[fact.word] = after
            for owner in (deed.place.user, deed.place.team):
                if owner is not None:
                    self._of[deed.place.tenant, owner].add(fact.word)
            if deed.topic is not None:
                self._in_its_order(deed, fact.word)

    def _in_its_order(self, deed: Said, word: str) -> None:
        """Of one topic the latest is live, and every other one history."""
        assert deed.topic is not None
        topic = (deed.place, deed.topic)
        times = self._topics[topic]
        times[word] = max(deed.at, times.get(word, ""))
        last = max(times.values())
        latest = frozenset(each for each, at in times.items() if at == last)
        self._ties.pop(topic, None)
        if len(latest) > 1:
            self._ties[topic] = latest
        for each in times:
            live = frozenset(_live(state) for state in self._states[each])
            history = frozenset(replace(state, standing=Standing.HISTORY) for state in live)
            if each not in latest:
                self._states[each] = history
            else:
                self._states[each] = live | history if len(latest) > 1 else live

    def _change(
        self, words: Iterable[str], change: Callable[[State], State], *, sure: bool
    ) -> None:
        for word in list(words):
            before = self._states.get(word, frozenset())
            after = frozenset(change(state) for state in before)
            self._states[word] = after if sure else after | before


def _again(state: State, new: State) -> State:
    """A fact that is told again stays what it is, in any of its words."""
    if state.standing is Standing.GONE:
        return new
    return replace(
        state,
        texts=state.texts | new.texts,
        said=state.said | new.said,
        sources=state.sources | new.sources,
    )


def _edited(state: State, deed: Edited) -> State:
    place = state.place
    if deed.namespace is not None:
        place = replace(place, namespace=deed.namespace)
    if deed.text is None:
        return replace(state, place=place)
    return replace(
        state,
        place=place,
        texts=frozenset({deed.text}),
        former=(state.former | state.texts) - {deed.text},
    )


def _gone(state: State) -> State:
    return replace(state, standing=Standing.GONE)


def _live(state: State) -> State:
    return replace(state, standing=Standing.LIVE)


def _left(state: State, team: str) -> State:
    if state.place.team != team:
        return state
    return replace(state, place=replace(state.place, team=None))
