"""Storing, finding and looking after memories, on the running service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from smara import Conflict, NotFound, PreconditionFailed, Smara


def test_many_facts_go_in_portions_and_come_back_in_order(smara: Smara) -> None:
    facts = [f"Passenger {number} of the ferry sits in cabin {number * 7}" for number in range(5)]
    done = smara.store_many(
        [*facts, {"fact": facts[0]}, {"fact": "Speaks Norwegian", "user_id": "other"}],
        user_id="u",
        namespace="ferry",
    )
    assert [item.action for item in done.results] == ["stored"] * 5 + ["duplicate", "stored"]
    assert (done.stored, done.duplicates, done.rejected) == (6, 1, 0)
    assert {memory.fact for memory in smara.list("u", namespace="ferry")} == set(facts)
    assert [memory.fact for memory in smara.list("other", namespace="ferry")] == [
        "Speaks Norwegian"
    ]


def test_a_batch_without_any_user_is_refused_before_it_is_sent(smara: Smara) -> None:
    with pytest.raises(ValueError, match="user_id"):
        smara.store_many(["Likes tea"])


def test_a_listing_reads_all_pages_and_one_page_knows_the_total(smara: Smara) -> None:
    facts = ["Owns a red kayak", "Studies medieval Latin", "Is allergic to peanuts"]
    for fact in facts:
        smara.store("u", fact)
    listing = smara.list("u", page_size=1)
    assert [memory.fact for memory in listing] == facts[::-1]
    assert [memory.fact for memory in listing] == facts[::-1]  # A second reading starts afresh.
    assert [len(page) for page in listing.pages()] == [1, 1, 1]
    page = smara.list_page("u", limit=2)
    assert page.total == 3
    assert [memory.fact for memory in page.memories] == facts[:0:-1]
    rest = smara.list_page("u", limit=2, cursor=page.next_cursor)
    assert [memory.fact for memory in rest.memories] == [facts[0]]
    assert rest.next_cursor is None


def test_filters_reach_the_service(smara: Smara) -> None:
    smara.store("u", "Eats oysters", metadata={"topic": "food", "year": 2021}, source="diary")
    smara.store("u", "Rides a bicycle", metadata={"topic": "travel", "year": 2024})
    assert [m.fact for m in smara.search("u", "habits", metadata={"topic": "food"})] == [
        "Eats oysters"
    ]
    assert [m.fact for m in smara.list("u", metadata={"year": {"gte": 2022}})] == [
        "Rides a bicycle"
    ]
    assert [m.fact for m in smara.context("u", source="diary").memories] == ["Eats oysters"]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert list(smara.list("u", created_after=tomorrow)) == []
    assert smara.list_page("u", created_before=tomorrow).total == 2


def test_a_misspelt_filter_is_an_error_and_not_ignored(smara: Smara) -> None:
    with pytest.raises(TypeError, match="top_k"):
        smara.search("u", "tea", top_k=3)  # type: ignore[call-arg]


def test_a_memory_tells_its_history_and_can_be_corrected_and_brought_back(smara: Smara) -> None:
    old = smara.store("u", "Lives in Oslo", metadata={"seen": 1})
    new = smara.store("u", "Lives in Bergen")
    assert new.replaced_id == old.id
    detail = smara.get(new.id)
    assert (detail.fact, detail.state) == ("Lives in Bergen", "live")
    assert [version.id for version in detail.versions] == [old.id]
    assert smara.get(old.id).superseded_by == new.id
    corrected = smara.update(new.id, fact="Lives in Trondheim", importance=0.9)
    assert (corrected.fact, corrected.importance) == ("Lives in Trondheim", 0.9)
    assert smara.restore(old.id).fact == "Lives in Oslo"
    with pytest.raises(Conflict):
        smara.restore(old.id)


def test_a_memory_that_was_changed_since_it_was_read_is_not_changed(smara: Smara) -> None:
    memory = smara.get(smara.store("u", "Likes tea")["id"])
    changed = smara.update(memory.id, importance=0.9, if_match=memory)

    with pytest.raises(PreconditionFailed) as refused:
        smara.update(memory.id, importance=0.1, if_match=memory)

    assert (refused.value.status, refused.value.code) == (412, "precondition_failed")
    assert smara.update(memory.id, importance=0.2, if_match=changed.etag).importance == 0.2
    [listed] = smara.list("u")
    assert listed.etag is None
    assert listed == {**smara.list_page("u").memories[0]}
    with pytest.raises(ValueError, match="etag"):
        smara.update(memory.id, importance=0.3, if_match=listed)


def test_an_edit_says_when_a_model_chose_the_words(smara: Smara) -> None:
    memory_id = smara.store("u", "Likes tea")["id"]

    assert smara.update(memory_id, fact="Likes coffee", stated_by="model").trust == 0.6


def test_what_is_deleted_is_gone(smara: Smara) -> None:
    stored = smara.store("u", "Likes tea")
    assert smara.delete(stored.id) == {"id": stored.id, "deleted": True}
    with pytest.raises(NotFound) as caught:
        smara.get(stored.id)
    assert caught.value.status == 404


@pytest.mark.parametrize("user_id", ["a/b c", "..", "söße?#%2F", "u&x=1"])
def test_a_user_may_have_any_characters(smara: Smara, user_id: str) -> None:
    smara.store(user_id, "Likes tea")
    assert [memory.fact for memory in smara.context(user_id).memories] == ["Likes tea"]


def test_an_explained_search_shows_its_figures(smara: Smara) -> None:
    smara.store("u", "Likes tea", importance=1.0)
    results = smara.search("u", "tea", explain=True)
    assert results.explain is not None
    assert results[0].explain is not None
    assert results[0].explain.half_life_days == 10.0


def test_the_same_key_stores_once(smara: Smara) -> None:
    first = smara.store("u", "Likes tea", idempotency_key="once")
    assert smara.store("u", "Likes tea", idempotency_key="once") == first
    assert first.action == "stored"
