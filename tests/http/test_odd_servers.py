"""Servers that answer, and not as they should: web pages, lists without an end, addresses that moved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries
from synapse_plugins.errors import BackendError, RequestError

from .threaded import QuietHandler, ThreadedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Answer = tuple[int, dict[str, str], str]


class Server(ThreadedServer):
    """A server that gives the answers of `answers`: method and path (up to the query) -> what makes an answer."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.answers: dict[str, Callable[[Any], Answer]] = {}
        outer = self

        class Handler(QuietHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get('Content-Length') or 0))
                outer.seen.append(f'{self.command} {self.path}')
                status, headers, text = outer.answers[f'{self.command} {self.path.partition("?")[0]}'](self)
                body = text.encode()
                self.send_response(status)
                for name, value in {'Content-Type': 'application/json', **headers}.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _answer

        super().__init__(Handler)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        yield made


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Iterator[SynapseBackend]:
    with SynapseBackend(
        server.url,
        access_token='a-token',
        cache_dir=tmp_path / 'cache',
        retries=Retries(2, 0.01, 0.02),
        timeout=(2.0, 5.0),
    ) as made:
        yield made


def page(rows: list[dict[str, Any]], following: str | None = None, count: int | None = None) -> Answer:
    told = {
        'count': len(rows) if count is None else count,
        'next': following,
        'previous': None,
        'results': rows,
    }
    return 200, {}, json.dumps(told)


def test_an_address_that_moved_keeps_its_own_query(server: Server, client: SynapseBackend) -> None:
    moved = {'Location': f'{server.url}/elsewhere/?page_size=1&signature=x'}
    server.answers = {'GET /models/': lambda _: (302, moved, ''), 'GET /elsewhere/': lambda _: page([])}
    assert client.list_models({'page_size': 1})['count'] == 0
    assert server.seen == ['GET /models/?page_size=1', 'GET /elsewhere/?page_size=1&signature=x']


@pytest.mark.parametrize(
    'call',
    [
        lambda client: client.check(),
        lambda client: client.get_job(1),
        lambda client: client.get_model(3),
        lambda client: client.list_models(),
    ],
)
def test_a_web_page_is_no_answer(server: Server, client: SynapseBackend, call: Any) -> None:
    web_page = (200, {'Content-Type': 'text/html; charset=utf-8'}, '<html>Welcome</html>')
    server.answers = {f'GET /{path}': lambda _: web_page for path in ('models/', 'models/3/', 'jobs/1/')}
    with pytest.raises(RequestError, match=r'a web page.*address is that of the API'):
        call(client)


@pytest.mark.parametrize('following', ['http://here/models/?page=2', 'http://here/models/?cursor=abc'])
def test_a_list_without_an_end_ends(server: Server, client: SynapseBackend, following: str) -> None:
    server.answers = {'GET /models/': lambda _: page([{'id': 1}], following, 5)}
    with pytest.raises(BackendError, match='no new row for'):
        list(client.list_models(list_all=True)[0])


def test_a_page_that_comes_twice_is_passed_over(server: Server, client: SynapseBackend) -> None:
    pages = iter(
        [
            page([{'id': 1}], 'http://here/?page=2', 2),
            page([{'id': 1}], 'http://here/?page=2', 2),
            page([{'id': 2}], None, 2),
        ]
    )
    server.answers = {'GET /models/': lambda _: next(pages)}
    assert [row['id'] for row in client.list_models(list_all=True)[0]] == [1, 2]


@pytest.mark.parametrize(
    'target', ['http://[bad/', 'http://example.org:port/', 'http://:80/', 'mailto:a@b', '//']
)
def test_a_place_that_is_none_is_not_gone_to(target: str, tmp_path: Path) -> None:
    with (
        Server() as server,
        SynapseBackend(
            server.url, access_token='t', cache_dir=tmp_path, retries=Retries(attempts=1)
        ) as client,
    ):
        server.answers['GET /models/'] = lambda _: (302, {'Location': target}, '')
        with pytest.raises(RequestError):
            client.list_models()
        assert set(server.seen) == {'GET /models/'}


@pytest.mark.parametrize(
    'page',
    [
        {'results': ['x']}, {'results': [None], 'count': 1}, {'results': [], 'count': 'many'}, {'results': {}}, 'text',
        {'results': [{'id': 1, 'data': {'mode': 'presigned', 'presigned_url': 'http://[bad'}}], 'count': 1},
    ],
)  # fmt: skip
def test_what_is_no_list_is_told(page: Any, tmp_path: Path) -> None:
    with (
        Server() as server,
        SynapseBackend(
            server.url, access_token='t', cache_dir=tmp_path, retries=Retries(attempts=1)
        ) as client,
    ):
        server.answers['GET /sdk/ground_truth_events/'] = lambda _: (200, {}, json.dumps(page))
        with pytest.raises(BackendError, match=r'no list|address that is none'):
            list(client.list_ground_truth_events({'ground_truth_dataset_versions': 1}, list_all=True)[0])


def test_a_login_without_a_token_is_told(tmp_path: Path) -> None:
    with (
        Server() as server,
        SynapseBackend(
            server.url, access_token='t', cache_dir=tmp_path, retries=Retries(attempts=1)
        ) as client,
    ):
        server.answers['POST /users/login/'] = lambda _: (200, {}, json.dumps({'key': 'x'}))
        with pytest.raises(BackendError, match='told no token'):
            client.login('a@b', 'password')
