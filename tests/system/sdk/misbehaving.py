"""A service that fails on demand, and a proxy that does so before the real one."""

from __future__ import annotations

import json
import re

import httpx2

from tests.providers.server import Call, FakeProvider, Reply, Step

_ONE_MEMORY = re.compile(r"/v1/memories/[0-9a-f-]{36}")
_PASSED_ON = ("authorization", "content-type", "idempotency-key")


class FakeSmara(FakeProvider):
    """Stores whatever it is given, unless the script says otherwise."""

    def answer(self, call: Call, kind: str | None) -> Reply:
        return Reply(201, b'{"action": "stored", "id": "m-1"}')

    def error(self, step: Step) -> Reply:
        body = {"error": "Something is wrong.", "code": "scripted"}
        return Reply(step["status"], json.dumps(body).encode(), step.get("headers", {}))


class Proxy(FakeProvider):
    """Passes everything on. ``cut`` in a step cuts the answer, once the service has done its work;
    ``reset`` cuts before it has heard of it."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self._http = httpx2.Client(base_url=upstream, trust_env=False, timeout=30)

    def answer(self, call: Call, kind: str | None) -> Reply:
        method = "POST" if call.raw else "DELETE" if _ONE_MEMORY.fullmatch(call.path) else "GET"
        headers = {name: call.headers[name] for name in _PASSED_ON if name in call.headers}
        answer = self._http.request(method, call.path, content=call.raw, headers=headers)
        replayed = answer.headers.get("idempotent-replayed")
        extra = {"Idempotent-Replayed": replayed} if replayed else {}
        return Reply(answer.status_code, answer.content, extra)

    def error(self, step: Step) -> Reply:
        return Reply(step["status"], b"<html><title>Bad gateway</title></html>", {}, "text/html")

    def close(self) -> None:
        self._http.close()
