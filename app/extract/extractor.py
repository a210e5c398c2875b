"""The interface of an extractor."""

from __future__ import annotations

from typing import Protocol

from app.rules.types import Estimate, Extraction, Transcript, Window


class Extractor(Protocol):
    """Draws facts from a window of a transcript. Errors are ProviderErrors."""

    @property
    def model(self) -> str:
        """The model's id."""

    @property
    def version(self) -> str:
        """Names stored extractions: it changes when the same transcript might give other facts."""

    def estimate(self, transcript: Transcript, window: Window) -> Estimate | None:
        """Give the most that the call for this window may come to; None when it costs nothing."""

    async def extract(self, transcript: Transcript, window: Window) -> Extraction:
        """Give the facts that are new in the window; their message indexes count from the
        transcript's start."""
