"""Webhook endpoints know since when they do not answer in time."""

from __future__ import annotations

from alembic import op

revision = "schema_0003"
down_revision = "schema_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE webhook_endpoints ADD COLUMN timed_out_at timestamptz")
    op.execute("GRANT SELECT (timed_out_at) ON webhook_endpoints TO smara_system")
