"""The database: every table, column, key, index and check, and why it is there.

The migrations lay it down in SQL; tests/integration/db/test_schema.py compares the two, down to
storage, grants and policies. What the marks in ``info`` mean is in app/db/marks.py. Tables stand in
the order in which an export lists their rows.
"""

from __future__ import annotations

from typing import Any

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import BIT, JSONB, REAL
from sqlalchemy.sql.naming import conv

from app.db.marks import (
    ALL_ROWS,
    INTERNAL,
    OF_ALL_ENDS,
    PLAIN,
    READ,
    READ_WRITE,
    REFERS,
    SECRET,
    TENANTS,
    WORDS,
    WRITE,
    Erasure,
    Mark,
    of_installation,
    of_tenant,
    part_of,
    person,
)

DIMENSION = 1024
"""The vectors' length as the migration lays it down; ``migrate.bind_embedding_model`` gives the
column that of the model in use."""

metadata = MetaData(
    naming_convention={  # Postgres' own names, which the migrations rely on.
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

UUIDV7 = text("uuidv7()")
EMPTY = text("'{}'")


def _at(name: str, *, default: Any = None, info: Mark | None = None) -> Column[Any]:
    """A time that is always there."""
    default = func.now() if default is None else default
    return Column(
        name, DateTime(timezone=True), nullable=False, server_default=default, info=info or {}
    )


def _maybe_at(name: str, info: Mark | None = None) -> Column[Any]:
    """A time that may not have come yet."""
    return Column(name, DateTime(timezone=True), info=info or {})


def _count(name: str, type_: Any = Integer, info: Mark | None = None) -> Column[Any]:
    return Column(name, type_, nullable=False, server_default=text("0"), info=info or {})


def _id(name: str, info: Mark | None = None) -> Column[Any]:
    """The second half of a primary key; ids rise with time, so they are a page's order too."""
    return Column(
        name, Uuid, primary_key=True, nullable=False, server_default=UUIDV7, info=info or {}
    )


def _tenant(info: Mark | None = None) -> Column[Any]:
    """The first half of each key: a unique key is not filtered by policies, and without the tenant
    it would tell whether another has a value."""
    return Column(
        "tenant_id",
        Uuid,
        ForeignKey("tenants.tenant_id", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
        info=INTERNAL | (info or {}),
    )


def _tenant_of_a_part(info: Mark | None = None) -> Column[Any]:
    """The same in a table whose foreign key to another table of the tenant has it."""
    return Column("tenant_id", Uuid, primary_key=True, nullable=False, info=INTERNAL | (info or {}))


def _refers(table: str, *columns: str) -> ForeignKeyConstraint:
    """A reference to the primary key of another table of the tenant; the row goes with that one."""
    there = {"from_memory_id": "memory_id", "to_memory_id": "memory_id"}
    return ForeignKeyConstraint(
        ["tenant_id", *columns],
        [f"{table}.tenant_id", *(f"{table}.{there.get(column, column)}" for column in columns)],
        ondelete="CASCADE",
    )


def _one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


def _between(column: str, lowest: float, highest: float) -> CheckConstraint:
    return CheckConstraint(f"{column} BETWEEN {lowest} AND {highest}", name=column)


# --- The installation ---------------------------------------------------------------------------

installation = Table(
    "installation",
    metadata,
    # One row: what this installation is bound to. The secret peppers the hashes of API keys.
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("secret", LargeBinary, nullable=False, info=SECRET),
    Column("embedding_model", Text, info=PLAIN),
    Column("embedding_dimension", Integer),
    # Since when it has a tenant: before that, the first is made without a key.
    _maybe_at("set_up_at", {"app": ("UPDATE",)}),
    CheckConstraint("only_row", name="only_row"),
    info=of_installation(app=("SELECT",), system=("SELECT",)),
)

signup_attempts = Table(
    "signup_attempts",
    metadata,
    Column("address_hash", LargeBinary, nullable=False, info=person(Erasure.KEPT)),
    _at("at"),
    Index("signup_attempts_by_address", "address_hash", "at"),
    info=of_installation(system=("SELECT", "INSERT", "DELETE")),
)

circuits = Table(
    "circuits",
    metadata,
    # One row for a provider's model that has ever failed: no row is a closed circuit.
    Column("provider", Text, primary_key=True, info=PLAIN),
    Column("model", Text, primary_key=True, info=PLAIN),
    Column("state", Text, nullable=False, server_default="closed", info=PLAIN),
    _count("failures"),
    _at("window_began_at"),
    _count("failed_probes"),
    Column("reason", Text, info=PLAIN),
    _maybe_at("opened_at"),
    _at("changed_at"),
    # While open: from when on one probe may try. While half open: when the probe counts as lost.
    _maybe_at("retry_at"),
    Column("probe", Uuid),
    _one_of("state", "closed", "open", "half_open"),
    info=of_installation(app=("SELECT", "INSERT", "UPDATE"), system=("SELECT", "UPDATE")),
    postgresql_with={"fillfactor": 50},
)

spend_days = Table(
    "spend_days",
    metadata,
    # The whole installation's day, kept while there is a daily cap.
    Column("day", Date, primary_key=True),
    _count("spent_microusd", BigInteger),
    _count("reserved_microusd", BigInteger, WRITE),
    # The cap that was too small for a call: a larger one lets the day go on.
    Column("tripped_at_microusd", BigInteger, nullable=False, server_default=text("-1")),
    info=of_installation(app=("SELECT", "INSERT", "UPDATE"), system=("SELECT",)),
    postgresql_with={"fillfactor": 50},
)

# --- Tenants ------------------------------------------------------------------------------------

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Uuid, primary_key=True, server_default=UUIDV7, info=READ),
    Column("name", Text, nullable=False, info=PLAIN | READ),
    Column("plan", Text, nullable=False, server_default="self-hosted", info=PLAIN | READ),
    # Of who signed up.
    Column("email", Text, info=TENANTS),
    _at("created_at", info=READ),
    # NULL is the published default, so that a better default reaches everyone who has not chosen.
    Column("similarity_weight", Double),
    Column("half_life_days", Double),
    Column("lowest_importance", Double),
    Column("duplicate_similarity", Double),
    Column("contradiction_similarity", Double),
    # NULL is as long as the settings say.
    Column("transcript_days", Double, info=READ),
    # How much of people's personal data is kept.
    Column("redaction", Text, nullable=False, server_default="off", info=PLAIN),
    # NULL is the installation's default.
    Column("budget_soft_microusd", BigInteger),
    Column("budget_hard_microusd", BigInteger),
    _between("similarity_weight", 0, 1),
    CheckConstraint("half_life_days >= 0.01", name="half_life_days"),
    _between("lowest_importance", 0.01, 1),
    _between("duplicate_similarity", 0, 1),
    _between("contradiction_similarity", 0, 1),
    CheckConstraint("transcript_days >= 0", name="transcript_days"),
    _one_of("redaction", "off", "memories", "everything"),
    CheckConstraint("budget_soft_microusd >= 0", name="budget_soft_microusd"),
    CheckConstraint("budget_hard_microusd >= 0", name="budget_hard_microusd"),
    # Not led by the tenant: an address signs up once in the whole installation.
    Index("tenants_by_email", "email", unique=True, postgresql_where=text("email IS NOT NULL")),
    info=of_tenant(),
)

tenant_turns = Table(
    "tenant_turns",
    metadata,
    # Apart from tenants, since every claim writes it and nothing else should wait for that.
    _tenant(),
    _at("last_served_at", default=text("'-infinity'"), info=WRITE),
    # Where the claim looks anyway: a tenant over its budget has no turn before this.
    _at("blocked_until", default=text("'-infinity'")),
    info=of_tenant(system=("SELECT",)),
    postgresql_with={"fillfactor": 50},
)

quotas = Table(
    "quotas",
    metadata,
    # Counters, changed in the transaction that changes what they count.
    _tenant(),
    _count("memories"),
    _count("agents"),
    _count("teams"),
    info=of_tenant(system=("SELECT",)),
    postgresql_with={"fillfactor": 50},
)

spend = Table(
    "spend",
    metadata,
    # What the tenant has spent in a calendar month (UTC), and holds reserved for calls under way.
    _tenant(),
    Column("month", Date, primary_key=True),
    _count("spent_microusd", BigInteger),
    _count("reserved_microusd", BigInteger, WRITE),
    _maybe_at("soft_reached_at"),
    info=of_tenant(system=("SELECT",)),
    postgresql_with={"fillfactor": 50},
)

api_keys = Table(
    "api_keys",
    metadata,
    _tenant(),
    _id("key_id"),
    Column("prefix", Text, nullable=False, info=PLAIN),
    Column("key_hash", LargeBinary, nullable=False, info=SECRET),
    Column("label", Text, nullable=False, info=PLAIN),
    Column("scopes", ARRAY(Text), nullable=False, info=PLAIN),
    _at("created_at"),
    _maybe_at("expires_at"),
    _maybe_at("revoked_at"),
    _maybe_at("last_used_at", WRITE),
    # NULL is no restriction; an empty list would be a key for nothing.
    Column("users", ARRAY(Text), info=person(Erasure.ENTRY)),
    Column("namespaces", ARRAY(Text), info=PLAIN),
    Column("agents", ARRAY(Uuid)),
    # The last user of a key may be erased; then nobody may use it any more.
    CheckConstraint("cardinality(users) > 0 OR revoked_at IS NOT NULL", name="users"),
    CheckConstraint("cardinality(namespaces) > 0", name="namespaces"),
    CheckConstraint("cardinality(agents) > 0", name="agents"),
    # Not unique: unique keys are led by the tenant, and a caller's tenant is what this look-up
    # finds out.
    Index("api_keys_by_hash", "key_hash"),
    info=of_tenant(system=("SELECT",)),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _tenant(),
    Column("key", Text, primary_key=True, info=PLAIN),
    Column("body_sha256", LargeBinary, nullable=False, info=PLAIN),
    Column("answer", JSONB, info=WORDS),
    # Digests of the users that the request named.
    Column(
        "user_hashes",
        ARRAY(LargeBinary),
        nullable=False,
        server_default=EMPTY,
        info=person(Erasure.DIGEST),
    ),
    _at("created_at", info=READ),
    Index("idempotency_keys_by_age", "created_at"),
    info=of_tenant(system=("DELETE",)),
)

accesses = Table(
    "accesses",
    metadata,
    # What was asked of the service: no path, no query, no body, and of the user a digest only. A
    # tenant's transaction notes; what is old enough is removed by the system's.
    _tenant(),
    _id("access_id"),
    Column("at", DateTime(timezone=True), nullable=False, info=READ),
    Column("key_id", Uuid, nullable=False),
    Column("method", Text, nullable=False, info=PLAIN),
    Column("route", Text, nullable=False, info=PLAIN),
    Column("via", Text, info=PLAIN),
    Column("user_hash", LargeBinary, info=person(Erasure.KEPT)),
    Column("status", SmallInteger, nullable=False),
    Index(
        "accesses_by_user",
        "tenant_id",
        "user_hash",
        "access_id",
        postgresql_where=text("user_hash IS NOT NULL"),
    ),
    Index("accesses_by_age", "at"),
    info=of_tenant(app=("SELECT", "INSERT"), system=("DELETE",)),
)

erasures = Table(
    "erasures",
    metadata,
    # What is left of a person who was erased: that it was done, and a digest of whom.
    _tenant(),
    _id("erasure_id"),
    Column("owner_hash", LargeBinary, nullable=False, info=person(Erasure.KEPT)),
    Column("erased", JSONB, nullable=False, info=PLAIN),
    _at("erased_at"),
    Index("erasures_by_owner", "tenant_id", "owner_hash", "erased_at"),
    info=of_tenant(app=("SELECT", "INSERT")),
)

spent_keys = Table(
    "spent_keys",
    metadata,
    # Idempotency keys under which something was said of a person who was erased since. A client
    # that sends its request again would bring them back.
    _tenant(),
    Column("key_hash", LargeBinary, primary_key=True, nullable=False, info=person(Erasure.KEPT)),
    _at("erased_at", info=READ),
    Index("spent_keys_by_age", "erased_at"),
    info=of_tenant(app=("SELECT", "INSERT"), system=("DELETE",)),
)

# --- Memories and conversations -----------------------------------------------------------------

memory_owners = Table(
    "memory_owners",
    metadata,
    # A person or a team: the row that is locked while their memories change.
    _tenant(),
    Column("owner_key", Text, primary_key=True, info=person(Erasure.OWNER)),
    # Counts the changes, so that who has read without the lock can tell whether it still holds.
    _count("version", BigInteger),
    Column(
        "speakers",
        ARRAY(Text),
        nullable=False,
        server_default=EMPTY,
        info=person(Erasure.HEARD),
    ),
    _at("created_at"),
    info=of_tenant(),
    postgresql_with={"fillfactor": 70},
)

memories = Table(
    "memories",
    metadata,
    # The system may ask whether there is any: the embedding model may change while there is none.
    _tenant(READ),
    _id("memory_id"),
    # A digest of the scope (app/rules/types), of fixed size for the indexes.
    Column("scope_key", Uuid, nullable=False, info=INTERNAL),
    Column("user_id", Text, nullable=False, info=person(Erasure.ROW)),
    Column("namespace", Text, nullable=False, info=PLAIN),
    Column("agent_id", Uuid),
    Column("team_id", Uuid),
    Column("visibility", Text, nullable=False, server_default="private", info=PLAIN),
    Column("fact", Text, nullable=False, info=WORDS),
    Column("about", Text, nullable=False, info=WORDS),
    Column("importance", REAL, nullable=False),
    Column("source", Text, nullable=False, info=PLAIN),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY, info=WORDS),
    Column("conversation_id", Uuid),
    Column("message_indexes", ARRAY(Integer), nullable=False, server_default=EMPTY),
    Column("quote", Text, nullable=False, server_default="", info=WORDS),
    # When it became true in the world, and until when it was.
    _at("valid_from"),
    _maybe_at("valid_until"),
    _at("created_at"),
    _maybe_at("updated_at"),
    _maybe_at("superseded_at"),
    Column("superseded_by", Uuid, info=REFERS),
    Column("state", Text, nullable=False, server_default="live", info=PLAIN),
    Column("trust", REAL, nullable=False, server_default=text("1")),
    Column("quarantine_reason", Text, info=PLAIN),
    # What it contradicts and may not retire before somebody has looked.
    Column("would_retire", Uuid, info=REFERS),
    Column("content_hash", LargeBinary, nullable=False, info=WORDS | INTERNAL),
    Column("embedding_model", Text, nullable=False, info=PLAIN),
    # The vector is inline (PLAIN), and the row's target is a whole page: with one of the two alone,
    # Postgres moves the vector or every other column out of line, and an exact search of 1,000
    # memories takes 7-9 ms instead of 1.7 ms.
    Column(
        "embedding",
        HALFVEC(DIMENSION),
        nullable=False,
        info=WORDS | INTERNAL | {"storage": "PLAIN"},
    ),
    Column(
        "code",
        BIT(DIMENSION),
        Computed(f"binary_quantize(embedding)::bit({DIMENSION})", persisted=True),
        info=WORDS | INTERNAL,
    ),
    _one_of("visibility", "private", "team"),
    _between("importance", 0, 1),
    _one_of("state", "live", "superseded", "quarantined"),
    _between("trust", 0, 1),
    info=of_tenant(export="memory", counted="memories"),
    postgresql_with={"toast_tuple_target": 8160},
)
# Two live memories of one scope never say the same.
Index(
    "memories_said_once",
    memories.c.tenant_id,
    memories.c.scope_key,
    memories.c.content_hash,
    unique=True,
    postgresql_where=text("state = 'live'"),
)
# All that the ranking of a large scope needs, so that it is an index-only scan.
Index(
    "memories_code",
    memories.c.tenant_id,
    memories.c.scope_key,
    postgresql_include=["memory_id", "code", "importance", "created_at"],
    postgresql_where=text("state = 'live'"),
)
Index(
    "memories_listed",
    memories.c.tenant_id,
    memories.c.scope_key,
    memories.c.memory_id,
    postgresql_where=text("state = 'live'"),
)
Index(
    "memories_quarantined",
    memories.c.tenant_id,
    memories.c.scope_key,
    memories.c.memory_id,
    postgresql_where=text("state = 'quarantined'"),
)
Index("memories_by_user", memories.c.tenant_id, memories.c.user_id, memories.c.memory_id)
Index("memories_by_conversation", memories.c.tenant_id, memories.c.conversation_id)
Index(
    "memories_of_agents",
    memories.c.tenant_id,
    memories.c.user_id,
    memories.c.namespace,
    memories.c.agent_id,
    postgresql_where=text("state = 'live' AND agent_id IS NOT NULL"),
)
Index(
    "memories_by_agent",
    memories.c.tenant_id,
    memories.c.agent_id,
    postgresql_where=text("agent_id IS NOT NULL"),
)
Index(
    "memories_by_team",
    memories.c.tenant_id,
    memories.c.team_id,
    postgresql_where=text("team_id IS NOT NULL"),
)
Index(
    "memories_superseded",
    memories.c.tenant_id,
    memories.c.superseded_by,
    postgresql_where=text("superseded_by IS NOT NULL"),
)

