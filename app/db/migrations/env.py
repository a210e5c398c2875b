"""Alembic's entry: plain SQL revisions, in the transaction that app/db/migrate.py has begun."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
