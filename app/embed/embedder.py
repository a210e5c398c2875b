"""The interface of an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.rules.types import Embeddings, Estimate, Vector


class Embedder(Protocol):
    """Turns texts into unit vectors of ``dimension`` floats. Errors are ProviderErrors."""

    @property
    def model(self) -> str:
        """The model's id; vectors of two models are never compared."""

    @property
    def dimension(self) -> int:
        """How many floats a vector has."""

    def estimate(self, texts: Sequence[str]) -> Estimate | None:
        """Give the most that the call for these documents may come to; None when it costs
        nothing."""

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Give one vector for each text, in the order of the texts."""

    async def embed_query(self, text: str) -> Vector:
        """Give the vector of one query."""
