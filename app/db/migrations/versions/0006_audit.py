"""Who did what, and when."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import open_to_system, seal

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ACCESSES = """
-- What was asked of the service: no path, no query, no body, and of the user a digest only.
CREATE TABLE accesses (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    access_id uuid NOT NULL DEFAULT uuidv7(),
    at timestamptz NOT NULL,
    key_id uuid NOT NULL,
    method text NOT NULL,
    route text NOT NULL,
    via text,
    user_hash bytea,
    status smallint NOT NULL,
    PRIMARY KEY (tenant_id, access_id)
);
CREATE INDEX accesses_by_user ON accesses (tenant_id, user_hash, access_id)
    WHERE user_hash IS NOT NULL;
CREATE INDEX accesses_by_age ON accesses (at);
"""


def upgrade() -> None:
    op.execute(ACCESSES)
    op.execute(seal("accesses"))
    op.execute(open_to_system("accesses", "SELECT (at)", "DELETE"))
