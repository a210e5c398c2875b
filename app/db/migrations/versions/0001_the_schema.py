"""The whole schema. Why each table, index and check is there is told in app/db/schema.py."""

from __future__ import annotations

from alembic import op

from app.db.migrations.roles import CREATE_ROLES, open_to_system, seal

revision = "schema_0001"
down_revision = None
branch_labels = None
depends_on = None

UUIDV7 = """
-- Postgres 18 has uuidv7() itself; an older server gets the same: 48 bits of milliseconds, then
-- random bits.
DO $do$ BEGIN
IF current_setting('server_version_num')::int < 180000 THEN
    CREATE OR REPLACE FUNCTION uuidv7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $f$
        SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
            PLACING substring(
                int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
            FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
    $f$;
END IF;
END $do$;
"""

INSTALLATION = """
CREATE TABLE installation (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    secret bytea NOT NULL,
    embedding_model text,
    embedding_dimension int,
    set_up_at timestamptz
);

CREATE TABLE signup_attempts (
    address_hash bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX signup_attempts_by_address ON signup_attempts (address_hash, at);

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
    retry_at timestamptz,
    probe uuid,
    PRIMARY KEY (provider, model)
) WITH (fillfactor = 50);

CREATE TABLE spend_days (
    day date PRIMARY KEY,
    spent_microusd bigint NOT NULL DEFAULT 0,
    reserved_microusd bigint NOT NULL DEFAULT 0,
    tripped_at_microusd bigint NOT NULL DEFAULT -1
) WITH (fillfactor = 50);
"""

TENANTS = """
CREATE TABLE tenants (
    tenant_id uuid PRIMARY KEY DEFAULT uuidv7(),
    name text NOT NULL,
    plan text NOT NULL DEFAULT 'self-hosted',
    email text,
    created_at timestamptz NOT NULL DEFAULT now(),
    similarity_weight float8 CHECK (similarity_weight BETWEEN 0 AND 1),
    half_life_days float8 CHECK (half_life_days >= 0.01),
    lowest_importance float8 CHECK (lowest_importance BETWEEN 0.01 AND 1),
    duplicate_similarity float8 CHECK (duplicate_similarity BETWEEN 0 AND 1),
    contradiction_similarity float8 CHECK (contradiction_similarity BETWEEN 0 AND 1),
    transcript_days float8 CHECK (transcript_days >= 0),
    redaction text NOT NULL DEFAULT 'off' CHECK (redaction IN ('off', 'memories', 'everything')),
    budget_soft_microusd bigint CHECK (budget_soft_microusd >= 0),
    budget_hard_microusd bigint CHECK (budget_hard_microusd >= 0)
);
CREATE UNIQUE INDEX tenants_by_email ON tenants (email) WHERE email IS NOT NULL;

CREATE TABLE tenant_turns (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    last_served_at timestamptz NOT NULL DEFAULT '-infinity',
    blocked_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

CREATE TABLE quotas (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    memories int NOT NULL DEFAULT 0,
    agents int NOT NULL DEFAULT 0,
    teams int NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE spend (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    month date NOT NULL,
    spent_microusd bigint NOT NULL DEFAULT 0,
    reserved_microusd bigint NOT NULL DEFAULT 0,
    soft_reached_at timestamptz,
    PRIMARY KEY (tenant_id, month)
) WITH (fillfactor = 50);

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key_id uuid NOT NULL DEFAULT uuidv7(),
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    label text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    users text[] CHECK (cardinality(users) > 0),
    namespaces text[] CHECK (cardinality(namespaces) > 0),
    agents uuid[] CHECK (cardinality(agents) > 0),
    PRIMARY KEY (tenant_id, key_id)
);
CREATE INDEX api_keys_by_hash ON api_keys (key_hash);

CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    answer jsonb,
    user_hashes bytea[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

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
CREATE INDEX accesses_by_age ON accesses (at);
CREATE INDEX accesses_by_user ON accesses (tenant_id, user_hash, access_id)
    WHERE user_hash IS NOT NULL;

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

MEMORIES = """
CREATE TABLE memory_owners (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    owner_key text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    speakers text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, owner_key)
) WITH (fillfactor = 70);

