"""Which process is which, so that a dead one's work need not wait for its lease to run out."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable


def myself() -> str:
    """This process: its host, its process namespace (containers may share a host name), its id."""
    return f"{_place()}{os.getpid()}"


def gone(processes: Iterable[str]) -> list[str]:
    """Those of ``processes`` that ran where we run and do not run any more.

    Of any other place nothing is known from here: there the lease decides, as it does when an id
    has been given to another process since.
    """
    here = _place()
    return [name for name in processes if name.startswith(here) and not _runs(name[len(here) :])]


def _place() -> str:
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:  # No such file but on Linux.
        namespace = 0
    return f"{socket.gethostname()}/{namespace}/"


def _runs(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
