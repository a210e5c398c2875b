"""Logs: fixed event names with ids and sizes as fields, never people's text."""

from __future__ import annotations

import logging
import sys

import structlog

from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure(settings: Settings) -> None:
    """Send our events and those of every library to standard error, one line each, in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor
    if settings.log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=24,
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


_CHATTY = (
    "alembic",
    "anthropic",
    "celery.app.trace",
    "celery.beat",
    "celery.worker",
    "mcp",
    "httpx",
    "httpx2",
    "voyage",
)
"""Libraries whose INFO lines repeat our own events, or would print what people said."""
