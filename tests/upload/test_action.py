"""The whole upload, as its user runs it."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins import BaseUploadAction, RuntimeContext, run
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.actions.upload.collection import find_collection, try_find_collection
from synapse_plugins.backends.fetch import local_path
from synapse_plugins.context import NullLogger
from synapse_plugins.errors import BackendError, NotFoundError, ParamsError, StepFailedError
from synapse_plugins.testing import RecordingLogger


class Upload(DefaultUploadAction[UploadParams]):
    action_name = 'upload'


def dispatch(backend: Any, files: Path, **params: Any) -> dict[str, Any]:
    given = {'path': str(files), 'data_collection': '수집', **params}
    return Upload.dispatch(given, RuntimeContext(NullLogger(), client=backend))


def units_of(backend: Any) -> list[dict[str, Any]]:
    rows, _ = backend.list_data_units(list_all=True)
    return list(rows)


def test_everything_arrives_as_it_is(backend: Any, collection: Any, files: Path, state: Any) -> None:
    result = dispatch(backend, files, creating_data_unit_batch_size=3, group_name='g')
    assert {name: result[name] for name in ('success', 'uploaded_files', 'data_units', 'lost_files_count')} == {
        'success': True, 'uploaded_files': 14, 'data_units': 7, 'lost_files_count': 0,
    }  # fmt: skip
    for number, unit in enumerate(units_of(backend)):
        assert unit['data_collection'] == collection['id']
        assert unit['groups'] == ['g']
        assert unit['meta'] == {'origin_file_stem': f'그림 {number}'}
        picture, document = (unit['files'][name] for name in ('image_1', 'data_1'))
        assert picture['file_name_original'] == f'그림 {number}.png'
        source = next(files.rglob(f'그림 {number}.png'))
        assert local_path(picture['url']).read_bytes() == source.read_bytes()
        assert json.loads(local_path(document['url']).read_text(encoding='utf-8')) == {'n': number}
    assert state(backend)['data_file'] == 14


def test_a_second_run_makes_nothing_twice(backend: Any, collection: Any, files: Path) -> None:
    (files / 'data_1' / '그림 1.json').write_bytes((files / 'data_1' / '그림 0.json').read_bytes())
    result = dispatch(backend, files)
    assert (result['uploaded_files'], result['sent_files'], result['reused_files']) == (14, 14, 0)
    result = dispatch(backend, files)
    assert (result['data_units'], result['existing_units']) == (0, 7)
    assert (result['uploaded_files'], result['sent_files'], result['reused_files']) == (14, 0, 14)
    assert len(units_of(backend)) == 7
    result = dispatch(backend, files, on_existing='add')
    assert (result['data_units'], len(units_of(backend))) == (7, 14)


@pytest.mark.parametrize('language', ['en', 'ko'])
def test_messages_tell_what_was_sent_from_what_was_there(
    backend: Any, collection: Any, files: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[str]:
        logger = RecordingLogger()
        given = {'path': str(files), 'data_collection': '수집'}
        Upload.dispatch(given, RuntimeContext(logger, client=backend, language=language))
        assert not [text for text in logger.messages if '{' in text]
        return [text for text in logger.messages if re.search('14|7', text)][-5:]

    uploading, uploaded, creating, created, done = told()
    assert [re.findall(r'\d+', text) for text in (uploading, uploaded, creating, created)] == [
        ['14', '0'],
        ['14', '0'],
        ['7', '0'],
        ['7', '0'],
    ]
    assert re.findall(r'\d+', done) == ['14', '0', '7', '0']
    *before, done = told()
    assert [re.findall(r'\d+', text) for text in before] == [['0', '14'], ['0', '14'], ['0', '7'], ['0', '7']]
    assert re.findall(r'\d+', done) == ['0', '14', '0', '7']
    assert language == 'ko' or done == (
        'The upload is done: 0 files were sent and 14 were there already; '
        '0 data units were made and 7 were there already.'
    )


@pytest.mark.parametrize('method', ['create_data_file', 'create_data_units'])
def test_a_failure_leaves_nothing(
    backend: Any, collection: Any, files: Path, state: Any, method: str
) -> None:
    (files.parent / 'other.txt').write_text('x', encoding='utf-8')
    backend.create_data_file(files.parent / 'other.txt')  # somebody else's
    backend.create_data_file(next(files.rglob('그림 1.json')))  # the same content as one of ours
    before = state(backend)
    calls = Counter()

    def hinder(name: str, given: Any) -> None:
        calls[name] += 1
        if name == method and calls[name] > 2:
            raise OSError('the cable is out')

    backend.before = hinder
    with pytest.raises(StepFailedError, match='the cable is out'):
        dispatch(backend, files, creating_data_unit_batch_size=2)
    assert state(backend) == before
    backend.before = lambda name, given: None
    assert dispatch(backend, files)['data_units'] == 7


def test_a_connection_that_breaks_is_tried_again_and_an_answer_that_is_lost_makes_nothing_twice(
    backend: Any, collection: Any, files: Path
) -> None:
    broken: set[str] = set()

    def lose(name: str, given: Any) -> None:
        key = f'{name} {given if name == "create_data_file" else given[0]["meta"]}'
        if key not in broken:
            broken.add(key)
            raise ConnectionError('no answer')

    backend.after = lose
    result = dispatch(backend, files, creating_data_unit_batch_size=3)
    assert (result['uploaded_files'], result['data_units']) == (14, 7)
    assert len(units_of(backend)) == 7
    assert len(broken) == 14 + 3


def test_a_partial_loss_is_a_failure_unless_it_may_be(
    backend: Any, collection: Any, files: Path, state: Any
) -> None:
    before = state(backend)

    def hinder(name: str, given: Any) -> None:
        if name == 'create_data_file' and Path(given).name == '그림 2.png':
            raise OSError('unreadable sector')

    backend.before = hinder
    with pytest.raises(StepFailedError, match=r'그림 2\.png: unreadable sector'):
        dispatch(backend, files)
    assert state(backend) == before
    result = dispatch(backend, files, on_loss='warn')
    assert (result['data_units'], result['partial_failure'], result['lost_files_count']) == (6, True, 2)
    reasons = {file['name']: file['reason'] for file in result['lost_files']}
    assert reasons == {'그림 2.png': 'unreadable sector', '그림 2.json': 'image_1 beside it is lost'}
    assert state(backend)['data_file'] == 12  # what has no unit is not left there


def test_it_writes_what_became_of_every_file(backend: Any, collection: Any, files: Path) -> None:
    (files / 'data_1' / '그림 2.json').write_text('{', encoding='utf-8')
    result = run(
        'upload.files', path=str(files), data_collection=str(collection['id']), on_loss='warn',
        home=backend.store.home, loggers=[],
    )  # fmt: skip
    summary = json.loads((result.work_dir / 'upload.json').read_text(encoding='utf-8'))
    assert (summary['uploaded_files'], summary['lost_files']) == (12, 2)
    with (result.work_dir / 'upload.csv').open(encoding='utf-8-sig', newline='') as table:
        rows = list(csv.DictReader(table))
    assert Counter(row['status'] for row in rows) == {'uploaded': 12, 'lost': 2}
    assert [row['reason'][:13] for row in rows if row['name'] == '그림 2.json'] == ['it is no JSON']


def test_a_collection_is_made_after_the_folders_and_goes_with_a_failure(
    backend: Any, files: Path, state: Any
) -> None:
    before = state(backend)
    with pytest.raises(NotFoundError, match='create_collection=true'):
        dispatch(backend, files)

    def hinder(name: str, given: Any) -> None:
        if name == 'create_data_units':
            raise OSError('full')

    backend.before = hinder
    with pytest.raises(StepFailedError, match='full'):
        dispatch(backend, files, create_collection=True)
    assert state(backend) == before
    backend.before = lambda name, given: None
    for _ in range(2):
        dispatch(backend, files, create_collection=True)
    made = backend.list_data_collections()['results']
    assert [(item['name'], item['file_type']) for item in made[0]['file_specifications']] == [
        ('data_1', 'data'), ('image_1', 'image'),
    ]  # fmt: skip
    assert (len(made), len(units_of(backend))) == (1, 7)


def test_each_specification_may_have_a_folder_of_its_own(backend: Any, collection: Any, files: Path) -> None:
    assets = {
        'image_1': {'path': str(files / 'image_1'), 'is_recursive': False},
        'data_1': {'path': str(files / 'data_1')},
    }
    with pytest.raises(StepFailedError, match=r'no image_1 of the stem .그림 3'):
        dispatch(backend, files, use_single_path=False, path=None, assets=assets)
    assets['image_1']['is_recursive'] = True
    result = dispatch(backend, files, use_single_path=False, path=None, assets=assets)
    assert result['data_units'] == 7


@pytest.mark.parametrize(
    ('params', 'told'),
    [
        ({'path': None}, 'add  -p path=FOLDER'),
        ({'use_single_path': False}, 'assets: without a single path'),
        ({'path': '/nowhere/at/all'}, 'is not a folder'),
        ({'name': ' '}, 'not blank'),
        ({'on_loss': 'ignore'}, 'on_loss'),
    ],
)
def test_wrong_parameters_are_told_before_anything(
    backend: Any, collection: Any, files: Path, params: Any, told: str
) -> None:
    with pytest.raises(ParamsError, match=told):
        dispatch(backend, files, **params)


def test_extensions_are_what_the_action_allows(backend: Any, collection: Any, files: Path) -> None:
    class Pngs(Upload):
        def get_allowed_extensions(self) -> dict[str, list[str]]:
            return {'image': ['.jpg'], 'data': ['.JSON']}

    given = {'path': str(files), 'data_collection': collection['id']}
    with pytest.raises(StepFailedError, match=r"the extension '.png' is not one of .jpg"):
        Pngs.dispatch(given, RuntimeContext(NullLogger(), client=backend))


def test_the_default_action_is_a_base_action_with_steps_that_can_be_moved_about(files: Path) -> None:
    assert issubclass(DefaultUploadAction, BaseUploadAction)
    action = Upload(UploadParams(path=str(files), data_collection=1), RuntimeContext(NullLogger()))
    assert [step.name for step in action.build_registry().get_steps()] == [
        'initialize', 'process_metadata', 'analyze_collection', 'organize_files', 'validate_files',
        'upload_files', 'generate_data_units', 'cleanup',
    ]  # fmt: skip
    assert round(sum(step.progress_weight for step in action.build_registry().get_steps()), 6) == 1


def test_real_pictures_and_their_annotations_arrive(backend: Any, real_data: Path) -> None:
    folder = real_data / 'bccd'
    assets = {
        'image_1': {'path': str(folder / 'JPEGImages')},
        'data_1': {'path': str(folder / 'Annotations')},
    }
    result = dispatch(backend, folder, use_single_path=False, assets=assets, create_collection=True)
    assert (result['uploaded_files'], result['data_units']) == (728, 364)
    units = units_of(backend)
    for unit in units[::40]:
        for name, folder_name in (('image_1', 'JPEGImages'), ('data_1', 'Annotations')):
            file = unit['files'][name]
            source = folder / folder_name / file['file_name_original']
            assert local_path(file['url']).read_bytes() == source.read_bytes()


def test_a_collection_is_found_by_name_among_many(backend: Any, files: Path) -> None:
    for number in range(120):
        backend.create_data_collection(
            {'name': f'collection {number}', 'file_specifications': [{'name': 'image_1'}]}
        )
    before = backend.list_data_collections()['count']
    assert find_collection(backend, 'collection 3')['name'] == 'collection 3'
    assert try_find_collection(backend, 'another') is None
    assert backend.list_data_collections()['count'] == before


def test_a_client_that_lists_a_part_of_the_collections_makes_no_second_one(backend: Any) -> None:
    class Others:
        """Lists a first page, as other clients do."""

        get_data_collection = backend.get_data_collection

        def list_data_collections(self) -> Any:
            return backend.list_data_collections({'page_size': 1})

    for name in ('first', 'second'):
        backend.create_data_collection({'name': name, 'file_specifications': [{'name': 'image_1'}]})
    assert try_find_collection(Others(), 'second')
    with pytest.raises(BackendError, match='there are more; give its id'):
        try_find_collection(Others(), 'first')
