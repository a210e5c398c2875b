"""An installation without a key or a secret is nobody's but its machine's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.requests import Request

from app.api.routes.setup import FORWARDED, _is_from_here
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.stack import Stack


@pytest.fixture
def fresh(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    """An API that nobody has set up, without a secret."""
    stack = Stack(workspace / "fresh", make_database(LOCAL_MODEL), redis_url, models)
    yield stack.start(workers=False)
    stack.stop()


def test_without_a_secret_only_the_machine_itself_may_set_up(fresh: Stack) -> None:
    def setup(**headers: str) -> tuple[int, str]:
        answer = httpx2.post(f"{fresh.base_url}/setup", headers=headers, trust_env=False)
        return answer.status_code, answer.json().get("code", "")

    for name in FORWARDED:
        assert setup(**{name: "127.0.0.1"}) == (403, "setup_secret")
    assert setup(**{"x-forwarded-for": "", "x-setup-secret": "guess"}) == (403, "setup_secret")

    assert setup()[0] == 201

    assert setup() == (410, "already_set_up")
    assert setup(via="1.1 proxy") == (403, "setup_secret")


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("172.17.0.1", False),
        ("10.0.0.1", False),
        ("192.0.2.7", False),
        ("::ffff:10.0.0.1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_the_machine_itself_is_whoever_comes_by_the_loopback(address: str, here: bool) -> None:
    request = Request({"type": "http", "headers": [], "client": (address, 1)})

    assert _is_from_here(request) is here
