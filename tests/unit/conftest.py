"""Fixtures of the unit tests: no server but the providers' fakes."""

from __future__ import annotations

from tests.providers.fixtures import fake_anthropic, fake_voyage

__all__ = ["fake_anthropic", "fake_voyage"]
