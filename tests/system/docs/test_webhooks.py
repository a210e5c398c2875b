"""The receiver of the page about webhooks does what the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.webhooks.message import body, headers, new_secret, shown

PAGE = Path(__file__).parents[3] / "docs/how-to/webhooks.md"


def test_the_receiver_takes_what_is_signed_once_and_refuses_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, now = new_secret(), datetime.now(UTC)
    monkeypatch.setenv("WEBHOOK_SECRET", shown(secret))
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    [code] = [block for block in blocks if "def hear" in block]
    names: dict[str, Any] = {}
    exec(code, names)
    receiver = TestClient(names["app"])
    said = body("memory.stored", now, {"user_id": "ada"})
    signed = headers(uuid4(), said, [secret], now=now)
    forged = {**signed, "webhook-id": "msg_another"}

    answers = [
        receiver.post("/hooks/smara", content=said, headers=each).status_code
        for each in (signed, signed, forged)
    ]

    assert answers == [204, 204, 400]
    assert capsys.readouterr().out == "memory.stored {'user_id': 'ada'}\n"
