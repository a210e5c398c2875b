"""Stories of webhooks that come and go; those that stay are made before anything is sent."""

from __future__ import annotations

from torture.stories.teller import Refused, Teller, story

HOOK = "/v1/webhooks/{id}"


@story(weight=1)
async def webhook(told: Teller) -> None:
    """An endpoint is registered, changed, tried out and deleted."""
    url = f"{told.traffic.receiver_url}/passing/{told.number}"
    made = await told.ask(
        "POST",
        "/v1/webhooks",
        right=(201,),
        body={"url": url, "events": ["conversation.dead"], "description": f"of {told.number}"},
    )
    mine = [str(made.body["id"])]
    if made.repeated:
        listed = await told.ask("GET", "/v1/webhooks", right=(200,))
        mine = [each["id"] for each in listed.body["webhooks"] if each["url"] == url]
    told.ledger.written["webhook made"] += 1
    path = f"/v1/webhooks/{mine[0]}"
    await told.ask("PATCH", path, right=(200,), route=HOOK, body={"description": "changed"})
    tried = await told.ask("POST", f"{path}/test", right=(202,), route=f"{HOOK}/test")
    if not tried.body.get("id"):
        told.ledger.violation("a webhook could not be tried out", str(tried.body)[:200])
        raise Refused
    for identifier in mine:
        await told.remove(identifier, f"/v1/webhooks/{identifier}", route=HOOK)
    told.ledger.written["webhook deleted"] += 1
