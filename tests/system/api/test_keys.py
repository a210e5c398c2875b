"""Keys: issued once, listed without their secret, revoked within seconds; scopes hold."""

from __future__ import annotations

from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.contract.calls import at_once, statuses


def test_a_key_is_shown_once_and_kept_as_a_hash(client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"label": "reader", "scopes": ["read"]})

    assert issued.status_code == 201
    assert issued.json()["api_key"].startswith("smara_")
    listed = client.http.get("/v1/keys").json()["keys"]
    assert [key["label"] for key in listed] == ["test", "reader"]
    assert "api_key" not in listed[1]


def test_a_key_may_do_what_its_scopes_say_and_no_more(stack: Stack, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read"]}).json()
    reader = Client(stack.base_url, issued["api_key"])

    assert reader.http.get("/v1/conversations").status_code == 200
    refused = reader.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert reader.http.get("/v1/keys").status_code == 403


def test_a_revoked_key_stops_working_within_five_seconds(stack: Stack, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read"]}).json()
    other = Client(stack.base_url, issued["api_key"])
    assert other.http.get("/v1/conversations").status_code == 200

    assert client.http.delete(f"/v1/keys/{issued['id']}").status_code == 204

    eventually(lambda: other.http.get("/v1/conversations").status_code == 401, seconds=5)
    assert client.http.delete(f"/v1/keys/{issued['id']}").status_code == 404


def test_of_two_admin_keys_that_revoke_each_other_one_stays(stack: Stack) -> None:
    for _ in range(5):
        first = stack.client()
        issued = first.http.post("/v1/keys", json={"scopes": ["admin"]}).json()
        second = Client(stack.base_url, issued["api_key"])
        firsts_id, seconds_id = (key["id"] for key in second.http.get("/v1/keys").json()["keys"])

        answers = at_once(
            lambda first=first, key_id=seconds_id: first.http.delete(f"/v1/keys/{key_id}"),
            lambda second=second, key_id=firsts_id: second.http.delete(f"/v1/keys/{key_id}"),
        )

        assert statuses(answers) == [204, 409]


def test_a_key_without_admin_is_revoked_whichever_others_there_are(stack: Stack) -> None:
    admin = stack.client()
    reader = admin.http.post("/v1/keys", json={"scopes": ["read"]}).json()

    assert admin.http.delete(f"/v1/keys/{reader['id']}").status_code == 204


def test_another_tenants_conversation_does_not_exist(stack: Stack, client: Client) -> None:
    conversation_id = client.post_conversation("ada", "I live in Lisbon.")
    other = stack.client()

    assert other.http.get(f"/v1/conversations/{conversation_id}").status_code == 404
    assert other.http.post(f"/v1/conversations/{conversation_id}/replay").status_code == 404
    assert other.http.delete(f"/v1/conversations/{conversation_id}").status_code == 404
    assert other.facts("ada") == []
