"""Read conversations and questions in the form of LoCoMo (Maharana et al., ACL 2024)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CATEGORIES = ("single-hop", "multi-hop", "temporal", "open-domain")
"""Adversarial questions are left out: no turn of the conversation answers them."""


class DataError(Exception):
    """The folder does not hold what is needed. The message says where and what, without anybody's
    words."""


@dataclass(frozen=True, slots=True)
class Turn:
    """``id`` is the data set's ("D3:11"); ``text`` ends with the caption of a shared photo, if
    there was one."""

    id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting of a long conversation. ``began_at`` is UTC, since the data names no zone."""

    conversation: str
    number: int
    began_at: datetime
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """``evidence`` are the ids of the turns that answer it, as far as they exist; empty when none
    does."""

    id: str
    conversation: str
    text: str
    category: str
    evidence: frozenset[str]


def read_sessions(folder: Path) -> list[Session]:
    """The sessions of ``turns.jsonl``, by conversation and number, turns in the order in which they
    were said."""
    grouped: dict[tuple[str, int], list[tuple[int, datetime, Turn]]] = {}
    for where, row in _rows(folder / "turns.jsonl"):
        try:
            turn = Turn(
                str(row["id"]), row["speaker"], _with_caption(row["text"], row.get("caption"))
            )
            said_at = datetime.fromisoformat(row["date"])
            key = (str(row["conv"]), int(row["session"]))
            grouped.setdefault(key, []).append((int(row["i"]), said_at, turn))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{where}: needs conv, session, i, id, date, speaker and text ({error!r})"
            ) from error
    return [
        Session(conversation, number, _in_utc(rows[0][1]), tuple(turn for _, _, turn in rows))
        for (conversation, number), unsorted in sorted(grouped.items())
        for rows in [sorted(unsorted, key=lambda row: row[0])]
    ]


def read_questions(folder: Path, sessions: Sequence[Session]) -> list[Question]:
    """The questions of ``qa.jsonl`` about ``sessions``, of the four kinds with answers."""
    turns: dict[str, set[str]] = {}
    for session in sessions:
        turns.setdefault(session.conversation, set()).update(turn.id for turn in session.turns)
    questions = []
    for where, row in _rows(folder / "qa.jsonl"):
        try:
            known = turns.get(str(row["conv"]))
            if known is None:
                raise DataError(
                    f"{where}: asks about {row['conv']}, which turns.jsonl does not have"
                )
            if row["category"] in CATEGORIES:
                evidence = frozenset(row["evidence"]) & known
                questions.append(
                    Question(row["qid"], row["conv"], row["question"], row["category"], evidence)
                )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"{where}: needs conv, qid, question, category and evidence ({error!r})"
            ) from error
    return questions


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if not file.parent.is_dir():
        raise DataError(
            f"There is no folder {file.parent}. Name the one with turns.jsonl and qa.jsonl: make "
            "eval DATA=…"
        )
    if not file.is_file():
        raise DataError(
            f"{file.parent} has no {file.name}; an eval needs turns.jsonl and qa.jsonl there."
        )
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{file.name}, line {number}"
            try:
                row = json.loads(line)
            except ValueError:
                raise DataError(f"{where}: is not JSON") from None
            if not isinstance(row, dict):
                raise DataError(f"{where}: is not a JSON object")
            yield where, row


def _with_caption(text: str, caption: str | None) -> str:
    return f"{text} [shares a photo: {caption}]" if caption else text


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
