"""The receiver of the tenants' webhooks, which keeps a ledger of what it was told.

It lives in the providers' process and outlives everything. PUT /secret tells it the secret of a
path, GET /heard what it has heard; neither is a delivery.
"""

from __future__ import annotations

import random
from typing import Any

import orjson
from standardwebhooks import Webhook, WebhookVerificationError

from tests.providers.server import Call, Reply, Step
from tests.support.webhook_receiver import Receiver

FAILS = 0.03
"""The share of deliveries of which the first is not taken."""
TROUBLE: tuple[Step, ...] = (
    {"status": 500},
    {"status": 503},
    {"status": 429},
    {"status": 302, "headers": {"location": "http://127.0.0.1:1/"}},
)


class TorturedReceiver(Receiver):
    """Refuses the first attempt of a share of all deliveries, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self._secrets: dict[str, str] = {}
        self._refused: set[str] = set()
        self.heard_of: dict[str, dict[str, Any]] = {}
        self.unsigned = 0

    def answer(self, call: Call, kind: str | None) -> Reply:
        if trouble := self._trouble(call):
            return self.error(trouble)
        self._take(call)
        return Reply(204)

    def control(self, method: str, path: str, raw: bytes) -> Reply | None:
        if (method, path) == ("PUT", "/secret"):
            given = orjson.loads(raw)
            self._secrets[given["path"]] = given["secret"]
            return Reply(204)
        if (method, path) == ("GET", "/heard"):
            heard = {"events": self.heard_of, "unsigned": self.unsigned}
            return Reply(200, orjson.dumps(heard))
        return super().control(method, path, raw)

    def _trouble(self, call: Call) -> Step:
        identifier = call.headers.get("webhook-id", "")
        dice = random.Random(f"{self._seed} {identifier}")
        if identifier in self._refused or dice.random() >= FAILS:
            return {}
        self._refused.add(identifier)
        return dice.choice(TROUBLE)

    def _take(self, call: Call) -> None:
        """Put a delivery on the books, if it is signed as it should be."""
        secret = self._secrets.get(call.path)
        if secret is not None:
            try:
                Webhook(secret).verify(call.raw, call.headers)
            except WebhookVerificationError:
                self.unsigned += 1
                return
        event, at = call.body, int(call.headers["webhook-timestamp"])
        known = self.heard_of.setdefault(
            call.headers["webhook-id"],
            {
                "path": call.path,
                "type": event["type"],
                "data": event["data"],
                "times": 0,
                "last": 0,
            },
        )
        known["times"] += 1
        known["last"] = max(known["last"], at)
