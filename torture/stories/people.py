"""Stories of persons who are erased while they speak, and of keys that are revoked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from urllib.parse import quote

import httpx2

from app.rules.content_hash import content_hash
from torture.ledger import Gone, Revoked
from torture.model.deeds import Erased
from torture.stories.teller import MEMORIES, Refused, Teller, story
from torture.words import canary

REFUSED_WITHIN_SECONDS = 5.0
WATCHED_SECONDS = 7.0
"""For how long a revoked key is tried."""


@story(weight=1)
async def person_erased(told: Teller) -> None:
    """Somebody with memories, chats, an agent, an edge and a key of their own is erased while two
    more chats arrive; what they had sent is then sent again."""
    word = told.fact().word
    user = f"person-{word}"
    place = told.place(user=user)
    facts = [told.fact() for _ in range(8)]
    ends = [await told.store(fact, place) for fact in facts[:2]]
    again = told.request_key()
    stated = {"user_id": user, "fact": facts[2].text}
    await told.ask("POST", MEMORIES, right=(201,), idempotency_key=again, body=stated)
    told.stated(facts[2:3], place, "stored")
    robot = await told.make(
        "agent", "/v1/agents", {"name": f"robot of {word}", "owner_id": user, "description": word}
    )
    edge = await told.make(
        "edge",
        "/v1/graph/connect",
        {
            "from_memory_id": ends[0],
            "to_memory_id": ends[1],
            "relationship_type": "sings_to",
            "metadata": {"of": word},
        },
    )
    key, _ = await _key(told, {"scopes": ["read"], "users": [user]}, f"of {word}")
    entry = await told.say(facts[3:5], place)
    racing = [told.entry([fact], place) for fact in facts[5:7]]
    posts = [asyncio.create_task(told.traffic.insist(each)) for each in racing]
    await asyncio.sleep(told.dice.uniform(0, 0.05))
    first = await _erase(told, user)
    refused = asyncio.create_task(_refused_in_time(told, key, first))
    said = await asyncio.gather(*posts)
    if wrong := [status for status in said if status not in (202, 409)]:
        told.ledger.violation("a chat that raced an erasure", str(wrong))
    # What came after it was a new beginning: they are erased once more, with nothing under way.
    at = await _erase(told, user)
    for thing in (robot, edge):
        told.ledger.things[thing].there = False
    told.ledger.erased.append(
        Gone(
            told.tenant_name,
            user,
            frozenset({word, *(fact.word for fact in facts)}),
            frozenset(
                {
                    *(content_hash(fact.text).hex() for fact in facts),
                    *(hashlib.sha256(text.encode()).hexdigest() for text in (user, word)),
                    *(hashlib.sha256(fact.text.encode()).hexdigest() for fact in facts),
                }
            ),
            at,
        )
    )
    for each in (entry, *racing):
        each.taken_back = True
    late = await told.ask("POST", MEMORIES, right=(409,), idempotency_key=again, body=stated)
    if late.body["code"] != "user_erased":
        told.ledger.violation("a late request of the erased", str(late.body)[:200])
    if (status := await told.traffic.insist(entry)) != 409:
        told.ledger.violation("a late chat of the erased was taken", str(status))
    await refused


@story(weight=2)
async def key_revoked(told: Teller) -> None:
    """A key is made, used, revoked, and tried until it is refused; then it writes nothing."""
    label = f"key {told.number} {canary(23_000_000 + told.number)}"
    key, identifier = await _key(told, {"scopes": ["read", "write"]}, label)
    await told.ask("GET", "/v1/usage", right=(200,), key=key)
    answer = await told.ask(
        "DELETE", f"/v1/keys/{identifier}", right=(204, 404), route="/v1/keys/{id}"
    )
    if answer.status == 404 and not answer.repeated:
        told.ledger.violation("a key could not be revoked", "404")
        raise Refused
    told.ledger.written["key revoked"] += 1
    await _refused_in_time(told, key, time.time())
    # Nobody plants this word: whatever it becomes is unplanned.
    body = {"user_id": told.user, "fact": f"The bearer of key {told.number} was here."}
    await told.ask("POST", MEMORIES, right=(401,), key=key, body=body)


async def _key(told: Teller, asked: dict[str, object], label: str) -> tuple[str, str]:
    """A new key and its id. Of a request without an answer the key is lost, and is revoked."""
    answer = await told.ask("POST", "/v1/keys", right=(201,), body={**asked, "label": label})
    told.ledger.written["key made"] += 1
    if answer.repeated:
        listed = await told.ask("GET", "/v1/keys", right=(200,))
        for each in listed.body["keys"]:
            if each["label"] == label and each["id"] != answer.body["id"]:
                await told.ask(
                    "DELETE", f"/v1/keys/{each['id']}", right=(204, 404), route="/v1/keys/{id}"
                )
    return answer.body["api_key"], answer.body["id"]


async def _erase(told: Teller, user: str) -> float:
    """Erase a person and check the receipt; the time of the answer."""
    answer = await told.ask(
        "DELETE", f"/v1/users/{quote(user)}", right=(200,), route="/v1/users/{id}"
    )
    at = time.time()
    told.ledger.note(Erased(told.tenant_name, user), "person erased")
    verified = await told.ask("POST", "/v1/erasures/verify", right=(200,), body=answer.body)
    if not verified.body["valid"]:
        told.ledger.violation("the receipt of an erasure is not valid", user)
    return at


async def _refused_in_time(told: Teller, key: str, revoked_at: float) -> None:
    """Try the key at both APIs for a while, and note for how long one of them took it."""
    accepted_for = 0.0
    async with httpx2.AsyncClient(timeout=3.0, trust_env=False) as http:
        while (passed := time.time() - revoked_at) < WATCHED_SECONDS:
            for address in told.traffic.addresses:
                sent = time.time() - revoked_at
                with contextlib.suppress(httpx2.HTTPError):
                    answer = await http.get(
                        f"{address}/v1/tools", headers={"Authorization": f"Bearer {key}"}
                    )
                    if answer.status_code == 200:
                        accepted_for = max(accepted_for, sent)
            await asyncio.sleep(0.25)
    told.ledger.revoked.append(Revoked(accepted_for, passed))
