"""The graph: connections between memories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._request import segment


class AsyncGraph(AsyncGroup):
    """Edges have a direction when they are stored, and are followed both ways."""

    async def connect(
        self,
        from_memory_id: str,
        to_memory_id: str,
        relationship_type: str,
        weight: float | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Edge:
        """Connect two memories; ``weight`` is in [0, 1], and 1.0 if not given."""
        body = {
            "from_memory_id": from_memory_id,
            "to_memory_id": to_memory_id,
            "relationship_type": relationship_type,
            "weight": weight,
            "metadata": metadata,
        }
        return await self._ask(
            _request.create("/v1/graph/connect", body, idempotency_key), models.Edge
        )

    async def traverse(
        self,
        memory_id: str,
        depth: int | None = None,
        *,
        relationship_type: str | None = None,
        limit: int | None = None,
    ) -> models.Traversal:
        """Find the memories within ``depth`` steps (2 if not given, at most 5), the nearest
        first."""
        request = _request.get(
            f"/v1/graph/traverse/{segment(memory_id)}",
            {"depth": depth, "relationship_type": relationship_type, "limit": limit},
        )
        return await self._ask(request, models.Traversal)

    async def related(
        self,
        memory_id: str,
        *,
        relationship_type: str | None = None,
        limit: int | None = None,
    ) -> models.Related:
        """List the memories that are one edge away, the greatest weight first."""
        request = _request.get(
            f"/v1/graph/related/{segment(memory_id)}",
            {"relationship_type": relationship_type, "limit": limit},
        )
        return await self._ask(request, models.Related)

    async def delete_edge(self, edge_id: str) -> None:
        """Delete an edge; both memories stay."""
        await self._do(_request.remove(f"/v1/graph/edge/{segment(edge_id)}"))
