"""Receivers that never answer delay their own tenant's deliveries alone."""

from __future__ import annotations

import socket
import time

from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.support.webhook_receiver import Receiver
from tests.system.webhooks.test_deliveries import register, store

BOATS = [f"{first}{last}" for first in ("Sea", "Sun", "Star", "Wave") for last in "abcdefghij"]


def test_receivers_that_never_answer_delay_no_other_tenant(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    hostile = telling.client()
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as silent:
        # The kernel takes the connections, and nobody answers them.
        for n in range(20):
            register(hostile, f"http://127.0.0.1:{silent.getsockname()[1]}/{n}")
        webhook = register(tenant, receiver[1], "memory.stored")
        facts = [{"user_id": "eve", "fact": f"Owns the boat {name}"} for name in BOATS]
        assert hostile.http.post("/v1/memories:batch", json={"memories": facts}).is_success
        time.sleep(3)  # It has as many under way as it can get.
        took = []

        for place in ("Oslo", "Rome", "Lima"):
            heard, began = receiver[0].count, time.monotonic()
            store(tenant, f"Has a house in {place}", user_id=place)
            eventually(lambda heard=heard: receiver[0].count > heard, seconds=30)
            took.append(time.monotonic() - began)

    assert max(took) < 10, took
    assert len(receiver[0].heard(webhook["secret"])) == 3
