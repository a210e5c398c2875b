"""LangGraph: a graph whose long-term store is the memory service.

pip install './sdk[langchain]'
python -m examples.langgraph_store
"""

from __future__ import annotations

from typing import TypedDict
from uuid import uuid4

from langgraph.graph import END, START, StateGraph
from langgraph.store.base import BaseStore
from smara import Smara
from smara.langchain import SmaraRetriever, SmaraStore

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


class State(TypedDict):
    """What goes through the graph."""

    user: str
    message: str
    answer: str


def note(state: State, *, store: BaseStore) -> dict[str, str]:
    """Keep the message as an item of the user, and answer with the item nearest to it."""
    path = (state["user"], "notes")
    before = store.search(path, query=state["message"], limit=1)
    store.put(path, uuid4().hex, {"text": state["message"]})
    return {"answer": before[0].value["text"] if before else "nothing yet"}


def main() -> None:
    """Run the graph in two threads; the second finds what the first has kept."""
    with Smara() as client:
        builder = StateGraph(State)
        builder.add_node("note", note)
        builder.add_edge(START, "note")
        builder.add_edge("note", END)
        graph = builder.compile(store=SmaraStore(client))

        for message in ("The greenhouse needs a new pump", "What is wrong in the greenhouse?"):
            state = graph.invoke({"user": USER, "message": message, "answer": ""})
            print(f"{message} -> {state['answer']}")

        # A retriever brings facts, with their figures, wherever LangChain wants documents.
        client.store(USER, "Grows tomatoes")
        for document in SmaraRetriever(user_id=USER, k=1, client=client).invoke("vegetables"):
            print(f"{document.page_content} (importance {document.metadata['importance']})")


if __name__ == "__main__":
    environment.require()
    main()
