"""A webhook on this machine, which answers as it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

SECRET = "T0SECRET"


@dataclass
class Hook:
    """What it got, in ``posts``; its ``address`` holds the `SECRET`."""

    port: int
    posts: list[dict[str, Any]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"{self.host}/services/{SECRET}"


@contextmanager
def webhook(answers: Sequence[int] = ()) -> Iterator[Hook]:
    """Answers in turn with ``answers``, and then with 200; 0 is no answer at all."""
    left, closed = list(answers), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status = left.pop(0) if left else 200
            if not status:
                closed.wait()
                return
            self.send_response(status)
            self.send_header("Location", f"{hook.host}/elsewhere")
            self.end_headers()

        def do_GET(self) -> None:
            hook.other.append(self.path)

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook = Hook(server.server_address[1])
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hook
    finally:
        closed.set()
        server.shutdown()
        server.server_close()