memory_recalls = Table(
    "memory_recalls",
    metadata,
    # What changes often stays out of memories: an update there would undo the index-only scan of
    # the codes. The scope is in the key so that a search reads the few rows of its own scope in one
    # range.
    _tenant_of_a_part(),
    Column("scope_key", Uuid, primary_key=True),
    Column("memory_id", Uuid, primary_key=True),
    _count("recall_count"),
    _maybe_at("last_recalled_at"),
    _count("reinforcements"),
    _maybe_at("last_reinforced_at"),
    _refers("memories", "memory_id"),
    Index("memory_recalls_by_memory", "tenant_id", "memory_id"),
    info=of_tenant(),
)

conversations = Table(
    "conversations",
    metadata,
    # The job's book-keeping is open to the system, nobody's words are: a claim sees every tenant's
    # queue.
    _tenant(READ),
    _id("conversation_id", READ),
    # Whose it is, and where its memories go.
    Column("owner_key", Text, nullable=False, info=PLAIN | INTERNAL | READ),
    # The rescue tells webhooks of conversations that died of their processes, and whose they were.
    Column("user_id", Text, nullable=False, info=person(Erasure.ROW) | READ),
    Column("namespace", Text, nullable=False, info=PLAIN),
    Column("agent_id", Uuid),
    Column("team_id", Uuid),
    Column("visibility", Text, nullable=False, server_default="private", info=PLAIN),
    # What was accepted; the messages go when the conversation is erased.
    Column("messages", JSONB, info=WORDS),
    Column("message_count", Integer, nullable=False),
    Column("instructions", Text, info=WORDS),
    Column("source", Text, nullable=False, info=PLAIN),
    Column("external_id", Text, info=PLAIN),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY, info=WORDS),
    _at("occurred_at"),
    Column("idempotency_key", Text, info=PLAIN | INTERNAL),
    Column("body_sha256", LargeBinary, info=PLAIN | INTERNAL),
    _at("created_at", info=READ),
    # The job.
    Column("state", Text, nullable=False, server_default="queued", info=PLAIN | READ_WRITE),
    _count("priority", SmallInteger, READ),
    # For workers of the version before this one, which look for what may be claimed here.
    Column(
        "ready", Boolean, nullable=False, server_default=text("true"), info=INTERNAL | READ_WRITE
    ),
    _count("run", info=READ),
    _count("attempts", info=READ_WRITE),
    _count("crash_attempts", info=READ_WRITE),
    # All of them, whatever became of each: a bound over causes that use up no attempt.
    _count("claims", info=READ_WRITE),
    _at("next_attempt_at", info=INTERNAL | READ_WRITE),
    # Fences the claim: whoever lost it changes nothing.
    Column("lease_token", Uuid, info=INTERNAL | READ_WRITE),
    _maybe_at("lease_until", INTERNAL | READ_WRITE),
    Column("claimed_by", Text, info=PLAIN | INTERNAL | READ_WRITE),
    Column("error_code", Text, info=PLAIN | READ_WRITE),
    Column("error_detail", Text, info=PLAIN | READ_WRITE),
    _maybe_at("claimed_at", READ_WRITE),
    _maybe_at("finished_at", READ_WRITE),
    Column("stages", JSONB, nullable=False, server_default=EMPTY, info=PLAIN),
    Column("receipt", JSONB, info=WORDS),
    _maybe_at("reverted_at"),
    _one_of("visibility", "private", "team"),
    _one_of("state", "queued", "processing", "done", "dead", "cancelled"),
    info=of_tenant(export="conversation", counted="conversations"),
    postgresql_with={"fillfactor": 80},
)
Index(
    "conversations_idempotency",
    conversations.c.tenant_id,
    conversations.c.idempotency_key,
    unique=True,
    postgresql_where=text("idempotency_key IS NOT NULL"),
)
Index(
    "conversations_due",
    conversations.c.tenant_id,
    conversations.c.priority,
    conversations.c.conversation_id,
    postgresql_where=text("state = 'queued' AND ready"),
)
Index(
    "conversations_unfinished",
    conversations.c.tenant_id,
    conversations.c.owner_key,
    conversations.c.conversation_id,
    postgresql_where=text("state IN ('queued', 'processing')"),
)
Index(
    "conversations_leased",
    conversations.c.tenant_id,
    conversations.c.lease_until,
    postgresql_where=text("state = 'processing'"),
)
Index(
    "conversations_finished",
    conversations.c.tenant_id,
    conversations.c.state,
    conversations.c.finished_at,
    postgresql_where=text("state IN ('done', 'dead', 'cancelled')"),
)
# The dead are counted without reading the living.
Index("conversations_dead", conversations.c.tenant_id, postgresql_where=text("state = 'dead'"))
# Transcripts that will have been kept for long enough.
Index(
    "conversations_with_text",
    conversations.c.tenant_id,
    conversations.c.finished_at,
    postgresql_where=text("messages IS NOT NULL AND state IN ('done', 'dead', 'cancelled')"),
)
Index(
    "conversations_by_user",
    conversations.c.tenant_id,
    conversations.c.user_id,
    conversations.c.conversation_id,
)

