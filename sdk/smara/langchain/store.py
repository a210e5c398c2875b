"""A LangGraph store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langgraph.store.base import BaseStore, Op, Result

from smara._async.client import AsyncSmara
from smara._async.langgraph_items import AsyncItems
from smara._sync.client import Smara
from smara._sync.langgraph_items import Items
from smara.langchain.clients import Clients
from smara.langchain.items import Layout, Path


class SmaraStore(BaseStore):
    """LangGraph's long-term memory in Smara: ``builder.compile(store=SmaraStore())``.

    ``user_label`` is the place of the user in your namespace tuples: 0 for ``("user-1",
    "memories")``, 1 for ``("memories", "user-1")``. That user's export and erasure include the
    items. A tuple too short to name a user is shared.

    An item's value comes back exactly as it was put, except for secrets: the service masks card
    numbers, keys and passwords before anything is stored, so do not keep them here. As JSON it may
    have up to about 14 KB. Of several writers of one key the last one wins. Items are searched by
    ``fields`` of the value (paths as LangGraph has them), or ``index`` of the put, and otherwise by
    all of its texts. They are never merged or replaced for saying the same, as facts are. All are
    in the Smara namespace ``namespace``. A search with a query finds the best 50; a time to live is
    not supported.

    ``client`` and ``async_client`` serve the two halves of the interface; the one that is not given
    is made like the other, or from the environment.
    """

    def __init__(
        self,
        client: Smara | None = None,
        *,
        async_client: AsyncSmara | None = None,
        user_label: int = 0,
        namespace: str = "langgraph",
        fields: Sequence[str] | None = None,
    ) -> None:
        self._clients = Clients(client, async_client)
        self._layout = Layout(namespace, user_label, fields)
        self._known: set[Path] = set()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations, and give the result of each."""
        return Items(self._clients.sync, self._layout, self._known).run(list(ops))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run the operations, and give the result of each."""
        return await AsyncItems(self._clients.here(), self._layout, self._known).run(list(ops))

    async def aclose(self) -> None:
        """Close the client that was made for the running event loop."""
        await self._clients.aclose()
