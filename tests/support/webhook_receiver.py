"""A tenant's server that is told what happens."""

from __future__ import annotations

from typing import Any

from standardwebhooks import Webhook

from tests.providers.server import Call, FakeProvider, Reply, Step


class Receiver(FakeProvider):
    """Takes webhooks: 204 unless its script says otherwise."""

    def answer(self, call: Call, kind: str | None) -> Reply:
        return Reply(204)

    def error(self, step: Step) -> Reply:
        return Reply(step["status"], headers=step.get("headers", {}))

    def heard(self, secret: str) -> list[dict[str, Any]]:
        """What it was told, each checked against its signature as the specification's own library
        checks it."""
        return [Webhook(secret).verify(call.raw, call.headers) for call in self.calls]

    def ids(self) -> list[str]:
        """The ids of what it was told, repetitions too."""
        return [call.headers["webhook-id"] for call in self.calls]
