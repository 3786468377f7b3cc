"""Files are asked for beneath the library's session; a server must not see that, and nobody loses what it guards."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries, fetching
from synapse_plugins.backends.synapse.fetching import Fetch
from synapse_plugins.backends.synapse.plain import _PLAIN
from synapse_plugins.backends.synapse.transport import Request
from synapse_plugins.errors import NoAnswerError

from .threaded import QuietHandler, ThreadedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = 'a-token-of-some-length'


class Server(ThreadedServer):
    """Answers each GET with what it was asked, and sets a cookie where the path says so."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(QuietHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self) -> None:
                outer.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                body = self.path.encode()
                self.send_response(200)
                if 'cookie' in self.path:
                    self.send_header('Set-Cookie', 'way=7; Path=/')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[SynapseBackend]:
    retries = Retries(2, 0.01, 0.02)
    with SynapseBackend(server.url, access_token=TOKEN, retries=retries, timeout=(2.0, 0.3)) as made:
        yield made


def _get(client: SynapseBackend, url: str) -> str:
    with client.transport.open(Request('GET', url, headers={'Accept-Encoding': 'identity'})) as answer:
        return answer.text


def test_the_token_goes_to_its_own_server_only(server: Server, client: SynapseBackend) -> None:
    with Server() as other:
        assert _get(client, f'{server.url}/a/b.jpg?signature=x%2Fy&e=1') == '/a/b.jpg?signature=x%2Fy&e=1'
        _get(client, f'{other.url}/a.jpg')
        _get(client, f'{other.url}/a.jpg')  # what is known of a server by then changes nothing
    mine, theirs = server.seen[0][1], other.seen
    assert mine['synapse-access-token'] == f'Token {TOKEN}'
    assert mine['accept-encoding'] == 'identity'
    assert mine['user-agent'].startswith('synapse-plugins/')
    assert not any(TOKEN in value for _, headers in theirs for value in headers.values())


@pytest.mark.parametrize(
    'path',
    [
        '/a b.jpg',
        '/그림.jpg',
        '/a/../b.jpg',
        '/a/./b.jpg',
        '/x?q=<>',
        '/a%2fb',
        '/%zz',
        '/a#end',
        '/a"b',
        '/',
    ],
)
def test_a_server_is_asked_for_what_the_library_would_ask(
    path: str, server: Server, client: SynapseBackend
) -> None:
    assert _get(client, f'{server.url}{path}') == requests.get(f'{server.url}{path}', timeout=5).text


@pytest.mark.parametrize(
    'url',
    [
        'http://user:word@host/a', 'http://host/a\r\nX: y', 'http://host/a b', 'http://host/../a', 'http://host/a/..',
        'http://h\u00f6st/a', 'http://host', 'file:///a', 'http://host/a\n', 'http://host:123456/a', 'http://[::1]/a',
    ],
)  # fmt: skip
def test_odd_addresses_are_left_to_the_library(url: str) -> None:
    assert _PLAIN.fullmatch(url) is None


def test_cookies_are_kept_and_sent(server: Server, client: SynapseBackend) -> None:
    _get(client, f'{server.url}/cookie')
    _get(client, f'{server.url}/next')
    assert server.seen[1][1]['cookie'] == 'way=7'


def test_proxies_are_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HTTP_PROXY', server.url)
    monkeypatch.setenv('NO_PROXY', '')
    with SynapseBackend('http://api.example.invalid', access_token=TOKEN) as client:
        assert _get(client, 'http://files.example.invalid/a.jpg') == 'http://files.example.invalid/a.jpg'
    assert TOKEN not in str(server.seen)


def test_connections_are_used_again(server: Server, client: SynapseBackend) -> None:
    for _ in range(5):
        _get(client, f'{server.url}/a.jpg')
    pool = client.transport._session.get_adapter(server.url).poolmanager.connection_from_url(server.url)
    assert pool.num_connections == 1


@pytest.mark.parametrize(
    'said', [b'', b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', b'nonsense\r\n\r\n']
)
@pytest.mark.parametrize('ends', [True, False], ids=['hangs up', 'stalls'])
def test_a_server_that_breaks_off_is_told(
    said: bytes, ends: bool, client: SynapseBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, '_TIMEOUT', (2.0, 0.2))
    listening = socket.create_server(('127.0.0.1', 0))
    held = []

    def answer() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.recv(65536)
            connection.sendall(said)
            if ends:
                connection.close()
            else:
                held.append(connection)

    thread = threading.Thread(target=answer)
    thread.start()
    url = f'http://127.0.0.1:{listening.getsockname()[1]}/a.jpg?signature=hidden'
    with pytest.raises(NoAnswerError) as caught:
        Fetch(client.transport, url, tmp_path / 'a.jpg').run()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()
    for connection in held:
        connection.close()
    assert 'hidden' not in str(caught.value)
    assert not (tmp_path / 'a.jpg').exists()
