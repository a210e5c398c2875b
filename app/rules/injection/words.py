"""The words that an order to an agent is made of, in any one language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Words of one language, each field an alternation of regular expressions; "~" stands for a
    few words of the same sentence.

    ``ignore`` what is put aside, ``earlier`` and ``rules`` what it is that is put aside. ``ever``:
    always, never, for everyone, without asking. ``order``: the deeds that do harm, as commands;
    ``deed`` the same as stems, which say "I recommend" as well and so count only behind ``agent``
    (or, in ``bare`` languages, whose commands have no form of their own, where a clause begins).
    ``reply``: commands to answer or write, which are fine beside ``form``: a language, a tone, a
    length. ``hush``, ``leak`` and ``wipe`` are whole orders; ``role`` stands before a colon. A word
    may go on after its stem; in a ``whole`` language it may not. Where not ``spaced``, it may begin
    within another.
    """

    ignore: str
    earlier: str
    rules: str
    ever: str
    order: str
    deed: str
    agent: str
    reply: str
    form: str
    hush: str
    leak: str
    wipe: str
    role: str
    spaced: bool = True
    whole: bool = False
    bare: bool = False
