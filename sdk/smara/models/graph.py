"""The graph: memories and the edges between them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smara.models._base import Model


class Edge(Model):
    """A typed, weighted connection of two memories."""

    id: str
    relationship_type: str = ""
    weight: float = 1.0
    metadata: dict[str, Any] = {}
    from_memory_id: str | None = None
    to_memory_id: str | None = None
    created_at: datetime | None = None


class Node(Model):
    """A memory that was found, and the edge that led to it; ``depth`` is the number of steps."""

    memory_id: str
    fact: str = ""
    importance: float | None = None
    source: str | None = None
    namespace: str | None = None
    created_at: datetime | None = None
    depth: int | None = None
    edge: Edge | None = None


class Traversal(Model):
    """Everything within ``max_depth`` steps of the root, which is not itself among ``nodes``."""

    root_memory_id: str
    max_depth: int | None = None
    node_count: int = 0
    nodes: list[Node] = []
    truncated: bool = False


class Related(Model):
    """The memories one edge away, the greatest weight first."""

    memory_id: str
    related: list[Node] = []
