"""A server between sweeper and MLflow that misbehaves as it is told."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host"}


class Proxy:
    """On loopback, in front of a server on ``port``.

    Attributes:
        fails: answer every request with status 500 and pass nothing on.
        mute: pass requests on, but keep the answers.
        delay: seconds before a request is passed on.
    """

    def __init__(self, port: int) -> None:
        self.fails = self.mute = False
        self.delay = 0.0
        self.requests = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                proxy.requests += 1
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                time.sleep(proxy.delay)
                if proxy.fails:
                    self._answer(500, b"out of order")
                    return
                try:
                    status, kind, content = self._pass_on(body)
                except OSError:
                    self.close_connection = True
                    return
                if proxy.mute:
                    self.close_connection = True
                else:
                    self._answer(status, content, kind)

            def _pass_on(self, body: bytes) -> tuple[int, str, bytes]:
                kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                with contextlib.closing(connection):
                    connection.request(self.command, self.path, body, kept)
                    answer = connection.getresponse()
                    return answer.status, answer.getheader("Content-Type") or "", answer.read()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one  # noqa: N815

            def _answer(self, status: int, content: bytes, kind: str = "text/plain") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # who asked may be gone
                    self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
