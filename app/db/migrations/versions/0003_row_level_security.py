"""Row-level security, forced, on every table of a tenant."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import CREATE_ROLES, open_to_system, seal

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "tenants",
    "tenant_turns",
    "api_keys",
    "quotas",
    "memory_owners",
    "conversations",
    "extractions",
    "llm_calls",
    "memories",
    "memory_recalls",
    "memory_events",
    "memory_edges",
    "agents",
    "skills",
    "agent_skills",
    "teams",
    "team_members",
    "invitations",
    "idempotency_keys",
)

THE_QUEUE = """tenant_id, conversation_id, owner_key, state, priority, ready, run, attempts,
    crash_attempts, next_attempt_at, lease_token, lease_until, claimed_by, claimed_at, finished_at,
    error_code, error_detail, created_at"""

SYSTEM = (
    open_to_system("tenants", "SELECT (tenant_id, name, plan, created_at)"),
    open_to_system("quotas", "SELECT"),
    open_to_system("tenant_turns", "SELECT", "UPDATE (last_served_at)"),
    open_to_system("api_keys", "SELECT", "UPDATE (last_used_at)"),
    open_to_system("invitations", "SELECT (tenant_id, token_hash)"),
    open_to_system("idempotency_keys", "SELECT (created_at)", "DELETE"),
    # The queue's book-keeping without anybody's words.
    open_to_system(
        "conversations",
        f"SELECT ({THE_QUEUE})",
        """UPDATE (state, ready, attempts, crash_attempts, next_attempt_at, lease_token,
            lease_until, claimed_by, claimed_at, finished_at, error_code, error_detail)""",
    ),
    # Whether there is any: the embedding model may change while there is none.
    open_to_system("memories", "SELECT (tenant_id)"),
)

UNSEALED = """
GRANT SELECT, UPDATE (set_up_at) ON installation TO smara_app;
GRANT SELECT ON installation TO smara_system;
GRANT SELECT, INSERT, DELETE ON signup_attempts TO smara_system;
"""


def upgrade() -> None:
    op.execute(CREATE_ROLES)
    for table in TABLES:
        op.execute(seal(table))
    for statements in (*SYSTEM, UNSEALED):
        op.execute(statements)
