"""Webhooks through the SDK, on the running service."""

from __future__ import annotations

import pytest
from smara import NotFound, Smara, ValidationFailed

NOWHERE = "https://hooks.example.invalid/smara"
"""A name that never resolves (RFC 6761): nothing leaves this machine."""


def test_a_webhook_is_registered_changed_and_removed(smara: Smara) -> None:
    made = smara.webhooks.register(NOWHERE, ["memory.stored"], description="ours")
    assert made.secret.startswith("whsec_")
    assert (made.url, made.events, made.description) == (NOWHERE, ["memory.stored"], "ours")
    assert smara.webhooks.get(made.id).enabled
    assert [each.id for each in smara.webhooks.list()] == [made.id]
    changed = smara.webhooks.update(made.id, events=[], enabled=False)
    assert (changed.events, changed.disabled_reason) == ([], "by_request")
    smara.webhooks.delete(made.id)
    with pytest.raises(NotFound):
        smara.webhooks.get(made.id)


def test_a_secret_is_rotated_and_never_shows(smara: Smara) -> None:
    made = smara.webhooks.register(NOWHERE)
    rotated = smara.webhooks.rotate(made.id, grace_seconds=60)
    assert rotated.secret != made.secret
    assert "secret" not in smara.webhooks.get(made.id)
    for each in (made, rotated):
        assert each.secret not in repr(each)


def test_what_a_webhook_was_told_is_read_page_by_page_and_told_again(smara: Smara) -> None:
    webhook = smara.webhooks.register(NOWHERE).id
    first, second = (smara.webhooks.test(webhook).id for _ in range(2))
    assert {each.event for each in smara.webhooks.deliveries(webhook)} == {"webhook.test"}
    with pytest.raises(NotFound):
        smara.webhooks.replay_one(webhook, first)
    _restarted(smara, webhook)
    failed = list(smara.webhooks.deliveries(webhook, state="failed", page_size=1))
    assert [each.id for each in failed] == [second, first]
    assert {each.last_error for each in failed} == {"endpoint_disabled"}
    assert smara.webhooks.replay(webhook, since="2999-01-01T00:00:00Z") == 0
    assert smara.webhooks.replay(webhook) == 2
    _restarted(smara, webhook)
    smara.webhooks.replay_one(webhook, first)
    states = {each.id: each.state for each in smara.webhooks.deliveries(webhook)}
    assert states == {first: "pending", second: "failed"}


def _restarted(smara: Smara, webhook: str) -> None:
    """What it was to be told is given up, and can be told again."""
    smara.webhooks.update(webhook, enabled=False)
    smara.webhooks.update(webhook, enabled=True)


def test_an_address_inside_is_refused(smara: Smara) -> None:
    with pytest.raises(ValidationFailed) as caught:
        smara.webhooks.register("https://127.0.0.1/hooks")
    assert caught.value.code == "url_not_allowed"
