from __future__ import annotations

import os
import pathlib
import shutil

import pytest

from synapse_plugins.errors import DatasetError, FormatError, NotFoundError, ParamsError, UnknownNameError


@pytest.fixture
def pets(backend, dataset):
    """Two versions of one dataset; returns the ids."""
    first = backend.import_dataset(dataset, 'pets')['id']
    picture = dataset / 'train' / 'original_files' / '그림 1.jpg'
    picture.write_bytes(picture.read_bytes() + b'more')
    return [first, backend.import_dataset(dataset, 'pets')['id']]


def test_a_version_is_found_by_id_name_and_number(backend, pets):
    assert backend.resolve_dataset(pets[0]) == pets[0]
    assert backend.resolve_dataset(str(pets[0])) == pets[0]
    assert backend.resolve_dataset('pets') == pets[1]
    assert backend.resolve_dataset('pets@1') == pets[0]
    assert backend.get_dataset('pets@2')['id'] == pets[1]
    assert backend.get_ground_truth_version(pets[0])['version'] == 1
    assert [(row['name'], row['version']) for row in backend.list_datasets()] == [('pets', 2), ('pets', 1)]


@pytest.mark.parametrize(
    ('ref', 'help_'),
    [
        ('pet', "Did you mean 'pets'?"),
        ('pets@9', "Did you mean 'pets@2' or 'pets@1'?"),
        (77, 'datasets list'),
        ('77', 'There is no dataset version 77'),
        ('./absent', 'There is no folder ./absent'),
        ('', 'There is no dataset'),
    ],
)
def test_what_is_not_there_is_named_with_close_matches(backend, pets, ref, help_):
    with pytest.raises(NotFoundError) as caught:
        backend.resolve_dataset(ref)
    assert help_ in str(caught.value)


def test_a_folder_is_registered_in_place_once(backend, dataset, events):
    first = backend.resolve_dataset(str(dataset))
    assert backend.resolve_dataset(dataset) == first
    version = backend.get_dataset(first)
    assert (version['name'], version['version'], version['link'], version['source']) == (
        'pets',
        1,
        'reference',
        str(dataset),
    )
    assert backend.resolve_dataset('pets') == first
    assert len(backend.list_datasets()) == 1


def test_a_touched_folder_is_the_same_and_a_changed_one_the_next_version(backend, dataset):
    first = backend.resolve_dataset(str(dataset))
    for path in dataset.rglob('*.*'):
        os.utime(path, (1, 1))
    assert backend.resolve_dataset(str(dataset)) == first
    (dataset / 'test' / 'json' / '그림 6.json').write_text('{"images": [{}]}', encoding='utf-8')
    second = backend.resolve_dataset(str(dataset))
    assert second != first
    assert backend.get_dataset(second)['version'] == 2
    assert backend.resolve_dataset('pets') == second


def test_folders_of_one_name_are_different_datasets(backend, tmp_path, make_dataset):
    one = backend.resolve_dataset(make_dataset(tmp_path / 'a' / 'same'))
    two = backend.resolve_dataset(make_dataset(tmp_path / 'b' / 'same'))
    assert [backend.get_dataset(version)['name'] for version in (one, two)] == ['same', 'same-2']


def test_a_name_comes_before_a_folder_of_that_name(backend, pets, dataset, monkeypatch):
    monkeypatch.chdir(dataset.parent)
    assert backend.resolve_dataset('pets') == pets[1]
    assert backend.get_dataset(backend.resolve_dataset('./pets'))['link'] == 'reference'


@pytest.mark.parametrize('name', ['2024', 'a@b', '.세포', 'a b'])
def test_any_folder_name_becomes_a_dataset_name(backend, tmp_path, make_dataset, name):
    version = backend.get_dataset(backend.resolve_dataset(str(make_dataset(tmp_path / name) / '.')))
    assert backend.resolve_dataset(version['name']) == version['id']


def test_a_folder_that_is_no_dataset_is_told(backend, tmp_path):
    with pytest.raises(FormatError, match='no dataset of a known format'):
        backend.resolve_dataset(str(tmp_path))
    with pytest.raises(NotFoundError):
        backend.resolve_dataset(str(tmp_path), register_folder=False)


def test_removing_a_version_leaves_the_others(backend, pets, events):
    assert backend.remove_dataset('pets@1') == ['pets@1']
    assert backend.resolve_dataset('pets') == pets[1]
    assert len(events()) == 6
    assert len([path for path in backend.store.files.root.rglob('*') if path.is_file()]) == 6


def test_removing_a_dataset_collects_its_files(backend, pets, events):
    assert backend.remove_dataset('pets') == ['pets@1', 'pets@2']
    assert backend.list_datasets() == []
    assert events() == []
    assert not [path for path in backend.store.files.root.rglob('*') if path.is_file()]
    with pytest.raises(NotFoundError):
        backend.remove_dataset('pets')