queue_heads = Table(
    "queue_heads",
    metadata,
    # What comes next of each owner with unfinished work, so that a claim costs the same for any
    # backlog, and each owner's work is done one after the other. A trigger of conversations keeps
    # it; work of another kind will have a table of its own and come here likewise.
    _tenant(),
    Column("owner_key", Text, primary_key=True, info=person(Erasure.OWNER) | INTERNAL),
    Column("kind", Text, nullable=False, server_default="conversation", info=PLAIN),
    Column("work_id", Uuid, nullable=False),
    _count("priority", SmallInteger),
    _at("next_attempt_at"),
    Column("crashed", Boolean, nullable=False, server_default=text("false")),
    Column("claimed", Boolean, nullable=False, server_default=text("false")),
    _one_of("kind", "conversation"),
    info=of_tenant(system=ALL_ROWS),
    # Rows come and go all the time.
    postgresql_with={
        "fillfactor": 50,
        "autovacuum_vacuum_scale_factor": 0,
        "autovacuum_vacuum_threshold": 1000,
    },
)
_in_turn = (
    queue_heads.c.tenant_id,
    queue_heads.c.priority,
    queue_heads.c.next_attempt_at,
    queue_heads.c.work_id,
)
Index("queue_heads_due", *_in_turn, postgresql_where=text("NOT claimed AND NOT crashed"))
Index("queue_heads_crashed", *_in_turn, postgresql_where=text("NOT claimed AND crashed"))
Index("queue_heads_claimed", queue_heads.c.tenant_id, postgresql_where=text("claimed"))

