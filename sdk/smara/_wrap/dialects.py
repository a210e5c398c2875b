"""The requests and answers of the Anthropic and the OpenAI client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from smara._wrap.words import field, text_of


@dataclass(slots=True)
class Spoken:
    """What the model said. ``finished`` is False while it waits for a tool."""

    id: str | None = None
    text: str = ""
    finished: bool = True


Path = tuple[str, ...]
"""Names from a client to a resource or a call: ``("beta", "messages", "create")``."""

_OTHER_FORMS = ("with_raw_response", "with_streaming_response")
_ASKING = ("create", "parse", "stream", "tool_runner", "thread")


class Dialect(ABC):
    """The calls of one library. ``remembered`` are the resources whose calls get a memory;
    ``others`` ask a model too, and get none."""

    remembered: ClassVar[tuple[Path, ...]]
    others: ClassVar[tuple[Path, ...]]
    snapshot: ClassVar[str]

    def asks(self, path: Path) -> bool:
        """Whether this call asks a model, in whichever form."""
        *resource, call = _plain_path(path) or ("",)
        return call in _ASKING and tuple(resource) in (*self.remembered, *self.others)

    def leads_on(self, path: Path) -> bool:
        """Whether a call that asks a model is below this path."""
        plain = _plain_path(path)
        resources = (*self.remembered, *self.others)
        return any(resource[: len(plain)] == plain for resource in resources)

    @abstractmethod
    def with_memories(self, asked: dict[str, Any], block: str) -> dict[str, Any]:
        """Give the arguments of a call with ``block`` in the system prompt; the caller's stay as
        they are."""

    @abstractmethod
    def spoken(self, answer: Any) -> Spoken:
        """Give what a complete answer says."""

    @abstractmethod
    def hear(self, spoken: Spoken, event: Any) -> None:
        """Add one event of a stream to what was read so far."""


class Anthropic(Dialect):
    """``client.messages`` and ``client.beta.messages``."""

    remembered = (("messages",), ("beta", "messages"))
    others = (("messages", "batches"), ("beta", "messages", "batches"), ("completions",))
    snapshot = "current_message_snapshot"

    def with_memories(self, asked: dict[str, Any], block: str) -> dict[str, Any]:
        system = asked.get("system")
        if isinstance(system, str):
            return {**asked, "system": f"{system}\n\n{block}"}
        if isinstance(system, Iterable):
            # At the end, so that a cached beginning of the prompt stays the same.
            return {**asked, "system": [*system, {"type": "text", "text": block}]}
        return {**asked, "system": block}

    def spoken(self, answer: Any) -> Spoken:
        text = text_of(field(answer, "content") or ())
        return Spoken(field(answer, "id"), text, _is_over(field(answer, "stop_reason")))

    def hear(self, spoken: Spoken, event: Any) -> None:
        kind = field(event, "type")
        if kind == "message_start":
            spoken.id = field(field(event, "message"), "id")
        elif kind == "content_block_delta":
            delta = field(event, "delta")
            if field(delta, "type") == "text_delta":
                spoken.text += field(delta, "text") or ""
        elif kind == "message_delta":
            spoken.finished = _is_over(field(field(event, "delta"), "stop_reason"))


class OpenAI(Dialect):
    """``client.chat.completions``."""

    remembered = (("chat", "completions"), ("beta", "chat", "completions"))
    others = (("responses",), ("beta", "responses"), ("completions",), ("beta", "threads", "runs"))
    snapshot = "current_completion_snapshot"

    def with_memories(self, asked: dict[str, Any], block: str) -> dict[str, Any]:
        messages = list(asked.get("messages") or ())
        for place, message in enumerate(messages):
            if field(message, "role") in ("system", "developer"):
                messages[place] = {
                    **(message if isinstance(message, dict) else _plain(message)),
                    "content": _longer(field(message, "content"), block),
                }
                return {**asked, "messages": messages}
        return {**asked, "messages": [{"role": "system", "content": block}, *messages]}

    def spoken(self, answer: Any) -> Spoken:
        choices = field(answer, "choices") or ()
        if not choices:
            return Spoken(field(answer, "id"))
        message = field(choices[0], "message")
        text = text_of(field(message, "content"))
        return Spoken(field(answer, "id"), text, _is_over(field(choices[0], "finish_reason")))

    def hear(self, spoken: Spoken, event: Any) -> None:
        spoken.id = spoken.id or field(event, "id")
        for choice in field(event, "choices") or ():
            if field(choice, "index") not in (0, None):
                continue
            spoken.text += field(field(choice, "delta"), "content") or ""
            if field(choice, "finish_reason"):
                spoken.finished = _is_over(field(choice, "finish_reason"))


def dialect_of(client: Any) -> Dialect:
    """Give the library of ``client``, by the calls that it has. Raises TypeError."""
    # A proxy may promise every attribute, so the calls themselves are looked for.
    if callable(getattr(getattr(client, "messages", None), "create", None)):
        return Anthropic()
    completions = getattr(getattr(client, "chat", None), "completions", None)
    if callable(getattr(completions, "create", None)):
        return OpenAI()
    raise TypeError(
        f"{type(client).__name__} has neither messages.create nor chat.completions.create"
    )


def _plain_path(path: Path) -> Path:
    return tuple(name for name in path if name not in _OTHER_FORMS)


def _is_over(reason: Any) -> bool:
    return reason not in ("tool_use", "pause_turn", "tool_calls", "function_call")


def _longer(content: Any, block: str) -> Any:
    if content is None or isinstance(content, str):
        return f"{content}\n\n{block}" if content else block
    return [*content, {"type": "text", "text": block}]


def _plain(message: Any) -> dict[str, Any]:
    plain: dict[str, Any] = message.model_dump(exclude_none=True)
    return plain
