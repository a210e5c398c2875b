"""What is survived, what is given up, and that nothing is ever stored twice."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from smara import (
    APIConnectionError,
    APITimeoutError,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    Smara,
)
from smara._retry import pause, retry_after

from tests.providers.server import Step
from tests.support.process import free_port
from tests.system.sdk.conftest import Connect
from tests.system.sdk.misbehaving import FakeSmara, Proxy


def keys_of(provider: FakeSmara | Proxy) -> list[str | None]:
    return [call.headers.get("idempotency-key") for call in provider.calls]


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 408},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 500},
        {"status": 502, "body": "<html>Bad gateway</html>", "content_type": "text/html"},
        {"status": 503, "headers": {"Retry-After": "0"}},
        {"status": 504},
        {"reset": True},
        {"cut": 0},
        {"cut": 60},
        {"cut": 100},
    ],
    ids=str,
)
def test_trouble_that_passes_is_survived_with_one_key(
    connect: Connect, fake: tuple[FakeSmara, str], trouble: Step
) -> None:
    provider, url = fake
    provider.script(trouble)
    assert connect("key", url).store("u", "Likes tea").id == "m-1"
    first, second = keys_of(provider)
    assert first == second
    assert first is not None


def test_a_service_that_hangs_is_asked_again(connect: Connect, fake: tuple[FakeSmara, str]) -> None:
    provider, url = fake
    provider.script({"hang": True})
    assert connect("key", url, timeout=0.3).store("u", "Likes tea").id == "m-1"
    assert provider.count == 2


def test_an_answer_in_drops_ends_with_the_timeout(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    client = connect("key", url, timeout=0.5, max_retries=0)
    client.store("u", "Likes tea")  # The connection is there already, as in a running program.
    for cut_in in ("head", "body"):
        body = "x" * 10_000 if cut_in == "body" else "{}"
        provider.script({"drip_seconds": 0.02, "status": 200, "body": body})
        begun = time.monotonic()
        with pytest.raises(APITimeoutError, match=r"within 0\.5 s"):
            client.store("u", "Likes tea")
        assert 0.4 < time.monotonic() - begun < 1.5


def test_a_service_that_stays_away_is_given_up_after_the_retries(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    provider.script({"status": 503, "headers": {"Retry-After": "0"}, "times": 0})
    with pytest.raises(ServiceUnavailable) as caught:
        connect("key", url, max_retries=1).store("u", "Likes tea")
    assert (provider.count, caught.value.retry_after) == (2, 0.0)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(
    connect: Connect, fake: tuple[FakeSmara, str], form: str
) -> None:
    provider, url = fake
    at = datetime.now(UTC) + timedelta(seconds=3)
    asked = "2" if form == "seconds" else format_datetime(at, usegmt=True)
    provider.script({"status": 429, "headers": {"Retry-After": asked}})
    begun = time.monotonic()
    connect("key", url).store("u", "Likes tea")
    assert 1.7 < time.monotonic() - begun < 4


def test_without_retries_a_limit_is_an_error_that_says_when(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    provider.script({"status": 429, "headers": {"Retry-After": "7"}})
    with pytest.raises(RateLimited) as caught:
        connect("key", url, max_retries=0).store("u", "Likes tea")
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(("attempt", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (9, 8.0)])
def test_pauses_grow_with_jitter_up_to_a_limit(attempt: int, most: float) -> None:
    pauses = [pause(attempt) for _ in range(200)]
    assert max(pauses) <= most
    assert max(pauses) > 0.8 * most
    assert min(pauses) < 0.2 * most


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("1.5", 1.5),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
    ],
)
def test_retry_after_is_read_in_every_form(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


def test_a_retry_after_of_hours_counts_for_a_minute() -> None:
    assert pause(1, {"retry-after": "86400"}) == 60.0


@pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 503}, {"reset": True}, {"cut": 0}])
def test_a_call_that_cannot_be_repeated_is_not(
    connect: Connect, fake: tuple[FakeSmara, str], trouble: Step
) -> None:
    provider, url = fake
    provider.script(trouble)
    with pytest.raises((ServerError, APIConnectionError)):
        connect("key", url).keys.create("a key that nobody would see")
    assert (provider.count, keys_of(provider)) == (1, [None])


def test_a_call_that_was_turned_away_unread_is_repeated(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    provider.script(
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 201, "body": {"id": "k-1", "api_key": "smara_x"}},
    )
    assert connect("key", url).keys.create().api_key == "smara_x"


def test_a_service_that_cannot_be_reached_is_an_error_that_says_where(connect: Connect) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(APIConnectionError, match=f"cannot be reached, 2 times: POST {url}/v1/m"):
        connect("key", url, max_retries=1).store("u", "Likes tea")


@pytest.mark.parametrize("trouble", [{"cut": 0}, {"cut": 90}, {"reset": True}], ids=str)
def test_a_cut_connection_stores_nothing_twice(
    connect: Connect, proxy: tuple[Proxy, str], smara: Smara, api_key: str, trouble: Step
) -> None:
    provider, url = proxy
    through = connect(api_key, url)
    provider.script({**trouble, "times": 2})
    stored = through.store("u", "Likes tea")
    assert (stored.action, provider.count) == ("stored", 3)
    provider.script(trouble)
    assert through.store_many(["Owns a boat", "Speaks Dutch"], user_id="u").stored == 2
    assert {m.fact for m in smara.list("u")} == {"Likes tea", "Owns a boat", "Speaks Dutch"}
    provider.script(trouble)
    handle = through.ingest("u2", "User: I live in Lisbon.")
    assert [c.id for c in smara.conversations.list(user_id="u2")] == [handle.id]
    provider.script(trouble)
    assert through.agents.create("A", "o").id == smara.agents.list()[0].id
    assert len(smara.agents.list()) == 1


def test_a_deletion_whose_answer_was_lost_is_a_deletion(
    connect: Connect, proxy: tuple[Proxy, str], smara: Smara, api_key: str
) -> None:
    provider, url = proxy
    stored = smara.store("u", "Likes tea")
    provider.script({"cut": 0})
    assert connect(api_key, url).delete(stored.id).deleted
    assert list(smara.list("u")) == []


def test_a_question_survives_a_bad_gateway(
    connect: Connect, proxy: tuple[Proxy, str], smara: Smara, api_key: str
) -> None:
    provider, url = proxy
    smara.store("u", "Likes tea")
    provider.script({"status": 502}, {"cut": 30})
    assert [m.fact for m in connect(api_key, url).search("u", "tea")] == ["Likes tea"]
    assert provider.count == 3


def test_an_export_that_breaks_off_is_an_error_and_not_an_end(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    lines = '{"type": "memory", "n": 1}\n{"type": "memory", "n": 2}\n'
    provider.script({"status": 200, "body": lines, "cut": 110})
    records = connect("key", url).users.export("u")
    assert next(records)["n"] == 1
    with pytest.raises(APIConnectionError, match="No complete answer"):
        list(records)


def test_options_change_for_one_call_and_share_the_connections(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    client = connect("key", url, timeout=20)
    hurried = client.with_options(timeout=0.2, max_retries=0)
    provider.script({"hang": True})
    with pytest.raises(APITimeoutError):
        hurried.store("u", "Likes tea")
    assert client.config.timeout == 20
    hurried.close()
    assert client.store("u", "Likes tea").id == "m-1"
