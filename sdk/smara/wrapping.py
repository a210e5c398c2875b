"""``wrap``: an Anthropic or OpenAI client with a memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from smara._async.client import AsyncSmara
from smara._async.keeper import AsyncKeeper
from smara._async.wrapped import AsyncWrapped
from smara._sync.client import Smara
from smara._sync.keeper import Keeper
from smara._sync.wrapped import Wrapped
from smara._wrap.dialects import dialect_of
from smara._wrap.options import Options, user

__all__ = ["user", "wrap"]

ClientT = TypeVar("ClientT")


def wrap(
    client: ClientT,
    *,
    user_id: str | None = None,
    memory: Smara | AsyncSmara | None = None,
    namespace: str | None = None,
    agent_id: str | None = None,
    top_n: int = 5,
    timeout: float = 2.0,
    recall: bool = True,
    remember: bool = True,
    source: str = "chat",
    instructions: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> ClientT:
    """Give ``client`` a memory; it is used as before.

    It may be any client with ``messages.create`` (Anthropic) or ``chat.completions.create`` (OpenAI
    and compatible ones), synchronous or asynchronous. Before each call the wrapper fetches the
    context for the user's last message and adds it to the system prompt, marked as data. After the
    call it sends the new turn, the user's words and the answer, to the service in the background.

    ``beta.messages`` (Anthropic) and ``with_raw_response.create`` have a memory too. What has none,
    such as ``with_streaming_response``, ``tool_runner`` or OpenAI's ``responses``, works as without
    wrapping, and logs one warning that says so.

    A failing memory never stops the call: if the service does not answer within ``timeout``
    seconds, the model is asked without the context, with a logged warning and a call of
    ``on_error``.

    A single call can differ: ``create(…, smara_user_id="u2")``, likewise smara_namespace,
    smara_agent_id, smara_top_n, smara_recall and smara_remember; so can a block of code: ``with
    smara.user("u2"):``. A call without a user uses no memory. The wrapped client also has
    ``flush(timeout)``, which waits until everything has been sent; it is called at exit, and in
    ``close``. With asyncio, await it before the loop ends.

    ``memory`` is the Smara (AsyncSmara for an asynchronous client) to use; one from the environment
    if it is not given. ``recall`` and ``remember`` switch off the step before or after the call.
    ``instructions`` say what to remember or leave out.
    """
    options = Options(
        user_id=user_id,
        namespace=namespace,
        agent_id=agent_id,
        top_n=top_n,
        timeout=timeout,
        recall=recall,
        remember=remember,
        source=source,
        instructions=instructions,
        metadata=metadata,
        on_error=on_error,
    )
    dialect = dialect_of(client)
    wrapped: Any
    if hasattr(type(client), "__aenter__"):
        if isinstance(memory, Smara):
            raise TypeError("an asynchronous client needs memory=AsyncSmara(…)")
        wrapped = AsyncWrapped(client, AsyncKeeper(memory or AsyncSmara(), dialect, options))
    else:
        if isinstance(memory, AsyncSmara):
            raise TypeError("a synchronous client needs memory=Smara(…)")
        wrapped = Wrapped(client, Keeper(memory or Smara(), dialect, options))
    kept: ClientT = wrapped
    return kept
