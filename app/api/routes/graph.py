"""The graph: connect memories, follow edges, delete them."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import Reader, Writer
from app.api.schemas.idempotency import IdempotencyKey, idempotent_request, unwrap
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import (
    MASKED,
    STORABLE,
    IsoTime,
    Lenient,
    MaskedMetadata,
    Share,
    rounded,
)
from app.memories import graph
from app.rules.types import Edge, NewEdge, Node

router = APIRouter(prefix="/v1/graph", tags=["graph"], route_class=StrictRoute)

Relationship = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE, MASKED]


class ConnectIn(BaseModel):
    """Two memories to connect."""

    from_memory_id: UUID
    to_memory_id: UUID
    relationship_type: Relationship = Field(
        examples=["context_for"],
        description="A type in your own words; usual ones are context_for, relates_to, part_of,"
        " requires.",
    )
    weight: Share = 1.0
    metadata: MaskedMetadata = {}

    @model_validator(mode="after")
    def two_memories(self) -> ConnectIn:
        if self.from_memory_id == self.to_memory_id:
            raise ValueError("a memory cannot be connected to itself")
        return self


class EdgeCreated(BaseModel):
    """An edge. It has a direction, and is followed both ways."""

    id: UUID
    from_memory_id: UUID
    to_memory_id: UUID
    relationship_type: str
    weight: float
    metadata: dict[str, Any]
    created_at: IsoTime

    @classmethod
    def of(cls, edge: Edge) -> Self:
        """Render an edge."""
        return cls(
            id=edge.edge_id,
            from_memory_id=edge.from_memory_id,
            to_memory_id=edge.to_memory_id,
            relationship_type=edge.relationship_type,
            weight=rounded(edge.weight),
            metadata=edge.metadata,
            created_at=edge.created_at,
        )


class EdgeOut(BaseModel):
    """The edge that leads to a node."""

    id: UUID
    relationship_type: str
    weight: float
    metadata: dict[str, Any]
    from_memory_id: UUID
    to_memory_id: UUID
    created_at: IsoTime


class RelatedNode(BaseModel):
    """A memory one edge away."""

    memory_id: UUID
    fact: str
    importance: float
    source: str
    namespace: str
    created_at: IsoTime
    edge: EdgeOut

    @staticmethod
    def fields_of(node: Node) -> dict[str, Any]:
        """Give the fields of every answer about a node."""
        return {
            "memory_id": node.memory_id,
            "fact": node.fact,
            "importance": rounded(node.importance),
            "source": node.source,
            "namespace": node.namespace,
            "created_at": node.created_at,
            "edge": EdgeOut.model_construct(
                id=node.edge_id,
                relationship_type=node.relationship_type,
                weight=rounded(node.weight),
                metadata=node.metadata,
                from_memory_id=node.from_memory_id,
                to_memory_id=node.to_memory_id,
                created_at=node.edge_created_at,
            ),
        }


class WalkedNode(RelatedNode):
    """A memory that the traversal has reached."""

    depth: int = Field(description="The smallest number of edges from the root.")


class Walk(BaseModel):
    """Each memory once, the nearest first; the root is not among them."""

    root_memory_id: UUID
    max_depth: int
    node_count: int
    nodes: list[WalkedNode]
    truncated: bool = Field(description="True when there are more nodes than `limit`.")


class Related(BaseModel):
    """By the weight of the edge, the greatest first."""

    memory_id: UUID
    related: list[RelatedNode]


@router.post("/connect", status_code=201)
async def connect(
    body: ConnectIn,
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> EdgeCreated:
    """Connect two live memories. When one of them is replaced, its successor gets the edge."""
    edge = NewEdge(body.from_memory_id, body.to_memory_id, body.relationship_type, body.weight)
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    made = await graph.connect(caller, edge, body.metadata, idempotent)
    return EdgeCreated.of(unwrap(made, response))


@router.get("/traverse/{memory_id}")
async def traverse(
    caller: Reader,
    memory_id: UUID,
    depth: Annotated[int, Lenient(1, 5), Query()] = 2,
    relationship_type: Annotated[
        Relationship | None, Query(description="Follow only edges of this type.")
    ] = None,
    limit: Annotated[
        int, Lenient(1, 10_000), Query(description="The most nodes to return.")
    ] = 1_000,
) -> Walk:
    """Find the memories that are connected to one, over several edges in either direction, breadth
    first."""
    found = await graph.traverse(
        caller, memory_id, depth=depth, relationship_type=relationship_type, limit=limit
    )
    nodes = [
        WalkedNode.model_construct(**RelatedNode.fields_of(node), depth=node.depth)
        for node in found[:limit]
    ]
    return Walk.model_construct(
        root_memory_id=memory_id,
        max_depth=depth,
        node_count=len(nodes),
        nodes=nodes,
        truncated=len(found) > limit,
    )


@router.get("/related/{memory_id}")
async def related(
    caller: Reader,
    memory_id: UUID,
    relationship_type: Annotated[
        Relationship | None,
        Query(
            description="Only edges of this type. `supersedes` lists what this memory has"
            " replaced, although that is superseded."
        ),
    ] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
) -> Related:
    """List the memories that are one edge away, the greatest weight first."""
    found = await graph.related(caller, memory_id, relationship_type=relationship_type, limit=limit)
    return Related.model_construct(
        memory_id=memory_id,
        related=[RelatedNode.model_construct(**RelatedNode.fields_of(node)) for node in found],
    )


@router.delete("/edge/{edge_id}", status_code=204)
async def delete_edge(caller: Writer, edge_id: UUID) -> None:
    """Delete an edge."""
    await graph.disconnect(caller, edge_id)
