"""Take what subtitles add out of a text: WebVTT (W3C) and SubRip."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIMING = re.compile(
    r"\s*(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3}.*"
)


def without_cues(lines: Sequence[str]) -> list[str]:
    """Leave out timings, the line of a cue's number or name above each, and the parts of a WebVTT
    file that are no speech. A text without timings stays as it is."""
    timings = {n for n, line in enumerate(lines) if _TIMING.fullmatch(line)}
    if not timings:
        return list(lines)
    kept = []
    silent = False
    for n, line in enumerate(lines):
        if not line.strip():
            silent = False
        elif line.lstrip("\ufeff").startswith(("WEBVTT", "NOTE", "STYLE", "REGION")):
            silent = True
        is_name_of_cue = n + 1 in timings and (n == 0 or not lines[n - 1].strip())
        if silent or n in timings or is_name_of_cue or _is_number(lines, n, timings):
            continue
        kept.append(line)
    return kept


def _is_number(lines: Sequence[str], n: int, timings: set[int]) -> bool:
    return lines[n].strip().isdigit() and n + 1 in timings
