"""A LangChain retriever."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import PrivateAttr

from smara._async.client import AsyncSmara
from smara._sync.client import Smara
from smara.langchain.clients import Clients
from smara.models import FoundMemory


class SmaraRetriever(BaseRetriever):
    """Finds what is remembered about a user, as documents: the fact, and its figures as metadata.

    ``k`` is how many. ``filters`` are those of ``Smara.search``, such as ``{"metadata": {"topic":
    "food"}}``. ``client`` and ``async_client`` serve ``invoke`` and ``ainvoke``; the one that is
    not given is made like the other, or from the environment.
    """

    user_id: str
    k: int = 5
    namespace: str | None = None
    filters: dict[str, Any] = {}  # noqa: RUF012 # pydantic copies it for each instance.
    client: Smara | None = None
    async_client: AsyncSmara | None = None

    _clients: Clients = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        self._clients = Clients(self.client, self.async_client)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        client = self._clients.sync
        return _documents(
            client.search(self.user_id, query, self.k, self.namespace, **self.filters)
        )

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        client = self._clients.here()
        return _documents(
            await client.search(self.user_id, query, self.k, self.namespace, **self.filters)
        )

    async def aclose(self) -> None:
        """Close the client that was made for the running event loop."""
        await self._clients.aclose()


def _documents(memories: Iterable[FoundMemory]) -> list[Document]:
    return [
        Document(
            id=memory.id,
            page_content=memory.fact,
            metadata={name: value for name, value in memory.to_dict().items() if name != "fact"},
        )
        for memory in memories
    ]
