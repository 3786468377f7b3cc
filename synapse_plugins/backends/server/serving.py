"""Listening: in the foreground for the command line, in a thread for tests and notebooks."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import threading
import time
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Self

from ...errors import BackendError, MissingExtraError, ParamsError

if TYPE_CHECKING:
    from types import TracebackType

    from ..local import LocalBackend

__all__ = ['Served', 'check_address', 'is_loopback', 'new_token']

_START_SECONDS = 30.0
_SHORTEST_TOKEN = 16
_SENDABLE = re.compile('[!-~]+')


def new_token() -> str:
    """Return a token that nobody guesses."""
    return token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host.strip('[]')).is_loopback
    except ValueError:
        return False


def check_address(host: str, token: str | None) -> None:
    """Refuse to listen to other machines without a token, or with one that is guessed; and one that cannot be sent.

    Raises:
        ParamsError: With what to do.
    """
    if token is not None and not _SENDABLE.fullmatch(token):
        raise ParamsError(
            'The token has blanks or characters that no header carries, so that nobody could bring it: use letters, '
            'digits and signs of ASCII.'
        )
    if is_loopback(host):
        return
    if token is None:
        raise ParamsError(
            f'{host} is reached by other machines: without a token everybody there could read and change this store. '
            'Leave out --no-token, or listen on 127.0.0.1.'
        )
    if len(token) < _SHORTEST_TOKEN:
        raise ParamsError(
            f'The token has {len(token)} characters; to listen on {host} it needs {_SHORTEST_TOKEN} or more.'
        )


class Served:
    """A backend behind HTTP, in a thread of this process; a context manager.

    Attributes:
        url: The server's address.
        token: What a client brings.

    Args:
        backend: The embedded backend; it is not closed here.
        host: The address to listen on.
        port: The port; 0: a free one.
        token: What a client has to bring; None: nothing; ``''``: a new one.
        options: Further arguments of `make_app`.
    """

    def __init__(
        self,
        backend: LocalBackend,
        *,
        host: str = '127.0.0.1',
        port: int = 0,
        token: str | None = '',
        **options: Any,
    ) -> None:
        self.token = new_token() if token == '' else token
        check_address(host, self.token)
        try:
            import uvicorn

            from .app import make_app
        except ImportError as exc:
            raise MissingExtraError(
                "Serving needs starlette and uvicorn: pip install 'synapse-plugins[server]'"
            ) from exc
        self._socket = _listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        shown = f'[{host}]' if ':' in host else host
        self.url = f'http://{shown}:{self.port}'
        self.app = make_app(backend, token=self.token, **options)
        # The access log would hold the signatures of addresses.
        config = uvicorn.Config(
            self.app, log_level='warning', access_log=False, ws='none', lifespan='off', log_config=None,
            timeout_graceful_shutdown=5,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Serve until the process is asked to stop (Ctrl-C)."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve, name='synapse-plugins-serve', daemon=True)
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                raise BackendError(f'The server at {self.url} did not start.')
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_START_SECONDS)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    # With its protocol told: asyncio sends at once then, and does not wait 40 ms for more (Nagle).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name != 'nt':  # there it would let another program take over a port that is in use
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip('[]'), port))
        listening.listen(128)  # whoever comes before the server is up waits, and is not refused
    except OSError as exc:
        listening.close()
        raise BackendError(
            f'Cannot listen on {host}:{port}: {exc.strerror or exc}. Choose another --port (0 takes a free one).'
        ) from exc
    return listening
