"""Stories of conversations: transcripts, MCP, reverted, told again, erased."""

from __future__ import annotations

import json

from torture.model.deeds import Ended, Said
from torture.stories.memories import over_mcp
from torture.stories.teller import Refused, Teller, story


@story(weight=4)
async def transcript(told: Teller) -> None:
    """A chat as plain text."""
    facts = [told.fact() for _ in range(told.dice.randint(1, 3))]
    entry = told.entry(facts, told.place())
    text = "\n".join(f"User: {fact.text}" for fact in facts)
    tag = entry.body[entry.body.rindex(b"ref-") : entry.body.rindex(b".")].decode()
    body = {"user_id": told.user, "transcript": f"{text}\nAssistant: I have made a note, {tag}."}
    entry.body = json.dumps(body).encode()
    if await told.traffic.insist(entry) != 202:
        told.ledger.violation("a good POST was refused", "a transcript")
        raise Refused


@story(weight=3)
async def reverted(told: Teller) -> None:
    """What was learned of a chat is undone; half of them are then told again."""
    facts = [told.fact() for _ in range(told.dice.randint(1, 3))]
    place = told.place()
    entry = await told.say(facts, place)
    if await told.finished(entry) != "done":
        raise Refused
    path = f"/v1/conversations/{min(entry.ids)}"
    await told.ask("POST", f"{path}/revert", right=(200,), route="/v1/conversations/{id}/revert")
    told.ledger.note(Ended(tuple(fact.word for fact in facts)), "conversation reverted")
    entry.taken_back = True
    if told.dice.random() < 0.5:
        await _replay(told, path)
        said = Said(tuple(facts), place, min(entry.ids), at=entry.created_at)
        told.ledger.note(said, "conversation told again")
        entry.taken_back = False
        await told.finished(entry)


@story(weight=3)
async def replayed(told: Teller) -> None:
    """A chat is worked on a second time, which changes nothing."""
    entry = await told.say([told.fact() for _ in range(told.dice.randint(1, 3))], told.place())
    if await told.finished(entry) != "done":
        raise Refused
    await _replay(told, f"/v1/conversations/{min(entry.ids)}")
    told.ledger.written["conversation replayed"] += 1
    await told.finished(entry)


@story(weight=2)
async def told_over_mcp(told: Teller) -> None:
    """A chat by the MCP tool; asked again without an answer it is two chats, and one memory."""
    fact = told.fact()
    place = told.place(user=f"caller-{told.number}")
    arguments: dict[str, object] = {
        "user_id": place.user,
        "messages": [
            {"role": "user", "content": fact.text},
            {
                "role": "assistant",
                "content": f"I have made a note, ref-{900_000_000 + told.number}.",
            },
        ],
    }
    await over_mcp(told, "ingest_conversation", arguments)
    answer = await told.ask(
        "GET",
        "/v1/conversations",
        right=(200,),
        params={"user_id": place.user},
    )
    if not answer.body["conversations"]:
        told.ledger.violation("a conversation that was accepted is not listed", place.user)
        raise Refused
    for each in answer.body["conversations"]:
        told.ledger.unkeyed.add(each["id"])
        said = Said((fact,), place, each["id"], at=each["created_at"])
        told.ledger.note(said, "conversation over MCP")


async def _replay(told: Teller, path: str) -> None:
    answer = await told.ask(
        "POST", f"{path}/replay", right=(202, 409), route="/v1/conversations/{id}/replay"
    )
    if answer.status == 409 and not answer.repeated:
        told.ledger.violation("a finished conversation could not be told again", "409")
        raise Refused
