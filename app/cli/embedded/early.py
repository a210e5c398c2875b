"""A process that imports what it will need while others are still starting, and is told its
settings then.

Run with: python -m app.cli.embedded.early NAME. The settings come as JSON on standard input, as
variables over those of the environment.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

from app import startup

IMPORTS = {
    "api": (
        "app.cli.serving",
        "uvicorn",
        "uvloop",
        "app.api.middleware.access_log",
        "app.api.middleware.authentication",
        "app.api.middleware.rate_limits",
        "app.api.openapi",
        "app.api.routes.memories",
        "app.api.routes.search",
        "app.api.routes.conversations",
        "app.api.routes.teams",
        "app.api.routes.webhooks",
        "app.api.server",
        "celery",
        "onnxruntime",
        "tokenizers",
    ),
    "prepare": (
        "app.cli.embedded.prepare",
        "alembic.command",
        "app.db.migrate",
        "app.providers.registry",
    ),
}
"""What each needs, of all that can be imported without knowing the settings."""


def command(name: str) -> tuple[str, ...]:
    """Give the command that starts such a process."""
    return (sys.executable, "-m", __name__, name)


def main() -> None:
    """Import, wait for the settings, and become the process of this name."""
    name = sys.argv[1]
    with startup.frozen_imports():
        for module in IMPORTS[name]:
            import_module(module)
    told = sys.stdin.read()
    if not told:
        return  # Whoever started it has ended meanwhile.
    settings: dict[str, Any] = json.loads(told)
    os.environ.update(settings)
    startup.start_runtime()
    if name == "prepare":
        import_module("app.cli.embedded.prepare").main()
        return
    sys.argv = ["smara-server", name]
    import_module("app.cli.__main__").main()


if __name__ == "__main__":
    main()
