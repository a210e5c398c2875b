"""A memory may wait for review of what it would retire."""

from __future__ import annotations

from alembic import op

revision = "schema_0006"
down_revision = "schema_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE memories ADD COLUMN would_retire uuid")
