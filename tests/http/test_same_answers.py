"""The client over HTTP and the embedded backend itself give the same answers, so that no step can tell them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.errors import (
    BackendError,
    InvalidRequestError,
    NeededError,
    NotFoundError,
    ParamsError,
    UnknownNameError,
)
from synapse_plugins.testing import make_project


def _plain(value: Any) -> Any:
    """Leave out where a file lies: that is what differs."""
    if isinstance(value, dict):
        return {
            key: _plain(item) for key, item in value.items() if key not in {'url', 'file', 'next', 'previous'}
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    'filters',
    [
        {},
        {'category': 'train'},
        {'category': 'valid'},
        {'categories': ['train', 'test']},
        {'ids': [2, 3]},
        {'ids': '1,4'},
        {'ids_ex': [1]},
        {'classes': ['상자']},
        {'search': '사진'},
        {'fields': ['id', 'pgh_id', 'files']},
        {'fields': ['id', 'pgh_id', 'category', 'files', 'data'], 'expand': 'data'},
        {'page_size': 2},
    ],
)
def test_events(local_backend, client, version, filters):
    params = {'ground_truth_dataset_versions': version['id'], **filters}
    here, there = local_backend.list_ground_truth_events(params), client.list_ground_truth_events(params)
    assert _plain(there) == _plain(here)
    assert here['count'] or filters == {'categories': ['train', 'test']}
    rows, count = client.list_ground_truth_events(params, list_all=True, page_size=2)
    wanted, _ = local_backend.list_ground_truth_events(params, list_all=True)
    assert _plain(list(rows)) == _plain(list(wanted))
    assert count == here['count']


@pytest.mark.parametrize(
    'filters',
    [{'ids': []}, {'ids': ''}, {'classes': ()}, {'category': ''}, {'ground_truth_dataset_versions': []}],
)
def test_a_filter_that_names_nothing_chooses_nothing(local_backend, client, version, filters):
    # In a request such a filter vanishes, and the answer would be everything.
    params = {'ground_truth_dataset_versions': version['id'], **filters}
    for backend in (local_backend, client):
        assert backend.list_ground_truth_events(params)['results'] == []
        rows, count = backend.list_ground_truth_events(params, list_all=True)
        assert (list(rows), count) == ([], 0)


@pytest.mark.parametrize('key', ['ids', 'classes', 'category', 'search', 'ground_truth_dataset_versions'])
def test_a_filter_without_a_value_is_refused(local_backend, client, version, key):
    for backend in (local_backend, client):
        with pytest.raises(ParamsError, match=f'{key} has no value'):
            backend.list_ground_truth_events({'ground_truth_dataset_versions': version['id'], key: None})
        assert backend.list_ground_truth_events({'page': None, 'fields': None, 'ids_ex': [], 'search': ''})[
            'count'
        ]


@pytest.mark.parametrize(
    ('listing', 'key'),
    [
        ('list_models', 'category'),
        ('list_jobs', 'status'),
        ('list_logs', 'level'),
        ('list_data_units', 'data_collection'),
        ('list_plugin_releases', 'plugin'),
        ('list_tasks', 'project'),
        ('list_tasks', 'ids'),
    ],
)
def test_filters_of_the_other_lists_are_as_strict(local_backend, client, listing, key):
    local_backend.create_logs({'job': local_backend.create_job({'action': 'train'})['id'], 'event': 'x'})
    for backend in (local_backend, client):
        asked = getattr(backend, listing)
        assert asked({key: []})['count'] == 0
        with pytest.raises(ParamsError, match=f'{key} has no value'):
            asked({key: None})
        if key != 'ids':
            with pytest.raises((ParamsError, InvalidRequestError), match='takes one value'):
                asked({key: ['a', 'b']})


def test_ground_truths_are_chosen_by_their_dataset_too(local_backend, client, version, tmp_path):
    from synapse_plugins.testing import make_dataset

    other = local_backend.import_dataset(make_dataset(tmp_path / 'other', 'dm_v2', 'segment'), 'other')

    def ids(**params):
        return [row['id'] for row in client.transport.get('ground_truths/', params)['results']]

    wanted = {
        row['dataset']: [
            event['id']
            for event in local_backend.list_ground_truth_events({'ground_truth_dataset_version': row['id']})[
                'results'
            ]
        ]
        for row in (version, other)
    }
    assert all(wanted.values())
    for dataset, events in wanted.items():
        assert ids(ground_truth_dataset=dataset) == events
    assert (
        ids()
        == ids(ground_truth_dataset=list(wanted))
        == [*wanted[version['dataset']], *wanted[other['dataset']]]
    )
    both = {'ground_truth_dataset': version['dataset'], 'ground_truth_dataset_versions': other['id']}
    assert ids(ground_truth_dataset=99) == ids(**both) == []
    for refused in ({'ground_truth_dataset': 'x'}, {'ground_truth_datset': 1}):
        with pytest.raises(BackendError):
            ids(**refused)
    with pytest.raises(UnknownNameError):  # the events have no such filter
        client.list_ground_truth_events({'ground_truth_dataset': 1})


def test_paths_are_no_matter_where_no_files_are_asked_for(local_backend, client, version):
    params = {'ground_truth_dataset_versions': version['id'], 'fields': ['id', 'category']}
    here, there = (
        backend.list_ground_truth_events(params, url_conversion={'files_fields': ['files']})['results']
        for backend in (local_backend, client)
    )
    assert [row['category'] for row in there] == [row['category'] for row in here]
    assert not any('files' in row for row in there)


def test_files_come_with_paths(local_backend, client, version):
    rows, _ = client.list_ground_truth_events(
        {'ground_truth_dataset_versions': version['id']},
        list_all=True,
        url_conversion={'files_fields': ['files']},
    )
    for row in rows:
        file = row['files']['image_1']
        assert 'url' not in file
        wanted = local_backend.find_file(file['checksum'].removeprefix('sha256:'))
        assert Path(file['path']).read_bytes() == wanted.read_bytes()


def test_data_that_is_kept_elsewhere(local_backend, client, version):
    params = {'ground_truth_dataset_versions': version['id']}
    rows, _ = client.list_ground_truth_events({**params, 'response_mode': 'presigned'}, list_all=True)
    wanted, _ = local_backend.list_ground_truth_events(params, list_all=True)
    assert [row['data'] for row in rows] == [row['data'] for row in wanted]


def test_versions_that_are_archived(local_backend, client, version):
    for backend in (local_backend, client):
        assert backend.list_ground_truth_versions({'is_archived': True})['count'] == 0
        assert backend.list_ground_truth_versions({'is_archived': False})['count'] == 1


def test_versions(local_backend, client, version):
    assert client.get_ground_truth_version(version['id']) == local_backend.get_ground_truth_version(
        version['id']
    )
    assert client.list_ground_truth_versions() == local_backend.list_ground_truth_versions()
    for name in ('pets', 'pets@1', str(version['id']), version['id']):
        assert client.resolve_dataset(name) == local_backend.resolve_dataset(name) == version['id']


def test_models(local_backend, client, tmp_path):
    weights = tmp_path / '가중치.pt'
    weights.write_bytes(b'weights' * 1000)
    given = {
        'name': '모형',
        'configuration': {'a': [1]},
        'metrics': {'map': 0.5},
        'description': 'x',
        'version': '1',
    }
    model = client.create_model({**given, 'file': weights})
    fetched, own = client.get_model(model['id']), local_backend.get_model(model['id'])
    assert _plain(fetched) == _plain(own)
    assert fetched['file_name'] == '가중치.pt'
    assert Path(fetched['file']).read_bytes() == weights.read_bytes()
    assert client.get_model('모형')['id'] == client.resolve_model('모형') == model['id']
    assert _plain(client.list_models()) == _plain(local_backend.list_models())
    client.add_evaluation(model['id'], {'run': 'r', 'map': 1})
    client.add_evaluation(model['id'], {'run': 'r', 'map': 2})
    assert local_backend.get_model(model['id'])['configuration']['evaluations'] == [{'run': 'r', 'map': 2}]
    client.delete_model(model['id'])
    assert not local_backend.list_models()['results']


def test_a_folder_as_a_model(client, pets):
    model = client.create_model({'name': 'folder', 'file': str(pets)})
    assert model['file_name'] == 'pets.zip'
    assert Path(client.get_model(model['id'])['file']).read_bytes()[:2] == b'PK'


def test_jobs(local_backend, client, pets):
    job = client.create_job({'action': 'train', 'params': {'epochs': 1}})
    changes = {
        'status': 'RUNNING',
        'progress_record': {'record': {'steps': {}}},
        'metrics_record': {'record': {}},
        'console_logs': ['첫째', 'second'],
        'result': {'model_id': 3},
    }
    assert (
        client.update_job(job['id'], changes) == local_backend.get_job(job['id']) == client.get_job(job['id'])
    )
    assert client.list_jobs({'status': 'RUNNING'}) == local_backend.list_jobs({'status': 'RUNNING'})
    picture = next(pets.rglob('*.png'))
    client.create_logs(
        [
            {
                'job': job['id'],
                'event': 'message',
                'data': {'content': '안녕'},
                'level': 'info',
                'step': 'train',
            },
            {'job': job['id'], 'event': 'visualization', 'data': {'index': 1}, 'file': picture},
        ]
    )
    client.create_logs({'job': job['id'], 'event': 'debug', 'data': {}})
    rows, count = client.list_logs({'job': job['id']}, list_all=True, page_size=2)
    rows = list(rows)
    wanted, _ = local_backend.list_logs({'job': job['id']}, list_all=True)
    assert rows == list(wanted)
    assert count == 3
    assert rows[1]['file'].startswith('data:image/png;base64,')
    client.update_job(job['id'], {'status': 'SUCCEEDED'})
    assert client.list_job_console_logs(job['id']) == ['첫째', 'second']
    assert list(client.tail_job_console_logs(job['id'])) == ['첫째', 'second']


def test_files_units_and_tasks(local_backend, client, collection, pets, tmp_path):
    assert client.get_data_collection(collection['id']) == collection
    assert list(client.list_data_collections({'page_size': 1}, list_all=True)[0]) == list(
        local_backend.list_data_collections(list_all=True)[0]
    )
    assert client.list_data_collections() == local_backend.list_data_collections()
    pictures = sorted(pets.rglob('*.png'))
    empty = tmp_path / 'empty.json'
    empty.touch()
    made = [
        client.create_data_file(pictures[0]),
        client.create_data_file(pictures[1], use_chunked_upload=True),
        *client.create_data_files(pictures[2:]),
    ]
    assert all(item['checksum'].startswith('sha256:') for item in made)
    nothing = [client.create_data_file(empty), client.create_data_file(empty, use_chunked_upload=True)]
    assert (
        nothing[0]['checksum'] == nothing[1]['checksum'] == local_backend.create_data_file(empty)['checksum']
    )
    told = client.verify_data_files_checksums([made[0]['checksum'], '0' * 64])
    assert told == {'existing': [made[0]['checksum']], 'missing': ['0' * 64]}
    units = client.create_data_units(
        [
            {
                'data_collection': collection['id'],
                'files': {'image_1': {'checksum': item['checksum'], 'path': str(path)}},
                'meta': {'이름': path.name},
                'groups': ['a', 'b'],
            }
            for item, path in zip(made, pictures, strict=True)
        ]
    )
    rows, count = client.list_data_units({'data_collection': collection['id']}, list_all=True, page_size=2)
    assert count == len(pictures) == len(units)
    wanted, _ = local_backend.list_data_units({'data_collection': collection['id']}, list_all=True)
    assert _plain(list(rows)) == _plain(list(wanted)) == _plain(units)
    with pytest.raises(NeededError, match='remove that first'):
        client.delete_data_file(made[0]['id'])
    with pytest.raises(NeededError):
        client.delete_data_collection(collection['id'])
    tasks = client.create_tasks({'project': 4, 'data': [{'data_unit': unit['id']} for unit in units]})
    assert client.list_tasks({'project': 4})['results'] == tasks
    assert client.list_tasks({'project': 5})['count'] == 0
    assert client.list_tasks({'project': 4, 'ids': [tasks[-1]['id'], 999]})['results'] == tasks[-1:]
    for unit in [*units, *units]:  # twice is no error
        client.delete_data_unit(unit['id'])
    for item in [*made, *made]:
        client.delete_data_file(item['id'])
    client.delete_data_collection(collection['id'])
    client.delete_data_collection(collection['id'])
    assert local_backend.list_data_units()['count'] == local_backend.list_data_collections()['count'] == 0
    assert local_backend.verify_data_files_checksums([made[0]['checksum']])['existing'] == []


def test_releases(local_backend, client, tmp_path):
    archive = tmp_path / 'plugin.zip'
    archive.write_bytes(b'PK')
    given = {
        'plugin': 'forklift',
        'version': '0.2.0',
        'config': {'name': '지게차'},
        'requirements': 'torch\n',
    }
    made = client.create_plugin_release(given, file=archive)
    found = client.get_plugin_release('forklift@0.2.0')
    assert found['config'] == {'name': '지게차'}
    assert found['requirements'] == 'torch\n'
    assert client.get_plugin_release(made['id'])['id'] == found['id']
    assert (
        client.get_plugin_release('forklift@0.2.0', params={'expand': 'plugin'})['plugin']['code']
        == 'forklift'
    )
    assert client.list_plugin_releases({'plugin': 'forklift'})['count'] == 1
    with pytest.raises(InvalidRequestError, match='was released already'):
        client.create_plugin_release(given, file=archive)
    assert local_backend.find_file(found['checksum'].removeprefix('sha256:')).read_bytes() == b'PK'
    local_backend.collect_garbage()
    assert local_backend.find_file(found['checksum'].removeprefix('sha256:'))


@pytest.mark.parametrize(
    ('call', 'error'),
    [
        (lambda backend: backend.get_model(99), NotFoundError),
        (lambda backend: backend.get_model('nobody'), NotFoundError),
        (lambda backend: backend.get_job(99), NotFoundError),
        (lambda backend: backend.get_data_collection(99), NotFoundError),
        (lambda backend: backend.get_ground_truth_version(99), NotFoundError),
        (lambda backend: backend.resolve_dataset('nobody'), NotFoundError),
        (lambda backend: backend.delete_model(99), NotFoundError),
        (lambda backend: backend.list_ground_truth_events({'classe': 'x'}), UnknownNameError),
        (lambda backend: backend.list_ground_truth_events({'fields': ['dat']}), UnknownNameError),
        (lambda backend: backend.list_models({'nam': 'x'}), UnknownNameError),
        (lambda backend: backend.list_data_units({'collection': 1}), UnknownNameError),
        (lambda backend: backend.list_ground_truth_versions({'x': 1}), UnknownNameError),
        (lambda backend: backend.update_job(1, {'state': 'x'}), UnknownNameError),
        (lambda backend: backend.create_logs([{'job': 1, 'event': 'x', 'levle': 'info'}]), UnknownNameError),
        (lambda backend: backend.create_logs({'event': 'x'}), ParamsError),
        (lambda backend: backend.update_job(1, {'status': 'DONE'}), ParamsError),
        (lambda backend: backend.create_model({'name': 'x', 'file': '/nowhere'}), ParamsError),
        (lambda backend: backend.create_model({'name': 'x'}), ParamsError),
        (lambda backend: backend.create_data_file('/nowhere'), ParamsError),
    ],
)
def test_the_same_errors(local_backend, client, call, error):
    local_backend.create_job({'action': 'x'})
    for backend in (local_backend, client):
        with pytest.raises(error):
            call(backend)


@pytest.mark.parametrize('bad', ['../models', '1/../../models', 'a b', '', '1?x=1', True, None, '한'])
def test_ids_do_not_lead_elsewhere(client, bad):
    for call in (
        client.get_job,
        client.get_data_collection,
        client.get_ground_truth_version,
        client.delete_model,
    ):
        with pytest.raises(ParamsError):
            call(bad)


def test_a_folder_is_for_the_embedded_backend(client, version, pets):
    with pytest.raises(ParamsError, match='--backend local'):
        client.resolve_dataset(str(pets), register_folder=False)


def test_assignments(client: Any, local_backend: Any) -> None:
    made, other = make_project(local_backend, 4), make_project(local_backend, 5, count=2)
    wanted = made['assignments']
    page = client.list_assignments({'project': 4})
    assert page['count'] == len(wanted) == 4
    assert _plain(page['results']) == _plain(wanted)
    for row, task, unit in zip(page['results'], made['tasks'], made['data_units'], strict=True):
        assert (row['task'], row['project'], row['status_label']) == (task['id'], 4, 'completed')
        assert row['file']['specification'] == 'image_1'
        assert sorted(row['files']) == sorted(unit['files']) == ['data_1', 'image_1']
    rows, count = client.list_assignments({'project': 4}, list_all=True, page_size=3)
    assert (_plain(list(rows)), count) == (_plain(wanted), 4)
    some = [wanted[-1]['id'], other['assignments'][0]['id'], 999]
    assert client.list_assignments({'ids': some})['count'] == 2
    assert client.list_assignments({'project': 4, 'ids': some})['count'] == 1
    assert client.list_assignments({'tasks': [wanted[1]['task']]})['results'][0]['id'] == wanted[1]['id']
    assert client.list_assignments({'project': 4, 'status_label': 'skipped'})['count'] == 0
    assert _plain([client.get_assignment(wanted[0]['id'])]) == _plain(wanted[:1])
    with pytest.raises(NotFoundError):
        client.get_assignment(99)
    with pytest.raises(UnknownNameError):
        client.list_assignments({'projcet': 4})
    client.delete_data_unit(made['data_units'][0]['id'])
    assert client.list_assignments({'project': 4})['count'] == 3


def test_a_file_that_is_not_there_keeps_no_others_from_being_sent(client, tmp_path):
    for name in ('a.txt', 'b.txt'):
        (tmp_path / name).write_text(name, encoding='utf-8')
    paths = [tmp_path / name for name in ('a.txt', 'absent.txt', 'b.txt')]
    results = client.create_data_files(paths)
    assert [(result['path'], result['success']) for result in results] == list(
        zip(paths, [True, False, True], strict=True)
    )
    assert 'is not a file' in results[1]['error']
