"""The Voyage client, the real SDK against a fake Voyage."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.embed.voyage import VoyageEmbedder, batches
from app.provider_errors import (
    ProviderAnswerInvalid,
    ProviderError,
    ProviderRefused,
    ProviderRejected,
    ProviderUnavailable,
)
from tests.providers.voyage import FakeVoyage, embedding

pytestmark = pytest.mark.anyio


@pytest.fixture
def voyage(fake_voyage: tuple[FakeVoyage, str]) -> FakeVoyage:
    return fake_voyage[0]


@pytest.fixture
async def embedder(fake_voyage: tuple[FakeVoyage, str]) -> AsyncIterator[VoyageEmbedder]:
    embedder = VoyageEmbedder("secret-key", fake_voyage[1], timeout_seconds=3.0)
    yield embedder
    await embedder.aclose()


async def failure(embedder: VoyageEmbedder) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await embedder.embed_documents(["I like tea", "I like coffee"])
    return caught.value


async def test_documents_and_queries_are_told_apart(
    voyage: FakeVoyage, embedder: VoyageEmbedder
) -> None:
    embeddings = await embedder.embed_documents(["I like tea", "I like coffee"])
    query = await embedder.embed_query("who likes tea?")

    assert [len(vector) for vector in (*embeddings.vectors, query)] == [1024, 1024, 1024]
    assert embeddings.usage.input_tokens == 7
    asked = [call.body for call in voyage.calls]
    assert [body["input_type"] for body in asked] == ["document", "query"]
    assert asked[0]["input"] == ["I like tea", "I like coffee"]
    assert (asked[0]["model"], asked[0]["output_dimension"]) == ("voyage-4", 1024)
    assert voyage.calls[0].headers["authorization"] == "Bearer secret-key"


async def test_vectors_have_unit_length(embedder: VoyageEmbedder) -> None:
    (vector,) = (await embedder.embed_documents(["I like tea"])).vectors

    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-5)


async def test_a_reordered_answer_is_put_back_by_index(
    voyage: FakeVoyage, embedder: VoyageEmbedder
) -> None:
    voyage.script({"kind": "shuffled"})

    vectors = (await embedder.embed_documents(["tea", "rain", "violin"])).vectors

    for text, vector in zip(["tea", "rain", "violin"], vectors, strict=True):
        assert vector == pytest.approx(embedding(text, 1024).tolist(), abs=1e-6)


async def test_many_texts_go_in_batches_within_the_limits(
    fake_voyage: tuple[FakeVoyage, str],
) -> None:
    voyage, url = fake_voyage
    embedder = VoyageEmbedder("key", url)
    texts = [f"fact {number}" for number in range(2_500)]

    vectors = (await embedder.embed_documents(texts)).vectors
    await embedder.aclose()

    assert [len(call.body["input"]) for call in voyage.calls] == [1_000, 1_000, 500]
    assert vectors[2_499] == pytest.approx(embedding("fact 2499", 1024).tolist(), abs=1e-6)


def test_batches_stay_under_the_token_limit_at_one_token_a_byte() -> None:
    assert [len(batch) for batch in batches(["ü" * 2_000] * 60)] == [25, 25, 10]
    assert list(batches(["a" * 200_000, "b"])) == [["a" * 200_000], ["b"]]
    assert list(batches([])) == []


async def test_no_texts_make_no_call(voyage: FakeVoyage, embedder: VoyageEmbedder) -> None:
    assert (await embedder.embed_documents([])).vectors == ()
    assert voyage.count == 0


@pytest.mark.parametrize(
    ("step", "family", "code"),
    [
        ({"status": 400}, ProviderRejected, "provider_rejected"),
        ({"status": 401}, ProviderRefused, "provider_key_refused"),
        ({"status": 402}, ProviderRefused, "provider_billing"),
        ({"status": 403}, ProviderRefused, "provider_key_refused"),
        ({"status": 404}, ProviderRefused, "provider_not_found"),
        ({"status": 408}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 409}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 413}, ProviderRejected, "provider_request_too_large"),
        ({"status": 422}, ProviderRejected, "provider_rejected"),
        ({"status": 429}, ProviderUnavailable, "provider_rate_limited"),
        (
            {"status": 429, "body": "<html>busy</html>"},
            ProviderUnavailable,
            "provider_rate_limited",
        ),
        ({"status": 429, "message": "Spend limit reached."}, ProviderRefused, "provider_billing"),
        ({"status": 500}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 502, "body": "<html>"}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 503}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 504}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 529}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 529, "body": "<html>"}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 200, "body": "<html>"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"status": 200, "body": "[]"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"reset": True}, ProviderUnavailable, "provider_unreachable"),
        ({"cut": 40}, ProviderUnavailable, "provider_unreachable"),
        ({"cut": 900}, ProviderUnavailable, "provider_unreachable"),
        ({"hang": True}, ProviderUnavailable, "provider_timeout"),
        ({"delay_seconds": 6}, ProviderUnavailable, "provider_timeout"),
        ({"kind": "wrong_dimension"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "nan"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "infinite"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "zero"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "null"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "not_base64"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "too_few"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "too_many"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "repeated_index"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "not_a_list"}, ProviderAnswerInvalid, "provider_answer_invalid"),
    ],
)
async def test_every_failure_has_its_family_and_is_not_retried(
    voyage: FakeVoyage,
    embedder: VoyageEmbedder,
    step: dict[str, Any],
    family: type[ProviderError],
    code: str,
) -> None:
    voyage.script(step)

    raised = await failure(embedder)

    assert (type(raised), raised.code) == (family, code)
    assert voyage.count == 1
    assert "tea" not in str(raised)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2", 2.0), ("120", 120.0), ("86400", 900.0), ("soon", None), (None, None)],
)
async def test_a_rate_limit_carries_the_pause_that_was_asked_for(
    voyage: FakeVoyage, embedder: VoyageEmbedder, header: str | None, seconds: float | None
) -> None:
    voyage.script({"status": 429, "headers": {} if header is None else {"Retry-After": header}})

    raised = await failure(embedder)

    assert isinstance(raised, ProviderUnavailable)
    assert (raised.rate_limited, raised.retry_after_seconds) == (True, seconds)


async def test_an_answer_that_drips_ends_at_the_deadline(
    fake_voyage: tuple[FakeVoyage, str],
) -> None:
    voyage, url = fake_voyage
    voyage.script({"drip_seconds": 0.1})
    embedder = VoyageEmbedder("key", url, timeout_seconds=0.5)

    began = time.monotonic()
    raised = await failure(embedder)

    assert (type(raised), raised.code) == (ProviderUnavailable, "provider_timeout")
    assert time.monotonic() - began < 10, "at a byte each 0.1 s the whole answer takes longer"
    await embedder.aclose()


async def test_nobody_listening_is_unavailable() -> None:
    embedder = VoyageEmbedder("key", "http://127.0.0.1:9/v1", timeout_seconds=2)
    raised = await failure(embedder)
    await embedder.aclose()

    assert (type(raised), raised.code) == (ProviderUnavailable, "provider_unreachable")


async def test_the_client_works_on_after_a_failure_and_a_cancelled_call(
    voyage: FakeVoyage, embedder: VoyageEmbedder
) -> None:
    voyage.script({"reset": True}, {"hang": True})
    await failure(embedder)
    call = asyncio.create_task(embedder.embed_query("tea"))
    await asyncio.sleep(0.05)
    call.cancel()

    assert len(await embedder.embed_query("tea")) == 1024


async def test_texts_are_not_logged_even_by_the_sdk(
    voyage: FakeVoyage, embedder: VoyageEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    voyage.script({"status": 400, "message": "cannot embed: I like tea"})

    await failure(embedder)

    assert "tea" not in caplog.text
