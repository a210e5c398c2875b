"""The fakes as another process sees them: over HTTP, started from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(params=["anthropic", "voyage"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    command = [sys.executable, "-m", f"tests.providers.{request.param}", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.terminate()


def send(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, raw, {"content-type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as failure:
        return failure.code, json.loads(failure.read())


def ask(url: str, text: str) -> int:
    path, body = "/v1/embeddings", {"model": "voyage-4", "input": [text]}
    status, _ = send(
        "POST",
        url + path,
        {**body, "max_tokens": 9, "messages": [{"role": "user", "content": text}]},
    )
    return status


def test_a_script_from_another_process_steers_the_answers(url: str) -> None:
    steps = [{"status": 429}, {"status": 500, "when": "poison", "times": 0}]
    assert send("PUT", f"{url}/script", {"steps": steps}) == (204, None)

    assert [ask(url, text) for text in ("tea", "tea", "poison", "poison", "tea")] == [
        429,
        200,
        500,
        500,
        200,
    ]

    _, asked = send("GET", f"{url}/calls")
    assert asked["count"] == 5
    assert "poison" in json.dumps(asked["calls"][2]["body"])

    send("DELETE", f"{url}/calls")
    assert send("GET", f"{url}/calls") == (200, {"count": 0, "calls": []})
    assert ask(url, "poison") == 200
