"""How far a memory is trusted, which ones wait for review, what was undone and what was erased."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import seal

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MEMORIES = """
ALTER TABLE memories
    DROP CONSTRAINT memories_state_check,
    ADD CONSTRAINT memories_state_check CHECK (state IN ('live', 'superseded', 'quarantined')),
    ADD COLUMN trust real NOT NULL DEFAULT 1 CHECK (trust BETWEEN 0 AND 1),
    ADD COLUMN quarantine_reason text;
CREATE INDEX memories_quarantined ON memories (tenant_id, scope_key, memory_id)
    WHERE state = 'quarantined';

-- What was drawn from transcripts before this revision was said by users: the policies hold for the
-- owner too, and are laid down again in this transaction.
ALTER TABLE memories NO FORCE ROW LEVEL SECURITY;
UPDATE memories SET trust = 0.9 WHERE conversation_id IS NOT NULL;
ALTER TABLE memories FORCE ROW LEVEL SECURITY;

ALTER TABLE conversations ADD COLUMN reverted_at timestamptz;
"""

ERASURES = """
-- What is left of a person who was erased: that it was done, and a digest of whom.
CREATE TABLE erasures (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    erasure_id uuid NOT NULL DEFAULT uuidv7(),
    owner_hash bytea NOT NULL,
    erased jsonb NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, erasure_id)
);
CREATE INDEX erasures_by_owner ON erasures (tenant_id, owner_hash, erased_at);
"""

TRANSCRIPTS = """
ALTER TABLE tenants ADD COLUMN transcript_days float8 CHECK (transcript_days >= 0);
GRANT SELECT (transcript_days) ON tenants TO smara_system;
CREATE INDEX conversations_with_text ON conversations (tenant_id, finished_at)
    WHERE messages IS NOT NULL AND state IN ('done', 'dead', 'cancelled');
"""


def upgrade() -> None:
    op.execute(MEMORIES)
    op.execute(ERASURES)
    op.execute(seal("erasures"))
    op.execute(TRANSCRIPTS)
