"""The webhooks' receiver of the chaos tests keeps a ledger of what is rightly signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tests.providers.server import Call
from torture.receiver import TorturedReceiver

SECRET = "whsec_" + "c2VjcmV0" * 5


def call(identifier: str, *, secret: str = SECRET, path: str = "/hooks/0") -> Call:
    body = json.dumps({"type": "memory.stored", "data": {"memory_id": "m"}})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(identifier, now, body),
    }
    return Call(path, headers, body.encode())


def receiver() -> TorturedReceiver:
    made = TorturedReceiver(seed=1)
    made.control("PUT", "/secret", json.dumps({"path": "/hooks/0", "secret": SECRET}).encode())
    return made


def delivered(to: TorturedReceiver, one: Call) -> int:
    """Until it is taken, as the service would; how often that was."""
    for tries in range(1, 4):
        if to.answer(one, None).status == 204:
            return tries
    raise AssertionError("refused three times")


def test_each_delivery_is_kept_once_and_counted_each_time() -> None:
    to = receiver()
    for _ in range(2):
        delivered(to, call("msg_1"))

    assert to.heard_of["msg_1"]["times"] == 2
    assert to.unsigned == 0


def test_what_is_not_rightly_signed_is_counted_and_not_kept() -> None:
    to = receiver()
    delivered(to, call("msg_1", secret="whsec_" + "b3RoZXJz" * 5))

    assert to.heard_of == {}
    assert to.unsigned == 1


def test_a_share_is_refused_once_and_taken_at_the_second_try() -> None:
    to = receiver()
    tries = [delivered(to, call(f"msg_{n}")) for n in range(1_000)]

    assert 10 < tries.count(2) < 60
    assert set(tries) == {1, 2}
    assert len(to.heard_of) == 1_000
