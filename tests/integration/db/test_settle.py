"""Facts reconciled against Postgres: the table's wall against duplicates is never run into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.db import memory_owners
from app.db.pool import TenantTx, clock, transaction
from app.memories import plan
from app.memories.plan import NEIGHBOURS, Destination, Group
from app.memories.reconcile import DECISIONS, Outdated, Reconciliation
from app.rules.bands import Bands
from app.rules.decision import Decision
from app.rules.types import Action, Fact, Neighbour, Reconciled, Scope
from tests.integration.db.rows import NEW_YEAR, at_angle, execute

pytestmark = pytest.mark.anyio

ADA = "user:ada"

OSLO, LISBON = at_angle(1.0), at_angle(0.8)


async def reconciled(tenant: UUID, *facts: tuple[str, Sequence[float], int]) -> list[Reconciled]:
    """Settle (text, vector, day of the year) facts in one transaction."""
    destination = Destination(Scope(tenant, "default", "ada"), "ada", "private", "test")
    drawn = [
        Fact(text, 0.5, (0,), "quote", NEW_YEAR + timedelta(days=day)) for text, _, day in facts
    ]
    vectors = [vector for _, vector, _ in facts]
    reconciliation = Reconciliation(
        tenant, [Group([(destination, fact) for fact in drawn], vectors)]
    )
    await reconciliation.decide()
    async with transaction(tenant) as tx:
        [group] = await reconciliation.write(tx, {ADA: await memory_owners.lock(tx, ADA)})
    return group


async def settle(
    tx: TenantTx, facts: Sequence[tuple[Destination, Fact]], vectors: Sequence[Sequence[float]]
) -> list[Reconciled]:
    """Decide under the lock, as when nothing else has helped."""
    lock = await memory_owners.lock(tx, ADA)
    [group] = await Reconciliation(tx.tenant_id, [Group(facts, vectors)]).write(tx, {ADA: lock})
    return group


async def live(tenant: UUID) -> list[str]:
    rows = await execute(
        "SELECT fact FROM memories WHERE tenant_id = %s AND state = 'live' ORDER BY fact", tenant
    )
    return [fact for (fact,) in rows]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Ana likes tea.", "ana likes tea"),
        ("User no longer lives in Oslo.", "User no longer lives in Oslo."),
        ("User doesn't like phone calls.", "user doesn\u2019t like phone calls"),
        ("Guten Morgen, ich wohne hier.", "guten morgen, ich wohne hier"),
        ("!!!", "!!!"),
    ],
)
async def test_the_same_words_again_are_a_duplicate_wherever_they_lie(
    tenant: UUID, old: str, new: str
) -> None:
    await reconciled(tenant, (old, OSLO, 0))

    [again] = await reconciled(tenant, (new, at_angle(0.0), 1))
    in_one_go = await reconciled(
        tenant, ("User has a cat.", at_angle(0.3), 1), (new, OSLO, 1), (new, OSLO, 1)
    )

    assert again.action is Action.DUPLICATE
    assert [each.action for each in in_one_go] == [
        Action.STORED,
        Action.DUPLICATE,
        Action.DUPLICATE,
    ]
    assert await live(tenant) == sorted([old, "User has a cat."])


async def test_texts_of_punctuation_alone_are_told_apart(tenant: UUID) -> None:
    facts = await reconciled(tenant, ("!!!", at_angle(0.0), 0), ("...", at_angle(1.0), 0))

    assert [each.action for each in facts] == [Action.STORED, Action.STORED]


async def test_a_conversation_may_leave_a_value_and_come_back_to_it(tenant: UUID) -> None:
    await reconciled(tenant, ("User lives in Lisbon.", LISBON, 0))

    facts = await reconciled(
        tenant, ("User lives in Oslo.", OSLO, 1), ("User lives in Lisbon.", LISBON, 2)
    )

    assert [each.action for each in facts] == [Action.REPLACED, Action.REPLACED]
    assert await live(tenant) == ["User lives in Lisbon."]


async def test_a_value_may_come_and_go_within_one_conversation(tenant: UUID) -> None:
    facts = await reconciled(
        tenant,
        ("User lives in Lisbon.", LISBON, 0),
        ("User lives in Oslo.", OSLO, 1),
        ("User lives in Lisbon.", LISBON, 2),
    )

    assert [each.action for each in facts] == [Action.STORED, Action.REPLACED, Action.REPLACED]
    assert await live(tenant) == ["User lives in Lisbon."]
    rows = await execute(
        "SELECT fact, superseded_by FROM memories"
        " WHERE tenant_id = %s AND state = 'superseded' ORDER BY valid_from",
        tenant,
    )
    assert rows == [
        ("User lives in Lisbon.", facts[1].memory_id),
        ("User lives in Oslo.", facts[2].memory_id),
    ]


async def test_an_older_truth_that_comes_late_is_history_from_the_start(tenant: UUID) -> None:
    await reconciled(tenant, ("User lives in Oslo.", OSLO, 60))

    [late] = await reconciled(tenant, ("User lives in Lisbon.", LISBON, 0))

    assert (late.action, late.reason) == (Action.STORED, "older_than_current")
    assert await live(tenant) == ["User lives in Oslo."]
    assert await execute(
        "SELECT valid_from, valid_until FROM memories WHERE memory_id = %s", late.memory_id
    ) == [(NEW_YEAR, NEW_YEAR + timedelta(days=60))]


async def test_a_duplicate_reinforces_and_every_fact_leaves_an_event(tenant: UUID) -> None:
    [stored] = await reconciled(tenant, ("User lives in Oslo.", OSLO, 0))
    await reconciled(tenant, ("User lives in Oslo.", OSLO, 1))
    [replaced] = await reconciled(tenant, ("User lives in Lisbon.", LISBON, 2))

    events = await execute(
        "SELECT memory_id, action, other_memory_id FROM memory_events"
        " WHERE tenant_id = %s ORDER BY at, event_id",
        tenant,
    )

    assert events == [
        (stored.memory_id, "stored", None),
        (stored.memory_id, "duplicate", None),
        (replaced.memory_id, "replaced", stored.memory_id),
    ]
    assert await execute(
        "SELECT memory_id, reinforcements FROM memory_recalls WHERE tenant_id = %s", tenant
    ) == [(stored.memory_id, 1)]


async def test_a_fact_is_true_since_the_lock_was_had_not_since_its_transaction_began(
    tenant: UUID,
) -> None:
    """One that began first and had its turn last is the newer one, in every time that is kept."""
    destination = Destination(Scope(tenant, "default", "ada"), "ada", "private", "test")

    async def said(tx: TenantTx, text: str, vector: Sequence[float]) -> list[Reconciled]:
        return await settle(tx, [(destination, Fact(text, 0.5))], [vector])

    async with transaction(tenant) as early:
        await clock(early)
        async with transaction(tenant) as late:
            [oslo] = await said(late, "User lives in Oslo.", OSLO)
        [lisbon] = await said(early, "User lives in Lisbon.", LISBON)

    assert (lisbon.action, lisbon.replaced_id) == (Action.REPLACED, oslo.memory_id)
    assert await live(tenant) == ["User lives in Lisbon."]
    [older, newer] = await execute(
        """
        SELECT m.created_at, m.valid_from, m.superseded_at, m.valid_until, e.at, m.memory_id
        FROM memories m JOIN memory_events e USING (tenant_id, memory_id)
        WHERE tenant_id = %s ORDER BY m.created_at
        """,
        tenant,
    )
    assert (older[5], newer[5]) == (oslo.memory_id, lisbon.memory_id)
    assert older[0] == older[1] == older[4] < newer[0] == newer[1] == newer[4]
    assert older[2] == older[3] == newer[0]


async def test_what_was_decided_before_another_change_is_decided_again(tenant: UUID) -> None:
    destination = Destination(Scope(tenant, "default", "ada"), "ada", "private", "test")
    oslo = Group([(destination, Fact("User lives in Oslo.", 0.5))], [OSLO])
    reconciliation = Reconciliation(tenant, [oslo])

    for _ in range(DECISIONS):
        await reconciliation.decide()
        await reconciled(tenant, ("User lives in Lisbon.", LISBON, 0))
        with pytest.raises(Outdated):
            async with transaction(tenant) as tx:
                await reconciliation.write(tx, {ADA: await memory_owners.lock(tx, ADA)})
    await reconciliation.decide()
    await reconciled(tenant, ("User lives in Lisbon.", LISBON, 0))
    async with transaction(tenant) as tx:
        [[moved]] = await reconciliation.write(tx, {ADA: await memory_owners.lock(tx, ADA)})

    assert moved.action is Action.REPLACED
    assert await live(tenant) == ["User lives in Oslo."]


async def test_a_fact_is_compared_with_few_however_many_resemble_it(
    tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []
    decide = plan.decide

    def counted(
        fact: str, at: datetime, near: Sequence[Neighbour], bands: Bands, trust: float
    ) -> Decision:
        judged.append(len(near))
        return decide(fact, at, near, bands, trust)

    monkeypatch.setattr(plan, "decide", counted)
    alike = [(f"User owns boat number {n} of Oslo.", at_angle(n / 900), 0) for n in range(60)]

    facts = await reconciled(tenant, *alike)
    again = await reconciled(tenant, *alike)

    assert {each.action for each in facts} == {Action.STORED}
    assert {each.action for each in again} == {Action.DUPLICATE}
    assert max(judged) == NEIGHBOURS
