"""Whose rows the smaller tables hold, so that an erasure finds them; logs that only grow; the dead,
counted without reading the living."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE invitations ADD COLUMN accepted_by text;

-- Digests of the users that the request named.
ALTER TABLE idempotency_keys ADD COLUMN user_hashes bytea[] NOT NULL DEFAULT '{}';

-- A tenant's transaction notes; what is old enough is removed by the system's.
REVOKE UPDATE, DELETE ON accesses, erasures FROM smara_app;

CREATE INDEX conversations_dead ON conversations (tenant_id) WHERE state = 'dead';
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
