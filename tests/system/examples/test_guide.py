"""Rule 1 (docs/reference/contract.md): the example scripts print what they promise."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.client import Client
from tests.system.examples.conftest import Run

Lines = Callable[..., list[str]]


def test_the_quick_start_remembers_and_recalls(run: Lines) -> None:
    assert run("quick_start") == [
        "stored",
        "[1] (importance: 0.7, decay: 1.00, source: api) Writes her services in Go",
    ]


def test_each_importance_has_its_half_life(run: Lines) -> None:
    assert run("importance") == [
        "importance 1.0: half-life 10 days: Is allergic to penicillin",
        "importance 0.7: half-life 7 days: Is preparing a talk for the spring conference",
        "importance 0.2: half-life 2 days: Was late for the stand-up this morning",
    ]


def test_a_repetition_is_found_and_a_contradiction_replaces(run: Lines) -> None:
    assert run("contradictions") == [
        "stored     Lives in Lisbon",
        "duplicate  Lives in Lisbon.",
        "replaced   Lives in Porto",
        "before: Lives in Lisbon",
        "history: replaced (same_attribute_new_value)",
        "live again: ['Lives in Lisbon', 'Lives in Porto']",
    ]


def test_a_search_finds_what_other_words_say(run: Lines) -> None:
    printed = run("semantic_search")
    assert printed[0].split("  ", 1)[1] == "Runs her databases on Hetzner machines"
    assert printed[1].endswith("retention 1.000")
    assert len(printed) == 4


def test_the_context_comes_over_plain_http(run: Lines, client: Client) -> None:
    assert run("context") == [
        "You help one person with their code. What you know about them:",
        "[1] (importance: 0.8, decay: 1.00, source: api) Prefers tabs over spaces",
    ]


def test_agents_do_not_see_each_others_memories(run: Lines) -> None:
    assert run("agents") == [
        "Coder: ['Likes short functions']",
        "Chef: ['Likes short recipes']",
        "the user's own: ['Speaks Portuguese']",
        "with all agents: ['Likes short functions', 'Likes short recipes', 'Speaks Portuguese']",
    ]


def test_the_graph_is_walked_and_survives_a_change_of_mind(run: Lines) -> None:
    assert run("graph") == [
        "1 step(s), context_for: Is looking for a larger flat",
        "2 step(s), constrains: Has two dogs",
        "replaced: ['Is looking for a larger flat']",
    ]


def test_namespaces_keep_apart_and_metadata_narrows(run: Lines) -> None:
    assert run("namespaces") == [
        "health: ['Is allergic to penicillin']",
        "work: ['The budget is due', 'The demo is on Friday']",
        "atlas: ['The demo is on Friday']",
        "urgent: ['The budget is due']",
        "default: []",
    ]


def test_a_team_shares_what_is_not_private(run: Lines) -> None:
    assert run("teams") == [
        "ada: ['Dreads the migration', 'The old API goes away on 15 May']",
        "review-bot: ['The old API goes away on 15 May']",
        "eve: not_a_member",
    ]


def test_an_ended_chat_comes_back_as_a_receipt(run: Lines) -> None:
    printed = run("ingest")
    assert printed[0] == "accepted: queued"
    assert "stored [0.9] User is allergic to peanuts." in printed
    assert '    said in message [0]: "I am allergic to peanuts."' in printed
    assert any("Lisbon in March 2026" in line for line in printed)


def test_without_a_key_an_example_says_how_to_get_one(run_anywhere: Run) -> None:
    done = run_anywhere("quick_start")
    assert done.returncode == 1
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_key_for_claude_the_loop_says_so(run_anywhere: Run, here: dict[str, str]) -> None:
    done = run_anywhere("agent_loop", **here)
    assert done.returncode == 1
    assert done.stderr == "This example also needs ANTHROPIC_API_KEY in the environment.\n"
