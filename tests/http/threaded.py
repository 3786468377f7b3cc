"""A small server of a test's own, in a thread."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ['QuietHandler', 'ThreadedServer']


class QuietHandler(BaseHTTPRequestHandler):
    """Writes no lines about its requests."""

    def log_message(self, *_: Any) -> None:
        pass


class ThreadedServer:
    """Serves while its context is open.

    Attributes:
        url: Where.
    """

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
