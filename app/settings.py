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
    """What a tenant may hold at a time; None is no limit. Memories are live ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memories: int | None = Field(None, ge=0)
    agents: int | None = Field(None, ge=0)
    teams: int | None = Field(None, ge=0)
    team_members: int | None = Field(None, ge=1)
    requests_per_minute: int | None = Field(None, ge=1)


SELF_HOSTED = "self-hosted"
PLANS = {SELF_HOSTED: Plan(), "free": Plan(memories=100, agents=1)}
"""Unlimited at home; `free` is what the public guide promises."""


class Settings(BaseSettings):
    """Everything that a deployment may change, read once from SMARA_* variables.

    The names that people already have (DATABASE_URL, REDIS_URL, VOYAGE_API_KEY, …) work as they
    are. An empty variable counts as not given, so that a compose file may pass
    ``VOYAGE_API_KEY=${VOYAGE_API_KEY:-}``.
    """

    model_config = SettingsConfigDict(
        env_prefix="SMARA_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    # Where things are. `up` embeds what has no address here.
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    owner_database_url: str | None = Field(
        None,
        description="With the login that owns the tables, for `migrate` alone; the one in"
        " DATABASE_URL then owns nothing, and is made if it is not there.",
    )
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    data_dir: Path = Path(".data")
    embedded_parts: list[str] = Field([], description="Set by `up`: the parts that it runs itself.")
    host: str = "0.0.0.0"
    port: int = Field(3010, ge=1, le=65535, validation_alias="PORT")

    # Claude, or without a key the rules.
    anthropic_api_key: SecretStr | None = Field(None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(None, validation_alias="ANTHROPIC_BASE_URL")
    extraction_model: str = "claude-haiku-5-5"
    extraction_max_tokens: int = Field(8_192, ge=256)
    extraction_timeout_seconds: float = Field(60.0, gt=0)
    window_max_chars: int = Field(24_000, ge=500)
    window_overlap_messages: int = Field(4, ge=0)

    # Voyage, or without a key the local MiniLM.
    voyage_api_key: SecretStr | None = Field(None, validation_alias="VOYAGE_API_KEY")
    voyage_base_url: str | None = Field(None, validation_alias="VOYAGE_BASE_URL")
    embedding_model: str | None = None
    embedding_timeout_seconds: float = Field(20.0, gt=0)
    query_embedding_timeout_seconds: float = Field(2.0, gt=0)
    query_cache_entries: int = Field(10_000, ge=0)

    # What a million tokens cost, in US dollars, for the books. Prices change: set what you pay.
    extraction_input_usd: float = Field(1.00, ge=0)
    extraction_output_usd: float = Field(5.00, ge=0)
    extraction_cache_read_usd: float = Field(0.10, ge=0)
    extraction_cache_write_usd: float = Field(1.25, ge=0)
    embedding_usd: float = Field(0.06, ge=0)

    # What may be spent. A tenant may have limits of its own: `smara-server tenants set-budget`.
    budget_soft_usd: float | None = Field(
        None, ge=0, description="A tenant that has spent so much in a calendar month is noted."
    )
    budget_hard_usd: float | None = Field(
        None,
        ge=0,
        description="No tenant spends more in a calendar month (UTC): its conversations wait, its"
        " direct stores get 402.",
    )
    daily_cap_usd: float | None = Field(
        None, ge=0, description="All tenants together spend no more in a day (UTC)."
    )

    # When a provider is not asked. Conversations wait meanwhile, and burn no attempts.
    circuit_failures: int = Field(
        5, ge=1, description="A provider that fails so often within the window is left in peace."
    )
    circuit_window_seconds: float = Field(60.0, gt=0, description="The window of these failures.")
    circuit_pause_seconds: float = Field(
        5.0,
        gt=0,
        description="The first pause, until one call probes; it doubles with each probe that"
        " fails.",
    )
    circuit_pause_cap_seconds: float = Field(300.0, gt=0, description="The longest such pause.")
    extraction_requests_per_minute: int | None = Field(
        None, ge=1, description="Our own limit, over all workers."
    )
    extraction_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="Tokens in, at four bytes each."
    )
    embedding_requests_per_minute: int | None = Field(
        None, ge=1, description="Of facts; questions are not counted."
    )
    embedding_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="Tokens in, at four bytes each."
    )

    # Bands on cosine similarity; None takes those measured for the embedding model in use.
    duplicate_similarity: float | None = Field(None, ge=0, le=1)
    contradiction_similarity: float | None = Field(None, ge=0, le=1)

    # What a request may carry.
    max_body_bytes: int = Field(2 * 1024 * 1024, ge=1024)
    max_in_flight_per_tenant: int = Field(64, ge=1)

    # Who may come in, and how much they may hold.
    plans: dict[str, Plan] = Field(
        PLANS, description='As JSON: {"pro": {"memories": 10000}}; the built-in ones stay.'
    )
    default_plan: str = Field(SELF_HOSTED, description="Of a tenant that /setup or `up` makes.")
    signup_open: bool = Field(False, description="Whether POST /v1/signup exists.")
    signup_plan: str = Field("free", description="Of a tenant that signed up.")
    signups_per_hour: int = Field(5, ge=1, description="Attempts from one address.")
    upgrade_url: str = Field("", description="Where a tenant over its plan is sent.")
    setup_secret: SecretStr | None = Field(
        None, validation_alias="SETUP_SECRET", description="Asked for by POST /setup when set."
    )
    transcript_days: float | None = Field(
        None,
        ge=0,
        description="How long the text of a finished conversation is kept; none: for good. A tenant"
        " may set its own.",
    )
    presidio: bool = Field(
        False,
        description="Whether tenants may have personal data redacted. Needs the extra `presidio`.",
    )
    presidio_model: str | None = Field(
        None,
        description="A spaCy model that is installed here, which finds names and places; none:"
        " addresses, numbers and the like alone.",
    )
    idempotency_days: float = Field(7.0, gt=0, description="How long answers are kept.")

    # Limits at the door. What is over them gets a 429 or a 503 with Retry-After.
    trusted_proxies: Annotated[list[Network], NoDecode] = Field(
        [],
        description="Networks of proxies whose X-Forwarded-For is believed, with commas between"
        " them: 10.0.0.0/8,192.168.1.7.",
    )
    auth_failures_per_minute: int = Field(
        1_000, ge=1, description="Keys that are not valid, from one address or with one beginning."
    )
    requests_per_minute: int | None = Field(
        None, ge=1, description="Of one tenant; none: no limit. A plan may set its own."
    )
    max_queued_per_tenant: int = Field(
        100_000, ge=0, description="Unfinished conversations of one tenant; 0: no limit."
    )
    max_oldest_due_seconds: float = Field(
        0.0,
        ge=0,
        description="No new conversations are taken in while the oldest due one has waited longer;"
        " 0: they always are.",
    )
    limit_concurrency: int = Field(
        1_000,
        ge=10,
        description="Connections of one API process, idle ones too; with more, each request gets a"
        " 503. Below what the system lets a process open.",
    )
    header_timeout_seconds: float = Field(
        10.0, gt=0, description="A connection whose headers take longer is cut."
    )
    body_timeout_seconds: float = Field(
        30.0, gt=0, description="A request whose body takes longer gets a 408."
    )
    webhook_networks: Annotated[list[Network], NoDecode] = Field(
        [],
        description="Networks beside the public internet to which webhooks may go, by plain http"
        " and on any port too, with commas between them: 10.1.0.0/16.",
    )
    webhook_days: float = Field(
        14.0, gt=0, description="How long it can be seen what webhooks were told."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Asked for by GET /metrics, as a bearer token; without it, it is open."
    )
    audit_days: float = Field(
        30.0, ge=0, description="How long GET /v1/audit goes back; 0: nothing is noted or kept."
    )

    # The worker. The clocks are ordered: extraction deadline < conversation < soft < hard < lease.
    worker_processes: int = Field(2, ge=1)
    worker_in_flight: int = Field(8, ge=1)
    conversation_timeout_seconds: float = Field(150.0, gt=0)
    claim_window_seconds: float = Field(30.0, gt=0)
    soft_time_limit_seconds: int = Field(240, gt=0)
    hard_time_limit_seconds: int = Field(270, gt=0)
    lease_seconds: float = Field(300.0, gt=0)
    celery_events: bool = Field(
        False, description="Send task events and answer inspect: for Flower."
    )
    worker_stalled_seconds: float = Field(
        60.0,
        gt=0,
        description="A worker that took no wake-up for so long, while a conversation has been due"
        " for as long, ends and is to be started again.",
    )
    purge_seconds: float = Field(
        600.0, gt=0, description="How often what has been kept for long enough is removed."
    )
    rescue_seconds: float = Field(5.0, gt=0)
    max_attempts: int = Field(8, ge=1)
    max_crashes: int = Field(3, ge=1)
    retry_base_seconds: float = Field(2.0, gt=0)
    retry_cap_seconds: float = Field(600.0, gt=0)

    # The database.
    pool_size: int = Field(10, ge=1)
    pool_timeout_seconds: float = Field(2.0, gt=0)
    statement_timeout_seconds: float = Field(15.0, gt=0)
    prepare: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Whether statements are prepared: `auto` does unless a pooler stands before"
        " Postgres. `on` suits PgBouncer from 1.21 on with `max_prepared_statements`.",
    )

    # For fault tests only: see app/ingest/fault_injection.py.
    crash_dir: Path | None = None

    # Logs: `console` for people, `json` for collectors.
    log_format: str = Field("console", pattern="^(console|json)$")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("plans", mode="after")
    @classmethod
    def built_in_plans_stay(cls, plans: dict[str, Plan]) -> dict[str, Plan]:
        """What is given adds to the built-in plans, or changes one of them."""
        return {**PLANS, **plans}

    @field_validator("trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def networks_are_split(cls, networks: Any) -> Any:
        """Commas are what people write in a variable."""
        if isinstance(networks, str):
            return [each.strip() for each in networks.split(",") if each.strip()]
        return networks

    @model_validator(mode="after")
    def plans_are_known(self) -> Self:
        """A tenant is never put on a plan that does not exist."""
        for name in (self.default_plan, self.signup_plan):
            if name not in self.plans:
                raise ValueError(f"there is no plan {name!r}; SMARA_PLANS has {list(self.plans)}")
        return self

    @property
    def spending_caps(self) -> Caps:
        """The installation's limits in millionths of a US dollar."""
        return Caps(
            soft=microusd(self.budget_soft_usd),
            hard=microusd(self.budget_hard_usd),
            daily=microusd(self.daily_cap_usd),
        )

    def plan(self, name: str) -> Plan:
        """The limits of a plan. One that the settings no longer have limits nothing."""
        return self.plans.get(name, PLANS[SELF_HOSTED])

    @model_validator(mode="after")
    def clocks_are_ordered(self) -> Self:
        """A lease that ends before the work it covers would let two workers do the same work."""
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
