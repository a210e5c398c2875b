"""Answers are attributes and mappings at once, and put up with newer servers."""

from __future__ import annotations

import copy
import pickle

import pytest
from smara.models import Context, FoundMemory, Memory, SearchResults, StoreResult


def test_an_answer_is_a_mapping_of_what_was_sent() -> None:
    stored = StoreResult.model_validate({"action": "stored", "id": "m-1"})
    assert dict(stored) == {"action": "stored", "id": "m-1"}
    assert {**stored} == stored == {"action": "stored", "id": "m-1"}
    assert (list(stored), len(stored)) == (["action", "id"], 2)
    assert "id" in stored
    assert "replaced_id" not in stored
    assert stored.replaced_id is None
    assert stored.get("replaced_id", "none") == "none"
    with pytest.raises(KeyError):
        stored["replaced_id"]


def test_a_field_of_a_newer_server_is_kept() -> None:
    memory = Memory.model_validate({"id": "m-1", "fact": "Likes tea", "colour": "green"})
    assert (memory["colour"], memory.colour) == ("green", "green")  # type: ignore[attr-defined]
    assert str(memory) == '{"id": "m-1", "fact": "Likes tea", "colour": "green"}'


def test_lists_and_texts_survive_copying_and_pickling() -> None:
    found = FoundMemory(id="m-1", fact="Likes tea", score=0.9)
    for value in (SearchResults([found], True, "why"), Context("text", [found], True, "why")):
        for twin in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert twin == value
            assert (twin.degraded, twin.degraded_reason) == (True, "why")
