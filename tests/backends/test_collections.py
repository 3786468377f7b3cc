from __future__ import annotations

import pytest

from synapse_plugins.backends.fetch import local_path
from synapse_plugins.errors import NotFoundError, ParamsError, UnknownNameError


@pytest.fixture
def collection(backend):
    specifications = [
        {'name': 'image_1', 'file_type': 'image', 'is_required': True, 'is_primary': True},
        {'name': 'data_meta_1', 'file_type': 'data', 'is_required': False},
    ]
    return backend.create_data_collection({'name': '수집', 'file_specifications': specifications})


def upload(backend, tmp_path, name):
    (tmp_path / name).write_text(name, encoding='utf-8')
    return backend.create_data_file(tmp_path / name)


def test_a_collection_is_read_back(backend, collection):
    assert backend.get_data_collection(collection['id']) == collection
    assert [item['name'] for item in collection['file_specifications']] == ['image_1', 'data_meta_1']
    assert backend.list_data_collections()['results'] == [collection]
    with pytest.raises(NotFoundError, match='no data collection 99'):
        backend.get_data_collection(99)


def test_units_are_made_of_uploaded_files(backend, collection, tmp_path):
    files = [upload(backend, tmp_path, f'{number}.png') for number in range(3)]
    units = backend.create_data_units(
        [
            {
                'data_collection': collection['id'],
                'files': {'image_1': {'checksum': file['checksum'], 'path': f'folder/{n}.png'}},
                'meta': {'n': n},
                'groups': ['a'],
            }
            for n, file in enumerate(files)
        ]
    )
    assert [unit['meta'] for unit in units] == [{'n': 0}, {'n': 1}, {'n': 2}]
    rows, count = backend.list_data_units({'data_collection': collection['id']}, list_all=True, page_size=2)
    assert list(rows) == units
    assert count == 3
    file = units[1]['files']['image_1']
    assert file['file_name_original'] == '1.png'
    assert local_path(file['url']).read_text(encoding='utf-8') == '1.png'
    page = backend.list_data_units(page_size=2)
    assert (page['count'], page['next'], len(page['results'])) == (3, 2, 2)


def test_units_come_all_or_none(backend, collection, tmp_path):
    good = {'data_collection': collection['id'], 'files': {'image_1': upload(backend, tmp_path, 'a.png')}}
    absent = {'checksum': 'sha256:' + '0' * 64}
    for bad, error, why in (
        ({**good, 'data_collection': 99}, NotFoundError, 'no data collection 99'),
        ({**good, 'files': {'image_1': absent}}, NotFoundError, 'was not uploaded'),
        (
            {**good, 'files': {'image_2': good['files']['image_1']}},
            ParamsError,
            "no specification 'image_2' and requires",
        ),
        ({**good, 'files': {}}, ParamsError, "requires a file 'image_1'"),
        ({**good, 'files': {'image_1': 'a.png'}}, ParamsError, 'create_data_file'),
    ):
        with pytest.raises(error, match=why):
            backend.create_data_units([good, bad])
    assert backend.list_data_units()['count'] == 0


def test_mistakes_are_refused(backend, tmp_path):
    with pytest.raises(ParamsError, match='is not a file'):
        backend.create_data_file(tmp_path)
    with pytest.raises(ParamsError, match='needs a name'):
        backend.create_data_collection({'name': 'x', 'file_specifications': [{'file_type': 'image'}]})
    with pytest.raises(UnknownNameError):
        backend.list_data_units({'collection': 1})
