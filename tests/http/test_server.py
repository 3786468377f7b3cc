"""What the server refuses, and how files go out and come in."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests

from synapse_plugins.backends.server import Served, check_address, files, is_loopback
from synapse_plugins.backends.server.api import Answer, Limits
from synapse_plugins.errors import BackendError, ParamsError, StoreError


@pytest.fixture
def ask(synapse_server):
    """Make a request with the token, and return the answer."""

    def ask(method, path, *, token=True, **more):
        headers = {'Synapse-Access-Token': f'Token {synapse_server.token}'} if token else {}
        url = path if '://' in path else synapse_server.url + path
        headers.update(more.pop('headers', {}))
        return requests.request(method, url, headers=headers, timeout=10, **more)

    return ask


@pytest.fixture
def picture(ask, version):
    """The address of a picture, and its bytes."""
    events = ask('GET', f'/sdk/ground_truth_events/?ground_truth_dataset_versions={version["id"]}').json()
    file = events['results'][0]['files']['image_1']
    return file, ask('GET', file['url'], token=False).content


# -- who may ask ---------------------------------------------------------------------------------------------

PATHS = [
    '/models/', '/jobs/', '/jobs/1/', '/logs/', '/sdk/ground_truth_events/', '/ground_truth_dataset_versions/',
    '/data_collections/', '/data_units/', '/tasks/', '/plugin_releases/', '/chunked_upload/', '/data_files/',
    '/nothing/', '/',
]  # fmt: skip


def test_without_a_token_nothing_is_answered(ask):
    for path in PATHS:
        for method in ('GET', 'POST', 'PATCH', 'PUT', 'DELETE'):
            answer = ask(method, path, token=False)
            assert answer.status_code == 401, (method, path)
            assert answer.json() == {'detail': 'Authentication credentials were not provided.'}


@pytest.mark.parametrize(
    'headers',
    [
        {'Synapse-Access-Token': 'Token wrong'},
        {'Authorization': 'Token wrong'},
        {'Synapse-Access-Token': ''},
        {'Authorization': 'Basic eDp5'},
        {'SYNAPSE-Agent': 'Token {token}'},
    ],
)
def test_a_wrong_token_is_refused(ask, synapse_server, headers):
    headers = {name: value.format(token=synapse_server.token) for name, value in headers.items()}
    assert ask('GET', '/models/', token=False, headers=headers).status_code == 401


@pytest.mark.parametrize(
    'headers',
    [
        {'Synapse-Access-Token': 'Token {token}'},
        {'synapse-access-token': '{token}'},
        {'Authorization': 'Token {token}'},
        {'Authorization': 'Bearer {token}'},
    ],
)
def test_the_token_comes_in_any_documented_header(ask, synapse_server, headers):
    headers = {name: value.format(token=synapse_server.token) for name, value in headers.items()}
    assert ask('GET', '/models/', token=False, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ('headers', 'status'),
    [
        ({}, 200),
        ({'Host': 'localhost:8765'}, 200),
        ({'Host': '[::1]:8765'}, 200),
        ({'Host': 'evil.example'}, 403),
        ({'Host': ''}, 403),
        ({'Origin': 'http://evil.example'}, 403),
        ({'Origin': 'null'}, 403),
    ],
)
def test_without_a_token_no_web_page_is_answered(local_backend, headers, status):
    with Served(local_backend, token=None) as served:
        assert requests.get(f'{served.url}/models/', headers=headers, timeout=10).status_code == status


def test_health_needs_no_token(ask):
    assert ask('GET', '/health', token=False).json()['status'] == 'ok'


def test_other_machines_need_a_token(local_backend):
    with pytest.raises(ParamsError, match='without a token'):
        Served(local_backend, host='0.0.0.0', token=None)
    with pytest.raises(ParamsError, match='needs 16 or more'):
        Served(local_backend, host='::', token='short')
    check_address('127.0.0.1', None)
    check_address('0.0.0.0', 'x' * 16)


@pytest.mark.parametrize('token', [' ' * 20, '토큰토큰토큰토큰토큰토큰토큰토큰', 'a b' * 10, f'{"a" * 20}\n'])
@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])
def test_a_token_that_nobody_could_bring_is_refused(host, token):
    with pytest.raises(ParamsError, match='nobody could bring it') as caught:
        check_address(host, token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ('host', 'inside'),
    [
        ('127.0.0.1', True), ('127.1.2.3', True), ('::1', True), ('localhost', True), ('0.0.0.0', False), ('::', False),
        ('10.0.0.1', False), ('example.org', False), ('localhost.example.org', False), ('', False),
    ],
)  # fmt: skip
def test_what_counts_as_this_machine(host, inside):
    assert is_loopback(host) is inside


def test_a_taken_port_is_told(local_backend):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        with pytest.raises(BackendError, match='Choose another --port'):
            Served(local_backend, port=taken.getsockname()[1])


# -- what is asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'query', ['classe=x', 'ground_truth_dataset_version__in=1', 'category__ne=train', 'status=a']
)
def test_smuggled_filters_are_refused(ask, version, query):
    answer = ask('GET', f'/sdk/ground_truth_events/?{query}')
    assert answer.status_code == 400
    assert 'Unknown filter' in answer.json()['detail']


@pytest.mark.parametrize('query', ['page=x', 'page_size=-1', 'page=0', 'page_size=1e3', 'page=1&page=2'])
def test_pages_are_numbers(ask, query):
    assert ask('GET', f'/models/?{query}').status_code == 400


def test_values_are_bound_not_pasted(ask, version):
    tricky = "x' OR '1'='1"
    answer = ask('GET', '/sdk/ground_truth_events/', params={'category': tricky})
    assert answer.json()['count'] == 0
    assert ask('GET', '/models/', params={'name': tricky}).json()['count'] == 0
    assert ask('GET', f'/models/{tricky}/').status_code == 404


def test_what_is_no_object_is_refused(ask):
    for body in (b'{', b'[1,', b'\xff', b'NaN', b'[' * 100_000, b'"text"', b'7', b''):
        answer = ask('POST', '/models/', data=body, headers={'Content-Type': 'application/json'})
        assert answer.status_code == 400, answer.text


def test_unknown_paths_and_methods(ask):
    assert ask('GET', '/nothing/').status_code == 404
    assert ask('DELETE', '/jobs/').status_code == 405
    assert ask('GET', '/models').status_code == 404  # nothing is sent on: a POST would lose its body


def test_a_bug_is_told_without_its_traceback(synapse_server, ask, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError('/secret/path')

    monkeypatch.setattr(synapse_server.app.state.api.backend, 'list_models', broken)
    import logging

    monkeypatch.setattr(logging.getLogger('uvicorn.error'), 'disabled', True)
    answer = ask('GET', '/models/')
    assert answer.status_code == 500
    assert 'secret' not in answer.text


def test_what_is_stored_is_told_whatever_it_is():
    content = {'number': 2**70, 'half': '\ud800', 'name': '그림', 'path': Path('a')}
    assert json.loads(Answer(content).body) == {**content, 'path': 'a'}


# -- files out ----------------------------------------------------------------------------------------------


def test_a_signed_address_gives_the_file_and_its_etag(ask, picture):
    file, content = picture
    assert f'sha256:{hashlib.sha256(content).hexdigest()}' == file['checksum']
    answer = ask('GET', file['url'], token=False)
    assert answer.headers['etag'] == f'"{file["checksum"].removeprefix("sha256:")}"'
    assert answer.headers['accept-ranges'] == 'bytes'
    assert answer.headers['content-length'] == str(file['size'])
    assert answer.headers['content-disposition'].startswith('attachment')
    again = ask('GET', file['url'], token=False, headers={'If-None-Match': answer.headers['etag']})
    assert (again.status_code, again.content) == (304, b'')
    head = ask('HEAD', file['url'], token=False)
    assert (head.status_code, head.content) == (200, b'')
    told = {name: value for name, value in head.headers.items() if name != 'date'}
    assert {name: answer.headers[name] for name in told} == told


def test_a_large_file_comes_as_a_small_one_does(ask, picture, monkeypatch):
    file, content = picture
    small = ask('GET', file['url'], token=False)
    monkeypatch.setattr(files, '_AT_ONCE', len(content) - 1)
    large = ask('GET', file['url'], token=False)
    assert large.content == small.content == content
    told = [{**answer.headers, 'date': ''} for answer in (small, large)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ('range_', 'status', 'part'),
    [
        ('bytes=0-9', 206, slice(0, 10)),
        ('bytes=10-', 206, slice(10, None)),
        ('bytes=-5', 206, slice(-5, None)),
        ('bytes=0-', 206, slice(0, None)),
        ('bytes=5-4000000', 206, slice(5, None)),
        ('bytes=4000000-', 416, slice(0, 0)),
    ],
)
def test_ranges(ask, picture, range_, status, part):
    file, content = picture
    answer = ask('GET', file['url'], token=False, headers={'Range': range_})
    assert answer.status_code == status
    assert answer.content == content[part]
    if status == 206:
        start = part.indices(len(content))[0]
        assert (
            answer.headers['content-range']
            == f'bytes {start}-{start + len(answer.content) - 1}/{len(content)}'
        )


def test_a_range_of_another_file_is_the_whole_one(ask, picture):
    file, content = picture
    answer = ask('GET', file['url'], token=False, headers={'Range': 'bytes=5-', 'If-Range': '"other"'})
    assert (answer.status_code, answer.content) == (200, content)


def test_signatures_hold_for_one_path_one_method_and_a_while(ask, picture, synapse_server):
    file, _ = picture
    parts = urlsplit(file['url'])
    assert ask('GET', urlunsplit(parts._replace(query='')), token=False).status_code == 403
    assert ask('GET', file['url'].replace('signature=', 'signature=0'), token=False).status_code == 403
    assert ask('GET', file['url'].replace('expires=', 'expires=9'), token=False).status_code == 403
    assert ask('GET', file['url'].replace('/media/', '/media/0'), token=False).status_code == 403
    assert ask('PUT', file['url'], token=False).status_code == 403
    assert ask('GET', urlunsplit(parts._replace(query='')), token=True).status_code == 403
    signer = synapse_server.app.state.signer
    late = synapse_server.url + signer.sign(parts.path, lifetime=-1)
    assert ask('GET', late, token=False).json()['detail'] == 'Request has expired.'


@pytest.mark.parametrize(
    'path', ['/media/../../etc/passwd', '/media/..%2f..%2fetc%2fpasswd/x', '/storage/../x/y']
)
def test_paths_do_not_lead_outside(synapse_server, path):
    signed = synapse_server.app.state.signer.sign(path)
    with socket.create_connection(('127.0.0.1', synapse_server.port), timeout=10) as raw:
        raw.sendall(f'GET {signed} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'.encode())
        answer = raw.makefile('rb').read()
    assert answer.split(b' ')[1] in {b'404', b'403', b'405'}
    assert b'root:' not in answer


# -- files in -----------------------------------------------------------------------------------------------


def _chunk(content, start, total, filename='a.bin'):
    return {
        'data': {'filename': filename},
        'files': {'file': content},
        'headers': {'Content-Range': f'bytes {start}-{start + len(content) - 1}/{total}'},
    }


def test_chunks_and_their_md5(ask):
    whole = bytes(range(250)) * 4
    first = ask('PUT', '/chunked_upload/', **_chunk(whole[:400], 0, 1000)).json()
    assert (first['offset'], first['completed_at']) == (400, None)
    again = ask('PUT', first['url'], **_chunk(whole[:400], 0, 1000))
    assert again.status_code == 400
    assert 'Offsets do not match' in again.json()['detail']
    early = ask('POST', first['url'], json={'md5': hashlib.md5(whole).hexdigest()})
    assert early.status_code == 400
    last = ask('PUT', first['url'], **_chunk(whole[400:], 400, 1000)).json()
    assert last['offset'] == 1000
    wrong = ask('POST', first['url'], json={'md5': '0' * 32})
    assert 'md5 checksum does not match' in wrong.json()['detail']
    done = ask('POST', first['url'], json={'md5': hashlib.md5(whole).hexdigest()}).json()
    assert done['completed_at']
    assert ask('POST', first['url'], json={'md5': hashlib.md5(whole).hexdigest()}).json() == done
    assert ask('GET', f'/chunked_upload/{first["id"]}/').json() == done
    made = ask('POST', '/data_files/', json={'chunked_upload': first['id']}).json()
    assert ask('GET', made['file'], token=False).content == whole
    assert ask('GET', f'/chunked_upload/{first["id"]}/').status_code == 404


@pytest.mark.parametrize(
    'header', ['', 'bytes 0-9', 'bytes 9-0/10', 'bytes 0-9/5', 'bytes a-b/c', 'bytes 5-9/10', 'items 0-9/10']
)
def test_bad_content_ranges(ask, header):
    more = _chunk(b'0123456789', 0, 10)
    more['headers'] = {'Content-Range': header} if header else {}
    assert ask('PUT', '/chunked_upload/', **more).status_code == 400


def test_a_chunk_is_as_long_as_it_says(ask, synapse_server):
    more = _chunk(b'0123456789', 0, 100)
    more['headers'] = {'Content-Range': 'bytes 0-19/100'}
    assert ask('PUT', '/chunked_upload/', **more).status_code == 400
    assert not list((synapse_server.app.state.api.uploads.folder / 'incoming').iterdir())


@pytest.mark.parametrize('upload', ['..', '%2e%2e', '1', '../../etc', '00000000-0000-0000-0000-000000000000'])
def test_upload_ids_do_not_lead_elsewhere(ask, upload):
    assert ask('GET', f'/chunked_upload/{upload}/').status_code == 404


@pytest.mark.parametrize(
    'name', ['../../evil.png', '..\\evil.png', '/etc/passwd', 'con.png', '.hidden', 'a\u202eb.png']
)
def test_names_of_files_are_made_safe(ask, local_backend, synapse_server, name):
    made = ask('POST', '/data_files/', files={'file': (name, b'content')})
    assert made.status_code == 201, made.text
    assert ask('GET', made.json()['file'], token=False).content == b'content'
    folder = local_backend.store.home
    assert not list(folder.parent.glob('evil*'))
    assert not [path for path in synapse_server.app.state.api.uploads.folder.rglob('*') if path.is_file()]


def test_oversized_bodies(local_backend, tmp_path):
    with Served(local_backend, limits=Limits(json=1000, upload=2000, chunked=5000)) as served:
        headers = {'Authorization': f'Token {served.token}'}

        def status(method, path, **more):
            more['headers'] = {**headers, **more.get('headers', {})}
            return requests.request(method, served.url + path, timeout=10, **more).status_code

        assert status('POST', '/jobs/', json={'action': 'x' * 100}) == 201
        assert status('POST', '/jobs/', json={'action': 'x' * 1000}) == 413
        assert status('POST', '/jobs/', data=iter([b'"' + b'x' * 600, b'x' * 600 + b'"'])) == 413
        assert status('POST', '/data_files/', files={'file': b'x' * 1000}) == 201
        assert status('POST', '/data_files/', files={'file': b'x' * 3000}) == 413
        assert status('PUT', '/chunked_upload/', **_chunk(b'x' * 100, 0, 6000)) == 413
        assert not [path for path in served.app.state.api.uploads.folder.rglob('*') if path.is_file()]


def test_a_presigned_upload_in_parts(local_backend, tmp_path):
    from synapse_plugins.backends import SynapseBackend

    large = tmp_path / 'large.bin'
    large.write_bytes(bytes(range(256)) * 40)
    with Served(local_backend, limits=Limits(multipart=5000, part=3000)) as served:
        client = SynapseBackend(served.url, access_token=served.token, cache_dir=tmp_path / 'c')
        (made,) = client.create_data_files([large])
        client.close()
    assert made['success'], made
    assert (
        local_backend.find_file(made['checksum'].removeprefix('sha256:')).read_bytes() == large.read_bytes()
    )


def test_a_wrong_confirmation_keeps_nobody_else(ask, synapse_server, tmp_path):
    asked = ask(
        'POST', '/data_files/presigned_upload/upload/', json={'files': [{'filename': 'a', 'size': 1}] * 3}
    ).json()['files']
    for place in asked[:2]:
        assert ask('PUT', place['presigned_url'], token=False, data=b'x').headers['etag']
    good, bad = hashlib.sha1(b'x').hexdigest(), '0' * 40
    told = ask(
        'POST',
        '/data_files/presigned_upload/confirm_upload/',
        json={'files': [{'file_key': place['file_key'], 'checksum': checksum, 'size': 1}
                        for place, checksum in zip(asked, (good, bad, good), strict=True)]
              + [{'file_key': '../../x', 'checksum': good}]},
    ).json()  # fmt: skip
    assert [result['success'] for result in told['results']] == [True, False, False, False]
    assert (told['created_count'], told['failed_count']) == (1, 3)


def test_old_uploads_are_swept(local_backend):
    import os

    from synapse_plugins.backends.server.uploads import Uploads

    uploads = Uploads(local_backend.store.uploads_dir)
    old, new = uploads.begin('a', 10), uploads.begin('b', 10)
    os.utime(uploads.folder / old, (time.time() - 5 * 86400,) * 2)
    uploads = Uploads(uploads.folder)
    assert uploads.state(new)['offset'] == 0
    assert not (uploads.folder / old).exists()


PRESIGN, CONFIRM = '/data_files/presigned_upload/upload/', '/data_files/presigned_upload/confirm_upload/'


@pytest.mark.parametrize(
    ('path', 'body'),
    [
        (PRESIGN, {'files': [{'filename': 'a', 'size': 'x'}]}),
        (PRESIGN, {'files': [{'filename': 'a', 'size': -5}]}),
        (PRESIGN, {'files': ['a']}),
        (PRESIGN, {'files': [{'filename': 'a', 'size': 1}], 'expiration': 'x'}),
        (PRESIGN, {'files': [{'filename': 'a', 'size': 900 * 1024**3}]}),
        (PRESIGN, {'files': [{'filename': 'a', 'size': 200 * 1024**3}] * 5}),
        ('/data_collections/', {'name': 'x', 'file_specifications': 3}),
        ('/data_collections/', {'name': 'x', 'file_specifications': ['a']}),
        ('/data_collections/', {'name': 'x', 'file_specifications': [{'name': ['a']}]}),
        ('/data_collections/', {'name': 'x', 'file_specifications': [{'name': 'a'}, {'name': 'a'}]}),
        ('/data_units/', {'data_collection': 1, 'files': ['a']}),
        ('/data_units/', {'data_collection': 1, 'files': 'a'}),
        ('/data_units/', {'data_collection': 1, 'files': {}, 'meta': 'a'}),
        ('/data_units/', {'data_collection': 1, 'files': {}, 'groups': 'a'}),
        ('/data_units/', {'data_collection': 1, 'files': {}, 'groups': [{}]}),
        ('/tasks/', {'project': 1, 'data': [{'data_unit': {}}]}),
        ('/tasks/', {'project': 1, 'data': ['a']}),
    ],
)
def test_values_of_the_wrong_kind_are_refused(ask, collection, path, body):
    answer = ask('POST', path, json=body)
    assert answer.status_code == 400, answer.text


def test_a_file_that_is_too_large_is_no_presigned_one(ask):
    assert ask('POST', PRESIGN, json={'files': [{'filename': 'a', 'size': 2**60}]}).status_code == 413
    assert ask('GET', f'/models/?page={10**20}').status_code == 400


@pytest.mark.parametrize(
    'multipart',
    ['x', {}, {'parts': [{'part_number': 'q'}]}, {'parts': [{'part_number': 1, 'etag': '/../../backend'}]}],
)
def test_parts_of_the_wrong_kind_fail_alone(ask, multipart):
    (place,) = ask('POST', PRESIGN, json={'files': [{'filename': 'a', 'size': 1}]}).json()['files']
    told = {'file_key': place['file_key'], 'checksum': '0' * 40, 'multipart': multipart}
    answer = ask('POST', CONFIRM, json={'files': [told]})
    assert (answer.status_code, answer.json()['failed_count']) == (200, 1)


def test_several_files_in_one_part_leave_nothing(ask, synapse_server):
    files = [('file', ('a.bin', b'x' * 1000)), ('file', ('b.bin', b'y' * 1000))]
    answer = ask('POST', '/data_files/', files=files)
    assert (answer.status_code, 'several files' in answer.text) == (400, True)
    assert not [path for path in synapse_server.app.state.api.uploads.folder.rglob('*') if path.is_file()]


def test_a_file_that_cannot_be_taken_leaves_nothing(ask, synapse_server, local_backend, monkeypatch):
    def fail(*_, **__):
        raise StoreError('The disk is full.')

    monkeypatch.setattr(local_backend, 'create_data_file', fail)
    assert ask('POST', '/data_files/', files={'file': b'x'}).status_code == 507
    assert not [path for path in synapse_server.app.state.api.uploads.folder.rglob('*') if path.is_file()]
