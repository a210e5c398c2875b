"""Agents, skills, teams, the graph, quotas, idempotency keys, and the tenant's own rules."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANTS = """
-- NULL is the published default, so that a better default reaches everyone who has not chosen.
ALTER TABLE tenants
    ADD COLUMN email text,
    ADD COLUMN similarity_weight float8 CHECK (similarity_weight BETWEEN 0 AND 1),
    ADD COLUMN half_life_days float8 CHECK (half_life_days >= 0.01),
    ADD COLUMN lowest_importance float8 CHECK (lowest_importance BETWEEN 0.01 AND 1),
    ADD COLUMN duplicate_similarity float8 CHECK (duplicate_similarity BETWEEN 0 AND 1),
    ADD COLUMN contradiction_similarity float8 CHECK (contradiction_similarity BETWEEN 0 AND 1);
-- Not led by the tenant: an address signs up once in the whole installation.
CREATE UNIQUE INDEX tenants_by_email ON tenants (email) WHERE email IS NOT NULL;

CREATE TABLE signup_attempts (
    address_hash bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX signup_attempts_by_address ON signup_attempts (address_hash, at);

ALTER TABLE installation ADD COLUMN set_up_at timestamptz;
UPDATE installation SET set_up_at = now() WHERE EXISTS (SELECT FROM tenants);

-- NULL is no restriction; an empty list would be a key for nothing.
ALTER TABLE api_keys
    ADD COLUMN users text[] CHECK (cardinality(users) > 0),
    ADD COLUMN namespaces text[] CHECK (cardinality(namespaces) > 0),
    ADD COLUMN agents uuid[] CHECK (cardinality(agents) > 0);

-- Counters, changed in the transaction that changes what they count.
CREATE TABLE quotas (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    memories int NOT NULL DEFAULT 0,
    agents int NOT NULL DEFAULT 0,
    teams int NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO quotas (tenant_id, memories)
    SELECT tenant_id, (SELECT count(*) FROM memories m
                       WHERE m.tenant_id = t.tenant_id AND m.state = 'live')
    FROM tenants t;
"""

AGENTS = """
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
"""

TEAMS = """
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
    PRIMARY KEY (tenant_id, invitation_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE
);
-- Not led by the tenant: whoever holds the token need not know whose it is.
CREATE INDEX invitations_by_token ON invitations (token_hash);
CREATE INDEX invitations_by_team ON invitations (tenant_id, team_id);
"""

MEMORIES = """
ALTER TABLE memories ADD COLUMN updated_at timestamptz;
CREATE INDEX memories_listed ON memories (tenant_id, scope_key, memory_id) WHERE state = 'live';
CREATE INDEX memories_of_agents ON memories (tenant_id, user_id, namespace, agent_id)
    WHERE state = 'live' AND agent_id IS NOT NULL;
CREATE INDEX memories_by_agent ON memories (tenant_id, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX memories_by_team ON memories (tenant_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX memories_superseded ON memories (tenant_id, superseded_by)
    WHERE superseded_by IS NOT NULL;

-- What an edit changed, as it was and as it is.
ALTER TABLE memory_events ADD COLUMN before jsonb, ADD COLUMN after jsonb;
CREATE INDEX memory_events_by_other ON memory_events (tenant_id, other_memory_id, event_id)
    WHERE other_memory_id IS NOT NULL;

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
CREATE UNIQUE INDEX memory_edges_once
    ON memory_edges (tenant_id, from_memory_id, to_memory_id, relationship_type);
CREATE INDEX memory_edges_by_end ON memory_edges (tenant_id, to_memory_id);

ALTER TABLE extractions ADD COLUMN relations jsonb NOT NULL DEFAULT '[]';
"""

IDEMPOTENCY = """
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key text NOT NULL,
    body_sha256 bytea NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
"""


def upgrade() -> None:
    for statements in (TENANTS, AGENTS, TEAMS, MEMORIES, IDEMPOTENCY):
        op.execute(statements)
