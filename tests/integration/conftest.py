"""Fixtures of the integration tests: a Postgres and a Redis, and the code in process."""

from __future__ import annotations

from tests.providers.fixtures import fake_anthropic, fake_voyage
from tests.support.fixtures import client, maintenance_url, make_database, models, redis_url, stack

__all__ = [
    "client",
    "fake_anthropic",
    "fake_voyage",
    "maintenance_url",
    "make_database",
    "models",
    "redis_url",
    "stack",
]
