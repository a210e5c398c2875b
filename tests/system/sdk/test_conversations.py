"""Conversations, on the running service with its worker."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from smara import ConversationFailed, NotFound, Smara, WaitTimeout

from tests.system.sdk.conftest import Connect
from tests.system.sdk.misbehaving import FakeSmara


def test_a_conversation_is_waited_for_and_shows_its_receipt(smara: Smara) -> None:
    handle = smara.ingest(
        "u",
        [
            {"role": "user", "content": "I moved to Lisbon last month."},
            {"role": "assistant", "content": "How do you like it?"},
        ],
        occurred_at="2026-04-02T10:00:00Z",
        metadata={"channel": "web"},
    )
    assert handle.status == "queued"
    done = handle.wait(timeout=30)
    assert (done.status, handle.status, done.message_count) == ("done", "done", 2)
    assert done.receipt is not None
    [fact] = done.receipt.facts
    assert fact.action == "stored"
    assert "Lisbon" in fact.fact
    [memory] = smara.search("u", "where does the user live")
    assert (memory.id, memory.conversation_id) == (fact.memory_id, handle.id)
    assert memory.metadata == {"channel": "web"}


def test_a_text_in_the_place_of_messages_is_a_transcript(smara: Smara) -> None:
    done = smara.ingest("u", "User: I am allergic to peanuts.\nAssistant: Noted.").wait(30)
    assert done.message_count == 2


def test_objects_of_a_chat_library_are_messages(smara: Smara) -> None:
    turn = SimpleNamespace(
        model_dump=lambda **_: {"role": "user", "content": "I have a dog called Rex."}
    )
    done = smara.ingest("u", [turn]).wait(30)
    assert done.receipt is not None
    assert len(done.receipt.facts) == 1


def test_neither_messages_nor_a_transcript_is_an_error(smara: Smara) -> None:
    with pytest.raises(ValueError, match="either messages or a transcript"):
        smara.ingest("u")


def test_conversations_are_listed_newest_first_and_erased(smara: Smara) -> None:
    handles = [smara.ingest("u", f"User: My lucky number is {n}.") for n in (3, 4)]
    for handle in handles:
        handle.wait(30)
    listed = [conversation.id for conversation in smara.conversations.list(page_size=1)]
    assert listed == [handle.id for handle in handles[::-1]]
    smara.conversations.delete(handles[0].id, memories=True)
    assert smara.conversations.get(handles[1].id).status == "done"
    assert [c.id for c in smara.conversations.list(state="done", user_id="nobody")] == []


def test_what_a_conversation_did_can_be_undone(smara: Smara) -> None:
    handle = smara.ingest("ada", [{"role": "user", "content": "I have a dog named Rex."}])
    handle.wait(timeout=30)
    assert len(list(smara.list("ada"))) == 1

    undone = smara.conversations.revert(handle.id)

    assert (undone.deleted, undone.restored) == (1, 0)
    assert list(smara.list("ada")) == []
    assert smara.conversations.get(handle.id).reverted_at is not None


def test_a_done_conversation_can_be_replayed(smara: Smara) -> None:
    handle = smara.ingest("u", "User: I play the cello.")
    handle.wait(30)
    again = smara.conversations.replay(handle.id)
    assert (again.id, again.wait(30).status) == (handle.id, "done")


def test_an_unknown_conversation_is_not_found(smara: Smara) -> None:
    with pytest.raises(NotFound):
        smara.conversations.get("01980000-0000-7000-8000-000000000000")


def test_a_wait_that_is_too_short_says_so(fake: tuple[FakeSmara, str], connect: Connect) -> None:
    provider, url = fake
    provider.script(
        {"status": 202, "body": {"id": "c-1", "status": "queued"}},
        {"status": 200, "body": {"id": "c-1", "status": "processing"}, "times": 0},
    )
    handle = connect("key", url).ingest("u", "User: I collect stamps.")
    with pytest.raises(WaitTimeout, match="still processing after 0 s") as caught:
        handle.wait(timeout=0)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.conversation.id == "c-1"


def test_a_wait_may_be_longer_than_the_timeout(
    connect: Connect, fake: tuple[FakeSmara, str]
) -> None:
    provider, url = fake
    provider.script(
        {"status": 202, "body": {"id": "c-1", "status": "queued"}},
        {"status": 200, "body": {"id": "c-1", "status": "done"}, "delay_seconds": 1.2},
    )
    client = connect("key", url, timeout=0.5, max_retries=0)
    assert client.ingest("u", "User: I collect stamps.").wait(5).status == "done"


def test_a_dead_conversation_is_an_error_that_says_why(
    fake: tuple[FakeSmara, str], connect: Connect
) -> None:
    provider, url = fake
    problem = {"code": "refused", "message": "The model refused.", "replayable": True}
    provider.script(
        {"status": 202, "body": {"id": "c-1", "status": "queued"}},
        {"status": 200, "body": {"id": "c-1", "status": "dead", "error": problem}},
    )
    handle = connect("key", url).ingest("u", "User: I collect stamps.")
    with pytest.raises(ConversationFailed, match="The model refused") as caught:
        handle.wait(30)
    assert caught.value.code == "refused"
    assert caught.value.conversation.error is not None
    assert caught.value.conversation.error.replayable
