"""Who wants to hear of what, and what each is still to be told."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import open_to_system, seal

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ENDPOINTS = """
CREATE TABLE webhook_endpoints (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    endpoint_id uuid NOT NULL DEFAULT uuidv7(),
    url text NOT NULL,
    description text NOT NULL DEFAULT '',
    -- Empty: every event.
    events text[] NOT NULL DEFAULT '{}',
    -- In clear, since each delivery is signed with it. The one before it signs too for a while.
    secret bytea NOT NULL,
    old_secret bytea,
    old_secret_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Since when nothing has arrived any more.
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    PRIMARY KEY (tenant_id, endpoint_id)
);
"""

DELIVERIES = """
-- The outbox: written in the transaction of what it tells of. It names things and quotes nobody;
-- user_id is there to be told, and to be erased by.
CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    delivery_id uuid NOT NULL DEFAULT uuidv7(),
    endpoint_id uuid NOT NULL,
    event text NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now(),
    user_id text,
    memory_id uuid,
    replaced_id uuid,
    conversation_id uuid,
    reason text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    -- Until when a process is at it.
    lease_until timestamptz,
    last_status smallint,
    last_error text,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, delivery_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at)
    WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_endpoint
    ON webhook_deliveries (tenant_id, endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_by_user ON webhook_deliveries (tenant_id, user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (finished_at)
    WHERE finished_at IS NOT NULL;
"""

SYSTEM = (
    # Neither where anybody listens nor the secrets.
    open_to_system("webhook_endpoints", "SELECT (tenant_id, endpoint_id, events, disabled_at)"),
    open_to_system(
        "webhook_deliveries",
        "SELECT (tenant_id, delivery_id, endpoint_id, state, attempts, next_attempt_at,"
        " lease_until, finished_at)",
        "UPDATE (attempts, next_attempt_at, lease_until)",
        "INSERT",
        "DELETE",
    ),
    # The rescue tells of conversations that died of their processes.
    "GRANT SELECT (user_id) ON conversations TO smara_system;",
)


def upgrade() -> None:
    op.execute(ENDPOINTS)
    op.execute(DELIVERIES)
    for table in ("webhook_endpoints", "webhook_deliveries"):
        op.execute(seal(table))
    for statements in SYSTEM:
        op.execute(statements)
