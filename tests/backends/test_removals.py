from __future__ import annotations

import pytest

from synapse_plugins.errors import NeededError


@pytest.fixture
def collection(backend):
    return backend.create_data_collection({'name': 'c', 'file_specifications': [{'name': 'image_1'}]})


def upload(backend, tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding='utf-8')
    return backend.create_data_file(tmp_path / name)


def unit_of(backend, collection, file, name):
    files = {'image_1': {'checksum': file['checksum'], 'path': name}}
    return backend.create_data_units({'data_collection': collection['id'], 'files': files})[0]


def test_a_file_goes_with_its_content_and_only_once_nothing_needs_it(backend, collection, tmp_path):
    file = upload(backend, tmp_path, 'a.txt', 'one')
    unit = unit_of(backend, collection, file, 'a.txt')
    place = backend.store.files.path_of(file['checksum'].removeprefix('sha256:'), '.txt')
    with pytest.raises(NeededError, match=f'part of data unit {unit["id"]}'):
        backend.delete_data_file(file['id'])
    with pytest.raises(NeededError, match='has 1 data units'):
        backend.delete_data_collection(collection['id'])
    for _ in range(2):  # a second time does no harm
        backend.delete_data_unit(unit['id'])
        backend.delete_data_file(file['id'])
        backend.delete_data_collection(collection['id'])
    assert not place.exists()
    assert backend.list_data_collections()['count'] == backend.list_data_units()['count'] == 0


def test_a_content_that_others_uploaded_too_stays_theirs(backend, collection, tmp_path):
    theirs = upload(backend, tmp_path, 'theirs.txt', 'same')
    ours = upload(backend, tmp_path, 'ours.txt', 'same')
    unit = unit_of(backend, collection, theirs, 'theirs.txt')
    backend.delete_data_file(ours['id'])
    assert backend.list_data_units()['results'] == [unit]


def test_a_content_that_a_dataset_holds_stays(backend, dataset, events):
    backend.import_dataset(dataset, 'pets')
    picture = next(dataset.rglob('*.jpg'))
    backend.delete_data_file(backend.create_data_file(picture)['id'])
    files = [file for event in events() for file in event['files'].values()]
    assert len(files) == 6
    backend.export_dataset('pets', dataset.with_name('out'))


def test_a_unit_calls_its_files_as_it_was_told(backend, collection, tmp_path):
    upload(backend, tmp_path, 'first.txt', 'same')
    file = upload(backend, tmp_path, 'second.txt', 'same')
    units = [
        unit_of(backend, collection, file, name) for name in ('더미/second.txt', 'C:\\x\\third.txt', None)
    ]
    names = [unit['files']['image_1']['file_name_original'] for unit in units]
    assert names == ['second.txt', 'third.txt', 'first.txt']
