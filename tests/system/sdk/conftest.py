"""Each test that takes ``connect`` or ``smara`` runs with the synchronous and the asynchronous
client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from smara import AsyncSmara, Smara

from tests.providers.server import Running
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.sdk.blocking import Blocking, Loop
from tests.system.sdk.misbehaving import FakeSmara, Proxy

Connect = Callable[..., Smara]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own settings reaches a test."""
    for name in ("SMARA_API_KEY", "SMARA_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest, loop: Loop) -> Iterator[Connect]:
    """Makes clients of one kind, which look the same."""
    made: list[Any] = []

    def connect(*args: Any, **options: Any) -> Any:
        if request.param == "sync":
            made.append(Smara(*args, **options))
        else:
            made.append(Blocking(AsyncSmara(*args, **options), loop))
        return made[-1]

    yield connect
    for client in made:
        client.close()


@pytest.fixture
def api_key(client: Client) -> str:
    """A key of a fresh tenant."""
    return client.http.headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def smara(connect: Connect, stack: Stack, api_key: str) -> Smara:
    """A client of a fresh tenant of the running service."""
    return connect(api_key, stack.base_url)


@pytest.fixture
def fake() -> Iterator[tuple[FakeSmara, str]]:
    """A service that does as it is told, and its address."""
    provider = FakeSmara()
    with Running(provider) as running:
        yield provider, f"http://127.0.0.1:{running.port}"


@pytest.fixture
def proxy(stack: Stack) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the running service that can cut connections, and its address."""
    provider = Proxy(stack.base_url)
    with Running(provider) as running:
        yield provider, f"http://127.0.0.1:{running.port}"
    provider.close()