extractions = Table(
    "extractions",
    metadata,
    # What an extractor drew, kept before it is applied: a second run never pays twice.
    _tenant_of_a_part(),
    Column("conversation_id", Uuid, primary_key=True, info=part_of("conversations")),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("version", Text, primary_key=True, info=PLAIN),
    Column("facts", JSONB, nullable=False, info=WORDS),
    Column("relations", JSONB, nullable=False, server_default=text("'[]'"), info=PLAIN),
    Column("usage", JSONB, nullable=False, info=PLAIN),
    # True for a window whose answer was too long: its halves are parts of their own.
    Column("split", Boolean, nullable=False, server_default=text("false")),
    _at("created_at"),
    _refers("conversations", "conversation_id"),
    info=of_tenant(counted="extractions"),
)

kept_vectors = Table(
    "kept_vectors",
    metadata,
    # What a paid embedder made of a conversation's facts, until they are memories: another attempt
    # pays for none. Numbers of four bytes, one vector after the other; they do not compress.
    _tenant_of_a_part(),
    Column(
        "conversation_id", Uuid, primary_key=True, info=part_of("conversations", exported=False)
    ),
    Column("model", Text, primary_key=True, info=PLAIN),
    Column("texts_sha256", LargeBinary, nullable=False, info=WORDS | INTERNAL),
    Column("vectors", LargeBinary, nullable=False, info=WORDS | INTERNAL | {"storage": "EXTERNAL"}),
    _at("created_at"),
    _refers("conversations", "conversation_id"),
    info=of_tenant(),
)

