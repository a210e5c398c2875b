"""Idempotency keys of people who were erased, as digests: a late retry must not bring them back."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import open_to_system, seal

revision = "schema_0005"
down_revision = "schema_0004"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE spent_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key_hash bytea NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX spent_keys_by_age ON spent_keys (erased_at);
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(seal("spent_keys"))
    op.execute(open_to_system("spent_keys", "DELETE", "SELECT (erased_at)"))
    op.execute("REVOKE UPDATE, DELETE ON spent_keys FROM smara_app")
