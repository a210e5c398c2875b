"""What the paid providers are doing and what they may cost: circuits, budgets, split windows."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import open_to_system, seal

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CIRCUITS = """
-- One row for a provider's model that has ever failed: no row is a closed circuit.
CREATE TABLE circuits (
    provider text NOT NULL,
    model text NOT NULL,
    state text NOT NULL DEFAULT 'closed' CHECK (state IN ('closed', 'open', 'half_open')),
    failures int NOT NULL DEFAULT 0,
    window_began_at timestamptz NOT NULL DEFAULT now(),
    failed_probes int NOT NULL DEFAULT 0,
    reason text,
    opened_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    -- While open: from when on one probe may try. While half open: when the probe counts as lost.
    retry_at timestamptz,
    probe uuid,
    PRIMARY KEY (provider, model)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON circuits TO smara_app;
GRANT SELECT, UPDATE ON circuits TO smara_system;
"""

BUDGETS = """
-- NULL is the installation's default, so that a change of it reaches everyone who has none of their
-- own.
ALTER TABLE tenants
    ADD COLUMN budget_soft_microusd bigint CHECK (budget_soft_microusd >= 0),
    ADD COLUMN budget_hard_microusd bigint CHECK (budget_hard_microusd >= 0);

-- Where the claim looks anyway: a tenant over its budget has no turn before this.
ALTER TABLE tenant_turns ADD COLUMN blocked_until timestamptz NOT NULL DEFAULT '-infinity';

CREATE TABLE spend (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    month date NOT NULL,
    spent_microusd bigint NOT NULL DEFAULT 0,
    reserved_microusd bigint NOT NULL DEFAULT 0,
    soft_reached_at timestamptz,
    PRIMARY KEY (tenant_id, month)
) WITH (fillfactor = 50);

-- The whole installation's day, kept while there is a daily cap.
CREATE TABLE spend_days (
    day date PRIMARY KEY,
    spent_microusd bigint NOT NULL DEFAULT 0,
    reserved_microusd bigint NOT NULL DEFAULT 0,
    -- The cap that was too small for a call: a larger one lets the day go on.
    tripped_at_microusd bigint NOT NULL DEFAULT -1
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON spend_days TO smara_app;
GRANT SELECT, UPDATE (reserved_microusd) ON spend_days TO smara_system;

-- What a call under way may cost at worst; 0 when it is settled.
ALTER TABLE llm_calls ADD COLUMN reserved_microusd bigint NOT NULL DEFAULT 0;
CREATE INDEX llm_calls_reserved ON llm_calls (started_at) WHERE reserved_microusd > 0;
"""

SPLITS = """
-- True for a window whose answer was too long: its halves are parts of their own.
ALTER TABLE extractions ADD COLUMN split boolean NOT NULL DEFAULT false;
"""

SYSTEM = (
    open_to_system("spend", "SELECT", "UPDATE (reserved_microusd)"),
    open_to_system(
        "llm_calls",
        "SELECT (tenant_id, call_id, outcome, started_at, reserved_microusd)",
        "UPDATE (outcome, reserved_microusd, finished_at)",
    ),
)


def upgrade() -> None:
    for statements in (CIRCUITS, BUDGETS, seal("spend"), SPLITS, *SYSTEM):
        op.execute(statements)