llm_calls = Table(
    "llm_calls",
    metadata,
    _tenant(READ),
    _id("call_id", READ),
    Column("conversation_id", Uuid),
    Column("purpose", Text, nullable=False, info=PLAIN),
    Column("provider", Text, nullable=False, info=PLAIN),
    Column("model", Text, nullable=False, info=PLAIN),
    # 'started' that never changes is a call whose process died.
    Column("outcome", Text, nullable=False, server_default="started", info=PLAIN | READ_WRITE),
    _count("input_tokens"),
    _count("output_tokens"),
    _count("cache_read_tokens"),
    _count("cache_write_tokens"),
    Column("cost_microusd", BigInteger),
    # What a call under way may cost at worst; 0 when it is settled.
    _count("reserved_microusd", BigInteger, READ_WRITE),
    _at("started_at", info=READ),
    _maybe_at("finished_at", WRITE),
    Index("llm_calls_by_conversation", "tenant_id", "conversation_id"),
    Index("llm_calls_reserved", "started_at", postgresql_where=text("reserved_microusd > 0")),
    info=of_tenant(),
    postgresql_with={"fillfactor": 80},
)

memory_events = Table(
    "memory_events",
    metadata,
    # Only ever added to.
    _tenant(),
    _id("event_id"),
    Column("memory_id", Uuid, nullable=False, info=part_of("memories")),
    Column("conversation_id", Uuid, info=part_of("conversations", exported=False)),
    # Which fact of which run it was, so that a run that is repeated notes nothing twice.
    _count("run", info=INTERNAL),
    _count("op_no", info=INTERNAL),
    Column("action", Text, nullable=False, info=PLAIN),
    Column("reason", Text, nullable=False, info=PLAIN),
    Column("similarity", REAL),
    Column("other_memory_id", Uuid, info=REFERS),
    # What an edit changed, as it was and as it is.
    Column("before", JSONB, info=WORDS),
    Column("after", JSONB, info=WORDS),
    _at("at"),
    Index(
        "memory_events_once",
        "tenant_id",
        "conversation_id",
        "run",
        "op_no",
        unique=True,
        postgresql_where=text("conversation_id IS NOT NULL"),
    ),
    Index("memory_events_by_memory", "tenant_id", "memory_id", "event_id"),
    Index(
        "memory_events_by_other",
        "tenant_id",
        "other_memory_id",
        "event_id",
        postgresql_where=text("other_memory_id IS NOT NULL"),
    ),
    info=of_tenant(export="event", counted="events"),
)

