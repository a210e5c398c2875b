"""A process is known to be gone only where it ran."""

from __future__ import annotations

import subprocess
import sys

from app.workers.liveness import dead_processes, process_id


def test_a_running_process_is_not_gone() -> None:
    assert dead_processes([process_id()]) == []


def test_a_process_that_ended_is_gone() -> None:
    script = "from app.workers.liveness import process_id; print(process_id())"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert dead_processes([ended.stdout.strip()]) == [ended.stdout.strip()]


def test_of_a_process_elsewhere_nothing_is_known() -> None:
    assert dead_processes(["other-host/4026531836/999999999", ""]) == []
