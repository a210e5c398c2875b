"""A fake Claude: the Messages API as our extractor uses it, JSON and streamed. Serve it with

python -m tests.providers.anthropic --port 8081 [--delay 0.3]

Left alone it finds one fact in each sentence of each fresh user message, so a test can plant its
words and find them.
"""

from __future__ import annotations

import argparse
import itertools
import re
from typing import Any

import orjson

from tests.providers.server import Call, FakeProvider, Reply, Step, run_forever

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_TRANSCRIPT = re.compile(r"<transcript>(.*?)</transcript>", re.DOTALL)

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class FakeAnthropic(FakeProvider):
    """Speaks POST /v1/messages.

    Kinds: ``truncated``, ``context_full``, ``refusal``, ``prose``, ``broken_json``,
    ``wrong_types``, ``extra_fields``, ``missing_fields``, ``many_facts`` (10,000), ``no_facts``,
    ``related`` (facts in a chain), ``hallucinated`` (quotes nobody said), ``bad_indexes``,
    ``no_content``, ``not_a_message``, ``overloaded_midway`` (an error event inside a stream).
    """

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 500
        self._ids = itertools.count(1)

    def answer(self, call: Call, kind: str | None) -> Reply:
        asked = call.body
        facts = facts_in(asked)
        text, stop_reason = _text(facts, kind)
        number = next(self._ids)
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if kind in ("no_content", "refusal"):
            content = []
        message = {
            "id": f"msg_{number:024d}",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": _usage(call, text, first=number == 1),
        }
        headers = {"request-id": f"req_{number:024d}"}
        if kind == "not_a_message":
            return Reply(200, b'["an answer of another shape"]', headers)
        if asked.get("stream"):
            midway = kind == "overloaded_midway"
            events = tuple(_events(message, midway=midway, most=self.pieces))
            return Reply(
                200, headers=headers, content_type="text/event-stream; charset=utf-8", chunks=events
            )
        return Reply(200, orjson.dumps(message), headers)

    def error(self, step: Step) -> Reply:
        """``error_type``, ``message`` and ``error_code`` fill Anthropic's error body."""
        status = step["status"]
        error: dict[str, Any] = {
            "type": step.get("error_type", ERROR_TYPES.get(status, "api_error")),
            "message": step.get("message", "Something went wrong"),
        }
        if "error_code" in step:
            error["details"] = {"error_code": step["error_code"]}
        body = {"type": "error", "error": error, "request_id": "req_error"}
        return Reply(
            status, orjson.dumps(body), {"request-id": "req_error", **step.get("headers", {})}
        )


def facts_in(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """One fact for each sentence of each fresh user message in a request's transcript."""
    content = asked["messages"][-1]["content"]
    found = _TRANSCRIPT.search(content if isinstance(content, str) else content[-1]["text"])
    if found is None:
        return []
    return [
        {
            "text": sentence.strip()[:2000],
            "about": message.get("name") or "User",
            "importance": 0.5,
            "message_indexes": [message["index"]],
            "quote": sentence.strip(),
            "valid_from": None,
        }
        for message in orjson.loads(found[1])["messages"]
        if message["role"] == "user"
        for sentence in _SENTENCE.findall(message["text"])
        if sentence.strip()
    ]


def _text(facts: list[dict[str, Any]], kind: str | None) -> tuple[str, str]:
    """The model's text and why it stopped."""
    good = orjson.dumps({"facts": facts}).decode()
    fact = {
        "text": "User likes tea.",
        "about": "User",
        "importance": 0.5,
        "message_indexes": [0],
        "quote": "I like tea.",
        "valid_from": None,
    }
    special: dict[str, Any] = {
        "wrong_types": {"facts": [{**fact, "importance": "very", "message_indexes": "0"}]},
        "extra_fields": {"facts": [{**fact, "user_id": "somebody-else"}]},
        "missing_fields": {"facts": [{"text": "User likes tea."}]},
        "many_facts": {"facts": [fact] * 10_000},
        "no_facts": {"facts": []},
        "hallucinated": {
            "facts": [{**fact, "text": "User owns a yacht.", "quote": "my yacht in Monaco"}]
        },
        "bad_indexes": {"facts": [{**fact, "message_indexes": [-1, 9_999]}]},
        "related": {"facts": facts, "relations": _chain(len(facts))},
    }
    if kind in special:
        return orjson.dumps(special[kind]).decode(), "end_turn"
    if kind == "truncated":
        return good[: len(good) // 2], "max_tokens"
    if kind == "context_full":
        return good[: len(good) // 2], "model_context_window_exceeded"
    if kind == "refusal":
        return "", "refusal"
    if kind == "prose":
        return "Here are the facts that I found: the user likes tea.", "end_turn"
    if kind == "broken_json":
        return good[:-2], "end_turn"
    return good, "end_turn"


def _chain(facts: int) -> list[dict[str, Any]]:
    """Each fact explains the next; and two relations that no reader should follow."""
    pairs = [*((n, n + 1) for n in range(facts - 1)), (0, 0), (0, facts)]
    return [
        {"from_fact": start, "to_fact": end, "type": "context_for", "weight": 0.9}
        for start, end in pairs
    ]


def _usage(call: Call, text: str, *, first: bool) -> dict[str, int]:
    """Token counts at four bytes a token; the cached prefix is written by the first call and read
    by the others.
    """
    cached = 1_000
    return {
        "input_tokens": len(call.raw) // 4,
        "cache_creation_input_tokens": cached if first else 0,
        "cache_read_input_tokens": 0 if first else cached,
        "output_tokens": max(1, len(text) // 4),
    }


def _events(message: dict[str, Any], *, midway: bool, most: int) -> list[bytes]:
    """The message as server-sent events, its text in pieces of 40 characters, as the real one sends
    them, or in at most so many larger ones.
    """
    usage = message["usage"]
    start = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": start}), ("ping", {})]
    for index, block in enumerate(message["content"]):
        text = block["text"]
        events.append(
            ("content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}})
        )
        size = max(40, len(text) // most)
        for position in range(0, len(text), size):
            delta = {"type": "text_delta", "text": text[position : position + size]}
            events.append(("content_block_delta", {"index": index, "delta": delta}))
        events.append(("content_block_stop", {"index": index}))
    if midway:
        events.append(("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}}))
    else:
        delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        events.append(
            ("message_delta", {"delta": delta, "usage": {"output_tokens": usage["output_tokens"]}})
        )
        events.append(("message_stop", {}))
    return [
        b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **data}))
        for name, data in events
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a fake Claude.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    given = parser.parse_args()
    run_forever(FakeAnthropic(), port=given.port, delay_seconds=given.delay)


if __name__ == "__main__":
    main()