memory_edges = Table(
    "memory_edges",
    metadata,
    _tenant_of_a_part(),
    _id("edge_id"),
    Column("from_memory_id", Uuid, nullable=False, info=part_of("memories") | REFERS),
    Column("to_memory_id", Uuid, nullable=False, info=part_of("memories") | REFERS),
    Column("relationship_type", Text, nullable=False, info=PLAIN),
    Column("weight", REAL, nullable=False, server_default=text("1")),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY, info=WORDS | OF_ALL_ENDS),
    Column("conversation_id", Uuid),
    _at("created_at"),
    _between("weight", 0, 1),
    CheckConstraint("from_memory_id <> to_memory_id", name=conv("memory_edges_check")),
    _refers("memories", "from_memory_id"),
    _refers("memories", "to_memory_id"),
    Index(
        "memory_edges_once",
        "tenant_id",
        "from_memory_id",
        "to_memory_id",
        "relationship_type",
        unique=True,
    ),
    Index("memory_edges_by_end", "tenant_id", "to_memory_id"),
    info=of_tenant(export="edge", counted="edges"),
)

observations = Table(
    "observations",
    metadata,
    # Who told a team by a direct store what it knew already, and in which words: what one member
    # has said stays when another is erased. What a conversation repeats is in its receipt.
    _tenant_of_a_part(),
    Column("memory_id", Uuid, primary_key=True),
    Column("user_id", Text, primary_key=True, info=person(Erasure.ROW)),
    Column("observation_id", Uuid, nullable=False, server_default=UUIDV7),
    Column("fact", Text, nullable=False, info=WORDS),
    Column("source", Text, nullable=False, info=PLAIN),
    Column("metadata", JSONB, nullable=False, server_default=EMPTY, info=WORDS),
    Column("trust", REAL, nullable=False, server_default=text("1")),
    _at("at"),
    _between("trust", 0, 1),
    _refers("memories", "memory_id"),
    Index("observations_by_user", "tenant_id", "user_id"),
    info=of_tenant(export="observation"),
)

