"""What the client does when the way to the server fails; the faults are made by `faulty.py`, in another process."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from synapse_plugins.backends import SynapseBackend
from synapse_plugins.backends.synapse import Retries
from synapse_plugins.backends.synapse.chunked import ChunkedUpload
from synapse_plugins.backends.synapse.fetching import Fetch
from synapse_plugins.errors import (
    AnswerLostError,
    BackendError,
    MissingObjectError,
    NoAnswerError,
    RateLimitError,
    RequestError,
    ServerError,
)

from .faults import (
    CHANGING,
    CORRUPT,
    EXPIRED,
    FAULTS,
    FULL,
    LOST,
    MID,
    NAMES,
    PAGE,
    PASSING,
    REFUSED,
    RESET,
    SHORT,
    SILENT,
    STALL,
    status,
)  # fmt: skip


@pytest.mark.parametrize('fault', PASSING, ids=NAMES)
def test_reading_goes_on_after_a_fault(fault, faulty, shaky, version):
    params = {'ground_truth_dataset_versions': version['id']}
    faulty.script({'match': 'GET /sdk/', 'skip': 1, **fault})
    rows, count = shaky.list_ground_truth_events(params, list_all=True, page_size=2)
    assert [row['id'] for row in rows] == list(range(1, count + 1))
    assert len(faulty.seen()) == 4  # three pages, one of them twice


def test_the_last_failure_is_told(faulty, shaky):
    faulty.script({'match': 'GET /jobs', 'times': 99, **status(503)})
    with pytest.raises(ServerError, match='was answered with 503: as the script says') as caught:
        shaky.get_job(1)
    assert len(faulty.seen()) == 4
    assert (caught.value.method, caught.value.status) == ('GET', 503)
    assert caught.value.url == f'{faulty.url}/jobs/1/'
    faulty.script({'match': 'GET /jobs', 'times': 99, **status(429)})
    with pytest.raises(RateLimitError, match='fewer requests'):
        shaky.get_job(1)
    faulty.script({'match': 'GET /jobs', 'times': 99, **RESET})
    with pytest.raises(NoAnswerError, match='the connection broke'):
        shaky.get_job(1)


@pytest.mark.parametrize('number', [400, 401, 403, 404, 409, 422, 500])
def test_what_does_not_pass_is_not_repeated(faulty, shaky, number):
    faulty.script({'match': 'GET /jobs', 'times': 99, **status(number)})
    with pytest.raises(RequestError) as caught:
        shaky.get_job(1)
    assert caught.value.status == number
    assert len(faulty.seen()) == 1


def test_a_server_that_says_when_is_waited_for(faulty, shaky):
    waited = []
    shaky.transport.sleep = waited.append
    faulty.script(
        {'match': 'GET /models', **status(429, after='7')},
        {'match': 'GET /models', **status(503, after='3600')},
    )
    shaky.list_models()
    assert waited == [7.0, 60.0]


def test_waits_grow_and_differ():
    retries = Retries(first=1.0, longest=10.0)
    waits = [[retries.wait(attempt) for _ in range(50)] for attempt in range(1, 8)]
    for attempt, found in enumerate(waits):
        limit = min(10.0, 2.0**attempt)
        assert all(limit / 2 <= wait <= limit for wait in found)
        assert len(set(found)) > 10


def test_a_server_that_comes_up_late_is_reached(local_backend, tmp_path, record_property):
    record_property('fault', REFUSED)
    from synapse_plugins.backends.server import Served

    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    client = SynapseBackend(
        f'http://127.0.0.1:{port}', access_token='t' * 20, cache_dir=tmp_path, retries=Retries(9, 0.1, 0.3)
    )
    up = threading.Event()

    def serve():
        time.sleep(0.3)
        with Served(local_backend, port=port, token='t' * 20):
            up.wait(20)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert client.create_job({'action': 'x'})['id'] == 1  # a POST that never left may be repeated
    finally:
        up.set()
        thread.join()
        client.close()


# -- what must not be done twice ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'fault', [LOST, MID, {'fault': 'done_but', 'status': 502}, {'fault': 'slow_answer', 'seconds': 1.5}]
)
def test_a_lost_answer_doubles_nothing(fault, faulty, shaky, local_backend, collection, pets, tmp_path):
    shaky.transport.timeout = (2.0, 1.0)
    weights = tmp_path / 'w.pt'
    weights.write_bytes(b'w' * 1000)
    if fault['fault'] != 'slow_answer':  # there the time-out is long, because the server assembles
        faulty.script({'match': 'POST /models/', **fault})
        model = shaky.create_model(
            {'name': 'once', 'configuration': {'idempotency_key': 'k'}, 'file': weights}
        )
        assert [row['id'] for row in local_backend.list_models()['results']] == [model['id']]
        picture = next(pets.rglob('*.png'))
        faulty.script({'match': 'POST /data_files/', **fault})
        file = shaky.create_data_file(picture)
        faulty.script({'match': 'POST /data_units/', **fault})
        units = shaky.create_data_units(
            [
                {
                    'data_collection': collection['id'],
                    'files': {'image_1': {'checksum': file['checksum']}},
                    'meta': {'n': n},
                }
                for n in range(3)
            ]
        )
        assert [unit['meta']['n'] for unit in units] == [0, 1, 2]
        assert local_backend.list_data_units()['count'] == 3
        archive = tmp_path / 'p.zip'
        archive.write_bytes(b'PK')
        faulty.script({'match': 'POST /plugin_releases/', **fault})
        release = shaky.create_plugin_release({'plugin': 'p', 'version': '1', 'config': {}}, file=archive)
        assert release['version'] == '1'
        assert local_backend.list_plugin_releases()['count'] == 1
    faulty.script({'match': 'POST /jobs/', **fault})
    with pytest.raises(AnswerLostError, match='may have been done, so it was not repeated'):
        shaky.create_job({'action': 'x'})
    assert local_backend.list_jobs()['count'] == 1


@pytest.mark.parametrize('fault', [RESET, status(503)])
def test_what_was_not_done_is_done_after_a_look(fault, faulty, shaky, local_backend, tmp_path):
    weights = tmp_path / 'w.pt'
    weights.write_bytes(b'w' * 1000)
    faulty.script({'match': 'POST /models/', 'times': 2, **fault})
    model = shaky.create_model({'name': 'once', 'file': weights})
    assert [row['id'] for row in local_backend.list_models()['results']] == [model['id']]
    lines = [line for line in faulty.seen() if '/models/' in line]
    assert [line.split()[0] for line in lines] == [
        'GET',
        'POST',
        'GET',
        'POST',
        'GET',
        'POST',
    ]  # before, and after each


def test_too_much_asked_was_not_done(faulty, shaky, local_backend):
    faulty.script({'match': 'POST /jobs/', 'times': 2, **status(429)})
    shaky.create_job({'action': 'x'})
    assert local_backend.list_jobs()['count'] == 1


# -- chunks ---------------------------------------------------------------------------------------------------


@pytest.fixture
def large(tmp_path):
    path = tmp_path / 'large.bin'
    path.write_bytes(os.urandom(250_000))
    return path


def _send(client, path, **more):
    return ChunkedUpload(client.transport, path, chunk=100_000, timeout=(2.0, 1.0), **more).run()


@pytest.mark.parametrize(
    ('fault', 'match', 'skip'),
    [
        *((fault, 'PUT /chunked_upload/', skip) for fault in (RESET, LOST, MID) for skip in (0, 1, 2)),
        *((fault, 'PUT /chunked_upload/', 1) for fault in (status(503), status(429))),
        *((fault, 'POST /chunked_upload/', 0) for fault in (RESET, LOST, MID, STALL, status(502), status(504))),
        ({'fault': 'done_but', 'status': 504}, 'POST /chunked_upload/', 0),
        *(({'fault': 'short_write'}, 'PUT /chunked_upload/', skip) for skip in (0, 1, 2)),
    ],
)  # fmt: skip
def test_a_chunked_upload_comes_through(fault, match, skip, faulty, shaky, local_backend, large):
    faulty.script({'match': match, 'skip': skip, **fault})
    sent = _send(shaky, large)
    assert any(line.endswith(fault['fault']) for line in faulty.seen())
    model = shaky.create_model({'name': 'm', 'chunked_upload': sent['id']})
    assert Path(local_backend.get_model(model['id'])['file']).read_bytes() == large.read_bytes()


def test_chunks_go_to_no_other_server(faulty, shaky, large):
    faulty.script({'match': 'PUT /chunked_upload/', 'times': 99, 'fault': 'foreign_url'})
    assert _send(shaky, large)['completed_at']
    assert len(faulty.seen()) == 4  # all of them this way, and not by the other name of this machine


def test_a_half_sent_file_is_gone_on_with(faulty, shaky, synapse_server, large, tmp_path):
    faulty.script({'match': 'PUT /chunked_upload/', 'skip': 2, 'times': 99, **RESET})
    with pytest.raises(NoAnswerError):
        _send(shaky, large, notes=tmp_path / 'notes')
    faulty.script()
    told = []
    with SynapseBackend(faulty.url, access_token=synapse_server.token, cache_dir=tmp_path) as another:
        sent = _send(another, large, notes=tmp_path / 'notes', progress=lambda *at: told.append(at))
    assert told == [(250_000, 250_000)]
    assert [line.split()[0] for line in faulty.seen()] == ['GET', 'PUT', 'POST']
    assert sent['completed_at']
    assert not list((tmp_path / 'notes').iterdir())


def test_a_file_that_changed_is_sent_anew(faulty, shaky, large, tmp_path):
    faulty.script({'match': 'PUT /chunked_upload/', 'skip': 2, 'times': 99, **RESET})
    with pytest.raises(NoAnswerError):
        _send(shaky, large, notes=tmp_path / 'notes')
    large.write_bytes(os.urandom(260_000))
    faulty.script()
    assert _send(shaky, large, notes=tmp_path / 'notes')['offset'] == 260_000


def test_a_file_that_changes_meanwhile_is_told(shaky, large):
    def change(done, total):
        large.write_bytes(b'other')

    with pytest.raises(BackendError, match='was changed while it was sent'):
        _send(shaky, large, progress=change)


def test_an_upload_that_the_server_forgot_is_begun_again(faulty, shaky, synapse_server, large, tmp_path):
    faulty.script({'match': 'PUT /chunked_upload/', 'skip': 1, 'times': 99, **RESET})
    with pytest.raises(NoAnswerError):
        _send(shaky, large, notes=tmp_path / 'notes')
    import shutil

    shutil.rmtree(synapse_server.app.state.api.uploads.folder)
    synapse_server.app.state.api.uploads.folder.mkdir()
    faulty.script()
    assert _send(shaky, large, notes=tmp_path / 'notes')['completed_at']


# -- files ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(local_backend, large):
    """The checksum of a file of the server."""
    return local_backend.create_data_file(large)['checksum']


@pytest.fixture
def url(faulty, synapse_server, stored):
    """Return an address of the file, by the faulty way."""

    def url(lifetime=60.0):
        path = f'/media/{stored.removeprefix("sha256:")}/large.bin'
        return faulty.url + synapse_server.app.state.signer.sign(path, lifetime=lifetime)

    return url


@pytest.mark.parametrize('fault', [*PASSING, CORRUPT, status(500)], ids=[*NAMES, 'corrupt', '500'])
def test_a_file_comes_whole(fault, faulty, shaky, stored, large, url, tmp_path):
    faulty.script({'match': 'GET /media/', 'times': 2, **fault})
    shaky.transport.retries = Retries(6, 0.01, 0.05)
    target = tmp_path / 'fetched.bin'
    Fetch(shaky.transport, url(), target, size=250_000, checksum=stored).run()
    assert target.read_bytes() == large.read_bytes()
    assert not list(tmp_path.glob('*.part'))


def test_a_broken_file_is_gone_on_with_by_range(faulty, shaky, stored, large, url, tmp_path):
    faulty.script({'match': 'GET /media/', 'times': 2, **SHORT})
    target = tmp_path / 'fetched.bin'
    shaky.transport.retries = Retries(2, 0.01, 0.05)
    fetch = Fetch(shaky.transport, url(), target, size=250_000, checksum=stored)
    fetch.run()  # it goes on as long as something comes
    assert target.read_bytes() == large.read_bytes()
    target.unlink()
    part = tmp_path / 'fetched.bin.part'
    part.write_bytes(large.read_bytes()[:200_000])
    faulty.script()
    got = []
    Fetch(
        shaky.transport, url(), target, size=250_000, checksum=stored, progress=lambda at, _: got.append(at)
    ).run()
    assert got[0] > 200_000
    assert target.read_bytes() == large.read_bytes()


@pytest.mark.parametrize('rest', [b'x' * 100, b'x' * 250_000, b'x' * 300_000])
def test_what_lies_there_of_another_file_is_not_kept(shaky, stored, large, url, tmp_path, rest):
    target = tmp_path / 'fetched.bin'
    (tmp_path / 'fetched.bin.part').write_bytes(rest)
    Fetch(shaky.transport, url(), target, size=250_000, checksum=stored).run()
    assert target.read_bytes() == large.read_bytes()


def test_a_file_that_is_always_wrong_is_absent(faulty, shaky, stored, url, tmp_path):
    faulty.script({'match': 'GET /media/', 'times': 99, **CORRUPT})
    with pytest.raises(BackendError, match='its sha256 is'):
        Fetch(shaky.transport, url(), tmp_path / 'f', size=250_000, checksum=stored).run()
    faulty.script({'match': 'GET /media/', 'times': 99, **SILENT})
    with pytest.raises(BackendError):
        Fetch(shaky.transport, url(), tmp_path / 'g', size=250_000, checksum=stored).run()
    assert not (tmp_path / 'f').exists()
    assert not (tmp_path / 'g').exists()


def test_an_expired_address_is_asked_for_anew(shaky, stored, large, url, tmp_path, record_property):
    record_property('fault', EXPIRED)
    target = tmp_path / 'fetched.bin'
    Fetch(shaky.transport, url(lifetime=-1), target, size=250_000, checksum=stored, renew=url).run()
    assert target.read_bytes() == large.read_bytes()
    renewed = []
    with pytest.raises(RequestError):
        Fetch(
            shaky.transport,
            url(lifetime=-1),
            tmp_path / 'g',
            renew=lambda: renewed.append(1) or url(lifetime=-1),
        ).run()
    assert len(renewed) == 3


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='no /dev/full')
def test_a_full_disk_is_told(shaky, stored, url, tmp_path, record_property):
    record_property('fault', FULL)
    (tmp_path / 'f.part').symlink_to('/dev/full')
    with pytest.raises(BackendError, match='No space left'):
        Fetch(shaky.transport, url(), tmp_path / 'f', size=250_000, checksum=stored).run()
    assert not (tmp_path / 'f').exists()


# -- lists that change ----------------------------------------------------------------------------------------


def test_rows_that_come_twice_are_yielded_once(faulty, shaky, version):
    faulty.script({'match': '*page=2', 'fault': 'repeat_page', 'this': 'page=2', 'other': 'page=1'})
    rows, count = shaky.list_ground_truth_events(
        {'ground_truth_dataset_versions': version['id']}, list_all=True, page_size=2
    )
    assert [row['id'] for row in rows] == list(range(1, count + 1))


def test_rows_that_go_away_hide_no_others(local_backend, shaky, version, record_property):
    record_property('fault', CHANGING)
    rows, count = shaky.list_ground_truth_events(
        {'ground_truth_dataset_versions': version['id']}, list_all=True, page_size=2
    )
    got = [next(rows)['id'], next(rows)['id']]
    database = local_backend.store.database('backend')
    with database.transaction() as connection:
        # What follows moves up, over the edge of the page. The version knows how many events it has.
        connection.execute('DELETE FROM event WHERE id = 1')
        connection.execute('UPDATE dataset_version SET count = count - 1')
    got += [row['id'] for row in rows]
    assert got == list(range(1, count + 1))


def test_rows_that_come_meanwhile_are_seen(local_backend, shaky, version, pets, record_property):
    record_property('fault', CHANGING)
    rows, count = shaky.list_ground_truth_events({}, list_all=True, page_size=2)
    next(rows)
    local_backend.import_dataset(pets, 'another')
    assert len(list(rows)) == 2 * count - 1


def test_a_list_that_stays_short_is_an_error(faulty, shaky, version):
    faulty.script({'match': '*page=3', 'times': 99, 'fault': 'redirect', 'to': '/empty', 'status': 302})
    rows, _ = shaky.list_ground_truth_events({}, list_all=True, page_size=2)
    with pytest.raises(RequestError):
        list(rows)


def test_a_job_that_is_gone_is_told_at_once(faulty, shaky):
    with pytest.raises(MissingObjectError):
        shaky.update_job(99, {'status': 'RUNNING'})
    assert len(faulty.seen()) == 1


# -- redirects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('number', [301, 302, 303, 307, 308])
def test_the_token_does_not_go_to_another_host(number, faulty, shaky, synapse_server):
    elsewhere = faulty.url.replace('127.0.0.1', 'localhost')
    faulty.script(
        {'match': 'GET /models/', 'fault': 'redirect', 'status': number, 'to': f'{elsewhere}/there'},
        {'match': 'GET /there', 'fault': 'record'},
    )
    headers = shaky.transport.get('models/')
    assert synapse_server.token not in json.dumps(headers)
    faulty.script(
        {'match': 'GET /models/', 'fault': 'redirect', 'status': number, 'to': '/there'},
        {'match': 'GET /there', 'fault': 'record'},
    )
    assert synapse_server.token in json.dumps(shaky.transport.get('models/'))  # the same host


@pytest.mark.parametrize('number', [301, 302, 303, 307, 308])
def test_nothing_is_sent_to_another_host(number, faulty, shaky):
    elsewhere = faulty.url.replace('127.0.0.1', 'localhost')
    faulty.script({'match': 'POST /jobs/', 'fault': 'redirect', 'status': number, 'to': f'{elsewhere}/jobs/'})
    with pytest.raises(RequestError, match='SYNAPSE_HOST=http://localhost'):
        shaky.create_job({'action': 'secret'})
    assert len(faulty.seen()) == 1


@pytest.mark.parametrize('to', ['file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://x'])
def test_nothing_but_http_is_followed(faulty, shaky, to):
    faulty.script({'match': 'GET /models/', 'fault': 'redirect', 'to': to})
    with pytest.raises(RequestError, match='no secure address'):
        shaky.list_models()


def test_a_circle_ends(faulty, shaky):
    faulty.script({'match': 'GET /models/', 'times': 99, 'fault': 'redirect', 'to': '/models/'})
    with pytest.raises(RequestError, match='on and on'):
        shaky.list_models()


def test_a_password_file_does_not_replace_the_token(faulty, shaky, synapse_server, user_folder):
    (user_folder / '.netrc').write_text('machine 127.0.0.1 login l password p\n', encoding='utf-8')
    faulty.script({'match': 'GET /models/', 'fault': 'record'})
    headers = shaky.transport.get('models/')
    assert headers['Synapse-Access-Token'] == f'Token {synapse_server.token}'
    assert 'Authorization' not in headers


def test_the_page_names_every_fault_and_each_was_survived():
    rows = [
        line.strip('| ').split(' | ')
        for line in PAGE.read_text(encoding='utf-8').splitlines()
        if line[:2] == '| '
    ]
    told = {name: (int(tried), int(survived)) for name, tried, survived in rows[1:]}
    assert list(told) == FAULTS
    assert all(tried == survived > 0 for tried, survived in told.values())
