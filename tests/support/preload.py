"""What the service's processes have in common, imported once for all that a test run starts.

Importing it anew takes a start three to seven seconds of a processor, most of it in the packages of
the paid clients. Nothing here may read the settings: each process has its own.
"""

from __future__ import annotations

from importlib import import_module

from app import startup

for name in (
    "alembic.command",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "limits.aio.strategies",
    "onnxruntime",
    "tokenizers",
    "uvicorn",
    "uvloop",
    "app.api.routes.agents",
    "app.api.routes.graph",
    "app.api.routes.teams",
    "app.api.routes.webhooks",
    "app.ingest.dispatcher",
    "app.embed.voyage",
    "app.extract.claude",
    "app.mcp.sessions",
    "app.rules.injection.screen",
):
    import_module(name)

assert startup._runtime is None, "a process would have the settings of another"