# --- Agents and teams ---------------------------------------------------------------------------

agents = Table(
    "agents",
    metadata,
    _tenant(),
    _id("agent_id"),
    Column("owner_id", Text, nullable=False, info=person(Erasure.ROW)),
    Column("name", Text, nullable=False, info=PLAIN),
    Column("description", Text, info=WORDS),
    Column("model", Text, info=PLAIN),
    Column("system_prompt", Text, info=WORDS),
    _at("created_at"),
    _at("updated_at"),
    Index("agents_by_owner", "tenant_id", "owner_id", "agent_id"),
    info=of_tenant(export="agent", counted="agents"),
)

skills = Table(
    "skills",
    metadata,
    _tenant(),
    _id("skill_id"),
    Column("name", Text, nullable=False, info=PLAIN),
    Column("description", Text, info=PLAIN),
    Column("category", Text, info=PLAIN),
    Column("schema", JSONB, nullable=False, server_default=EMPTY, info=PLAIN),
    _at("created_at"),
    info=of_tenant(),
)

agent_skills = Table(
    "agent_skills",
    metadata,
    _tenant_of_a_part(),
    Column("agent_id", Uuid, primary_key=True),
    Column("skill_id", Uuid, primary_key=True),
    Column("config", JSONB, nullable=False, server_default=EMPTY, info=WORDS),
    _refers("agents", "agent_id"),
    _refers("skills", "skill_id"),
    Index("agent_skills_by_skill", "tenant_id", "skill_id"),
    info=of_tenant(),
)

teams = Table(
    "teams",
    metadata,
    _tenant(),
    _id("team_id"),
    Column("name", Text, nullable=False, info=PLAIN),
    Column("slug", Text, nullable=False, info=PLAIN),
    _at("created_at"),
    Index("teams_by_slug", "tenant_id", "slug", unique=True),
    info=of_tenant(),
)

