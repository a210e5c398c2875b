"""Adapters for LangGraph and LangChain, which the extra ``langchain`` installs.

``SmaraStore`` is a LangGraph store, ``SmaraRetriever`` a LangChain retriever.
"""

from __future__ import annotations

try:
    from smara.langchain.retriever import SmaraRetriever
    from smara.langchain.store import SmaraStore
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.split(".")[0] not in ("langchain_core", "langgraph"):
        raise
    raise ImportError(
        f"smara.langchain needs {missing.name}: pip install langchain-core langgraph"
    ) from missing

__all__ = ["SmaraRetriever", "SmaraStore"]
