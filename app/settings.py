"""The one reader of the environment."""

from __future__ import annotations

import itertools
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.rules.types import Caps

Network: TypeAlias = IPv4Network | IPv6Network


class Plan(BaseModel):
    """How much a tenant may have at a time; None means no limit. Only live memories count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memories: int | None = Field(None, ge=0)
    agents: int | None = Field(None, ge=0)
    teams: int | None = Field(None, ge=0)
    team_members: int | None = Field(None, ge=1)
    requests_per_minute: int | None = Field(None, ge=1)


SELF_HOSTED = "self-hosted"
MOST_PROCESSES = 256
"""Of one worker: each has a place in the memory through which the others know that it is alive."""

PLANS = {SELF_HOSTED: Plan(), "free": Plan(memories=100, agents=1)}
"""The built-in plans: without limits, and `free` (rule 11 of docs/reference/contract.md)."""


class Settings(BaseSettings):
    """Every setting of a deployment, read from SMARA_* variables when the process starts.

    The names that people already use (DATABASE_URL, REDIS_URL, VOYAGE_API_KEY, …) have no prefix.
    An empty variable counts as not set, so that a compose file may pass
    ``VOYAGE_API_KEY=${VOYAGE_API_KEY:-}``.
    """

    model_config = SettingsConfigDict(
        env_prefix="SMARA_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    # Addresses. `up` starts its own server where none is set.
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    owner_database_url: str | None = Field(
        None,
        description="The address with the migration login, which owns the tables; for `migrate`"
        " alone. `migrate` then creates the login of DATABASE_URL, which owns nothing.",
    )
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    data_dir: Path = Path(".data")
    embedded_parts: list[str] = Field([], description="Set by `up`: the parts that it runs itself.")
    host: str = "0.0.0.0"
    port: int = Field(3010, ge=1, le=65535, validation_alias="PORT")

    # Extraction: Claude with a key, the built-in extractor without.
    anthropic_api_key: SecretStr | None = Field(None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(None, validation_alias="ANTHROPIC_BASE_URL")
    extraction_model: str = "claude-haiku-5-5"
    extraction_max_tokens: int = Field(8_192, ge=256)
    extraction_timeout_seconds: float = Field(60.0, gt=0)
    window_max_chars: int = Field(24_000, ge=500)
    window_overlap_messages: int = Field(4, ge=0)
    max_facts_per_conversation: int = Field(
        500,
        ge=1,
        le=5_000,
        description="The most important facts of a conversation are remembered, up to this number;"
        " the receipt lists the others as rejected, with the reason `too_many`.",
    )

    # Embedding: Voyage with a key, the built-in MiniLM without.
    voyage_api_key: SecretStr | None = Field(None, validation_alias="VOYAGE_API_KEY")
    voyage_base_url: str | None = Field(None, validation_alias="VOYAGE_BASE_URL")
    embedding_model: str | None = None
    embedding_timeout_seconds: float = Field(20.0, gt=0)
    query_embedding_timeout_seconds: float = Field(2.0, gt=0)
    query_cache_entries: int = Field(10_000, ge=0)

    # Prices of a million tokens, in US dollars. Prices change: set what you pay.
    extraction_input_usd: float = Field(1.00, ge=0)
    extraction_output_usd: float = Field(5.00, ge=0)
    extraction_cache_read_usd: float = Field(0.10, ge=0)
    extraction_cache_write_usd: float = Field(1.25, ge=0)
    embedding_usd: float = Field(0.06, ge=0)

    # Budgets. A tenant may have limits of its own: `smara-server tenants set-budget`.
    budget_soft_usd: float | None = Field(
        None,
        ge=0,
        description="When a tenant spends this much in a calendar month, a warning is logged.",
    )
    budget_hard_usd: float | None = Field(
        None,
        ge=0,
        description="The most that a tenant may spend in a calendar month (UTC). Over it, its"
        " conversations wait and its direct stores get 402.",
    )
    daily_cap_usd: float | None = Field(
        None, ge=0, description="The most that all tenants together may spend in a day (UTC)."
    )

    # Circuit breaker and rate limits of providers; conversations wait and use up no attempts.
    circuit_failures: int = Field(
        5,
        ge=1,
        description="After this many failures within the window the circuit opens, and the provider"
        " is not called.",
    )
    circuit_window_seconds: float = Field(
        60.0, gt=0, description="The window in which failures are counted."
    )
    circuit_pause_seconds: float = Field(
        5.0,
        gt=0,
        description="How long an open circuit waits before one call probes the provider. The pause"
        " doubles with each probe that fails.",
    )
    circuit_pause_cap_seconds: float = Field(300.0, gt=0, description="The longest such pause.")
    extraction_requests_per_minute: int | None = Field(
        None, ge=1, description="Extraction calls a minute, of all workers together."
    )
    extraction_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="Input tokens of extraction a minute; four bytes are a token."
    )
    embedding_requests_per_minute: int | None = Field(
        None, ge=1, description="Embedding calls a minute, for facts; questions do not count."
    )
    embedding_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="Input tokens of embedding a minute; four bytes are a token."
    )

    # Bands on cosine similarity; if not set, those measured for the embedding model.
    duplicate_similarity: float | None = Field(None, ge=0, le=1)
    contradiction_similarity: float | None = Field(None, ge=0, le=1)

    # Sizes and concurrency of requests.
    max_body_bytes: int = Field(2 * 1024 * 1024, ge=1024)
    max_in_flight_per_tenant: int = Field(64, ge=1)

    # Plans, sign-up, privacy.
    plans: dict[str, Plan] = Field(
        PLANS,
        description='Plans as JSON: {"pro": {"memories": 10000}}. The built-in plans stay.',
    )
    default_plan: str = Field(
        SELF_HOSTED, description="The plan of a tenant that /setup or `up` makes."
    )
    signup_open: bool = Field(
        False, description="Allow anyone to create a tenant through POST /v1/signup."
    )
    signup_plan: str = Field("free", description="The plan of a tenant that signed up.")
    signups_per_hour: int = Field(5, ge=1, description="Sign-up attempts allowed from one address.")
    upgrade_url: str = Field(
        "", description="The link in the answer to a tenant whose plan has no room."
    )
    setup_secret: SecretStr | None = Field(
        None,
        validation_alias="SETUP_SECRET",
        description="The secret that POST /setup requires. If not set, it answers clients on the"
        " machine itself only.",
    )
    transcript_days: float | None = Field(
        None,
        ge=0,
        description="How long the text of a finished conversation is kept. If not set, it is kept"
        " until somebody erases it. A tenant may have its own.",
    )
    presidio: bool = Field(
        False,
        description="Allow tenants to have personal data redacted. Needs the extra `presidio`.",
    )
    presidio_model: str | None = Field(
        None,
        description="An installed spaCy model, which finds names and places. If not set, only"
        " addresses, numbers and the like are found.",
    )
    idempotency_days: float = Field(
        7.0, gt=0, description="How long an answer is kept for its Idempotency-Key."
    )

    # Limits on requests. Over a limit, a request gets 429 or 503 with Retry-After.
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(
        [],
        description="Networks of proxies whose X-Forwarded-For is believed, separated by commas:"
        " 10.0.0.0/8,192.168.1.7.",
    )
    auth_failures_per_minute: int = Field(
        1_000,
        ge=1,
        description="Invalid keys a minute, from one address or with the same first characters.",
    )
    requests_per_minute: int | None = Field(
        None,
        ge=1,
        description="Requests of one tenant a minute; if not set, no limit. A plan may set one.",
    )
    max_queued_per_tenant: int = Field(
        100_000, ge=0, description="Unfinished conversations of one tenant; 0: no limit."
    )
    max_oldest_due_seconds: float = Field(
        0.0,
        ge=0,
        description="Refuse new conversations while the oldest due one has waited longer than this;"
        " 0: never.",
    )
    limit_concurrency: int = Field(
        1_000,
        ge=10,
        description="Connections of one API process, idle ones too. With more, a request gets 503."
        " Keep it below the number of files that a process may open.",
    )
    header_timeout_seconds: float = Field(
        10.0, gt=0, description="A connection whose headers take longer is closed."
    )
    body_timeout_seconds: float = Field(
        30.0, gt=0, description="A request whose body takes longer gets 408."
    )
    webhook_networks: Annotated[list[Network], NoDecode] = Field(
        [],
        description="Private networks that webhooks may be sent to, also over plain http and on any"
        " port, separated by commas: 10.1.0.0/16.",
    )
    webhook_days: float = Field(
        14.0, gt=0, description="How long webhook deliveries are kept for inspection."
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="The bearer token that GET /metrics requires. If not set, anyone may read it.",
    )
    audit_days: float = Field(
        30.0, ge=0, description="How long the audit log is kept; 0: there is none."
    )

    # Workers. Time limits must grow: extraction < conversation < soft < hard < lease.
    worker_processes: int = Field(2, ge=1, le=MOST_PROCESSES)
    worker_in_flight: int | None = Field(None, ge=1)
    conversation_timeout_seconds: float = Field(150.0, gt=0)
    claim_window_seconds: float = Field(30.0, gt=0)
    soft_time_limit_seconds: int = Field(240, gt=0)
    hard_time_limit_seconds: int = Field(270, gt=0)
    lease_seconds: float = Field(300.0, gt=0)
    celery_events: bool = Field(
        False, description="Send task events and answer `inspect`, as Flower needs."
    )
    worker_stalled_seconds: float = Field(
        60.0,
        gt=0,
        description="A worker ends itself, to be started again, when it has received no wake-up for"
        " this long although a conversation has been due for as long; and it ends a process of its"
        " own whose event loop stands still for this long.",
    )
    api_stalled_seconds: float = Field(
        30.0,
        ge=2,
        description="An API process ends itself, to be started again, when its event loop stands"
        " still for this long.",
    )
    purge_seconds: float = Field(
        600.0, gt=0, description="How often what has been kept for long enough is removed."
    )
    rescue_seconds: float = Field(5.0, gt=0)
    max_attempts: int = Field(8, ge=1)
    max_crashes: int = Field(3, ge=1)
    max_claims: int = Field(
        50,
        ge=1,
        description="Claims of a conversation after which it is dead, whatever each failed of,"
        " unless it waits for a provider or for money.",
    )
    retry_base_seconds: float = Field(2.0, gt=0)
    retry_cap_seconds: float = Field(600.0, gt=0)

    # The database.
    pool_size: int = Field(10, ge=1)
    pool_timeout_seconds: float = Field(2.0, gt=0)
    statement_timeout_seconds: float = Field(15.0, gt=0)
    transaction_timeout_seconds: float | None = Field(
        None,
        gt=0,
        description="How long a transaction may stay open, idle or not; then the database ends it."
        " Below the lease. If not set: 60 s, or half of the lease if that is shorter.",
    )
    prepare: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Prepared statements: `auto` uses them unless a pooler stands before Postgres."
        " `on` is for PgBouncer 1.21 or newer with `max_prepared_statements`.",
    )

    # For fault tests only: see app/ingest/fault_injection.py.
    crash_dir: Path | None = None

    # Logs: `console` for people, `json` for collectors.
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("plans", mode="after")
    @classmethod
    def built_in_plans_stay(cls, plans: dict[str, Plan]) -> dict[str, Plan]:
        """Add the given plans to the built-in ones; a given one replaces a built-in one."""
        return {**PLANS, **plans}

    @field_validator("trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def networks_are_split(cls, networks: Any) -> Any:
        """Split networks that are separated by commas."""
        if isinstance(networks, str):
            return [each.strip() for each in networks.split(",") if each.strip()]
        return networks

    @model_validator(mode="after")
    def plans_are_known(self) -> Self:
        """Refuse a plan for new tenants that does not exist."""
        for name in (self.default_plan, self.signup_plan):
            if name not in self.plans:
                raise ValueError(f"there is no plan {name!r}; SMARA_PLANS has {list(self.plans)}")
        return self

    @property
    def spending_caps(self) -> Caps:
        """Give the installation's limits in millionths of a US dollar."""
        return Caps(
            soft=microusd(self.budget_soft_usd),
            hard=microusd(self.budget_hard_usd),
            daily=microusd(self.daily_cap_usd),
        )

    @property
    def computing_in_flight(self) -> int:
        """Give how many conversations one process works on at the same time, when it computes."""
        return self.worker_in_flight or 8

    @property
    def waiting_in_flight(self) -> int:
        """Give how many it works on when most of them wait for a model: that takes memory alone,
        about a megabyte each."""
        return self.worker_in_flight or 128

    @property
    def longest_transaction_seconds(self) -> float:
        """Give how long a transaction may stay open."""
        return self.transaction_timeout_seconds or min(60.0, self.lease_seconds / 2)

    def plan(self, name: str) -> Plan:
        """Give the limits of a plan. A plan that the settings no longer have limits nothing."""
        return self.plans.get(name, PLANS[SELF_HOSTED])

    @model_validator(mode="after")
    def clocks_are_ordered(self) -> Self:
        """Refuse time limits out of order: if a lease ended before the work that it covers, two
        workers would do the same work."""
        clocks = [
            ("extraction_timeout_seconds", self.extraction_timeout_seconds),
            ("conversation_timeout_seconds", self.conversation_timeout_seconds),
            ("soft_time_limit_seconds", self.soft_time_limit_seconds),
            ("hard_time_limit_seconds", self.hard_time_limit_seconds),
            ("lease_seconds", self.lease_seconds),
        ]
        for (shorter, low), (longer, high) in itertools.pairwise(clocks):
            if low >= high:
                raise ValueError(
                    f"SMARA_{shorter.upper()} ({low:g}) must be below SMARA_{longer.upper()} "
                    f"({high:g})"
                )
        if self.longest_transaction_seconds >= self.lease_seconds:
            raise ValueError(
                f"SMARA_TRANSACTION_TIMEOUT_SECONDS ({self.transaction_timeout_seconds:g}) must be "
                f"below SMARA_LEASE_SECONDS ({self.lease_seconds:g})"
            )
        if (
            self.claim_window_seconds + self.conversation_timeout_seconds
            >= self.soft_time_limit_seconds
        ):
            raise ValueError(
                "SMARA_CLAIM_WINDOW_SECONDS + SMARA_CONVERSATION_TIMEOUT_SECONDS must be below "
                f"SMARA_SOFT_TIME_LIMIT_SECONDS ({self.soft_time_limit_seconds})"
            )
        return self


def microusd(usd: float | None) -> int | None:
    """Convert US dollars to millionths."""
    return None if usd is None else round(usd * 1e6)
