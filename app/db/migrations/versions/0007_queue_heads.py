"""The queue as rows: each owner with unfinished work has one, with what comes next.

The rows follow the conversations by a trigger, so that they are right whatever changes a
conversation, the version before this one included.
"""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import open_to_system, seal

revision = "schema_0007"
down_revision = "schema_0006"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE queue_heads (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    owner_key text NOT NULL,
    kind text NOT NULL DEFAULT 'conversation' CHECK (kind IN ('conversation')),
    work_id uuid NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    crashed boolean NOT NULL DEFAULT false,
    claimed boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, owner_key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX queue_heads_due ON queue_heads (tenant_id, priority, next_attempt_at, work_id)
    WHERE NOT claimed AND NOT crashed;
CREATE INDEX queue_heads_crashed ON queue_heads (tenant_id, priority, next_attempt_at, work_id)
    WHERE NOT claimed AND crashed;
CREATE INDEX queue_heads_claimed ON queue_heads (tenant_id) WHERE claimed;
"""

FOLLOW = """
-- Keeps the owner's row in queue_heads: the first of what is unfinished, and whether it is claimed.
CREATE FUNCTION keep_queue_head() RETURNS trigger LANGUAGE plpgsql
-- Whatever the statistics say, what comes next is found by the index of unfinished conversations.
SET enable_seqscan = off SET enable_sort = off SET enable_bitmapscan = off AS $$
DECLARE
    head uuid;
    following record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        NEW := OLD;
        NEW.state := 'cancelled';
    END IF;
    IF NEW.state = 'processing' THEN
        UPDATE queue_heads SET work_id = NEW.conversation_id, claimed = true
        WHERE tenant_id = NEW.tenant_id AND owner_key = NEW.owner_key;
        RETURN NULL;
    END IF;
    IF NEW.state = 'queued'
        AND (TG_OP = 'INSERT' OR OLD.state NOT IN ('queued', 'processing'))
    THEN
        -- Locks the row that is there, changed or not. Whoever finishes the owner's head has locked
        -- it too, so one of the two sees the other.
        INSERT INTO queue_heads AS now_first
            (tenant_id, owner_key, work_id, priority, next_attempt_at, crashed)
        VALUES (NEW.tenant_id, NEW.owner_key, NEW.conversation_id, NEW.priority,
            NEW.next_attempt_at, NEW.crash_attempts > 0)
        ON CONFLICT (tenant_id, owner_key) DO UPDATE
        SET work_id = excluded.work_id, priority = excluded.priority,
            next_attempt_at = excluded.next_attempt_at, crashed = excluded.crashed
        WHERE NOT now_first.claimed AND excluded.work_id < now_first.work_id;
        RETURN NULL;
    END IF;
    -- Whether it is the head or not: whoever is about to make it the head has locked the row.
    SELECT work_id INTO head FROM queue_heads
    WHERE tenant_id = NEW.tenant_id AND owner_key = NEW.owner_key
    FOR NO KEY UPDATE;
    IF head IS DISTINCT FROM NEW.conversation_id THEN
        RETURN NULL;  -- It waits behind the head.
    END IF;
    -- A statement of its own, so that it sees what was accepted while the lock was waited for.
    SELECT conversation_id, priority, next_attempt_at, crash_attempts INTO following
    FROM conversations
    WHERE tenant_id = NEW.tenant_id AND owner_key = NEW.owner_key
        AND state IN ('queued', 'processing')
    ORDER BY owner_key, conversation_id LIMIT 1;
    IF FOUND THEN
        UPDATE queue_heads
        SET work_id = following.conversation_id, claimed = false, priority = following.priority,
            next_attempt_at = following.next_attempt_at, crashed = following.crash_attempts > 0
        WHERE tenant_id = NEW.tenant_id AND owner_key = NEW.owner_key;
    ELSE
        DELETE FROM queue_heads WHERE tenant_id = NEW.tenant_id AND owner_key = NEW.owner_key;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_queue_head_of_new AFTER INSERT ON conversations
FOR EACH ROW WHEN (NEW.state = 'queued') EXECUTE FUNCTION keep_queue_head();
CREATE TRIGGER keep_queue_head AFTER UPDATE ON conversations
FOR EACH ROW WHEN (
    (OLD.state, OLD.priority, OLD.next_attempt_at, OLD.crash_attempts)
    IS DISTINCT FROM (NEW.state, NEW.priority, NEW.next_attempt_at, NEW.crash_attempts)
) EXECUTE FUNCTION keep_queue_head();
CREATE TRIGGER keep_queue_head_of_gone AFTER DELETE ON conversations
FOR EACH ROW WHEN (OLD.state IN ('queued', 'processing')) EXECUTE FUNCTION keep_queue_head();
"""

# In the transaction that made the triggers, which lets nobody write a conversation before its end.
FILL = """
SET LOCAL ROLE smara_system;
INSERT INTO queue_heads
    (tenant_id, owner_key, work_id, claimed, priority, next_attempt_at, crashed)
SELECT DISTINCT ON (tenant_id, owner_key)
    tenant_id, owner_key, conversation_id, state = 'processing', priority, next_attempt_at,
    crash_attempts > 0
FROM conversations WHERE state IN ('queued', 'processing')
ORDER BY tenant_id, owner_key, state = 'queued', conversation_id;
RESET ROLE;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(seal("queue_heads"))
    op.execute(open_to_system("queue_heads", "SELECT", "INSERT", "UPDATE", "DELETE"))
    op.execute(FOLLOW)
    op.execute(FILL)
