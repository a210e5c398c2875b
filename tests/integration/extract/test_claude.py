"""The Claude client, the real SDK against a fake Claude."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.extract.claude import ClaudeExtractor
from app.provider_errors import (
    ProviderAnswerInvalid,
    ProviderAnswerTruncated,
    ProviderDeclined,
    ProviderError,
    ProviderRefused,
    ProviderRejected,
    ProviderUnavailable,
)
from app.rules.types import Extraction, Message, Transcript, Window
from tests.providers.anthropic import FakeAnthropic

pytestmark = pytest.mark.anyio

TRANSCRIPT = Transcript(
    (
        Message("user", "I lived in Porto."),
        Message("assistant", "And now?"),
        Message(
            "user",
            "I live in Lisbon. I like tea.",
            name="Caroline",
            at=datetime(2024, 5, 2, tzinfo=UTC),
        ),
    ),
    datetime(2024, 5, 1, 9, 30, tzinfo=UTC),
    instructions="only where people live",
)
WINDOW = Window(start=0, stop=3, fresh_from=1)


@pytest.fixture
def claude(fake_anthropic: tuple[FakeAnthropic, str]) -> FakeAnthropic:
    return fake_anthropic[0]


@pytest.fixture(params=[1_000, 30_000], ids=["in one piece", "streamed"])
async def extractor(
    fake_anthropic: tuple[FakeAnthropic, str], request: pytest.FixtureRequest
) -> AsyncIterator[ClaudeExtractor]:
    extractor = ClaudeExtractor(
        "secret-key", fake_anthropic[1], timeout_seconds=3.0, max_tokens=request.param
    )
    yield extractor
    await extractor.aclose()


async def extract(extractor: ClaudeExtractor) -> Extraction:
    return await extractor.extract(TRANSCRIPT, WINDOW)


async def failure(extractor: ClaudeExtractor) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await extract(extractor)
    return caught.value


async def test_facts_come_from_the_fresh_messages(extractor: ClaudeExtractor) -> None:
    extraction = await extract(extractor)

    assert [
        (fact.text, fact.quote, fact.message_indexes, fact.about) for fact in extraction.facts
    ] == [
        ("I live in Lisbon.", "I live in Lisbon.", (2,), "Caroline"),
        ("I like tea.", "I like tea.", (2,), "Caroline"),
    ]


async def test_the_request_asks_for_our_shape_and_caches_the_system_prompt(
    claude: FakeAnthropic, extractor: ClaudeExtractor
) -> None:
    await extract(extractor)

    (call,) = claude.calls
    assert call.headers["authorization"] == "Bearer secret-key"
    assert call.body["model"] == "claude-haiku-5-5"
    assert call.body["system"][0]["cache_control"] == {"type": "ephemeral"}
    schema = call.body["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["ClaimedFact"]["additionalProperties"] is False
    assert sorted(schema["$defs"]["ClaimedFact"]["required"]) == [
        "about",
        "importance",
        "message_indexes",
        "quote",
        "text",
        "valid_from",
    ]


async def test_usage_counts_cached_tokens_too(extractor: ClaudeExtractor) -> None:
    first, second = (await extract(extractor)).usage, (await extract(extractor)).usage

    assert (first.cache_write_tokens, first.cache_read_tokens) == (1_000, 0)
    assert (second.cache_write_tokens, second.cache_read_tokens) == (0, 1_000)
    assert second.input_tokens > 100
    assert second.output_tokens > 50
    assert (second.provider, second.model) == ("anthropic", "claude-haiku-5-5")


@pytest.mark.parametrize(
    ("step", "family", "code"),
    [
        ({"status": 400}, ProviderRejected, "provider_rejected"),
        ({"status": 413}, ProviderRejected, "provider_request_too_large"),
        ({"status": 422}, ProviderRejected, "provider_rejected"),
        ({"status": 401}, ProviderRefused, "provider_key_refused"),
        ({"status": 402}, ProviderRefused, "provider_billing"),
        ({"status": 403}, ProviderRefused, "provider_key_refused"),
        ({"status": 404}, ProviderRefused, "provider_not_found"),
        (
            {
                "status": 400,
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
            ProviderRefused,
            "provider_billing",
        ),
        (
            {"status": 400, "message": "You have reached your specified API usage limits."},
            ProviderRefused,
            "provider_billing",
        ),
        ({"status": 403, "error_type": "billing_error"}, ProviderRefused, "provider_billing"),
        (
            {"status": 429, "error_code": "enforced_spend_limit_reached"},
            ProviderRefused,
            "provider_billing",
        ),
        (
            {"status": 429, "error_code": "contract_spend_limit_reached"},
            ProviderRefused,
            "provider_billing",
        ),
        (
            {"status": 429, "error_code": "ramp_limit_exceeded"},
            ProviderUnavailable,
            "provider_rate_limited",
        ),
        ({"status": 429}, ProviderUnavailable, "provider_rate_limited"),
        ({"status": 408}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 409}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 500}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 502, "body": "<html>"}, ProviderUnavailable, "provider_unavailable"),
        ({"status": 529}, ProviderUnavailable, "provider_unavailable"),
        ({"reset": True}, ProviderUnavailable, "provider_unreachable"),
        ({"cut": 30}, ProviderUnavailable, "provider_unreachable"),
        ({"cut": 500}, ProviderUnavailable, "provider_unreachable"),
        ({"hang": True}, ProviderUnavailable, "provider_timeout"),
        ({"delay_seconds": 6}, ProviderUnavailable, "provider_timeout"),
        ({"kind": "truncated"}, ProviderAnswerTruncated, "provider_answer_truncated"),
        ({"kind": "context_full"}, ProviderAnswerTruncated, "provider_answer_truncated"),
        ({"kind": "refusal"}, ProviderDeclined, "refused"),
        ({"kind": "prose"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "broken_json"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "wrong_types"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "extra_fields"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "missing_fields"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "many_facts"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "no_content"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"kind": "not_a_message"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"status": 200, "body": "<html>"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        ({"status": 200, "body": "{}"}, ProviderAnswerInvalid, "provider_answer_invalid"),
        (
            {"status": 200, "body": "<html>", "content_type": "text/html"},
            ProviderAnswerInvalid,
            "provider_answer_invalid",
        ),
    ],
)
async def test_every_failure_has_its_family_and_is_not_retried(
    claude: FakeAnthropic,
    extractor: ClaudeExtractor,
    step: dict[str, Any],
    family: type[ProviderError],
    code: str,
) -> None:
    claude.script(step)

    raised = await failure(extractor)

    assert (type(raised), raised.code) == (family, code)
    assert claude.count == 1
    assert "tea" not in str(raised)


NEXT_CENTURY = "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("120", 120.0),
        ("86400", 900.0),
        (NEXT_CENTURY, 900.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        (None, None),
    ],
)
async def test_a_rate_limit_carries_the_pause_that_was_asked_for_without_sleeping_it(
    claude: FakeAnthropic, extractor: ClaudeExtractor, header: str | None, seconds: float | None
) -> None:
    claude.script({"status": 429, "headers": {} if header is None else {"retry-after": header}})

    began = time.monotonic()
    raised = await failure(extractor)

    assert isinstance(raised, ProviderUnavailable)
    assert (raised.rate_limited, raised.retry_after_seconds) == (True, seconds)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("max_tokens", [1_000, 30_000])
async def test_an_answer_that_drips_ends_at_the_deadline(
    fake_anthropic: tuple[FakeAnthropic, str], max_tokens: int
) -> None:
    claude, url = fake_anthropic
    claude.script({"drip_seconds": 0.1})
    extractor = ClaudeExtractor("key", url, timeout_seconds=0.5, max_tokens=max_tokens)

    began = time.monotonic()
    raised = await failure(extractor)
    await extractor.aclose()

    assert (type(raised), raised.code) == (ProviderUnavailable, "provider_timeout")
    assert time.monotonic() - began < 10, "at a byte each 0.1 s the whole answer takes longer"


async def test_an_error_inside_a_stream_is_classed_by_its_type(
    fake_anthropic: tuple[FakeAnthropic, str],
) -> None:
    claude, url = fake_anthropic
    claude.script({"kind": "overloaded_midway"})
    extractor = ClaudeExtractor("key", url, max_tokens=30_000)

    raised = await failure(extractor)
    await extractor.aclose()

    assert (type(raised), raised.code) == (ProviderUnavailable, "provider_unavailable")


async def test_nobody_listening_is_unavailable() -> None:
    extractor = ClaudeExtractor("key", "http://127.0.0.1:9", timeout_seconds=2)
    raised = await failure(extractor)
    await extractor.aclose()

    assert (type(raised), raised.code) == (ProviderUnavailable, "provider_unreachable")


async def test_the_client_works_on_after_a_failure_and_a_cancelled_call(
    claude: FakeAnthropic, extractor: ClaudeExtractor
) -> None:
    claude.script({"reset": True}, {"hang": True})
    await failure(extractor)
    call = asyncio.create_task(extract(extractor))
    await asyncio.sleep(0.05)
    call.cancel()

    assert len((await extract(extractor)).facts) == 2


async def test_texts_are_not_logged_even_by_the_sdk(
    claude: FakeAnthropic, extractor: ClaudeExtractor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    claude.script({"status": 400, "message": "cannot read: I like tea"})

    await failure(extractor)
    await extract(extractor)

    assert "tea" not in caplog.text


async def test_an_ungrounded_claim_is_returned_as_claimed(
    claude: FakeAnthropic, extractor: ClaudeExtractor
) -> None:
    claude.script({"kind": "hallucinated"})

    (fact,) = (await extract(extractor)).facts

    assert (fact.text, fact.quote) == ("User owns a yacht.", "my yacht in Monaco")


async def test_nothing_to_remember_is_no_facts(
    claude: FakeAnthropic, extractor: ClaudeExtractor
) -> None:
    claude.script({"kind": "no_facts"})

    assert (await extract(extractor)).facts == ()


def test_the_version_names_the_model_and_the_prompt() -> None:
    assert ClaudeExtractor("key").version == "claude-haiku-5-5/prompt-2"
