"""Places where a fault test can kill the process, as a power cut would. They do nothing unless
SMARA_CRASH_DIR names a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable

from app.startup import runtime

OUT_OF_MEMORY = "out of memory: "


def crash_point(name: str, texts: Iterable[str] = ()) -> None:
    """Kill the process here, with no clean-up, when the folder holds a file of this name.

    An empty file works once: it is removed first. A file with words in it kills whenever they
    occur in one of ``texts``; with OUT_OF_MEMORY before the words, the process runs out of memory
    instead.
    """
    folder = runtime().settings.crash_dir
    if folder is None:
        return
    try:
        marker = (folder / name).read_text()
        if not marker:
            (folder / name).unlink()
    except FileNotFoundError:
        return  # There is none, or another process was killed by it just now.
    words = marker.removeprefix(OUT_OF_MEMORY)
    if marker and not any(words in text for text in texts):
        return
    if words != marker:
        raise MemoryError
    os._exit(9)