team_members = Table(
    "team_members",
    metadata,
    _tenant_of_a_part(),
    Column("team_id", Uuid, primary_key=True),
    # A member's own name in an export's pages; the key is who it is.
    Column("member_id", Uuid, nullable=False, server_default=UUIDV7),
    Column("user_id", Text, primary_key=True, info=person(Erasure.ROW)),
    Column("email", Text, info=WORDS),
    Column("role", Text, nullable=False, info=PLAIN),
    Column("invited_by", Text, info=person(Erasure.NULL)),
    _at("joined_at"),
    _one_of("role", "admin", "member", "read_only"),
    _refers("teams", "team_id"),
    Index("team_members_by_user", "tenant_id", "user_id"),
    info=of_tenant(export="membership"),
)

invitations = Table(
    "invitations",
    metadata,
    _tenant_of_a_part(READ),
    _id("invitation_id"),
    Column("team_id", Uuid, nullable=False),
    Column("email", Text, nullable=False, info=WORDS),
    Column("role", Text, nullable=False, info=PLAIN),
    Column("token_hash", LargeBinary, nullable=False, info=SECRET | INTERNAL | READ),
    Column("invited_by", Text, nullable=False, info=person(Erasure.ROW)),
    _at("created_at"),
    _at("expires_at", default=text("now() + interval '7 days'")),
    _maybe_at("accepted_at"),
    Column("accepted_by", Text, info=person(Erasure.ROW)),
    # The API key that made it, whose reach bounds whom it lets in. NULL: from before it was noted.
    Column("key_id", Uuid, info=INTERNAL),
    _one_of("role", "admin", "member", "read_only"),
    _refers("teams", "team_id"),
    # Not led by the tenant: whoever holds the token need not know whose it is.
    Index("invitations_by_token", "token_hash"),
    Index("invitations_by_team", "tenant_id", "team_id"),
    info=of_tenant(export="invitation"),
)

# --- Webhooks -----------------------------------------------------------------------------------

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    # The system sees neither where anybody listens nor the secrets.
    _tenant(READ),
    _id("endpoint_id", READ),
    Column("url", Text, nullable=False, info=TENANTS),
    Column("description", Text, nullable=False, server_default="", info=PLAIN),
    # Empty: every event.
    Column("events", ARRAY(Text), nullable=False, server_default=EMPTY, info=PLAIN | READ),
    # In clear, since each delivery is signed with it. The one before it signs too for a while.
    Column("secret", LargeBinary, nullable=False, info=SECRET),
    Column("old_secret", LargeBinary, info=SECRET),
    _maybe_at("old_secret_until"),
    _at("created_at"),
    # Since when nothing has arrived any more.
    _maybe_at("failing_since"),
    _maybe_at("disabled_at", READ),
    # Since when it has not answered in time; NULL again with its next answer, whatever that is.
    _maybe_at("timed_out_at", READ),
    Column("disabled_reason", Text, info=PLAIN),
    info=of_tenant(),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    # The outbox: written in the transaction of what it tells of. It names things and quotes nobody;
    # user_id is there to be told, and to be erased by.
    _tenant_of_a_part(READ),
    _id("delivery_id", READ),
    Column("endpoint_id", Uuid, nullable=False, info=READ),
    Column("event", Text, nullable=False, info=PLAIN),
    _at("happened_at"),
    Column("user_id", Text, info=person(Erasure.ROW)),
    Column("memory_id", Uuid),
    Column("replaced_id", Uuid),
    Column("conversation_id", Uuid),
    Column("reason", Text, info=PLAIN),
    Column("state", Text, nullable=False, server_default="pending", info=PLAIN | READ),
    _count("attempts", info=READ_WRITE),
    _at("next_attempt_at", info=READ_WRITE),
    # Until when a process is at it.
    _maybe_at("lease_until", READ_WRITE),
    Column("last_status", SmallInteger),
    Column("last_error", Text, info=PLAIN),
    _maybe_at("finished_at", READ),
    _one_of("state", "pending", "delivered", "failed"),
    _refers("webhook_endpoints", "endpoint_id"),
    Index(
        "webhook_deliveries_due",
        "tenant_id",
        "endpoint_id",
        "next_attempt_at",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("webhook_deliveries_by_endpoint", "tenant_id", "endpoint_id", "delivery_id"),
    Index(
        "webhook_deliveries_by_user",
        "tenant_id",
        "user_id",
        postgresql_where=text("user_id IS NOT NULL"),
    ),
    Index(
        "webhook_deliveries_by_age",
        "finished_at",
        postgresql_where=text("finished_at IS NOT NULL"),
    ),
    info=of_tenant(system=("INSERT", "DELETE")),
    postgresql_with={"fillfactor": 70},
)