CREATE TABLE memories (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    memory_id uuid NOT NULL DEFAULT uuidv7(),
    scope_key uuid NOT NULL,
    user_id text NOT NULL,
    namespace text NOT NULL,
    agent_id uuid,
    team_id uuid,
    visibility text NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'team')),
    fact text NOT NULL,
    about text NOT NULL,
    importance real NOT NULL CHECK (importance BETWEEN 0 AND 1),
    source text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    conversation_id uuid,
    message_indexes int[] NOT NULL DEFAULT '{}',
    quote text NOT NULL DEFAULT '',
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz,
    superseded_at timestamptz,
    superseded_by uuid,
    state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'superseded', 'quarantined')),
    trust real NOT NULL DEFAULT 1 CHECK (trust BETWEEN 0 AND 1),
    quarantine_reason text,
    content_hash bytea NOT NULL,
    embedding_model text NOT NULL,
    embedding halfvec(1024) STORAGE PLAIN NOT NULL,
    code bit(1024) GENERATED ALWAYS AS (binary_quantize(embedding)::bit(1024)) STORED,
    PRIMARY KEY (tenant_id, memory_id)
) WITH (toast_tuple_target = 8160);
CREATE INDEX memories_by_agent ON memories (tenant_id, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX memories_by_conversation ON memories (tenant_id, conversation_id);
CREATE INDEX memories_by_team ON memories (tenant_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX memories_by_user ON memories (tenant_id, user_id, memory_id);
CREATE INDEX memories_code ON memories (tenant_id, scope_key)
    INCLUDE (memory_id, code, importance, created_at) WHERE state = 'live';
CREATE INDEX memories_listed ON memories (tenant_id, scope_key, memory_id) WHERE state = 'live';
CREATE INDEX memories_of_agents ON memories (tenant_id, user_id, namespace, agent_id)
    WHERE state = 'live' AND agent_id IS NOT NULL;
CREATE INDEX memories_quarantined ON memories (tenant_id, scope_key, memory_id)
    WHERE state = 'quarantined';
CREATE UNIQUE INDEX memories_said_once ON memories (tenant_id, scope_key, content_hash)
    WHERE state = 'live';
CREATE INDEX memories_superseded ON memories (tenant_id, superseded_by)
    WHERE superseded_by IS NOT NULL;

CREATE TABLE memory_recalls (
    tenant_id uuid NOT NULL,
    scope_key uuid NOT NULL,
    memory_id uuid NOT NULL,
    recall_count int NOT NULL DEFAULT 0,
    last_recalled_at timestamptz,
    reinforcements int NOT NULL DEFAULT 0,
    last_reinforced_at timestamptz,
    PRIMARY KEY (tenant_id, scope_key, memory_id),
    FOREIGN KEY (tenant_id, memory_id) REFERENCES memories ON DELETE CASCADE
);
CREATE INDEX memory_recalls_by_memory ON memory_recalls (tenant_id, memory_id);

CREATE TABLE memory_events (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    event_id uuid NOT NULL DEFAULT uuidv7(),
    memory_id uuid NOT NULL,
    conversation_id uuid,
    run int NOT NULL DEFAULT 0,
    op_no int NOT NULL DEFAULT 0,
    action text NOT NULL,
    reason text NOT NULL,
    similarity real,
    other_memory_id uuid,
    before jsonb,
    after jsonb,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX memory_events_by_memory ON memory_events (tenant_id, memory_id, event_id);
CREATE INDEX memory_events_by_other ON memory_events (tenant_id, other_memory_id, event_id)
    WHERE other_memory_id IS NOT NULL;
CREATE UNIQUE INDEX memory_events_once ON memory_events (tenant_id, conversation_id, run, op_no)
    WHERE conversation_id IS NOT NULL;

CREATE TABLE memory_edges (
    tenant_id uuid NOT NULL,
    edge_id uuid NOT NULL DEFAULT uuidv7(),
    from_memory_id uuid NOT NULL,
    to_memory_id uuid NOT NULL,
    relationship_type text NOT NULL,
    weight real NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 1),
    metadata jsonb NOT NULL DEFAULT '{}',
    conversation_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, edge_id),
    CHECK (from_memory_id <> to_memory_id),
    FOREIGN KEY (tenant_id, from_memory_id) REFERENCES memories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, to_memory_id) REFERENCES memories ON DELETE CASCADE
);
CREATE INDEX memory_edges_by_end ON memory_edges (tenant_id, to_memory_id);
CREATE UNIQUE INDEX memory_edges_once
    ON memory_edges (tenant_id, from_memory_id, to_memory_id, relationship_type);
