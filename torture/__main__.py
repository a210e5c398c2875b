"""make torture: everything is killed, frozen, filled up, lied to; nothing may be lost or doubled.

    python -m torture             the whole run; its report goes to docs/reports/torture.md
    python -m torture fairness    one tenant's 10,000 conversations, another's single one
    python -m torture soak        a steady load for MINUTES, 30 if not said

SEED (printed; chosen if not given), FAULTS (names, with commas between), MINUTES (at most so long
mixed), CONVERSATIONS (20,000 if not given), LARGE (the share of chats with 3,000 facts: 0.01, with
MINUTES 0.003), LARGE_FACTS (how many they have) and ONE_BY_ONE (no two faults side by side before
they are mixed) change the run.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torture import fairness, progress, report, soak
from torture.faults import FAULTS
from torture.plan import Plan
from torture.run import Run

LARGE, LARGE_OF_SHORT = 0.01, 0.003
"""The share of chats with 3,000 facts, which take two cores 8 s each; a short run has fewer."""


def plan_from_environment() -> Plan:
    """What the environment asks for."""
    minutes, wanted = os.environ.get("MINUTES"), os.environ.get("FAULTS")
    names = tuple(name.strip() for name in wanted.split(",")) if wanted else tuple(FAULTS)
    if unknown := sorted(set(names) - set(FAULTS)):
        sys.exit(f"There is no fault {', '.join(unknown)}; there are: {', '.join(FAULTS)}.")
    return Plan(
        seed=seed_from_environment(),
        faults=names,
        conversations=int(os.environ.get("CONVERSATIONS") or 20_000),
        minutes=float(minutes) if minutes else None,
        large=float(os.environ.get("LARGE") or (LARGE_OF_SHORT if minutes else LARGE)),
        large_facts=int(os.environ.get("LARGE_FACTS") or 3_000),
        one_by_one=bool(os.environ.get("ONE_BY_ONE")),
    )


def seed_from_environment() -> int:
    """SEED, or one chosen at random."""
    return int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))


async def torture(folder: Path) -> bool:
    """The whole run, told as it goes on."""
    plan = plan_from_environment()
    print(f"SEED={plan.seed}  {len(plan.faults)} faults, {plan.conversations:,} conversations")
    print(f"The ledger and all logs are in {folder}", flush=True)
    run = Run(plan, folder)
    outcome = await progress.told(run)
    written = report.document(outcome, finished_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    report.save(written)
    progress.summary(outcome)
    print(report.headline(written))
    print(f"The report is in {report.MARKDOWN} and {report.JSON}.")
    return outcome.held


COMMANDS: dict[str, Callable[[Path], Coroutine[Any, Any, bool]]] = {
    "all": torture,
    "fairness": fairness.measure,
    "soak": soak.measure,
}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "all"
    if name not in COMMANDS:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    folder = Path(tempfile.mkdtemp(prefix="smara-torture-"))
    folder.chmod(0o755)  # The database's own user must pass through.
    try:
        held = asyncio.run(COMMANDS[name](folder))
    except KeyboardInterrupt:
        sys.exit(f"Stopped. Logs are in {folder}")
    if not held:
        sys.exit(
            f"It did not hold. Everything is kept in {folder}: what was sent and accepted, and "
            f"when each fault began and ended, in {folder / 'ledger.sqlite'} (tables entries, "
            "answers, deeds, violations; faults, phases), and all logs."
        )
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