def test_files_that_something_else_needs_stay(backend, dataset, tmp_path):
    backend.import_dataset(dataset, 'pets')
    picture = next(dataset.rglob('*.jpg'))
    model = backend.create_model({'name': 'm', 'file': picture})
    uploaded = backend.create_data_file(max(dataset.rglob('*.jpg')))
    backend.remove_dataset('pets')
    assert len([path for path in backend.store.files.root.rglob('*') if path.is_file()]) == 2
    assert pathlib.Path(model['file']).exists()
    assert uploaded['checksum']
    assert backend.collect_garbage() == 0


def test_removing_a_reference_touches_no_file_of_the_user(backend, dataset, tree):
    before = tree(dataset)
    backend.import_dataset(dataset, 'pets', link='reference')
    backend.remove_dataset('pets')
    assert tree(dataset) == before
    assert backend.store.database('backend').rows('SELECT count(*) FROM file')[0][0] == 0


def test_versions_are_listed_page_by_page(backend, pets):
    page = backend.list_ground_truth_versions({'page_size': 1})
    assert (page['count'], page['next'], page['previous']) == (2, 2, None)
    assert [row['id'] for row in page['results']] == [pets[1]]
    last = backend.list_ground_truth_versions({'page_size': 1, 'page': 2})
    assert (last['next'], last['previous'], last['results'][0]['id']) == (None, 1, pets[0])
    dataset = page['results'][0]['dataset']
    assert backend.list_ground_truth_versions({'ground_truth_dataset': dataset})['count'] == 2
    assert backend.list_ground_truth_versions({'ground_truth_dataset': dataset + 1})['count'] == 0
    with pytest.raises(UnknownNameError, match="Did you mean 'ground_truth_dataset'"):
        backend.list_ground_truth_versions({'ground_truth_datasets': 1})


def test_a_folder_is_inspected_without_being_registered(backend, dataset):
    seen = backend.inspect_folder(dataset)
    assert backend.list_datasets() == []
    with pytest.raises(NotFoundError):
        backend.resolve_dataset(str(dataset), register_folder=False)
    assert backend.list_datasets() == []
    version = backend.get_dataset(backend.resolve_dataset(str(dataset)))
    assert seen == {key: version[key] for key in seen}
    assert set(version) - set(seen) == {'id', 'dataset', 'digest', 'created'}
    assert backend.resolve_dataset(str(dataset), register_folder=False) == version['id']


def test_a_folder_that_changed_is_inspected_as_its_next_version(backend, dataset):
    first = backend.get_dataset(backend.resolve_dataset(str(dataset)))
    picture = next(dataset.rglob('*.jpg'))
    picture.unlink()
    seen = backend.inspect_folder(dataset)
    assert (seen['name'], seen['version'], seen['count']) == (first['name'], 2, first['count'] - 1)
    with pytest.raises(NotFoundError):
        backend.resolve_dataset(str(dataset), register_folder=False)


def test_a_folder_that_is_no_dataset_cannot_be_inspected(backend, tmp_path):
    with pytest.raises(DatasetError):
        backend.inspect_folder(tmp_path / 'nowhere')


def test_importing_the_same_again_makes_no_version(backend, dataset, tmp_path, tree):
    first = backend.import_dataset(dataset, 'pets')
    assert first['is_new']
    again = backend.import_dataset(dataset, 'pets')
    assert not again['is_new']
    assert {**again, 'is_new': True} == first
    elsewhere = shutil.copytree(dataset, tmp_path / 'elsewhere')
    assert backend.import_dataset(elsewhere, 'pets')['id'] == first['id']
    assert backend.import_dataset(dataset, 'others')['is_new']
    assert len(backend.list_datasets()) == 2


@pytest.mark.parametrize('change', ['link', 'classes', 'box', 'picture'])
def test_importing_anything_else_makes_the_next_version(backend, dataset, change):
    backend.import_dataset(dataset, 'pets')
    document = dataset / 'train' / 'json' / '그림 1.json'
    match change:
        case 'classes':
            (dataset / 'classes.json').write_text('{"classes": ["고양이"]}', encoding='utf-8')
        case 'box':
            document.write_text(
                document.read_text(encoding='utf-8').replace('[1, 2,', '[1, 3,'), encoding='utf-8'
            )
        case 'picture':
            (dataset / 'train' / 'original_files' / '그림 1.jpg').unlink()
    link = 'reference' if change == 'link' else 'copy'
    version = backend.import_dataset(dataset, 'pets', link=link)
    assert (version['version'], version['is_new']) == (2, True)


@pytest.mark.parametrize('ref', ['001', '01', '00', '١', '１', '9' * 30, True])
def test_an_id_written_in_another_way_removes_nothing(backend, pets, ref):
    for method in (backend.remove_dataset, backend.resolve_dataset, backend.get_ground_truth_version):
        with pytest.raises(ParamsError, match='is n'):
            method(ref)
    assert len(backend.list_datasets()) == 2


@pytest.mark.parametrize('ref', ['pets@01', '+1', '-1', '1.0', '1_0', '0'])
def test_what_only_resembles_an_id_is_the_name_of_nothing(backend, pets, ref):
    with pytest.raises(NotFoundError):
        backend.remove_dataset(ref)
    assert len(backend.list_datasets()) == 2
