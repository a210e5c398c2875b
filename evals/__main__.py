"""`make eval`: send real conversations, ask questions, and count how often the right memories are
found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
import httpx2
from rich.console import Console

from evals.ingest import IngestError, ingest, memories_made
from evals.locomo import DataError, Question, Session, read_questions, read_sessions
from evals.questions import Turns, ask
from evals.report import Run, as_json, show
from examples.service import Service, StartError, running

OWN_DATA = Path(".data/eval")
REPORT = Path(__file__).parent / "report.json"


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder with turns.jsonl and qa.jsonl.",
)
@click.option(
    "--url",
    envvar="SMARA_URL",
    help="A service to measure [SMARA_URL]; else one of its own is started.",
)
@click.option(
    "--api-key", envvar="SMARA_API_KEY", help="A key for it, scopes read and write [SMARA_API_KEY]."
)
def main(data: Path, url: str | None, api_key: str | None) -> None:
    """Measure recall@10 on conversations in the form of LoCoMo.

    Its own service keeps its data in .data/eval and uses no keys; a second run replays what the
    first one stored.
    """
    console = Console()
    try:
        sessions = read_sessions(data)
        questions = read_questions(data, sessions)
        if not sessions:
            raise DataError(f"{data / 'turns.jsonl'} is empty.")
        with _service(url, api_key, console) as service, service.client() as client:
            run = _run(client, sessions, questions, console)
    except (DataError, IngestError, StartError) as error:
        _fail(console, str(error))
    except httpx2.HTTPStatusError as error:
        asked, said = error.request, error.response
        _fail(
            console,
            f"the service answered {asked.method} {asked.url.path} with {said.status_code}: "
            f"{said.text}",
        )
    except httpx2.HTTPError as error:
        _fail(console, f"the service cannot be reached: {error}")
    report = as_json(run)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(report, console)
    console.print(f"\nWritten to {REPORT}", highlight=False)
    sys.exit(1 if run.problems else 0)


def _fail(console: Console, message: str) -> NoReturn:
    console.print(f"eval: {message}", style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(2)


def _run(
    client: httpx2.Client, sessions: list[Session], questions: list[Question], console: Console
) -> Run:
    users = {session.conversation for session in sessions}
    messages = sum(len(session.turns) for session in sessions)
    console.print(
        f"{len(users)} users, {len(sessions)} conversations, {messages} messages, {len(questions)} "
        "questions"
    )
    health = client.get("/health").raise_for_status().json()
    before = memories_made(client, users)
    ingested = ingest(client, sessions)
    after = memories_made(client, users)
    answers = ask(client, questions, Turns(ingested))
    models = {part: health[part]["model"] for part in ("extractor", "embedder")}
    return Run(models, ingested, answers, before, after)


@contextmanager
def _service(url: str | None, api_key: str | None, console: Console) -> Iterator[Service]:
    if url:
        if not api_key:
            raise StartError(
                "SMARA_URL needs SMARA_API_KEY beside it: a key with the scopes read and write."
            )
        yield Service(url, api_key)
        return
    console.print(f"Starting a service, its data in {OWN_DATA} …")
    with running(OWN_DATA) as service:
        yield service


if __name__ == "__main__":
    main()
