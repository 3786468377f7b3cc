"""Whatever a sloppy or a hostile client sends to `serve`: it is refused in words, never a failure, never a wait."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests

from synapse_plugins.backends.server import Served
from synapse_plugins.errors import ParamsError, SynapsePluginsError
from synapse_plugins.testing import make_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synapse_plugins.backends import LocalBackend

ANY, TEXT, ID, OBJECT, LIST, NUMBER, FLAG = 'any', 'text', 'id', 'object', 'list', 'number', 'flag'

DEEP = json.loads('[' * 900 + ']' * 900)
ODD: list[tuple[str, Any]] = [
    (FLAG, True), (FLAG, False), (NUMBER, 0), (NUMBER, -1), (NUMBER, 1.5), (NUMBER, 2**63), (NUMBER, -(2**63) - 1),
    (NUMBER, 10**400), (TEXT, ''), (TEXT, 'x'), (TEXT, '\ud800'), (TEXT, 'a\x00b'), (TEXT, '../../etc/passwd'),
    (TEXT, 'x' * 5000), (LIST, []), (LIST, [1]), (LIST, [[]]), (LIST, [{}]), (LIST, [None]), (LIST, ['\ud800']),
    (OBJECT, {}), (OBJECT, {'a': 1}), (OBJECT, {'\ud800': '\ud800'}), (LIST, DEEP), (OBJECT, {'a': DEEP}),
]  # fmt: skip
"""What JSON can hold, with its kind."""


class Route(NamedTuple):
    """A route that takes JSON.

    Attributes:
        method: Its method.
        path: Its path, as the application names it.
        body: A body that is taken.
        kinds: Field -> the kind that it has to be of; ``any`` takes all.
    """

    method: str
    path: str
    body: dict[str, Any]
    kinds: dict[str, str]


LOG = {
    'job': 1,
    'event': 'message',
    'data': {},
    'datetime': '2026-01-31T12:00:00Z',
    'step': 's',
    'level': 'info',
}
EMPTY = hashlib.md5(b'', usedforsecurity=False).hexdigest()
ROUTES = [
    Route('POST', '/jobs/', {'action': 'a', 'params': {}, 'status': 'PENDING', 'meta': {}},
          {'action': TEXT, 'params': OBJECT, 'status': TEXT, 'meta': OBJECT}),
    Route('PATCH', '/jobs/{job}/',
          {'status': 'RUNNING', 'progress_record': {}, 'metrics_record': {}, 'console_logs': [], 'result': {},
           'meta': {}},
          {'status': TEXT, 'progress_record': OBJECT, 'metrics_record': OBJECT, 'meta': OBJECT, 'console_logs': ANY,
           'result': ANY}),
    Route('POST', '/logs/', {**LOG, 'file': 'data:text/plain,x'},
          {'job': ID, 'event': TEXT, 'data': OBJECT, 'datetime': TEXT, 'step': TEXT, 'level': TEXT, 'file': TEXT}),
    Route('POST', '/models/',
          {'name': 'm', 'chunked_upload': '{upload}', 'configuration': {}, 'metrics': {}, 'description': 'd',
           'category': 'c', 'checkpoint': 1, 'plugin': 'p', 'version': '1'},
          {'name': TEXT, 'chunked_upload': TEXT, 'configuration': OBJECT, 'metrics': OBJECT, 'description': TEXT,
           'category': TEXT, 'checkpoint': ID, 'plugin': ID, 'version': ID}),
    Route('PATCH', '/models/{model}/', {'configuration': {}, 'metrics': {}, 'description': 'd', 'category': 'c'},
          {'configuration': OBJECT, 'metrics': OBJECT, 'description': TEXT, 'category': TEXT}),
    Route('POST', '/data_collections/', {'name': 'c', 'file_specifications': [{'name': 'a', 'file_type': 'image'}]},
          {'name': TEXT, 'file_specifications': LIST, 'file_specifications.0.name': TEXT,
           'file_specifications.0.file_type': TEXT}),
    Route('POST', '/data_units/',
          {'data_collection': 1, 'files': {'image_1': {'checksum': '{checksum}', 'path': 'a/b.png'}}, 'meta': {},
           'groups': ['g']},
          {'data_collection': ID, 'files': OBJECT, 'meta': OBJECT, 'groups': LIST, 'files.image_1.checksum': TEXT,
           'files.image_1.path': TEXT, 'groups.0': TEXT}),
    Route('POST', '/tasks/', {'project': 1, 'data': [{'data_unit': 1}]},
          {'project': NUMBER, 'data': LIST, 'data.0': OBJECT, 'data.0.data_unit': ID}),
    Route('POST', '/chunked_upload/', {'md5': EMPTY, 'filename': 'f'}, {'md5': TEXT, 'filename': TEXT}),
    Route('POST', '/chunked_upload/{upload}/', {'md5': EMPTY}, {'md5': TEXT}),
    Route('POST', '/data_files/', {'chunked_upload': '{upload}'}, {'chunked_upload': TEXT}),
    Route('POST', '/data_files/verify_checksums/', {'checksums': ['a' * 40]}, {'checksums': LIST, 'checksums.0': TEXT}),
    Route('POST', '/data_files/presigned_upload/upload/', {'files': [{'filename': 'f', 'size': 1}], 'expiration': 60},
          {'files': LIST, 'expiration': NUMBER, 'files.0': OBJECT, 'files.0.filename': TEXT, 'files.0.size': NUMBER}),
    Route('POST', '/data_files/presigned_upload/confirm_upload/',
          {'files': [{'file_key': 'k', 'checksum': 'c', 'size': 1,
                      'multipart': {'upload_id': 'u', 'parts': [{'part_number': 1, 'etag': '0' * 32}]}}]},
          {'files': LIST, 'files.0': OBJECT, 'files.0.file_key': ANY, 'files.0.checksum': ANY, 'files.0.size': ANY,
           'files.0.multipart': ANY, 'files.0.multipart.parts': ANY, 'files.0.multipart.parts.0.part_number': ANY,
           'files.0.multipart.parts.0.etag': ANY}),
]  # fmt: skip
FORMS = [('PUT', '/chunked_upload/'), ('PUT', '/chunked_upload/{upload}/'), ('POST', '/plugin_releases/')]
"""What takes a form, and nothing else; `/data_files/` takes both."""


class Asker:
    """Asks a server, and keeps what is to be filled into bodies."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.session = requests.Session()
        self.session.headers['Synapse-Access-Token'] = f'Token {served.token}'
        self.known: dict[str, Any] = {'job': 1, 'model': 1}

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        if body is not None:
            more['data'] = json.dumps(body).encode('ascii')
        return self.session.request(method, self.served.url + path, timeout=20, **more)

    def fill(self, value: Any) -> Any:
        """Return a body with what it names in braces, an upload for one, which is used up by being taken."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if not isinstance(value, str) or '{' not in value:
            return value
        if '{upload}' in value and self.known.get('upload') is None:
            made = self('POST', '/chunked_upload/', {'md5': EMPTY, 'filename': 'm.pt'})
            self.known['upload'] = made.json()['id']
        return value.format(**self.known)


@pytest.fixture
def ask(local_backend: LocalBackend, tmp_path, monkeypatch) -> Iterator[Asker]:
    """Asks a server that has one of everything."""
    monkeypatch.setattr(logging.getLogger('uvicorn.error'), 'disabled', True)
    make_project(local_backend, project=1, task='detect', count=2)
    local_backend.create_job({})
    path = tmp_path / 'best.pt'
    path.write_bytes(b'weights')
    local_backend.create_model({'name': 'one', 'file': path})
    with Served(local_backend) as served:
        made = Asker(served)
        unit = local_backend.get_data_unit(1)
        made.known['checksum'] = unit['files']['image_1']['checksum']
        yield made
        made.session.close()


def _with(body: Any, field: str, value: Any) -> Any:
    """Return a body with another value in a field, which may lie within others: ``files.0.size``."""
    made = copy.deepcopy(body)
    *outer, last = [int(name) if name.isdecimal() else name for name in field.split('.')]
    place = made
    for name in outer:
        place = place[name]
    place[last] = value
    return made


def _bodies(route: Route) -> Iterator[tuple[str, Any, bool]]:
    """Yield (what was changed, body, whether a field is of a wrong kind): each odd value in each field."""
    for field, kind in route.kinds.items():
        for given, value in ODD:
            wrong = kind not in (ANY, given) and not (kind == ID and given in (NUMBER, TEXT))
            yield field, _with(route.body, field, value), wrong
    for given, value in ODD:
        yield 'the body', value, given != OBJECT and value != []  # some take a list, and do nothing for none
    yield 'a field that is unknown', {**route.body, 'unknown\ud800': 1}, False
    for field in route.body:
        yield f'no {field}', {name: value for name, value in route.body.items() if name != field}, False


def _check(answer: requests.Response, what: Any, *, wrong: bool) -> None:
    assert answer.status_code < 500, (what, answer.status_code)
    assert not wrong or answer.status_code >= 400, (what, answer.status_code)
    if answer.status_code >= 400 and answer.request.method != 'HEAD':
        detail = answer.json()['detail']
        assert isinstance(detail, str), what
        assert 0 < len(detail) < 2100, what


@pytest.mark.parametrize('route', ROUTES, ids=lambda route: f'{route.method} {route.path}')
def test_values_of_the_wrong_kind(ask, route):
    """Each field of each route with each kind of value: refused in words where it is wrong, and never a failure."""
    good = ask(route.method, ask.fill(route.path), ask.fill(route.body))
    assert good.status_code < 300, good.text
    ask.known['upload'] = None
    for field, body, wrong in _bodies(route):
        answer = ask(route.method, ask.fill(route.path), ask.fill(body))
        shown = body.get(field.partition('.')[0]) if isinstance(body, dict) else body
        _check(answer, (field, repr(shown)[:80]), wrong=wrong)
        if answer.status_code < 300:
            ask.known['upload'] = None


def test_every_route_that_takes_a_body_is_tried(ask):
    tried = {(route.method, route.path) for route in ROUTES} | set(FORMS)
    there = {
        (method, route.path)
        for route in ask.served.app.routes
        for method in route.methods - {'GET', 'HEAD', 'DELETE'}
        if not route.path.startswith('/storage/')  # a signed address takes any bytes
    }
    assert there == tried


TRICKS = [
    '0',
    '-1',
    '1.5',
    '9' * 30,
    '9' * 5000,
    '٣',
    '%00',
    '%ff',
    '..%2f..%2fetc%2fpasswd',
    'a@b@c',
    '@',
    ' ',
    'x' * 9000,
]
"""What stands in paths and queries; ٣ is a digit of Arabic."""


def test_ids_and_names_in_paths(ask):
    for route in ask.served.app.routes:
        if '{' not in route.path or route.path.startswith(('/media', '/storage')):
            continue
        for trick in TRICKS:
            place = route.path[: route.path.index('{')] + trick + route.path[route.path.index('}') + 1 :]
            for method in route.methods - {'HEAD'}:
                _check(
                    ask(method, place, {} if method in {'POST', 'PATCH'} else None),
                    (method, place[:60]),
                    wrong=False,
                )


KEYS = [
    'page', 'page_size', 'ordering', 'fields', 'expand', 'response_mode', 'pagination', 'url_host', 'ids', 'ids_ex',
    'search', 'category', 'categories', 'classes', 'task', 'ground_truth', 'ground_truth_dataset',
    'ground_truth_dataset_versions', 'ground_truth_dataset_version', 'is_archived', 'status', 'action', 'name', 'job',
    'event', 'step', 'level', 'data_collection', 'project', 'data_unit', 'tasks', 'users', 'status_label', 'plugin',
    'version', 'unknown',
]  # fmt: skip


def test_queries(ask, rounds, seed):
    """Each key on each list: empty, twice, of an odd value. What is unknown is refused, and nothing else happens."""
    draw = random.Random(seed)
    lists = [
        route.path for route in ask.served.app.routes if 'GET' in route.methods and '{' not in route.path
    ]
    for path in lists:
        for key in KEYS:
            values = ['', *TRICKS, f'1&{key}=2', f'1,2&{key}=', '[]', 'true']
            for value in draw.sample(values, min(len(values), 1 + rounds // 50)):
                answer = ask('GET', f'{path}?{key}={value}')
                _check(answer, (path, key, value[:40]), wrong=key == 'unknown' and path != '/health')


def test_forms_that_are_odd(ask, seed):
    """Forms with fields of any bytes, names that lead elsewhere, types that are no form."""
    draw = random.Random(seed)
    odd = [
        b'',
        b'x',
        b'\xff\xfe',
        b'[1]',
        b'"x"',
        b'NaN',
        b'[' * 5000,
        b'{"a":' * 5000,
        b'..',
        b'a' * 300,
        b'1e999',
    ]
    names = [
        'f.zip',
        '',
        '..',
        '../../x',
        'a/b.zip',
        'C:\\x',
        'con',
        '\x00',
        'x' * 5000,
        '그림.zip',
        'a"b',
        '%2e%2e/x',
    ]
    form = 'multipart/form-data'
    kinds = [
        None, '', 'application/json', form, f'{form}; boundary=', 'multipart/mixed; boundary=x',
        f'{form}; boundary="{"x" * 300}"',
    ]  # fmt: skip
    header = {'Content-Range': 'bytes 0-0/1'}
    for method, path in [*FORMS, ('POST', '/data_files/')]:
        for turn in range(25):
            fields = {
                name: (None, draw.choice(odd))
                for name in ('plugin', 'version', 'config', 'requirements', 'debug', 'filename')
            }
            files = {**fields, 'file': (draw.choice(names), b'x')}
            if turn % 5 == 0:
                del files['file']
            answer = ask(method, ask.fill(path), files=files, headers=header)
            _check(answer, (path, fields, files.get('file')), wrong='file' not in files)
        for kind in kinds:
            headers = {**header, **({} if kind is None else {'Content-Type': kind})}
            answer = ask(method, ask.fill(path), data=b'--x\r\n\r\n--x--', headers=headers)
            _check(answer, (path, kind), wrong=True)
    home = ask.served.app.state.api.backend.store.home
    assert not list(home.parent.glob('x*'))
    assert not list((home / 'uploads').glob('*/x'))


@pytest.mark.parametrize('config', [[1], 'x', 1, True, [], 0, ''])
def test_the_configuration_of_a_release_is_an_object(ask, config):
    fields = {'plugin': 'p', 'version': '1', 'config': json.dumps(config)}
    answer = ask('POST', '/plugin_releases/', data=None, files={
        **{name: (None, value) for name, value in fields.items()}, 'file': ('r.zip', b'x')})  # fmt: skip
    _check(answer, config, wrong=True)
    assert ask('GET', '/plugin_releases/?expand=plugin').json()['count'] == 0


# -- in Python -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize('value', ['text', ['a'], 3, True, '', [], 0, False])
@pytest.mark.parametrize('which', ['local', 'serve'])
def test_records_of_a_job_are_objects(which, local_backend, client, value):
    backend = local_backend if which == 'local' else client
    job = backend.create_job({'params': {'a': 1}})
    backend.update_job(job['id'], {'progress_record': {'overall': 5}})
    for field in ('progress_record', 'metrics_record', 'meta'):
        with pytest.raises(SynapsePluginsError, match=f'The {field} of a job should be an object'):
            backend.update_job(job['id'], {'status': 'RUNNING', field: value})
    for field in ('params', 'meta'):
        with pytest.raises(SynapsePluginsError, match=f'The {field} of a job should be an object'):
            backend.create_job({field: value})
    kept = backend.get_job(job['id'])
    assert (kept['status'], kept['progress_record'], kept['params']) == ('PENDING', {'overall': 5}, {'a': 1})
    assert backend.list_jobs()['count'] == 1


def test_nothing_counts_as_not_given(local_backend):
    job = local_backend.create_job({'action': None, 'params': None, 'meta': None})
    assert (job['action'], job['params'], job['meta']) == ('', {}, {})
    assert local_backend.update_job(job['id'], {'progress_record': None})['progress_record'] == {}


@pytest.mark.parametrize('number', [2**63, -(2**63) - 1, 10**5000], ids=['over', 'under', 'beyond print'])
def test_ids_beyond_what_a_database_holds(local_backend, number):
    for ask in (local_backend.get_job, local_backend.get_data_unit, local_backend.get_model):
        with pytest.raises(ParamsError, match='too many digits'):
            ask(number)
    with pytest.raises(ParamsError):
        local_backend.create_tasks({'project': number, 'data': []})
    assert local_backend.list_tasks({'project': number})['count'] == 0
    assert local_backend.list_logs({'job': number})['count'] == 0
