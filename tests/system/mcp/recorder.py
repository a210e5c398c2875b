"""An HTTP server that keeps what it is asked and answers what it is told to."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """As it stood on the wire: ``target`` is path and query, undecoded."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None


class Recorder:
    """Answers every request with ``status`` and ``answer`` after ``delay_seconds``.

    With ``cuts_off`` it hangs up instead.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status, self.answer, self.delay_seconds = 200, b'{"ok": true}', 0.0
        self.cuts_off = False
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorder.requests.append(
                    Request(self.command, self.path, headers, self.rfile.read(length))
                )
                time.sleep(recorder.delay_seconds)
                if recorder.cuts_off:
                    self.close_connection = True
                    return
                self.send_response(recorder.status)
                self.send_header("Content-Length", str(len(recorder.answer)))
                self.end_headers()
                self.wfile.write(recorder.answer)

            do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """The tests read ``requests`` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> Recorder:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def last(self) -> Request:
        """The one request since the last look."""
        (request,) = self.requests
        self.requests.clear()
        return request
