"""The vendor's own client against our server: what it is used for, it can do here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from synapse_plugins.backends.fetch import local_path
from synapse_plugins.testing import make_project

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings('ignore')  # its own code warns


@pytest.fixture
def client_class(vendor_client_class: Any) -> Any:
    if vendor_client_class is None:
        pytest.skip('synapse-sdk is not installed; it needs Python 3.12 or later: `nox -s vendor`')
    return vendor_client_class


@pytest.fixture
def theirs(client_class: Any, synapse_server: Any) -> Iterator[Any]:
    with client_class(synapse_server.url, access_token=synapse_server.token) as client:
        yield client


def test_it_lists_events_with_their_files(theirs, local_backend, version):
    params = {
        'fields': ['category', 'files', 'data'],
        'expand': 'data',
        'ground_truth_dataset_versions': version['id'],
        'category': 'train',
    }
    rows, count = theirs.list_ground_truth_events(params=params, list_all=True, page_size=2)
    rows = list(rows)
    wanted, _ = local_backend.list_ground_truth_events({**params, 'fields': ['data', 'files']}, list_all=True)
    wanted = list(wanted)
    assert count == len(rows) == version['splits']['train']
    assert [row['data'] for row in rows] == [row['data'] for row in wanted]
    for mine, yours in zip(rows, wanted, strict=True):
        file = yours['files']['image_1']
        own = local_backend.find_file(file['checksum'].removeprefix('sha256:'))
        assert Path(mine['files']['image_1']['path']).read_bytes() == own.read_bytes()
        assert Path(mine['files']['image_1']['path']).suffix == own.suffix


def test_it_lists_data_and_files_alone(theirs, version):
    params = {'ground_truth_dataset_versions': version['id']}
    data, count = theirs.list_ground_truth_events_data(dict(params), list_all=True)
    assert [sorted(row) for row in data] == [['data', 'id', 'pgh_id']] * count
    files, _ = theirs.list_ground_truth_events_files(dict(params), list_all=True)
    assert all(file['checksum'] for row in files for file in row['files'])
    assert theirs.get_ground_truth_version(version['id'])['name'] == 'pets'
    assert theirs.list_ground_truth_versions()['count'] == 1


def test_it_uploads_and_fetches_a_model(theirs, local_backend, tmp_path):
    weights = tmp_path / 'best.pt'
    weights.write_bytes(bytes(range(256)) * 5000)
    model = theirs.create_model({'name': 'theirs', 'configuration': {'a': 1}}, file=str(weights))
    assert Path(theirs.get_model(model['id'])['file']).read_bytes() == weights.read_bytes()
    assert Path(local_backend.get_model('theirs')['file']).read_bytes() == weights.read_bytes()
    assert theirs.list_models()['results'][0]['name'] == 'theirs'


def test_it_sends_a_file_in_several_chunks(theirs, tmp_path):
    large = tmp_path / 'large.bin'
    large.write_bytes(bytes(range(256)) * 1000)
    told: list[tuple[int, int]] = []
    sent = theirs.create_chunked_upload(large, chunk_size=100_000, on_progress=lambda *at: told.append(at))
    assert told == [(100_000, 256_000), (200_000, 256_000), (256_000, 256_000)]
    assert theirs.get_chunked_upload(sent['id'])['completed_at']


def test_it_reports_a_job(theirs, local_backend, tmp_path):
    from synapse_sdk.clients.exceptions import ClientError

    job = local_backend.create_job({'action': 'train'})
    assert theirs.get_job(job['id'])['status'] == 'PENDING'
    progress = {'record': {'steps': {'train': {'percent': 50.0}}}, 'current_progress': {'overall': 50.0}}
    theirs.update_job(
        job['id'], {'status': 'RUNNING', 'progress_record': progress, 'metrics_record': {'record': {}}}
    )
    picture = tmp_path / 'p.png'
    picture.write_bytes(b'\x89PNG')
    entry = {
        'event': 'message',
        'data': {'content': '안녕'},
        'datetime': '2026-01-01T00:00:00Z',
        'job': job['id'],
    }
    theirs.create_logs([entry, {**entry, 'event': 'visualization', 'file': str(picture)}])
    theirs.create_logs(entry)
    theirs.update_job(
        job['id'], {'status': 'SUCCEEDED', 'result': {'model_id': 1}, 'console_logs': [{'message': 'x'}]}
    )
    kept = local_backend.get_job(job['id'])
    assert (kept['status'], kept['progress_record'], kept['result']) == (
        'SUCCEEDED',
        progress,
        {'model_id': 1},
    )
    logs, count = local_backend.list_logs({'job': job['id']}, list_all=True)
    assert [log['event'] for log in logs] == ['message', 'visualization', 'message']
    assert count == 3
    assert theirs.list_job_console_logs(job['id']) == [{'message': 'x'}]
    assert list(theirs.tail_job_console_logs(job['id'])) == ['x']
    with pytest.raises(ClientError):
        theirs.get_job(99)


def test_it_creates_files_and_units(theirs, local_backend, collection, pets):
    assert [item['name'] for item in theirs.get_data_collection(collection['id'])['file_specifications']] == [
        'image_1',
        'data_meta_1',
    ]
    pictures = sorted(pets.rglob('*.png'))
    files = [
        theirs.create_data_file(path, use_chunked_upload=index == 0) for index, path in enumerate(pictures)
    ]
    units = theirs.create_data_units(
        [
            {
                'data_collection': collection['id'],
                'files': {'image_1': {'checksum': file['checksum'], 'path': str(path)}},
                'meta': {'stem': path.stem},
                'groups': ['a'],
            }
            for file, path in zip(files, pictures, strict=True)
        ]
    )
    assert [unit['meta']['stem'] for unit in units] == [path.stem for path in pictures]
    rows, count = theirs.list_data_units({'data_collection': collection['id']}, list_all=True)
    for row, path in zip(rows, pictures, strict=True):
        assert Path(row['files']['image_1']['path']).read_bytes() == path.read_bytes()
    assert count == len(pictures)
    theirs.create_tasks({'project': 1, 'data': [{'data_unit': unit['id']} for unit in units]})
    assert local_backend.list_tasks({'project': 1})['count'] == count
    assert theirs.verify_data_files_checksums([files[0]['checksum']])['existing'] == [files[0]['checksum']]


def test_it_lists_assignments_with_their_files(theirs, local_backend):
    made = make_project(local_backend, 7)
    rows, count = theirs.list_assignments({'project': 7}, list_all=True)
    found = list(rows)
    assert (count, [row['id'] for row in found]) == (4, [row['id'] for row in made['assignments']])
    for row, wanted in zip(found, made['assignments'], strict=True):
        assert row['data'] == wanted['data']
        assert row['file']['file_name_original'] == wanted['file']['file_name_original']
        for specification, file in row['files'].items():
            stored = local_path(wanted['files'][specification]['url'])
            assert requests.get(file['url'], timeout=10).content == stored.read_bytes()
    assert theirs.get_assignment(found[0]['id'])['data'] == found[0]['data']


def test_it_sends_files_by_presigned_addresses(theirs, local_backend, collection, pets):
    pictures = sorted(pets.rglob('*.png'))
    asked = theirs.request_presigned_upload(
        [
            {'filename': path.name, 'size': path.stat().st_size, 'content_type': 'image/png'}
            for path in pictures
        ]
    )
    put = []
    for path, place in zip(pictures, asked.files, strict=True):
        sent = theirs.upload_file_to_presigned_url(place.presigned_url, path)
        put.append({'file_key': place.file_key, 'checksum': sent.checksum, 'size': sent.size})
    told = theirs.confirm_presigned_upload(put)
    assert told.created_count == len(pictures)
    # A unit may name the file by the SHA-1 with which it was sent.
    unit = {
        'data_collection': collection['id'],
        'files': {'image_1': {'checksum': put[0]['checksum'], 'path': str(pictures[0])}},
    }
    made = theirs.create_data_units([unit])
    assert (
        local_backend.get_data_unit(made[0]['id'])['files']['image_1']['file_name_original']
        == pictures[0].name
    )


def test_it_sends_a_release(theirs, local_backend, tmp_path):
    archive = tmp_path / 'plugin.zip'
    archive.write_bytes(b'PK')
    theirs.create_plugin_release(
        {'plugin': 'forklift', 'version': '1', 'config': {'a': 1}}, file=str(archive)
    )
    assert local_backend.get_plugin_release('forklift@1')['config'] == {'a': 1}
    assert [row['version'] for row in theirs.list_plugin_releases('forklift')] == ['1']


def test_a_wrong_token_is_told(synapse_server, client_class):
    from synapse_sdk.clients.exceptions import AuthenticationError

    with client_class(synapse_server.url, access_token='wrong') as client, pytest.raises(AuthenticationError):
        client.list_models()
