"""Builds the paid clients, or their keyless stand-ins, from settings: once per process and event
loop."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from app.embed.cache import QueryCache
from app.embed.embedder import Embedder
from app.embed.minilm import MiniLM
from app.embed.voyage import DEFAULT_MODEL as VOYAGE_DEFAULT_MODEL
from app.embed.voyage import VoyageEmbedder
from app.extract.claude import ClaudeExtractor
from app.extract.extractor import Extractor
from app.extract.rules import RulesExtractor
from app.memory.bands import PUBLISHED, Bands
from app.settings import Settings, get_settings

MINILM_BANDS = Bands(duplicate=0.985, contradiction=0.985, candidate=0.55, remote=0.25)
"""MiniLM puts paraphrases of short facts as low as 0.55 and new values of one attribute as high as
0.97, among facts that are merely alike: the judge reads from 0.55 on, and no band of this model
retires a memory by itself. Two cities one may live in lie as far apart as 0.36, two jobs 0.28."""

EXTRACTOR, EMBEDDER = "anthropic", "voyage"
"""The paid providers' names, as the books and the circuits have them."""


@dataclass(frozen=True, slots=True)
class Providers:
    """What this process embeds and extracts with. A keyless stand-in is demo quality, and everyone
    is told so."""

    embedder: Embedder
    query_embedder: Embedder
    bands: Bands
    extractor: Extractor
    paid_embedder: bool
    paid_extractor: bool
    reader: Embedder
    """What embeds the questions that the cache of ``query_embedder`` does not hold."""

    @property
    def circuits(self) -> list[tuple[str, str]]:
        """The paid providers in use, each with its model: those that may fail."""
        extractor, embedder = (EXTRACTOR, self.extractor.model), (EMBEDDER, self.embedder.model)
        return [extractor] * self.paid_extractor + [embedder] * self.paid_embedder


@lru_cache(maxsize=1)
def get_providers() -> Providers:
    """The providers of this process, built at the first call."""
    return build(get_settings())


def build(settings: Settings) -> Providers:
    """The providers that ``settings`` ask for: a key, or a base URL of one's own, chooses the paid
    client."""
    embedder = _embedder(settings, settings.embedding_timeout_seconds)
    # A reader waits less patiently than a worker: its client has a deadline of its own.
    reader = (
        embedder
        if isinstance(embedder, MiniLM)
        else _embedder(settings, settings.query_embedding_timeout_seconds)
    )
    return Providers(
        embedder=embedder,
        query_embedder=QueryCache(reader, settings.query_cache_entries),
        bands=_bands(settings, MINILM_BANDS if isinstance(embedder, MiniLM) else PUBLISHED),
        extractor=_extractor(settings),
        paid_embedder=not isinstance(embedder, MiniLM),
        paid_extractor=settings.anthropic_api_key is not None,
        reader=reader,
    )


def _embedder(settings: Settings, timeout_seconds: float) -> MiniLM | VoyageEmbedder:
    if settings.voyage_api_key is None:
        return MiniLM(settings.data_dir / "models")
    return VoyageEmbedder(
        api_key=settings.voyage_api_key.get_secret_value(),
        base_url=settings.voyage_base_url,
        model=settings.embedding_model or VOYAGE_DEFAULT_MODEL,
        timeout_seconds=timeout_seconds,
    )


def _extractor(settings: Settings) -> ClaudeExtractor | RulesExtractor:
    if settings.anthropic_api_key is None:
        return RulesExtractor()
    return ClaudeExtractor(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        model=settings.extraction_model,
        timeout_seconds=settings.extraction_timeout_seconds,
        max_tokens=settings.extraction_max_tokens,
    )


def _bands(settings: Settings, of_model: Bands) -> Bands:
    duplicate = settings.duplicate_similarity or of_model.duplicate
    contradiction = settings.contradiction_similarity or of_model.contradiction
    return of_model.between(contradiction, duplicate)
