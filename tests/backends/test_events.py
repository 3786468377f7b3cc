from __future__ import annotations

import json

import pytest

from synapse_plugins.errors import BackendError, ParamsError, UnknownNameError


@pytest.fixture
def version(backend, dataset):
    """A version beside which there is another one."""
    backend.import_dataset(dataset, 'other')
    return backend.import_dataset(dataset, 'pets')['id']


def names(rows):
    return [
        row['files']['image_1']['file_name_original'].removeprefix('그림 ').removesuffix('.jpg')
        for row in rows
    ]


@pytest.mark.parametrize(
    ('params', 'expected'),
    [
        ({}, '123456'),
        ({'category': 'train'}, '123'),
        ({'category': 'validation'}, '45'),
        ({'category': 'valid'}, '45'),
        ({'categories': ['train', 'test']}, '1236'),
        ({'categories': 'train,test'}, '1236'),
        ({'category': 'nothing'}, ''),
        ({'classes': ['dog']}, '25'),
        ({'classes': '고양이'}, '1346'),
        ({'classes': ['dog', '고양이']}, '123456'),
        ({'classes': ['dog'], 'category': 'train'}, '2'),
        ({'search': '그림 4'}, '4'),
        ({'search': '%'}, ''),
        ({'ordering': '-pgh_id', 'category': 'train'}, '321'),
    ],
)
def test_filters_choose_events(events, version, params, expected):
    assert ''.join(names(events(ground_truth_dataset_versions=version, **params))) == expected


def test_ids_are_filters_too(events, version):
    ids = [row['id'] for row in events(ground_truth_dataset_version=version)]
    assert [row['id'] for row in events(ids=ids[:2])] == ids[:2]
    assert [row['id'] for row in events(ids=','.join(map(str, ids[:2])))] == ids[:2]
    assert [row['id'] for row in events(ground_truth=ids[3])] == [ids[3]]
    assert [row['id'] for row in events(ground_truth_dataset_version=version, ids_ex=ids[1:])] == ids[:1]
    assert [row['id'] for row in events(ids=list(range(100_000)), category='test')] != []


def test_pages_and_the_walk_agree(backend, version, events):
    wanted = {'ground_truth_dataset_versions': version}
    walked = [row['id'] for row in events(**wanted)]
    paged, page = [], 1
    while page:
        answer = backend.list_ground_truth_events({**wanted, 'page': page}, page_size=4)
        assert answer['count'] == 6
        paged += [row['id'] for row in answer['results']]
        page = answer['next']
    assert paged == walked
    assert backend.list_ground_truth_events({**wanted, 'page_size': 5, 'page': 2})['previous'] == 1


@pytest.mark.parametrize('ordering', ['pgh_id', '-pgh_id'])
@pytest.mark.parametrize('filters', [{}, {'category': 'train'}, {'category': 'valid'}, {'category': 'none'}])
@pytest.mark.parametrize('mixed', [False, True])
def test_pages_are_the_walk_wherever_the_events_of_a_split_lie(backend, version, filters, ordering, mixed):
    wanted = {'ground_truth_dataset_versions': version, **filters, 'ordering': ordering}
    if mixed:  # as of a dataset whose splits take turns
        with backend.store.database('backend').transaction() as connection:
            connection.execute(
                "UPDATE event SET category = CASE category WHEN 'test' THEN 'train' ELSE 'test' END "
                "WHERE category IN ('test', 'train') AND id % 3 = 0"
            )
            rows = connection.execute(
                'SELECT category, count(*) FROM event WHERE version = ? GROUP BY 1', (version,)
            )
            splits = {('valid' if name == 'validation' else name): count for name, count in rows}
            connection.execute(
                'UPDATE dataset_version SET splits = ? WHERE id = ?', (json.dumps(splits), version)
            )
    walked, count = backend.list_ground_truth_events(wanted, list_all=True)
    pages = [backend.list_ground_truth_events({**wanted, 'page': page}, page_size=2) for page in (1, 2, 3)]
    assert [row['id'] for page in pages for row in page['results']] == [row['id'] for row in walked]
    assert {page['count'] for page in pages} == {count}


def test_only_what_is_asked_for_is_returned(events, version):
    assert list(events(ground_truth_dataset_versions=version, fields=['id', 'category'])[0]) == [
        'id',
        'category',
    ]
    assert list(events(ground_truth_dataset_versions=version, fields='data')[0]) == ['data']
    whole = events(ground_truth_dataset_versions=version)[0]
    assert list(whole) == ['id', 'pgh_id', 'category', 'data', 'files']
    assert whole['id'] == whole['pgh_id']


def test_files_can_be_asked_for_as_paths(backend, version):
    wanted = {'ground_truth_dataset_versions': version}
    rows, _ = backend.list_ground_truth_events(wanted, url_conversion={'is_list': True}, list_all=True)
    file = next(rows)['files']['image_1']
    assert file['path'].read_bytes()[:2] == b'\xff\xd8'
    assert 'url' not in file


@pytest.mark.parametrize('key', ['ground_truth_dataset_verions', 'class', 'limit', 'status'])
def test_a_key_that_nobody_knows_is_refused(backend, version, key):
    with pytest.raises(UnknownNameError, match='Unknown filter'):
        backend.list_ground_truth_events({key: 1})


def test_other_mistakes_are_refused(backend, version):
    with pytest.raises(UnknownNameError, match="Unknown field 'file'"):
        backend.list_ground_truth_events({'fields': ['file']})
    with pytest.raises(BackendError, match='makes no events from tasks'):
        backend.list_ground_truth_events({'task': 4})
    with pytest.raises(ParamsError, match='not the id of a dataset version'):
        backend.list_ground_truth_events({'ground_truth_dataset_versions': 'pets'})
    with pytest.raises(ParamsError, match='pgh_id'):
        backend.list_ground_truth_events({'ordering': 'size'})
    with pytest.raises(ParamsError, match='no page'):
        backend.list_ground_truth_events({'page': -1})
    with pytest.raises(ParamsError, match='has no value'):
        backend.list_ground_truth_events({'category': None})


def test_a_version_that_goes_while_it_is_walked_ends_the_walk(backend, version):
    rows, count = backend.list_ground_truth_events({'ground_truth_dataset_versions': version}, list_all=True)
    assert count == 6
    backend.remove_dataset(version)
    assert list(rows) == []
