"""Print chats, receipts and context blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from examples.demo.chats import Chat

COLOURS = {"stored": "green", "duplicate": "yellow", "replaced": "magenta", "rejected": "red"}
WIDEST = 120
IN_A_FILE = 110


def console() -> Console:
    """Give a console of the terminal, not wider than reads well; a file or a pipe has no width of
    its own."""
    out = Console(highlight=False)
    out.width = min(out.width, WIDEST) if out.is_terminal else IN_A_FILE
    return out


def chat(out: Console, said: Chat) -> None:
    """Print a chat, its messages numbered as a receipt cites them."""
    out.print()
    out.rule(
        f"[bold]{escape(said.about)}[/]  [dim]{said.user}, {said.occurred_at[:10]}[/]", align="left"
    )
    for number, (speaker, words) in enumerate(_lines(said)):
        style = "dim" if speaker == "assistant" else ""
        out.print(
            Text.assemble((f"  [{number}] ", "cyan"), (f"{speaker}: ", "bold dim"), (words, style))
        )


def receipt(out: Console, conversation: Mapping[str, Any], known: Mapping[str, str]) -> None:
    """Print what became of each fact. ``known`` has the words of the memories so far, by id."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("action", no_wrap=True, width=9)
    table.add_column("fact", ratio=5)
    table.add_column("why", ratio=2, style="dim")
    table.add_column("said in", ratio=4, style="dim")
    for fact in conversation["receipt"]["facts"]:
        words = Text(fact["fact"])
        if fact["replaced_id"] in known:
            words.append(f"\nwas: {known[fact['replaced_id']]}", style="magenta strike")
        elif (
            fact["action"] == "duplicate"
            and known.get(fact["memory_id"], fact["fact"]) != fact["fact"]
        ):
            words.append(f"\nknown: {known[fact['memory_id']]}", style="yellow")
        cited = ",".join(str(index) for index in fact["message_indexes"])
        table.add_row(
            Text(fact["action"], style=f"bold {COLOURS[fact['action']]}"),
            words,
            fact["reason"].replace("_", " "),
            Text.assemble((f"[{cited}] ", "cyan"), f"“{fact['quote']}”"),
        )
    out.print(Padding(table, (0, 0, 0, 2)))


def context(out: Console, user: str, question: str, block: str) -> None:
    """Print a question, and the block of text for the prompt."""
    out.print(f"\n  [bold]{escape(question)}[/]  [dim]{escape(user)}[/]")
    for line in block.splitlines():
        out.print(Padding(Text(line, style="green"), (0, 0, 0, 4)))


def _lines(said: Chat) -> list[tuple[str, str]]:
    if "transcript" in said.body:
        return [
            (name, words)
            for line in said.body["transcript"].splitlines()
            for name, words in [line.split(": ", 1)]
        ]
    return [
        (said.user if message["role"] == "user" else message["role"], message["content"])
        for message in said.body["messages"]
    ]
