"""What happened is told to those who asked for it: signed, until it has arrived, and to nobody
else."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.providers.server import Running
from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.support.webhook_receiver import Receiver


def register(client: Client, url: str, *events: str) -> dict[str, Any]:
    answer = client.http.post("/v1/webhooks", json={"url": url, "events": list(events)})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deliveries(client: Client, webhook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = client.http.get(f"/v1/webhooks/{webhook['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["deliveries"]
    return listed


def store(client: Client, fact: str, user_id: str = "ada") -> dict[str, Any]:
    answer = client.http.post("/v1/memories", json={"user_id": user_id, "fact": fact})
    assert answer.status_code in (200, 201), answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def test_everything_that_happens_is_told_once_signed_and_without_anybodys_words(
    tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    home = store(tenant, "Lives in New York")["id"]
    store(tenant, "Lives in New York")
    moved = store(tenant, "Lives in San Francisco")["id"]
    tenant.http.patch(f"/v1/memories/{moved}", json={"importance": 0.9})
    tenant.http.delete(f"/v1/memories/{moved}")
    tenant.http.post(f"/v1/memories/{home}/restore")
    talk = tenant.post_conversation("ada", "I keep bees in the garden.")
    assert tenant.finished(talk)["state"] == "done"

    eventually(lambda: receiver[0].count >= 7)

    heard = receiver[0].heard(webhook["secret"])
    [bees] = tenant.finished(talk)["receipt"]["facts"]
    assert sorted((each["type"], each["data"].get("memory_id")) for each in heard) == sorted(
        [
            ("memory.stored", home),
            ("memory.replaced", moved),
            ("memory.edited", moved),
            ("memory.deleted", moved),
            ("memory.restored", home),
            ("memory.stored", bees["memory_id"]),
            ("conversation.done", None),
        ]
    )
    replaced = next(each for each in heard if each["type"] == "memory.replaced")
    assert replaced["data"]["replaced_id"] == home
    assert {each["data"]["user_id"] for each in heard} == {"ada"}
    done = next(each for each in heard if each["type"] == "conversation.done")
    assert done["data"]["conversation_id"] == talk
    assert len(set(receiver[0].ids())) == len(receiver[0].ids())
    said = b"".join(call.raw for call in receiver[0].calls)
    assert b"Francisco" not in said
    assert b"bees" not in said
    eventually(lambda: {each["state"] for each in deliveries(tenant, webhook)} == {"delivered"})
    assert {each["last_status"] for each in deliveries(tenant, webhook)} == {204}


def test_an_endpoint_hears_what_it_asked_for_and_of_its_own_tenant(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1], "memory.deleted", "conversation.cancelled")
    stranger = telling.client()
    theirs = store(stranger, "Collects stamps")["id"]
    stranger.http.delete(f"/v1/memories/{theirs}")
    mine = store(tenant, "Collects coins")["id"]
    tenant.http.delete(f"/v1/memories/{mine}")

    eventually(lambda: receiver[0].count == 1)

    [told] = receiver[0].heard(webhook["secret"])
    assert (told["type"], told["data"]["memory_id"]) == ("memory.deleted", mine)
    assert [each["event"] for each in deliveries(tenant, webhook)] == ["memory.deleted"]


def test_what_did_not_arrive_is_tried_again_under_the_same_id(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    receiver[0].script({"status": 500}, {"status": 302, "headers": {"location": "/elsewhere"}})
    store(tenant, "Plays the cello")
    eventually(lambda: deliveries(tenant, webhook)[0]["last_status"] == 500)
    [missed] = deliveries(tenant, webhook, state="pending")
    assert (missed["attempts"], missed["last_error"]) == (1, "status_500")
    assert tenant.http.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"] is not None
    pauses = pauses_of(telling, webhook)
    assert 1 < pauses[0] <= 5

    make_due(telling, webhook)
    eventually(lambda: deliveries(tenant, webhook)[0]["last_status"] == 302)
    assert 290 < pauses_of(telling, webhook)[0] <= 300
    make_due(telling, webhook)
    eventually(lambda: deliveries(tenant, webhook)[0]["state"] == "delivered")

    assert len(receiver[0].ids()) == 3
    assert len(set(receiver[0].ids())) == 1
    assert len({call.raw for call in receiver[0].calls}) == 1
    assert {call.path for call in receiver[0].calls} == {"/hooks"}
    assert tenant.http.get(f"/v1/webhooks/{webhook['id']}").json()["failing_since"] is None


def test_after_the_last_attempt_it_has_failed_and_can_be_replayed(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    receiver[0].script({"status": 503, "times": 8})
    store(tenant, "Plays the viola")
    for attempt in range(1, 9):
        eventually(lambda n=attempt: receiver[0].count == n)  # type: ignore[misc]
        eventually(lambda: not under_way(telling, webhook))
        make_due(telling, webhook)
    [failed] = deliveries(tenant, webhook)
    assert (failed["state"], failed["attempts"], failed["last_status"]) == ("failed", 8, 503)

    path = f"/v1/webhooks/{webhook['id']}"
    assert tenant.http.post(f"{path}/replay").json() == {"replayed": 1}
    eventually(lambda: deliveries(tenant, webhook)[0]["state"] == "delivered")
    assert tenant.http.post(f"{path}/replay").json() == {"replayed": 0}
    again = tenant.http.post(f"{path}/deliveries/{failed['id']}/replay")
    assert again.json() == {"replayed": 1}
    eventually(lambda: receiver[0].count == 10)
    assert len(set(receiver[0].ids())) == 1


def test_an_endpoint_that_is_gone_or_failed_for_five_days_is_disabled(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    gone, failing = (register(tenant, receiver[1]) for _ in range(2))
    with psycopg.connect(telling.database_url, autocommit=True) as database:
        database.execute(
            "UPDATE webhook_endpoints SET failing_since = now() - interval '5 days 1 second'"
            " WHERE endpoint_id = %s",
            (failing["id"],),
        )
    receiver[0].script({"status": 410}, {"status": 410})
    store(tenant, "Plays the harp")
    eventually(
        lambda: all(
            not tenant.http.get(f"/v1/webhooks/{each['id']}").json()["enabled"]
            for each in (gone, failing)
        )
    )
    told = receiver[0].count
    store(tenant, "Plays the lute")

    reasons = {each["id"]: each["disabled_reason"] for each in listed(tenant)}
    assert reasons[gone["id"]] == "gone"
    assert [each["state"] for each in deliveries(tenant, failing)] == ["failed"]
    refused = tenant.http.post(f"/v1/webhooks/{gone['id']}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_disabled")
    assert receiver[0].count == told

    back = tenant.http.patch(f"/v1/webhooks/{gone['id']}", json={"enabled": True}).json()
    assert (back["enabled"], back["disabled_reason"], back["failing_since"]) == (True, None, None)
    store(tenant, "Plays the oboe")
    eventually(lambda: receiver[0].count == told + 1)


def test_five_days_of_failures_disable_whatever_the_status(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    with psycopg.connect(telling.database_url, autocommit=True) as database:
        database.execute(
            "UPDATE webhook_endpoints SET failing_since = now() - interval '5 days'"
            " WHERE endpoint_id = %s",
            (webhook["id"],),
        )
    receiver[0].script({"status": 500})
    store(tenant, "Plays the bassoon")

    eventually(lambda: not listed(tenant)[0]["enabled"])

    assert listed(tenant)[0]["disabled_reason"] == "failing"


def test_a_receiver_that_hangs_keeps_nobody_waiting(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    hanging = Receiver()
    hanging.script({"hang": True, "times": 0})
    with Running(hanging) as running:
        register(tenant, f"http://127.0.0.1:{running.port}/")
        webhook = register(tenant, receiver[1], "conversation.done")
        for n in range(6):
            store(tenant, f"Has been to the town of Number {n}")
        eventually(lambda: hanging.count >= 1)

        talk = tenant.post_conversation("bob", "I keep goats in the yard.")
        assert tenant.finished(talk)["state"] == "done"
        eventually(lambda: receiver[0].count == 1)
        assert hanging.count <= 4
    [told] = receiver[0].heard(webhook["secret"])
    assert told["data"]["conversation_id"] == talk


def test_a_new_secret_signs_beside_the_old_one_for_a_while(
    tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    path = f"/v1/webhooks/{webhook['id']}"
    assert "secret" not in tenant.http.get(path).json()
    rotated = tenant.http.post(f"{path}/rotate").json()
    assert rotated["secret"] != webhook["secret"]
    assert tenant.http.post(f"{path}/test").status_code == 202
    eventually(lambda: receiver[0].count == 1)
    for secret in (webhook["secret"], rotated["secret"]):
        assert receiver[0].heard(secret)[0]["type"] == "webhook.test"

    final = tenant.http.post(f"{path}/rotate", json={"grace_seconds": 0}).json()
    receiver[0].forget()
    tenant.http.post(f"{path}/test")
    eventually(lambda: receiver[0].count == 1)
    assert len(receiver[0].calls[0].headers["webhook-signature"].split()) == 1
    assert receiver[0].heard(final["secret"])[0]["type"] == "webhook.test"


def test_who_is_erased_is_told_of_no_more(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    webhook = register(tenant, receiver[1])
    receiver[0].script({"status": 500, "times": 0})
    store(tenant, "Speaks Breton", user_id="quetzalcoatlus")
    store(tenant, "Speaks Basque", user_id="bob")
    eventually(lambda: {d["last_status"] for d in deliveries(tenant, webhook)} == {500})

    assert tenant.http.delete("/v1/users/quetzalcoatlus").status_code == 200

    assert [each["user_id"] for each in deliveries(tenant, webhook)] == ["bob"]
    with psycopg.connect(telling.database_url) as database:
        held = database.execute(
            "SELECT count(*) FROM webhook_deliveries d WHERE d::text LIKE '%quetzalcoatlus%'"
        ).fetchone()
    assert held == (0,)


def test_a_cancelled_conversation_and_what_its_erasure_took_are_told(
    telling: Stack, tenant: Client, receiver: tuple[Receiver, str]
) -> None:
    talk = tenant.post_conversation("ada", "I keep ducks in the pond.")
    assert tenant.finished(talk)["state"] == "done"
    webhook = register(tenant, receiver[1])
    telling.worker.kill()
    try:
        waiting = tenant.post_conversation("ada", "I keep geese in the barn.")
        for _ in range(2):
            tenant.http.delete(f"/v1/conversations/{waiting}")
        tenant.http.delete(f"/v1/conversations/{talk}", params={"memories": "true"})
    finally:
        telling.worker.start()

    eventually(lambda: receiver[0].count >= 2)

    heard = {each["type"]: each["data"] for each in receiver[0].heard(webhook["secret"])}
    assert heard.keys() == {"conversation.cancelled", "memory.deleted"}
    assert heard["conversation.cancelled"]["conversation_id"] == waiting
    assert receiver[0].count == 2


def listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.http.get("/v1/webhooks").json()["webhooks"]
    return found


def make_due(stack: Stack, webhook: dict[str, Any]) -> None:
    """As if the pause were over."""
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = now()"
            " WHERE endpoint_id = %s AND state = 'pending'",
            (webhook["id"],),
        )


def under_way(stack: Stack, webhook: dict[str, Any]) -> bool:
    with psycopg.connect(stack.database_url) as database:
        row = database.execute(
            "SELECT count(*) FROM webhook_deliveries"
            " WHERE endpoint_id = %s AND lease_until IS NOT NULL",
            (webhook["id"],),
        ).fetchone()
    return row != (0,)


def pauses_of(stack: Stack, webhook: dict[str, Any]) -> list[float]:
    """Seconds until the pending ones are tried again."""
    with psycopg.connect(stack.database_url) as database:
        rows = database.execute(
            "SELECT extract(epoch FROM next_attempt_at - now())::float8 FROM webhook_deliveries"
            " WHERE endpoint_id = %s AND state = 'pending'",
            (webhook["id"],),
        ).fetchall()
    return [seconds for (seconds,) in rows]
