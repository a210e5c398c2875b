"""Alembic's entry: one connection, one lock, plain SQL revisions."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

MIGRATION_LOCK = 7_310_577
"""The advisory lock that lets one process migrate while the others wait."""

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    connection.execute(text("SET lock_timeout = '30s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
