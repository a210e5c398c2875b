"""The operators' door, in this process: starting Python for each command costs a second or more."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from app.cli.__main__ import main
from app.startup import start_runtime

ENVIRONMENT = ("DATABASE_URL", "REDIS_URL", "VOYAGE_API_KEY", "ANTHROPIC_API_KEY", "PORT")


@dataclass(frozen=True)
class Ended:
    """How a command ended. ``said`` is what it wrote to standard output and standard error."""

    code: int
    said: str


def smara_server(*arguments: str, **env: str) -> Ended:
    """Run ``smara-server`` with no settings but ``env``.

    An error that it does not explain is raised: what would have been a traceback.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ENVIRONMENT and "SMARA_" not in name
    }
    said, handlers, code = io.StringIO(), logging.getLogger().handlers, 0
    start_runtime()
    try:
        with (
            patch.dict(os.environ, {**kept, **env}, clear=True),
            patch.object(sys, "argv", ["smara-server", *arguments]),
            redirect_stdout(said),
            redirect_stderr(said),
            warnings.catch_warnings(),
        ):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        start_runtime()
        logging.getLogger().handlers = handlers
    return Ended(code, said.getvalue())
