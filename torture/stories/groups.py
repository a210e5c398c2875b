"""Stories of agents with skills, of teams with members and facts, and of the graph."""

from __future__ import annotations

from torture.model.deeds import Dissolved, Ended
from torture.stories.teller import Refused, Teller, story

AGENT, TEAM, SKILL = "/v1/agents/{id}", "/v1/teams/{id}", "/v1/skills/{id}"


@story(weight=3)
async def agent(told: Teller) -> None:
    """An agent with a skill learns by itself and in a chat; a third go, half of those with what
    they knew."""
    made = await told.make(
        "agent", "/v1/agents", {"name": f"robot {told.number}", "owner_id": told.user}
    )
    skill = await told.make("skill", "/v1/skills", {"name": f"skill {told.number}"})
    attached = await told.ask(
        "POST",
        f"/v1/agents/{made}/skills",
        right=(201,),
        route=f"{AGENT}/skills",
        idempotency_key=told.request_key(),
        body={"skill_id": skill, "config": {"of": told.number}},
    )
    place = told.place(agent=made)
    facts = [told.fact() for _ in range(3)]
    await told.ask(
        "POST",
        f"/v1/agents/{made}/memories",
        right=(201,),
        route=f"{AGENT}/memories",
        idempotency_key=told.request_key(),
        body={"user_id": told.user, "fact": facts[0].text},
    )
    told.stated(facts[:1], place, "stored for an agent")
    entry = await told.say(facts[1:], place)
    await _rename(told, "agent", made, f"/v1/agents/{made}", AGENT, f"robot {told.number}, renamed")
    if told.dice.random() < 0.3 and attached.status == 201:
        await told.remove(skill, f"/v1/skills/{skill}", route=SKILL)
    if told.dice.random() < 0.3:
        if await told.finished(entry) != "done":
            raise Refused
        with_memories = told.dice.random() < 0.5
        await told.remove(
            made,
            f"/v1/agents/{made}",
            route=AGENT,
            params={"memories": "true" if with_memories else "false"},
        )
        if with_memories:
            words = tuple(fact.word for fact in facts)
            told.ledger.note(Ended(words), "agent deleted with its memories")


@story(weight=3)
async def team(told: Teller) -> None:
    """Two members tell their team facts, directly and in chats, and keep one private; a third of
    the teams are dissolved."""
    one, two = f"chief-{told.number}", f"crew-{told.number}"
    name = f"team {told.number}"
    made = await told.make(
        "team",
        "/v1/teams",
        {"name": name, "slug": f"team-{told.number}", "user_id": one},
    )
    answer = await told.ask(
        "POST",
        f"/v1/teams/{made}/members",
        right=(201, 409),
        route=f"{TEAM}/members",
        idempotency_key=told.request_key(),
        body={"user_id": two, "added_by": one},
    )
    if answer.status == 409 and not answer.repeated:
        told.ledger.violation("a new member could not be added", "409")
        raise Refused
    told.ledger.written["member added"] += 1
    await told.store(told.fact(), told.place(user=one, team=made))
    await told.store(told.fact(), told.place(user=two, team=made))
    await told.store(told.fact(), told.place(user=two))
    entry = await told.say([told.fact(), told.fact()], told.place(user=two, team=made))
    if told.dice.random() < 0.3:
        # What is still on its way when the team goes is another story (app/memories/reconcile).
        if await told.finished(entry) != "done":
            raise Refused
        await told.remove(made, f"/v1/teams/{made}", route=TEAM, params={"user_id": one})
        told.ledger.note(Dissolved(told.tenant_name, made), "team dissolved")


@story(weight=3)
async def graph(told: Teller) -> None:
    """Two memories are connected; a third of the edges are cut, a third go with one end."""
    facts = [told.fact(), told.fact()]
    ends = [await told.store(fact, told.place()) for fact in facts]
    edge = await told.make(
        "edge",
        "/v1/graph/connect",
        {"from_memory_id": ends[0], "to_memory_id": ends[1], "relationship_type": "sings_to"},
    )
    chance = told.dice.random()
    if chance < 1 / 3:
        await told.remove(edge, f"/v1/graph/edge/{edge}", route="/v1/graph/edge/{id}")
    elif chance < 2 / 3:
        await told.remove(ends[0], f"/v1/memories/{ends[0]}", route="/v1/memories/{id}")
        told.ledger.note(Ended((facts[0].word,)), "memory deleted")
        told.ledger.things[edge].there = False


async def _rename(
    told: Teller, kind: str, identifier: str, path: str, route: str, name: str
) -> None:
    """Rename something as it was read. A 412 at the second try: the first had done it."""
    read = await told.ask("GET", path, right=(200,), route=route)
    headers = {"If-Match": read.headers["etag"]}
    answer = await told.ask(
        "PATCH", path, right=(200, 412), route=route, body={"name": name}, headers=headers
    )
    if answer.status == 412 and not answer.repeated:
        told.ledger.violation("a change of what was just read was refused", f"{route}: 412")
        raise Refused
    if answer.status == 412:
        again = await told.ask("GET", path, right=(200,), route=route)
        if again.body["name"] != name:
            raise Refused  # It was not renamed, and is kept as it was.
    told.ledger.things[identifier].name = name
    told.ledger.written[f"{kind} renamed"] += 1
