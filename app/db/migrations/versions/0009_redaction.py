"""How much of people's personal data a tenant keeps."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE tenants ADD COLUMN redaction text NOT NULL DEFAULT 'off'
    CHECK (redaction IN ('off', 'memories', 'everything'));
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
