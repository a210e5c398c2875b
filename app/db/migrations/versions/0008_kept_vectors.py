"""Vectors that a paid embedder made, kept before they are used: another attempt pays for none."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import seal

revision = "schema_0008"
down_revision = "schema_0007"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE kept_vectors (
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    model text NOT NULL,
    texts_sha256 bytea NOT NULL,
    vectors bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, conversation_id, model),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
ALTER TABLE kept_vectors ALTER vectors SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(seal("kept_vectors"))
