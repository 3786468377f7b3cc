"""Requests that are hardly any: lengths that are lies, bodies that break off, hosts that are none."""

from __future__ import annotations

import logging
import socket
import time

import pytest
import requests

from synapse_plugins.backends.server import Served
from synapse_plugins.backends.server.api import Limits


def _raw(served: Served, request: bytes, *, then_close: bool = False) -> bytes:
    """Send bytes, and return what comes back until the server closes the connection, or is done."""
    with socket.create_connection(('127.0.0.1', served.port), timeout=20) as raw:
        raw.sendall(request)
        if then_close:
            raw.shutdown(socket.SHUT_WR)
        came = b''
        while b'\r\n\r\n' not in came and (piece := raw.recv(65536)):
            came += piece
        return came


def _request(served: Served, *headers: str, body: bytes = b'', path: str = '/jobs/') -> bytes:
    lines = [
        f'POST {path} HTTP/1.1',
        'Host: 127.0.0.1',
        f'Authorization: Token {served.token}',
        *headers,
        '',
        '',
    ]
    return '\r\n'.join(lines).encode('latin-1') + body


@pytest.mark.parametrize(
    ('headers', 'body'),
    [
        (['Content-Length: 1' + '0' * 30], b'{}'),
        (['Content-Length: ' + '9' * 5000], b'{}'),
        (['Content-Length: -1'], b'{}'),
        (['Content-Length: 1e3'], b'{}'),
        (['Content-Length: 2', 'Content-Length: 3'], b'{}'),
        (['Transfer-Encoding: chunked'], b'zz\r\n{}\r\n0\r\n\r\n'),
        (['Transfer-Encoding: chunked'], b'-2\r\n{}\r\n0\r\n\r\n'),
        (['Transfer-Encoding: gzip'], b'{}'),
        (['Content-Length: 2', 'X: ' + 'x' * 200_000], b'{}'),
        (['Content-Length: 2', 'no colon'], b'{}'),
        (['Content-Length: 1000001'], b''),
        (['Content-Length: 1000001', 'Expect: 100-continue'], b''),
        (['Transfer-Encoding: chunked'], b'100000\r\n' + b' ' * 0x100000 + b'\r\n'),
    ],
)  # fmt: skip
def test_bodies_that_are_none(local_backend, headers, body):
    """What says that it is too long is refused before it is waited for; what is no HTTP, at once."""
    with Served(local_backend, limits=Limits(json=1_000_000)) as served:
        begun = time.monotonic()
        answer = _raw(served, _request(served, *headers, body=body))
        assert answer.split(b' ')[1][:1] == b'4', answer[:200]
        assert time.monotonic() - begun < 15
        assert requests.get(f'{served.url}/health', timeout=10).status_code == 200
    assert local_backend.list_jobs()['count'] == 0


def test_a_client_that_goes_away_leaves_nothing(local_backend, caplog):
    """In the middle of a body: no file stays, nothing is stored, and the log says nothing of a failure."""
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhalf'
    with Served(local_backend) as served:
        for headers, body, path in [
            (['Content-Length: 100'], b'{"action":', '/jobs/'),
            (['Content-Length: 9000', 'Content-Type: multipart/form-data; boundary=b'], form, '/data_files/'),
            (['Transfer-Encoding: chunked'], b'5\r\n{"a":\r\n', '/jobs/'),
            (['Transfer-Encoding: chunked'], b'ffffffffffffffffff\r\n{}', '/jobs/'),
        ]:
            _raw(served, _request(served, *headers, body=body, path=path), then_close=True)
        until = time.monotonic() + 20
        folder = served.app.state.api.uploads.folder
        while [path for path in folder.rglob('*') if path.is_file()] and time.monotonic() < until:
            time.sleep(0.01)
        assert not [path for path in folder.rglob('*') if path.is_file()]
    assert local_backend.list_jobs()['count'] == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_waits_keeps_nobody_else_waiting(local_backend):
    with Served(local_backend) as served:
        idle = [socket.create_connection(('127.0.0.1', served.port), timeout=20) for _ in range(100)]
        for one in idle:
            one.sendall(_request(served, 'Content-Length: 100', body=b'{'))
        headers = {'Authorization': f'Token {served.token}'}
        assert requests.get(f'{served.url}/models/', headers=headers, timeout=10).status_code == 200
        for one in idle:
            one.close()


@pytest.mark.parametrize('host', ['[', '[::1', '[::1]]', ']', 'a b', '127.0.0.1:99999999', '\xff'])
def test_hosts_that_are_none(local_backend, host):
    with Served(local_backend, token=None) as served:
        answer = _raw(served, f'GET /jobs/ HTTP/1.1\r\nHost: {host}\r\n\r\n'.encode('latin-1'))
        assert answer.split(b' ')[1] in {b'200', b'400', b'403'}, answer[:200]
