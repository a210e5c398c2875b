"""What is done with a key stays within its reach: invitations note their key. What a member has
told a team stays when another is erased: repetitions by a direct store are kept."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import seal

revision = "schema_0004"
down_revision = "schema_0003"
branch_labels = None
depends_on = None


OBSERVATIONS = """
CREATE TABLE observations (
    tenant_id uuid NOT NULL,
    memory_id uuid NOT NULL,
    user_id text NOT NULL,
    observation_id uuid NOT NULL DEFAULT uuidv7(),
    fact text NOT NULL,
    source text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    trust real NOT NULL DEFAULT 1 CHECK (trust BETWEEN 0 AND 1),
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, memory_id, user_id),
    FOREIGN KEY (tenant_id, memory_id) REFERENCES memories ON DELETE CASCADE
);
CREATE INDEX observations_by_user ON observations (tenant_id, user_id);
"""


def upgrade() -> None:
    # Without a default, so that no row is rewritten, and whoever runs the code before this one
    # need not know of it.
    op.execute("ALTER TABLE invitations ADD COLUMN key_id uuid")
    op.execute(OBSERVATIONS)
    op.execute(seal("observations"))
