"""Stories of single memories: stated, corrected, moved, deleted, restored."""

from __future__ import annotations

from collections.abc import Mapping

from torture.client import Answer
from torture.model.deeds import Edited, Ended, Place, Restored
from torture.script import NAMESPACES
from torture.stories.teller import MEMORIES, MEMORY, Refused, Teller, story
from torture.words import HOMES, named


@story(weight=12)
async def stated(told: Teller) -> None:
    """A fact by POST /v1/memories."""
    await told.store(told.fact(), _somewhere(told))


@story(weight=5)
async def stated_by_tool(told: Teller) -> None:
    """A fact by the function call of a model."""
    fact, place = told.fact(), _somewhere(told)
    arguments = {"user_id": place.user, "fact": fact.text, "namespace": place.namespace}
    await told.ask(
        "POST",
        "/v1/openai/tool-call",
        right=(201,),
        idempotency_key=told.request_key(),
        body={"name": "smara_store_memory", "arguments": arguments},
    )
    told.stated([fact], place, "stored by tool")


@story(weight=5)
async def stated_over_mcp(told: Teller) -> None:
    """A fact by the MCP tool, which has no idempotency key: a repetition is a duplicate."""
    fact, place = told.fact(), _somewhere(told)
    arguments = {"user_id": place.user, "fact": fact.text, "namespace": place.namespace}
    await over_mcp(told, "store_memory", arguments)
    told.stated([fact], place, "stored over MCP")


@story(weight=4)
async def batch(told: Teller) -> None:
    """Facts for several namespaces by one request, all or none."""
    facts = [told.fact() for _ in range(told.dice.randint(3, 15))]
    places = [_somewhere(told) for _ in facts]
    memories = [
        {"user_id": place.user, "fact": fact.text, "namespace": place.namespace}
        for fact, place in zip(facts, places, strict=True)
    ]
    answer = await told.ask(
        "POST",
        "/v1/memories:batch",
        right=(200,),
        idempotency_key=told.request_key(),
        body={"memories": memories},
    )
    if {each["action"] for each in answer.body["results"]} != {"stored"}:
        told.ledger.violation("a batch of new facts was not stored", str(answer.body)[:200])
    for fact, place in zip(facts, places, strict=True):
        told.stated([fact], place, "stored by batch")


@story(weight=4)
async def settler(told: Teller) -> None:
    """One home after the other, stated directly: the last one counts."""
    place = told.place(user=f"settler-{told.number}")
    for _ in range(told.dice.randint(2, 4)):
        await told.store(told.fact(told.dice.choice(HOMES)), place, topic="home")


@story(weight=6)
async def edited(told: Teller) -> None:
    """A memory is corrected twice, and somebody who has not seen the corrections is refused."""
    fact = told.fact("{} sings in the garden.")
    memory = await told.store(fact, told.place())
    first = ""
    for sentence in ("{} sings in the old garden.", "{} sings behind the old garden."):
        tag, _ = await _read(told, memory)
        first = first or tag
        text = sentence.format(named(fact.word))
        await _change(told, memory, fact.word, tag, {"fact": text}, text=text)
    late = {"fact": f"{named(fact.word)} sings nowhere."}
    answer = await _patch(told, memory, late, {"If-Match": first})
    if answer.status != 412:
        told.ledger.violation("a change of what has changed was not refused", str(answer.status))


@story(weight=3)
async def moved(told: Teller) -> None:
    """A memory goes to another namespace."""
    fact = told.fact()
    memory = await told.store(fact, told.place())
    tag, _ = await _read(told, memory)
    await _change(told, memory, fact.word, tag, {"namespace": "attic"}, namespace="attic")


@story(weight=4)
async def deleted(told: Teller) -> None:
    """A memory is deleted, by the route or by the function call."""
    fact = told.fact()
    memory = await told.store(fact, told.place())
    if told.dice.random() < 0.5:
        await told.remove(memory, f"{MEMORIES}/{memory}", route=MEMORY)
    else:
        call = {"name": "smara_delete_memory", "arguments": {"memory_id": memory}}
        answer = await told.ask("POST", "/v1/openai/tool-call", right=(204, 404), body=call)
        if answer.status == 404 and not answer.repeated:
            told.ledger.violation("what was there could not be deleted", "tool-call: 404")
            raise Refused
    told.ledger.note(Ended((fact.word,)), "memory deleted")


@story(weight=2)
async def restored(told: Teller) -> None:
    """A home that another has replaced is live again, beside it."""
    place = told.place(user=f"returner-{told.number}")
    old, new = told.fact(HOMES[0]), told.fact(HOMES[0])
    memory = await told.store(old, place, topic="home")
    await told.store(new, place, topic="home")
    answer = await told.ask(
        "POST", f"{MEMORIES}/{memory}/restore", right=(200, 409), route=f"{MEMORY}/restore"
    )
    if answer.status == 409 and not answer.repeated:
        told.ledger.violation("a superseded memory could not be restored", "409")
        raise Refused
    told.ledger.note(Restored(old.word), "memory restored")


async def over_mcp(told: Teller, tool: str, arguments: Mapping[str, object]) -> None:
    """Call a tool at /mcp until it has done its work."""
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments},
    }
    headers = {"Accept": "application/json, text/event-stream"}
    headers["MCP-Protocol-Version"] = "2025-06-18"
    while True:
        answer = await told.ask(
            "POST", "/mcp", right=(200,), route=f"/mcp {tool}", body=call, headers=headers
        )
        result = answer.body["result"]
        if not result.get("isError"):
            return
        said = str(result["content"])
        if not any(status in said for status in ("429", "503")):
            told.ledger.violation("a good request was refused", f"/mcp {tool}: {said[:120]}")
            raise Refused
        told.ledger.failed[f"503 /mcp {tool}"] += 1


def _somewhere(told: Teller) -> Place:
    return told.place(namespace=told.dice.choice(NAMESPACES))


async def _read(told: Teller, memory: str) -> tuple[str, dict[str, object]]:
    answer = await told.ask("GET", f"{MEMORIES}/{memory}", right=(200,), route=MEMORY)
    return answer.headers["etag"], answer.body


async def _patch(
    told: Teller, memory: str, body: dict[str, str], headers: dict[str, str]
) -> Answer:
    return await told.ask(
        "PATCH",
        f"{MEMORIES}/{memory}",
        right=(200, 412),
        route=MEMORY,
        body=body,
        headers=headers,
    )


async def _change(
    told: Teller,
    memory: str,
    word: str,
    tag: str,
    body: dict[str, str],
    *,
    text: str | None = None,
    namespace: str | None = None,
) -> None:
    """Change a memory that is still as it was read. A 412 at the second try is settled by reading:
    the first had done it, or nothing was done."""
    while True:
        answer = await _patch(told, memory, body, {"If-Match": tag})
        if answer.status == 200:
            break
        if not answer.repeated:
            told.ledger.violation("a change of what was just read was refused", "412")
            raise Refused
        told.ledger.note(Edited(word, text, namespace, sure=False), "edit without an answer")
        tag, now = await _read(told, memory)
        if all(now[name] == value for name, value in body.items()):
            break
    told.ledger.note(Edited(word, text, namespace), "memory edited")