"""

CONVERSATIONS = """
CREATE TABLE conversations (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    conversation_id uuid NOT NULL DEFAULT uuidv7(),
    owner_key text NOT NULL,
    user_id text NOT NULL,
    namespace text NOT NULL,
    agent_id uuid,
    team_id uuid,
    visibility text NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'team')),
    messages jsonb,
    message_count int NOT NULL,
    instructions text,
    source text NOT NULL,
    external_id text,
    metadata jsonb NOT NULL DEFAULT '{}',
    occurred_at timestamptz NOT NULL DEFAULT now(),
    idempotency_key text,
    body_sha256 bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'processing', 'done', 'dead', 'cancelled')),
    priority smallint NOT NULL DEFAULT 0,
    ready boolean NOT NULL DEFAULT true,
    run int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    crash_attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_token uuid,
    lease_until timestamptz,
    claimed_by text,
    error_code text,
    error_detail text,
    claimed_at timestamptz,
    finished_at timestamptz,
    stages jsonb NOT NULL DEFAULT '{}',
    receipt jsonb,
    reverted_at timestamptz,
    PRIMARY KEY (tenant_id, conversation_id)
) WITH (fillfactor = 80);
CREATE INDEX conversations_by_user ON conversations (tenant_id, user_id, conversation_id);
CREATE INDEX conversations_dead ON conversations (tenant_id) WHERE state = 'dead';
CREATE INDEX conversations_due ON conversations (tenant_id, priority, conversation_id)
    WHERE state = 'queued' AND ready;
CREATE INDEX conversations_finished ON conversations (tenant_id, state, finished_at)
    WHERE state IN ('done', 'dead', 'cancelled');
CREATE UNIQUE INDEX conversations_idempotency ON conversations (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX conversations_leased ON conversations (tenant_id, lease_until)
    WHERE state = 'processing';
CREATE INDEX conversations_unfinished ON conversations (tenant_id, owner_key, conversation_id)
    WHERE state IN ('queued', 'processing');
CREATE INDEX conversations_with_text ON conversations (tenant_id, finished_at)
    WHERE messages IS NOT NULL AND state IN ('done', 'dead', 'cancelled');

CREATE TABLE extractions (
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    part int NOT NULL,
    version text NOT NULL,
    facts jsonb NOT NULL,
    relations jsonb NOT NULL DEFAULT '[]',
    usage jsonb NOT NULL,
    split boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, conversation_id, part, version),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);

CREATE TABLE llm_calls (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    call_id uuid NOT NULL DEFAULT uuidv7(),
    conversation_id uuid,
    purpose text NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    outcome text NOT NULL DEFAULT 'started',
    input_tokens int NOT NULL DEFAULT 0,
    output_tokens int NOT NULL DEFAULT 0,
    cache_read_tokens int NOT NULL DEFAULT 0,
    cache_write_tokens int NOT NULL DEFAULT 0,
    cost_microusd bigint,
    reserved_microusd bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, call_id)
) WITH (fillfactor = 80);
CREATE INDEX llm_calls_by_conversation ON llm_calls (tenant_id, conversation_id);
CREATE INDEX llm_calls_reserved ON llm_calls (started_at) WHERE reserved_microusd > 0;
"""

AGENTS_AND_TEAMS = """
CREATE TABLE agents (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    agent_id uuid NOT NULL DEFAULT uuidv7(),
    owner_id text NOT NULL,
    name text NOT NULL,
    description text,
    model text,
    system_prompt text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, agent_id)
);
CREATE INDEX agents_by_owner ON agents (tenant_id, owner_id, agent_id);

CREATE TABLE skills (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    skill_id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    description text,
    category text,
    schema jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, skill_id)
);

CREATE TABLE agent_skills (
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    skill_id uuid NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, agent_id, skill_id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, skill_id) REFERENCES skills ON DELETE CASCADE
);
CREATE INDEX agent_skills_by_skill ON agent_skills (tenant_id, skill_id);

CREATE TABLE teams (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    team_id uuid NOT NULL DEFAULT uuidv7(),
    name text NOT NULL,
    slug text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, team_id)
);
CREATE UNIQUE INDEX teams_by_slug ON teams (tenant_id, slug);

CREATE TABLE team_members (
    tenant_id uuid NOT NULL,
    team_id uuid NOT NULL,
    member_id uuid NOT NULL DEFAULT uuidv7(),
    user_id text NOT NULL,
    email text,
    role text NOT NULL CHECK (role IN ('admin', 'member', 'read_only')),
    invited_by text,
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, team_id, user_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE
);
CREATE INDEX team_members_by_user ON team_members (tenant_id, user_id);

CREATE TABLE invitations (
    tenant_id uuid NOT NULL,
    invitation_id uuid NOT NULL DEFAULT uuidv7(),
    team_id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('admin', 'member', 'read_only')),
    token_hash bytea NOT NULL,
    invited_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days',
    accepted_at timestamptz,
    accepted_by text,
    PRIMARY KEY (tenant_id, invitation_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE
);
CREATE INDEX invitations_by_team ON invitations (tenant_id, team_id);
CREATE INDEX invitations_by_token ON invitations (token_hash);
"""

WEBHOOKS = """
CREATE TABLE webhook_endpoints (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    endpoint_id uuid NOT NULL DEFAULT uuidv7(),
    url text NOT NULL,
    description text NOT NULL DEFAULT '',
    events text[] NOT NULL DEFAULT '{}',
    secret bytea NOT NULL,
    old_secret bytea,
    old_secret_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_reason text,
    PRIMARY KEY (tenant_id, endpoint_id)
);

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
    lease_until timestamptz,
    last_status smallint,
    last_error text,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, delivery_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (finished_at)
    WHERE finished_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_endpoint
    ON webhook_deliveries (tenant_id, endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_by_user ON webhook_deliveries (tenant_id, user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at)
    WHERE state = 'pending';
"""

CHECK_ROLE = """
-- Each transaction begins with it (app/db/entry.py): nothing is read or written by a role that was
-- not wanted, or past row-level security.
CREATE FUNCTION check_role(wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> wanted OR NOT row_security_active('tenants') THEN
        RAISE EXCEPTION USING ERRCODE = 'SM001', MESSAGE = format(
            'a transaction of %s runs as %s, with the login %s, and row-level security is %s',
            wanted, current_user, session_user,
            CASE WHEN row_security_active('tenants') THEN 'on' ELSE 'off' END);
    END IF;
END $$;
"""

SEALED = (
    "tenants",
    "tenant_turns",
    "quotas",
    "spend",
    "api_keys",
    "idempotency_keys",
    "accesses",
    "erasures",
    "memory_owners",
    "memories",
    "memory_recalls",
    "memory_events",
    "memory_edges",
    "conversations",
    "extractions",
    "llm_calls",
    "agents",
    "skills",
    "agent_skills",
    "teams",
    "team_members",
    "invitations",
    "webhook_endpoints",
    "webhook_deliveries",
)

SYSTEM = (
    open_to_system("tenants", "SELECT (tenant_id, name, plan, created_at, transcript_days)"),
    open_to_system("tenant_turns", "SELECT", "UPDATE (last_served_at)"),
    open_to_system("quotas", "SELECT"),
    open_to_system("spend", "SELECT", "UPDATE (reserved_microusd)"),
    open_to_system("api_keys", "SELECT", "UPDATE (last_used_at)"),
    open_to_system("idempotency_keys", "DELETE", "SELECT (created_at)"),
    open_to_system("accesses", "DELETE", "SELECT (at)"),
    open_to_system("memories", "SELECT (tenant_id)"),
    open_to_system(
        "conversations",
        """SELECT
        (tenant_id, conversation_id, owner_key, user_id, created_at, state, priority, ready,
        run, attempts, crash_attempts, next_attempt_at, lease_token, lease_until,
        claimed_by, error_code, error_detail, claimed_at, finished_at)""",
        """UPDATE
        (state, ready, attempts, crash_attempts, next_attempt_at, lease_token, lease_until,
        claimed_by, error_code, error_detail, claimed_at, finished_at)""",
    ),
    open_to_system(
        "llm_calls",
        "SELECT (tenant_id, call_id, outcome, reserved_microusd, started_at)",
        "UPDATE (outcome, reserved_microusd, finished_at)",
    ),
    open_to_system("invitations", "SELECT (tenant_id, token_hash)"),
    open_to_system("webhook_endpoints", "SELECT (tenant_id, endpoint_id, events, disabled_at)"),
    open_to_system(
        "webhook_deliveries",
        "INSERT",
        "DELETE",
        """SELECT
        (tenant_id, delivery_id, endpoint_id, state, attempts, next_attempt_at, lease_until,
        finished_at)""",
        "UPDATE (attempts, next_attempt_at, lease_until)",
    ),
)

UNSEALED = """
GRANT SELECT, UPDATE (set_up_at) ON installation TO smara_app;
GRANT SELECT ON installation TO smara_system;
GRANT SELECT, INSERT, DELETE ON signup_attempts TO smara_system;
GRANT SELECT, INSERT, UPDATE ON circuits TO smara_app;
GRANT SELECT, UPDATE ON circuits TO smara_system;
GRANT SELECT, INSERT, UPDATE ON spend_days TO smara_app;
GRANT SELECT, UPDATE (reserved_microusd) ON spend_days TO smara_system;
-- A tenant's transaction notes; what is old enough is removed by the system's.
REVOKE UPDATE, DELETE ON accesses, erasures FROM smara_app;
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute(CREATE_ROLES)
    for statements in (
        UUIDV7,
        INSTALLATION,
        TENANTS,
        MEMORIES,
        CONVERSATIONS,
        AGENTS_AND_TEAMS,
        WEBHOOKS,
    ):
        op.execute(statements)
    for table in SEALED:
        op.execute(seal(table))
    for statements in (*SYSTEM, UNSEALED, CHECK_ROLE):
        op.execute(statements)
