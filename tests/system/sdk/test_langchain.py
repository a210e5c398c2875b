"""The LangGraph store and the LangChain retriever, on the running service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    PutOp,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore
from smara import AsyncSmara, Smara
from smara.langchain import SmaraRetriever, SmaraStore

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.sdk.blocking import Loop

MEMORIES = ("u", "memories")


class Face:
    """A store through its synchronous or its asynchronous half."""

    def __init__(self, store: SmaraStore, loop: Loop | None) -> None:
        self.store, self._loop = store, loop

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if self._loop is None:
            return getattr(self.store, name)  # type: ignore[no-any-return]
        method, loop = getattr(self.store, f"a{name}"), self._loop
        return lambda *args, **kwargs: loop.run(method(*args, **kwargs))


@pytest.fixture
def memory(stack: Stack, api_key: str) -> Iterator[Smara]:
    with Smara(api_key, stack.base_url) as client:
        yield client


@pytest.fixture(params=["sync", "async"])
def store(request: pytest.FixtureRequest, memory: Smara, loop: Loop) -> Iterator[Face]:
    store = SmaraStore(memory)
    yield Face(store, loop if request.param == "async" else None)
    loop.run(store.aclose())


@pytest.mark.parametrize(
    "value",
    [
        {"data": "User likes tea"},
        {"n": 1, "f": 1.0, "tiny": 1e-9, "huge": 1e300, "long": 2**80, "yes": True, "none": None},
        {"nested": {"list": [1, {"deep": ["x"]}], "empty": {}}, "text": "a\u0000b\ud7ff 😀"},
        {"langgraph.key": "not ours", "order": 1, "a": 2},
        {},
        {"long": "word " * 2_400, "label": "x" * 200},
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_put_comes_back_exactly(store: Face, value: dict[str, Any]) -> None:
    store.put(MEMORIES, "k", value)
    item = store.get(MEMORIES, "k")
    assert item.value == value
    assert repr(item.value) == repr(value)
    assert (item.namespace, item.key) == (MEMORIES, "k")
    assert item.created_at.tzinfo is not None
    assert item.updated_at is not None


def test_an_item_is_overwritten_and_deleted(store: Face) -> None:
    store.put(MEMORIES, "k", {"data": "User likes tea"})
    begun = store.get(MEMORIES, "k").created_at
    store.put(MEMORIES, "k", {"data": "User likes coffee"})
    item = store.get(MEMORIES, "k")
    assert (item.value, item.created_at) == ({"data": "User likes coffee"}, begun)
    assert len(store.search(MEMORIES)) == 1
    store.delete(MEMORIES, "k")
    assert store.get(MEMORIES, "k") is None
    store.delete(MEMORIES, "k")


@pytest.mark.parametrize("value", [{}, {"text": "Likes tea"}], ids=str)
def test_many_writers_of_one_key_leave_one_item(
    memory: Smara, loop: Loop, value: dict[str, Any]
) -> None:
    store = SmaraStore(memory)

    async def put(number: int) -> None:
        await store.aput(MEMORIES, "k", {**value, "i": number})

    async def main() -> None:
        await asyncio.gather(*map(put, range(12)), store.aput(MEMORIES, "other", value))

    for _ in range(3):
        loop.run(main())
    assert sorted(item.key for item in store.search(MEMORIES)) == ["k", "other"]
    assert len(list(memory.list("u", namespace="langgraph"))) == 2
    store.put(MEMORIES, "k", {"i": 99})
    assert store.get(MEMORIES, "k").value == {"i": 99}  # type: ignore[union-attr]
    loop.run(store.aclose())


def test_putting_and_deleting_at_once_raises_nothing(memory: Smara, loop: Loop) -> None:
    store = SmaraStore(memory)

    async def main() -> None:
        puts = [store.aput(MEMORIES, "k", {"i": number}) for number in range(6)]
        await asyncio.gather(*puts, *(store.adelete(MEMORIES, "k") for _ in range(3)))
        await store.aclose()

    loop.run(main())
    assert len(store.search(MEMORIES)) <= 1


def test_an_item_that_was_doubled_is_found_once_and_healed_by_the_next_put(memory: Smara) -> None:
    store = SmaraStore(memory)
    store.put(MEMORIES, "k", {"text": "Likes tea"})
    [first] = memory.list("u", namespace="langgraph")
    twin = memory.store("u", "Rides a bicycle", metadata=first.metadata).id
    memory.update(twin, namespace="langgraph")
    assert len(store.search(MEMORIES)) == len(store.search(MEMORIES, query="tea")) == 1
    store.put(MEMORIES, "k", {"text": "Likes coffee"})
    assert [m.fact for m in memory.list("u", namespace="langgraph")] == ["Likes coffee"]


def test_an_item_is_not_changed_before_it_begins(store: Face) -> None:
    store.put(MEMORIES, "k", {"n": 1})
    item = store.get(MEMORIES, "k")
    assert item.updated_at >= item.created_at


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (
            {"card": 4111111111111111, "note": "a, [b]: c"},
            {"card": "[masked: card number]", "note": "a, [b]: c"},
        ),
        ({"ids": [4111111111111111, 1]}, {"ids": ["[masked: card number]", 1]}),
        ({"note": "my pin is 4321."}, {"note": "my pin is [masked: pin]."}),
    ],
    ids=str,
)
def test_secrets_come_back_masked(store: Face, value: dict[str, Any], kept: dict[str, Any]) -> None:
    store.put(MEMORIES, "k", value)
    assert store.get(MEMORIES, "k").value == kept


def test_a_value_whose_json_was_masked_to_pieces_hides_no_other(store: Face) -> None:
    store.put(MEMORIES, "broken", {"note": "password:", "next": "Hun7er!!"})
    store.put(MEMORIES, "whole", {"n": 1})
    assert store.get(MEMORIES, "broken").value.keys() == {"masked"}
    assert {item.key for item in store.search(MEMORIES)} == {"broken", "whole"}


def test_items_that_say_the_same_stay_apart(store: Face) -> None:
    for key in ("a", "b", "c"):
        store.put(MEMORIES, key, {"data": "User lives in Oslo"})
    store.put(MEMORIES, "d", {"data": "User lives in Bergen"})
    assert {item.key for item in store.search(MEMORIES)} == {"a", "b", "c", "d"}
    assert {item.key for item in store.search(MEMORIES, query="home")} == {"a", "b", "c", "d"}


def test_a_question_finds_the_item_that_answers_it(store: Face) -> None:
    store.put(MEMORIES, "food", {"text": "Loves pizza with olives", "kind": "food", "stars": 5})
    store.put(MEMORIES, "pet", {"text": "Has a cat named Mia", "kind": "pet", "stars": 3})
    store.put(MEMORIES, "hidden", {"text": "Ate a pizza"}, index=False)
    found = store.search(MEMORIES, query="What does the user eat?", limit=1)
    assert [item.key for item in found] == ["food"]
    assert found[0].score > 0
    assert store.get(MEMORIES, "hidden").value == {"text": "Ate a pizza"}
    keys = {item.key for item in store.search(MEMORIES, query="pizza")}
    assert keys == {"food", "pet"}


FILTERS: list[dict[str, Any]] = [
    {"kind": "food"},
    {"kind": "none"},
    {"stars": 5},
    {"stars": 3.0},
    {"fresh": True},
    {"stars": {"$gt": 3}},
    {"stars": {"$gte": 3, "$lt": 5}},
    {"kind": {"$ne": "food"}},
    {"kind": {"$eq": "pet"}},
    {"inner": {"a": 1}},
    {"tags": ["x", "y"]},
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
def test_filters_mean_what_they_mean_in_langgraphs_own_store(
    store: Face, wanted: dict[str, Any]
) -> None:
    own = InMemoryStore()
    values: list[dict[str, Any]] = [
        {"kind": "food", "stars": 5, "fresh": True, "inner": {"a": 1, "b": 2}},
        {"kind": "pet", "stars": 3, "fresh": False, "tags": ["x", "y"]},
    ]
    for number, value in enumerate(values):
        store.put(MEMORIES, str(number), value)
        own.put(MEMORIES, str(number), value)
    theirs = {item.key for item in own.search(MEMORIES, filter=wanted)}
    assert {item.key for item in store.search(MEMORIES, filter=wanted)} == theirs


def test_prefixes_pages_and_namespaces(store: Face) -> None:
    places = [("u", "a"), ("u", "a", "x"), ("u", "b"), ("v", "a"), ("w",)]
    for number, place in enumerate(places):
        store.put(place, "k", {"n": number})
    assert {item.value["n"] for item in store.search(("u",))} == {0, 1, 2}
    assert {item.value["n"] for item in store.search(("u", "a"))} == {0, 1}
    assert {item.value["n"] for item in store.search(())} == {0, 1, 2, 3, 4}
    first, second = store.search(("u",), limit=2), store.search(("u",), limit=2, offset=2)
    assert {item.value["n"] for item in [*first, *second]} == {0, 1, 2}
    assert store.list_namespaces() == sorted(places)
    assert store.list_namespaces(prefix=("u",)) == [("u", "a"), ("u", "a", "x"), ("u", "b")]
    assert store.list_namespaces(suffix=("a",)) == [("u", "a"), ("v", "a")]
    assert store.list_namespaces(prefix=("*", "a"), max_depth=2) == [("u", "a"), ("v", "a")]
    assert store.list_namespaces(limit=2, offset=1) == sorted(places)[1:3]
    store.delete(("u", "b"), "k")
    assert ("u", "b") not in store.list_namespaces()


def test_a_batch_answers_in_order_and_its_last_put_counts(store: Face) -> None:
    store.put(MEMORIES, "old", {"n": 0})
    results = store.batch(
        [
            PutOp(MEMORIES, "k", {"n": 1}),
            GetOp(MEMORIES, "old"),
            SearchOp(MEMORIES),
            PutOp(MEMORIES, "k", {"n": 2}),
            ListNamespacesOp(),
        ]
    )
    assert [results[0], results[3]] == [None, None]
    assert results[1].value == {"n": 0}
    assert [item.key for item in results[2]] == ["old"]
    assert results[4] == [MEMORIES]
    assert store.get(MEMORIES, "k").value == {"n": 2}


def test_what_cannot_be_kept_is_refused(store: Face) -> None:
    with pytest.raises(ValueError, match="the store keeps 16000"):
        store.put(MEMORIES, "k", {"text": "x" * 20_000})
    with pytest.raises(InvalidNamespaceError):
        store.put((), "k", {"n": 1})
    with pytest.raises(NotImplementedError):
        store.put(MEMORIES, "k", {"n": 1}, ttl=5)


def test_the_items_belong_to_the_user_and_go_with_the_user(memory: Smara) -> None:
    store = SmaraStore(memory, user_label=1, fields=["text"])
    store.put(("memories", "eve"), "k", {"text": "Likes tea", "id": "zzz"})
    assert [m.fact for m in memory.list("eve", namespace="langgraph")] == ["Likes tea"]
    assert memory.search("eve", "tea") == []  # Facts of conversations are another namespace.
    memory.users.erase("eve")
    assert store.get(("memories", "eve"), "k") is None


class State(TypedDict):
    question: str
    answer: str


def test_a_graph_remembers_between_its_runs(memory: Smara) -> None:
    def answer(state: State, *, store: BaseStore) -> dict[str, str]:
        known = store.search(MEMORIES, query=state["question"], limit=1)
        store.put(MEMORIES, "last", {"data": state["question"]})
        return {"answer": known[0].value["data"] if known else "nothing"}

    async def answer_later(state: State, *, store: BaseStore) -> dict[str, str]:
        known = await store.asearch(MEMORIES, query=state["question"], limit=1)
        return {"answer": known[0].value["data"]}

    store = SmaraStore(memory)
    graph = _graph(answer).compile(store=store)
    assert graph.invoke({"question": "I like tea", "answer": ""})["answer"] == "nothing"
    assert graph.invoke({"question": "drinks?", "answer": ""})["answer"] == "I like tea"

    async def main() -> Any:
        try:
            return (
                await _graph(answer_later)
                .compile(store=store)
                .ainvoke({"question": "drinks?", "answer": ""})
            )
        finally:
            await store.aclose()

    for _ in range(2):  # Each run has a loop of its own.
        assert asyncio.run(main())["answer"] == "drinks?"


def test_a_retriever_brings_memories_as_documents(
    memory: Smara, stack: Stack, api_key: str, client: Client
) -> None:
    memory.store("u", "Likes green tea", metadata={"topic": "food"})
    memory.store("u", "Rides a bicycle", metadata={"topic": "travel"})
    retriever = SmaraRetriever(user_id="u", client=memory, k=1)
    [document] = retriever.invoke("tea")
    assert document.page_content == "Likes green tea"
    assert document.metadata["metadata"] == {"topic": "food"}
    assert document.metadata["score"] > 0
    narrowed = SmaraRetriever(user_id="u", client=memory, filters={"metadata": {"topic": "travel"}})
    assert [each.page_content for each in narrowed.invoke("tea")] == ["Rides a bicycle"]

    async def main() -> list[str]:
        async with AsyncSmara(api_key, stack.base_url) as own:
            given = SmaraRetriever(user_id="u", async_client=own, k=1)
            texts = [each.page_content for each in await given.ainvoke("tea")]
        made = await retriever.ainvoke("tea")
        await retriever.aclose()
        return [*texts, *(each.page_content for each in made)]

    assert asyncio.run(main()) == ["Likes green tea", "Likes green tea"]


def _graph(node: Callable[..., Any]) -> StateGraph[Any]:
    graph = StateGraph(State)
    graph.add_node("answer", node)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph
