"""Build the paid clients, or the built-in parts, from the settings: one of each per process and
event loop.

Their packages are imported when they are needed: Claude's takes two seconds of a processor and
Voyage's one, which a process should not pay at its start when it has no key or reads no chats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING

from app.embed.cache import QueryCache
from app.embed.embedder import Embedder
from app.embed.minilm import MiniLM
from app.extract.extractor import Extractor
from app.extract.keyless.extractor import RulesExtractor
from app.providers import in_flight
from app.providers.query_embedder import PaidQuestions
from app.rules.bands import PUBLISHED, Bands
from app.rules.types import EMBEDDER, EXTRACTOR
from app.settings import Settings
from app.startup import runtime

if TYPE_CHECKING:
    from app.embed.voyage import VoyageEmbedder

MINILM_BANDS = Bands(duplicate=0.985, contradiction=0.985, candidate=0.55, remote=0.25, alike=0.70)
"""MiniLM puts new values of one attribute as high as 0.97, among facts that are merely alike: no
band of this model replaces a memory. Two cities that a person may live in are as far apart as 0.36,
two jobs 0.28. Of 600 facts that are true side by side, 9 would share a line of a context block at
0.70 and 15 at 0.65 (tests/data/side_by_side.txt)."""


@dataclass(frozen=True)
class Providers:
    """The extractor and the embedder of this process. A built-in one is of demo quality, and the
    log, /health and the start say so."""

    embedder: Embedder
    query_embedder: Embedder
    bands: Bands
    extraction_model: str
    paid_embedder: bool
    paid_extractor: bool
    build_extractor: Callable[[], Extractor] = field(repr=False)

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor, built at its first use."""
        return self.build_extractor()

    @property
    def circuits(self) -> list[tuple[str, str]]:
        """The circuits of the paid providers in use."""
        extractor, embedder = (EXTRACTOR, self.extraction_model), (EMBEDDER, self.embedder.model)
        return [extractor] * self.paid_extractor + [embedder] * self.paid_embedder


def get_providers() -> Providers:
    """Give the providers of this process, built at the first call."""
    return runtime().one(_providers)


def _providers() -> Providers:
    return build(runtime().settings)


def build(settings: Settings) -> Providers:
    """Build the providers that ``settings`` ask for: a key, or a base URL, chooses the paid
    client."""
    embedder = _embedder(settings, settings.embedding_timeout_seconds)
    # A reader waits less long than a worker, so its client has a shorter deadline.
    reader = (
        embedder
        if isinstance(embedder, MiniLM)
        else _embedder(settings, settings.query_embedding_timeout_seconds)
    )
    return Providers(
        embedder=embedder,
        # The circuit is behind the cache: a question that was asked before needs no call, also
        # while the circuit is open.
        query_embedder=QueryCache(
            reader if isinstance(reader, MiniLM) else PaidQuestions(reader),
            settings.query_cache_entries,
        ),
        bands=_bands(settings, MINILM_BANDS if isinstance(embedder, MiniLM) else PUBLISHED),
        extraction_model=_extraction_model(settings),
        paid_embedder=not isinstance(embedder, MiniLM),
        paid_extractor=settings.anthropic_api_key is not None,
        build_extractor=lambda: _extractor(settings),
    )


def import_clients(settings: Settings) -> None:
    """Import what ``build`` would import later, for a process that forks: its children share it."""
    if settings.anthropic_api_key is not None:
        import_module("app.extract.claude")
    if settings.voyage_api_key is not None:
        import_module("app.embed.voyage")


def _embedder(settings: Settings, timeout_seconds: float) -> MiniLM | VoyageEmbedder:
    if settings.voyage_api_key is None:
        return MiniLM(settings.data_dir / "models")
    from app.embed.voyage import DEFAULT_MODEL, VoyageEmbedder

    return VoyageEmbedder(
        api_key=settings.voyage_api_key.get_secret_value(),
        base_url=settings.voyage_base_url,
        model=settings.embedding_model or DEFAULT_MODEL,
        timeout_seconds=timeout_seconds,
    )


def _extraction_model(settings: Settings) -> str:
    return RulesExtractor.model if settings.anthropic_api_key is None else settings.extraction_model


def _extractor(settings: Settings) -> Extractor:
    if settings.anthropic_api_key is None:
        return RulesExtractor()
    from app.extract.claude import ClaudeExtractor

    return ClaudeExtractor(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        model=settings.extraction_model,
        timeout_seconds=settings.extraction_timeout_seconds,
        max_tokens=settings.extraction_max_tokens,
        hear=partial(in_flight.hear, (EXTRACTOR, settings.extraction_model)),
    )


def _bands(settings: Settings, of_model: Bands) -> Bands:
    duplicate = settings.duplicate_similarity or of_model.duplicate
    contradiction = settings.contradiction_similarity or of_model.contradiction
    return of_model.between(contradiction, duplicate)
