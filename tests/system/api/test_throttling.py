"""Bad keys are counted and refused; good ones from the same address are not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from socket import create_server
from uuid import uuid4

import httpx2
import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers

from app.api.middleware.client_address import client_address
from app.api.middleware.rate_limits import RateLimiters
from app.tenancy import api_keys
from tests.support.client import Client, new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.stack import Stack

LIMIT = 5
UNKNOWN = {
    "error": "Send a valid API key: Authorization: Bearer smara_…",
    "code": "unauthenticated",
}
TOO_MANY = {
    "error": "Too many requests with keys that are not valid; try again later.",
    "code": "rate_limited",
}
_addresses = count(1)


@pytest.fixture(scope="module")
def strict(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    """It believes us about where a request comes from."""
    stack = Stack(
        workspace / "strict",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SMARA_AUTH_FAILURES_PER_MINUTE=str(LIMIT),
        SMARA_TRUSTED_PROXIES="127.0.0.0/8",
    )
    yield stack.start(workers=False)
    stack.stop()


@pytest.fixture
def address() -> str:
    """One that no other test has used."""
    return f"198.51.100.{next(_addresses)}"


def ask(stack: Stack, authorization: str | bytes | None, address: str) -> httpx2.Response:
    headers: dict[str, str | bytes] = {"X-Forwarded-For": address}
    if authorization is not None:
        headers["Authorization"] = authorization
    return httpx2.get(
        f"{stack.base_url}/v1/usage",
        headers=headers,  # type: ignore[arg-type]
        trust_env=False,
        timeout=20,
    )


def use_up(stack: Stack, address: str) -> None:
    for number in range(LIMIT):
        refused = ask(stack, f"Bearer {number}-{uuid4()}", address)
        assert (refused.status_code, refused.json()) == (401, UNKNOWN)


def test_too_many_bad_keys_from_an_address_are_one_429(strict: Stack, address: str) -> None:
    use_up(strict, address)

    for sent in (b"Bearer nobody", b"Bearer smara_\xc3\xa9", b"bearer x", b"", b"Basic eDp5"):
        refused = ask(strict, sent, address)
        assert (refused.status_code, refused.json()) == (429, TOO_MANY)
        assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_another_address_is_another_matter(strict: Stack, address: str) -> None:
    use_up(strict, address)

    assert ask(strict, "Bearer nobody", address).status_code == 429
    assert ask(strict, "Bearer nobody-else", f"203.0.113.{next(_addresses)}").status_code == 401


def test_good_keys_of_the_same_address_go_on_working(strict: Stack, address: str) -> None:
    (_, used), (_, fresh) = (new_tenant(strict.database_url) for _ in range(2))
    assert ask(strict, f"Bearer {used}", address).status_code == 200

    use_up(strict, address)

    assert ask(strict, "Bearer nobody", address).status_code == 429
    assert ask(strict, f"Bearer {used}", address).status_code == 200
    assert ask(strict, f"Bearer {fresh}", address).status_code == 200


def test_good_keys_work_though_their_cache_has_run_out(strict: Stack, address: str) -> None:
    """What is known of a key for 4 s is looked up anew, and by then its address is shut."""
    _, used = new_tenant(strict.database_url)
    assert ask(strict, f"Bearer {used}", address).status_code == 200
    use_up(strict, address)
    deadline = time.monotonic() + 5

    while time.monotonic() < deadline:
        ask(strict, f"Bearer {api_keys.generate()}", address)
        assert ask(strict, f"Bearer {used}", address).status_code == 200


def test_one_beginning_from_many_addresses_is_refused(strict: Stack) -> None:
    beginning = f"smara_{uuid4().hex[:4]}"
    for number in range(LIMIT):
        assert ask(strict, f"Bearer {beginning}{number}", f"192.0.2.{number}").status_code == 401

    assert ask(strict, f"Bearer {beginning}x", "192.0.2.77").status_code == 429
    assert ask(strict, f"Bearer {uuid4()}", "192.0.2.77").status_code == 401


def test_a_flood_of_well_formed_guesses_is_looked_up_once_a_second(
    strict: Stack, address: str
) -> None:
    began = time.monotonic()

    statuses = [
        ask(strict, f"Bearer {api_keys.generate()}", address).status_code for _ in range(100)
    ]

    looked_up = statuses.count(401)
    assert statuses[:LIMIT] == [401] * LIMIT
    assert looked_up + statuses.count(429) == 100
    assert looked_up <= LIMIT + 1 + (time.monotonic() - began)


def test_without_a_key_nothing_is_guessed(strict: Stack, address: str) -> None:
    for _ in range(LIMIT + 5):
        refused = ask(strict, None, address)
        assert (refused.status_code, refused.json()) == (401, UNKNOWN)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Bearer",
        b"Bearer " + b"x" * 1_000_000,
        b"Bearer smara_" + b"a" * 1_000_000,
        b"Bearer \xff\xfe\xc3\xa9",
        b"bearer smara_x",
        b"Basic eDp5",
        b"Bearer " + api_keys.generate().encode(),
    ],
    ids=range(8),
)
def test_every_bad_key_gets_the_same_body(strict: Stack, address: str, sent: bytes) -> None:
    refused = ask(strict, sent, address)

    assert (refused.status_code, refused.json()) == (401, UNKNOWN)


def test_the_log_has_no_key(strict: Stack, address: str) -> None:
    guessed = api_keys.generate()
    for _ in range(LIMIT + 2):
        ask(strict, f"Bearer {guessed}", address)

    assert guessed[:10] not in (strict.folder / "api.log").read_text()


@pytest.mark.parametrize(
    ("socket", "forwarded", "found"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6, 198.51.100.1, 10.0.0.3"], "198.51.100.1"),
        ("10.0.0.2", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.2", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.2", ["6.6.6.6, nonsense"], "10.0.0.2"),
        ("10.0.0.2", ["10.0.0.4"], "10.0.0.4"),
        ("10.0.0.2", [], "10.0.0.2"),
    ],
)
def test_the_address_is_the_right_most_that_no_proxy_has(
    socket: str, forwarded: list[str], found: str
) -> None:
    headers = Headers(raw=[(b"x-forwarded-for", each.encode()) for each in forwarded])
    scope = {"client": (socket, 1)}

    assert client_address(scope, headers, [ip_network("10.0.0.0/8")]) == found
    assert client_address(scope, headers, []) == socket


def test_processes_count_together_in_redis(redis_url: str) -> None:
    who = str(uuid4())

    async def both() -> list[bool]:
        one, other = (RateLimiters(redis_url, MovingWindowRateLimiter) for _ in range(2))
        limit = RateLimitItemPerMinute(3)
        return [await each.take(limit, who) for each in (one, other, one, other, one)]

    assert asyncio.run(both()) == [True, True, True, False, False]


@pytest.mark.parametrize("listens", [False, True])
def test_without_redis_each_process_counts_for_itself(listens: bool) -> None:
    """One that takes connections and says nothing is the worse of the two."""

    async def take(url: str) -> list[bool]:
        windows = RateLimiters(url, MovingWindowRateLimiter)
        limit = RateLimitItemPerMinute(3)
        return [await windows.take(limit, "somebody") for _ in range(5)]

    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        if not listens:
            server.close()
        began = time.monotonic()
        assert asyncio.run(take(f"redis://127.0.0.1:{port}/0")) == [True, True, True, False, False]
        assert time.monotonic() - began < 1.0


def test_a_client_that_mistakes_its_key_is_told_when_to_come_back(strict: Stack) -> None:
    mistaken = Client(strict.base_url, f"smara_{uuid4()}")
    answers = [mistaken.http.get("/v1/usage") for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429]
    assert 50 <= int(answers[-1].headers["retry-after"]) <= 60
