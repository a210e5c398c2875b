"""The restriction of an API key to a part of its tenant's data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeyRestriction:
    """The users, namespaces and agents that a key is restricted to; None means no restriction.

    A key restricted to agents reaches nothing but the memories of these agents.
    """

    users: frozenset[str] | None = None
    namespaces: frozenset[str] | None = None
    agents: frozenset[UUID] | None = None

    @classmethod
    def of(
        cls,
        users: Sequence[str] | None,
        namespaces: Sequence[str] | None,
        agents: Sequence[UUID] | None,
    ) -> KeyRestriction:
        """Build it from lists as a request or a row has them."""
        return cls(
            None if users is None else frozenset(users),
            None if namespaces is None else frozenset(namespaces),
            None if agents is None else frozenset(agents),
        )

    @property
    def unrestricted(self) -> bool:
        """Whether the key reaches all of its tenant."""
        return self.users is None and self.namespaces is None and self.agents is None

    @property
    def canonical(self) -> bytes:
        """The restriction as bytes: the same for the same reach, in whichever order it was
        given."""
        lists = (self.users, self.namespaces, self.agents)
        return json.dumps(
            [None if each is None else sorted(map(str, each)) for each in lists]
        ).encode()

    def allows(self, user_id: str, namespace: str, agent_id: UUID | None) -> bool:
        """Whether the key reaches this user's memories of this namespace and agent."""
        return (
            self.allows_user(user_id)
            and (self.namespaces is None or namespace in self.namespaces)
            and (self.agents is None or agent_id in self.agents)
        )

    def allows_user(self, user_id: str) -> bool:
        """Whether the key may act for this user at all."""
        return self.users is None or user_id in self.users


UNRESTRICTED = KeyRestriction()
