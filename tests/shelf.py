"""A server on loopback that hands out files, as well or as badly as a test wants."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shelf:
    """What is served, and how.

    Attributes:
        files: content by name.
        ranges: whether parts are given.
        versions: whether ETags are told.
        lengths: whether sizes are told.
        heads: whether HEAD is answered.
        cuts: after how many bytes each of the next answers breaks off.
        status: what every answer is, in place of the file.
        asked: method, name and Range of each request.
    """

    files: dict[str, bytes]
    ranges: bool = True
    versions: bool = True
    lengths: bool = True
    heads: bool = True
    cuts: list[int] = field(default_factory=list)
    status: int | None = None
    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def parts(self) -> list[str]:
        """The Range of each GET, empty where all was asked for."""
        return [part for method, _, part in self.asked if method == "GET"]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        if not self.server.shelf.heads:
            self.send_error(405)
            return
        self._answer(with_content=False)

    def do_GET(self) -> None:
        self._answer(with_content=True)

    def _answer(self, *, with_content: bool) -> None:
        shelf, part = self.server.shelf, self.headers.get("Range", "")
        shelf.asked.append((self.command, self.path, part))
        content = shelf.files.get(self.path.rpartition("/")[2])
        if content is None or shelf.status:
            self.send_error(shelf.status or 404)
            return
        start = self._start(content, part)
        if start and start >= len(content):
            self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
            return
        self._send(content, start, with_content)

    def _start(self, content: bytes, part: str) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", part)
        same = self.headers.get("If-Range") in (None, _tag(content))
        return int(found[1]) if found and self.server.shelf.ranges and same else 0

    def _send(self, content: bytes, start: int, with_content: bool) -> None:
        shelf = self.server.shelf
        told = {
            "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}" if start else "",
            "ETag": _tag(content) if shelf.versions else "",
            "Content-Length": str(len(content) - start) if shelf.lengths else "",
        }
        self._head(206 if start else 200, told)
        if with_content:
            cut = shelf.cuts.pop(0) if shelf.cuts else len(content)
            self.wfile.write(content[start : start + cut])

    def _head(self, status: int, told: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in told.items():
            if value:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _tag(content: bytes) -> str:
    return f'"{hash(content)}"'


class _Server(ThreadingHTTPServer):
    def __init__(self, shelf: Shelf) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shelf = shelf

    def handle_error(self, request: object, client_address: object) -> None:
        """Who fetches may hang up."""


@contextmanager
def serving(shelf: Shelf) -> Iterator[Shelf]:
    """Serve it while inside; ``shelf.url`` is the folder."""
    server = _Server(shelf)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    shelf.url = f"http://127.0.0.1:{server.server_port}/set"
    try:
        yield shelf
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
