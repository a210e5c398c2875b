"""Two memories that say one thing share a line of the context block, and both are kept."""

from __future__ import annotations

from tests.support.client import Client


def test_a_repetition_in_other_words_is_kept_and_has_no_line_of_its_own(client: Client) -> None:
    for fact in (
        "User lives in a small flat by the harbour.",
        "User lives in a small flat by the harbour with two cats.",
        "User plays the cello.",
    ):
        answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": fact})
        assert answer.json()["action"] == "stored"

    found = client.http.get("/v1/users/ada/context", params={"q": "Where does the user live?"})

    body = found.json()
    assert len(body["memories"]) == 3
    lines = body["context"].splitlines()
    assert len(lines) == 2
    assert sum("harbour with two cats" in line for line in lines) == 1
    for line in lines:
        place = int(line[1 : line.index("]")])
        assert line.endswith(body["memories"][place - 1]["fact"])
