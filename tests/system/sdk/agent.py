"""The four clients that can be wrapped, with the same few calls whichever it is."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import smara
from smara import AsyncSmara, Smara

from tests.system.sdk.blocking import Loop
from tests.system.sdk.llms import FakeLLM
from tests.system.sdk.misbehaving import FakeSmara


class Agent:
    """One of the four clients, wrapped, with the same few calls whichever it is."""

    def __init__(self, kind: str, llm: FakeLLM, url: str, loop: Loop) -> None:
        self.kind, self.llm, self.loop = kind, llm, loop
        self.is_async = kind.startswith("Async")
        self.is_claude = kind.endswith("Anthropic")
        library: Any = anthropic if self.is_claude else openai
        self.bare = getattr(library, kind)(api_key="k", base_url=url, max_retries=0)
        self.memories: list[Any] = []
        self.provider = FakeSmara()

    def wrap(self, url: str, api_key: str, **options: Any) -> Any:
        """The client as its users have it."""
        self.memories.append((AsyncSmara if self.is_async else Smara)(api_key, url))
        options.setdefault("user_id", "u")
        self.wrapped = smara.wrap(self.bare, memory=self.memories[-1], **options)
        return self.wrapped

    def wait(self, value: Any) -> Any:
        return self.loop.run(value) if self.is_async else value

    def ask(self, *messages: Any, client: Any = None, **options: Any) -> Any:
        """One call; a text is a message of the user."""
        turns = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
        client = client or self.wrapped
        calls = client.messages if self.is_claude else client.chat.completions
        extra: dict[str, Any] = {"max_tokens": 99} if self.is_claude else {}
        return self.wait(calls.create(model="m", messages=turns, **extra, **options))

    def read(self, stream: Any, most: int = 999) -> int:
        """Read so many events of a stream, or all of them, in a ``with`` block; how many."""

        async def following() -> int:
            seen = 0
            async with stream:
                async for _ in stream:
                    seen += 1
                    if seen == most:
                        break
            return seen

        if self.is_async:
            return int(self.loop.run(following()))
        seen = 0
        with stream:
            for _ in stream:
                seen += 1
                if seen == most:
                    break
        return seen

    def flush(self) -> bool:
        return bool(self.wait(self.wrapped.flush(10)))

    @property
    def system(self) -> str | None:
        """The system prompt of the last call."""
        prompt = self.llm.prompts[-1]
        if self.is_claude:
            return prompt.get("system")
        first = prompt["messages"][0]
        return first["content"] if first["role"] == "system" else None

    def close(self) -> None:
        self.wait(self.bare.close())
        for memory in self.memories:
            self.wait(memory.close())
