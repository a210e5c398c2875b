"""Small language models that say what they are told, in the wire formats of the two APIs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.providers.server import Call, FakeProvider, Reply, Step


class FakeLLM(FakeProvider):
    """``says`` is the next answer; ``calls_tool`` makes it a tool call. ``number`` gives each
    answer's id from how many there were; some servers draw it, so that it repeats."""

    says = "Glad to help."
    calls_tool = False
    number: Callable[[int], object] = staticmethod(lambda count: count)
    whole_id: str | None = "unset"

    def identity(self, prefix: str) -> str | None:
        """The answer's id: ``prefix`` and a number, unless ``whole_id`` says otherwise."""
        return f"{prefix}{self.number(self.count)}" if self.whole_id == "unset" else self.whole_id

    @property
    def prompts(self) -> list[Any]:
        """The bodies that were sent, in order."""
        return [call.body for call in self.calls]

    def error(self, step: Step) -> Reply:
        return Reply(step["status"], b'{"error": {"message": "Scripted."}}')


class FakeOpenAI(FakeLLM):
    """POST /chat/completions."""

    def answer(self, call: Call, kind: str | None) -> Reply:
        asked = call.body
        base = {"id": self.identity("chatcmpl-"), "created": 1, "model": asked["model"]}
        reason = "tool_calls" if self.calls_tool else "stop"
        if not asked.get("stream"):
            message: dict[str, Any] = {"role": "assistant", "content": self.says}
            if self.calls_tool:
                function = {"name": "look", "arguments": "{}"}
                message["tool_calls"] = [{"id": "t1", "type": "function", "function": function}]
            choice = {"index": 0, "message": message, "finish_reason": reason}
            body = {**base, "object": "chat.completion", "choices": [choice]}
            return Reply(200, json.dumps(body).encode())
        deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant"}, None)]
        deltas += [({"content": word}, None) for word in self.says.split(" ")]
        deltas.append(({}, reason))
        events = [
            {
                **base,
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            }
            for delta, reason in deltas
        ]
        chunks = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
        return Reply(200, content_type="text/event-stream", chunks=(*chunks, b"data: [DONE]\n\n"))


class FakeClaude(FakeLLM):
    """POST /v1/messages."""

    def answer(self, call: Call, kind: str | None) -> Reply:
        asked = call.body
        content: list[dict[str, Any]] = [{"type": "text", "text": self.says}]
        if self.calls_tool:
            content.append({"type": "tool_use", "id": "t1", "name": "look", "input": {}})
        message = {
            "id": self.identity("msg_"),
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": content,
            "stop_reason": "tool_use" if self.calls_tool else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        if not asked.get("stream"):
            return Reply(200, json.dumps(message).encode())
        text = {"type": "text", "text": ""}
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": text},
            *(
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": word},
                }
                for word in self.says.split(" ")
            ),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": 1},
            },
            {"type": "message_stop"},
        ]
        chunks = tuple(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
        )
        return Reply(200, content_type="text/event-stream", chunks=chunks)
