"""What the service's processes have in common, imported once for all that a test run starts.

Importing it anew takes a start three to seven seconds of a processor, most of it in the packages of
the paid clients. Nothing here may read the settings: each process has its own.
"""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module

import app.api.routes
from app import startup

# All but one, which imports Celery's app.
ROUTES = {each.name for each in pkgutil.iter_modules(app.api.routes.__path__)} - {"metrics"}

for name in (
    "alembic.command",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "limits.aio.strategies",
    "onnxruntime",
    "tokenizers",
    "uvicorn",
    "uvloop",
    *(f"app.api.routes.{name}" for name in ROUTES),
    "app.api.middleware.access_log",
    "app.api.middleware.authentication",
    "app.api.middleware.rate_limits",
    "app.api.openapi",
    "app.api.server",
    "app.ingest.dispatcher",
    "app.embed.voyage",
    "app.extract.claude",
    "app.mcp.sessions",
    "app.rules.injection.screen",
):
    import_module(name)

assert startup._runtime is None, "a process would have the settings of another"

# Every process that is forked from here would look at all of it again, and copy it.
gc.collect()
gc.freeze()
