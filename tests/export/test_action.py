"""The whole export, as its user runs it."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from synapse_plugins import BaseExportAction, run
from synapse_plugins.actions.export import BaseExporter, DefaultExportAction, ExportParams
from synapse_plugins.backends.fetch import local_path
from synapse_plugins.datasets import formats
from synapse_plugins.errors import ParamsError, StepFailedError, UnknownNameError
from synapse_plugins.testing import make_project, run_action


def dispatch(action: Any, runtime: Any, version: int, place: Path, **params: Any) -> dict[str, Any]:
    given = {'path': str(place), 'filter': {'ground_truth_dataset_versions': version}, **params}
    return action.dispatch(given, runtime)


def events_of(backend: Any, version: int) -> list[dict[str, Any]]:
    rows, _ = backend.list_ground_truth_events({'ground_truth_dataset_versions': version}, list_all=True)
    return list(rows)


class Export(DefaultExportAction[ExportParams]):
    action_name = 'export'


def test_every_item_is_written_as_it_is(runtime: Any, backend: Any, version: int, place: Path) -> None:
    result = dispatch(Export, runtime, version, place, name='첫 번째')
    folder = place / '첫 번째'
    assert result == {
        'success': True, 'steps_executed': 6, 'steps_total': 6, 'exported_count': 6, 'failed_count': 0,
        'total_count': 6, 'output_path': str(folder),
    }  # fmt: skip
    events = events_of(backend, version)
    for event in events:
        file = next(iter(event['files'].values()))
        name = file['file_name_original']
        assert (folder / 'origin_files' / name).read_bytes() == local_path(file['url']).read_bytes()
        document = folder / 'labels' / f'{Path(name).stem}.json'
        assert json.loads(document.read_text(encoding='utf-8')) == event['data']
    assert len(list((folder / 'labels').iterdir())) == len(events) == 6
    assert [path.name for path in place.iterdir()] == ['첫 번째']  # no leftovers
    again = dispatch(Export, runtime, version, place, name='첫 번째', save_original_file=False)
    assert again['output_path'] == str(place / '첫 번째(1)')
    assert not (place / '첫 번째(1)' / 'origin_files').exists()


def test_a_parameter_that_nothing_reads_is_refused_or_told(
    runtime: Any, backend: Any, version: int, place: Path
) -> None:
    """`run` refuses it; a job of the platform may bring more than is declared, and goes on."""
    params = {'path': str(place), 'filter': {'ground_truth_dataset_versions': version}}
    for wrong, meant in (('output', ''), ('targt', "Did you mean 'target'")):
        with pytest.raises(ParamsError, match=f"has no parameter '{wrong}'.*{meant}"):
            run_action(Export, params={**params, wrong: 'x'}, client=backend)
        assert not place.exists() or not list(place.iterdir())
    result = dispatch(Export, runtime, version, place, output='elsewhere', targt='task')
    assert result['exported_count'] == 6
    told = [message for message in runtime.logger.messages if 'nothing reads' in message]
    assert len(told) == 1
    assert "targt: Did you mean 'target'?" in told[0]
    assert 'output: ' in told[0]


def test_the_summary_tells_of_every_item(runtime: Any, backend: Any, version: int, place: Path) -> None:
    dispatch(Export, runtime, version, place)
    report = json.loads((place / 'export' / 'export_report.json').read_text(encoding='utf-8'))
    assert (report['exported_count'], report['failed_count'], report['target']) == (6, 0, 'ground_truth')
    ids = [event['id'] for event in events_of(backend, version)]
    assert [item['id'] for item in report['items']] == ids
    assert all(item['status'] == 'exported' and len(item['files']) == 2 for item in report['items'])
    with (place / 'export' / 'export_report.csv').open(encoding='utf-8-sig', newline='') as table:
        rows = list(csv.DictReader(table))
    assert [int(row['id']) for row in rows] == ids


def break_one(backend: Any, version: int) -> str:
    """Take a picture away that an event needs; return its name."""
    file = next(iter(events_of(backend, version)[2]['files'].values()))
    local_path(file['url']).unlink()
    return str(file['file_name_original'])


@pytest.mark.parametrize('target_format', [None, 'yolo'])
def test_a_missing_item_is_a_failure_that_leaves_nothing_unless_it_may_be(
    runtime: Any, backend: Any, version: int, place: Path, target_format: str | None
) -> None:
    name = break_one(backend, version)
    with pytest.raises(StepFailedError, match=f'1 items cannot be exported: item .*{name}: .* is gone'):
        dispatch(Export, runtime, version, place, format=target_format)
    assert list(place.iterdir()) == []
    result = dispatch(Export, runtime, version, place, format=target_format, on_missing='warn')
    assert (result['exported_count'], result['failed_count']) == (5, 1)
    report = json.loads((place / 'export' / 'export_report.json').read_text(encoding='utf-8'))
    failed = [item for item in report['items'] if item['status'] == 'failed']
    assert [item['name'] for item in failed] == [name]
    assert 'is gone' in failed[0]['reason']


@pytest.mark.parametrize('target_format', ['dm_v2', 'yolo', 'coco', 'pascal_voc'])
def test_it_becomes_a_dataset_of_any_format(
    backend: Any, version: int, place: Path, tmp_path: Path, target_format: str
) -> None:
    result = run(
        'export.dataset', dataset='data', output=str(place / 'set'), format=target_format,
        home=backend.store.home, loggers=[],
    )  # fmt: skip
    assert result.output['exported_count'] == 6
    assert result.dataset is not None
    assert result.dataset['id'] == version
    again = backend.import_dataset(place / 'set', 'again')
    assert (again['format'], again['count']) == (target_format, 6)
    assert again['splits'] == backend.get_dataset(version)['splits']
    report = json.loads((place / 'set' / 'export_report.json').read_text(encoding='utf-8'))
    assert report['conversion']['format'] == target_format
    assert [path.name for path in place.iterdir()] == ['set']
    if target_format == 'yolo':
        import yaml

        config = yaml.safe_load((place / 'set' / 'dataset.yaml').read_text(encoding='utf-8'))
        assert config['path'] == (place / 'set').as_posix()


def test_a_place_that_is_taken_is_refused_before_anything(backend: Any, version: int, place: Path) -> None:
    (place / 'mine.txt').write_text('x', encoding='utf-8')
    with pytest.raises(ParamsError, match='is there already'):
        run('export.dataset', dataset='data', output=str(place), home=backend.store.home, loggers=[])
    assert [path.name for path in place.iterdir()] == ['mine.txt']


@pytest.mark.parametrize(
    ('params', 'error', 'told'),
    [
        ({'filter': {'category': 'train'}}, StepFailedError, 'it has to say which dataset version'),
        (
            {'filter': {'ground_truth_dataset_versions': 1, 'catgory': 'x'}},
            StepFailedError,
            "Did you mean 'category'",
        ),
        (
            {'filter': {'ground_truth_dataset_versions': 1, 'category': 'x'}},
            StepFailedError,
            'nothing to export',
        ),
        ({'target': 'assignment', 'filter': {'project': 9}}, StepFailedError, 'nothing to export'),
        ({'target': 'pictures'}, ParamsError, 'target'),
        ({'name': '../up'}, ParamsError, 'no slashes'),
        ({'name': ' '}, ParamsError, 'not blank'),
        ({'storage': 3}, StepFailedError, 'knows no storages'),
        ({'format': 'yollo'}, UnknownNameError, "Did you mean 'yolo'"),
    ],
)
def test_what_is_wrong_is_told_and_leaves_nothing(
    runtime: Any, version: int, place: Path, params: Any, error: Any, told: str
) -> None:
    assert formats.get('yolo').writer is not None
    with pytest.raises(error, match=told):
        dispatch(Export, runtime, version, place, **params)
    assert list(place.iterdir()) == []


class OwnParams(BaseModel):
    """Parameters of an action that knows projects itself, without those of `ExportParams`."""

    path: str
    target: str = 'assignment'
    project: int
    filter: dict[str, Any] = {}


class OfProject(DefaultExportAction[OwnParams]):
    action_name = 'of-project'
    params_model = OwnParams


@pytest.mark.parametrize('target', ['task', 'assignment'])
@pytest.mark.parametrize(
    ('action', 'named', 'count'),
    [
        (Export, {}, 5),
        (Export, {'project': 8}, 2),
        (Export, {'filter': {'project': 8}}, 2),
        (Export, {'project': 8, 'filter': {'project': '8'}}, 2),
        (Export, {'extra_params': {'project': 8}}, 2),
        (OfProject, {'project': 7}, 3),
    ],
)
def test_a_project_that_is_named_is_the_one_that_is_exported(
    runtime: Any,
    backend: Any,
    place: Path,
    logger: Any,
    target: str,
    action: Any,
    named: dict[str, Any],
    count: int,
) -> None:
    """Without one all are taken, and that is said, once, with the number of projects."""
    for project, pictures in ((7, 3), (8, 2)):
        make_project(backend, project, count=pictures)
    result = action.dispatch({'path': str(place), 'target': target, **named}, runtime)
    assert result['total_count'] == count
    told = [line for line in logger.messages if 'No project is named' in line]
    expected = 'No project is named, so the items of 2 projects are taken: 5. project=ID takes those of one.'
    assert told == ([] if named else [expected])


def test_one_project_alone_is_taken_without_a_word(
    runtime: Any, backend: Any, place: Path, logger: Any
) -> None:
    made = make_project(backend, 7, count=2)
    for filters in ({}, {'ids': [row['id'] for row in made['assignments']]}):
        given = {'path': str(place), 'target': 'assignment', 'filter': filters}
        assert Export.dispatch(given, runtime)['total_count'] == 2
    assert not [line for line in logger.messages if 'No project' in line]


def test_a_backend_that_counts_no_projects(runtime: Any, backend: Any, place: Path, logger: Any) -> None:
    """A server is not asked for all items only to count: that all are taken is said."""
    make_project(backend, 7, count=2)

    class Other:
        def __getattr__(self, name: str) -> Any:
            if name == 'count_projects':
                raise AttributeError(name)
            return getattr(backend, name)

    runtime.client = Other()
    assert Export.dispatch({'path': str(place), 'target': 'task'}, runtime)['total_count'] == 2
    assert [line for line in logger.messages if 'the items of all projects are taken: 2' in line]


@pytest.mark.parametrize('workers', ['x', 0, -1, 1.5, True, [], 10**6])
def test_how_many_files_are_fetched_at_once_is_a_number(
    runtime: Any, version: int, place: Path, workers: Any
) -> None:
    with pytest.raises(StepFailedError, match='download_workers is a whole number from 1 to 64'):
        dispatch(Export, runtime, version, place, extra_params={'download_workers': workers})
    assert list(place.iterdir()) == []


def test_two_projects_are_refused(runtime: Any, backend: Any, place: Path) -> None:
    make_project(backend, 7, count=1)
    with pytest.raises(StepFailedError, match=r'project=7, and the filter says project=8. Name one'):
        Export.dispatch(
            {'path': str(place), 'target': 'task', 'project': 7, 'filter': {'project': 8}}, runtime
        )


def test_an_action_may_list_its_items_itself(runtime: Any, place: Path) -> None:
    class Mine(DefaultExportAction):
        def get_filtered_results(self, filters: dict[str, Any]) -> tuple[list[Any], int]:
            items = [{'id': n, 'data': {'n': n}, 'files': {}} for n in range(filters['count'])]
            return items, len(items)

    result = Mine.dispatch({'path': str(place), 'filter': {'count': 3}, 'save_original_file': False}, runtime)
    assert result['exported_count'] == 3
    assert sorted(path.name for path in (place / 'export' / 'labels').iterdir()) == [
        'item-0.json', 'item-1.json', 'item-2.json',
    ]  # fmt: skip


class Exporter(BaseExporter):
    """As a migrated plugin has it: the exporter itself is the entrypoint."""

    label_output_dirname = 'texts'

    def before_convert(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, 'seen': True}

    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        assert data['seen']
        return {**data, 'data': {'id': data['id'], 'label': self.params['label']}}

    def additional_file_saving(self, unique_export_path: Path) -> None:
        names = sorted(path.name for path in (unique_export_path / 'texts').iterdir())
        (unique_export_path / 'index.json').write_text(json.dumps(names), encoding='utf-8')


def test_an_exporter_is_an_action(runtime: Any, backend: Any, version: int, place: Path) -> None:
    result = dispatch(Exporter, runtime, version, place, extra_params={'label': '고양이'})
    assert result['exported_count'] == 6
    documents = sorted((place / 'export' / 'texts').iterdir())
    assert json.loads(documents[0].read_text(encoding='utf-8'))['label'] == '고양이'
    index = json.loads((place / 'export' / 'index.json').read_text(encoding='utf-8'))
    assert index == [path.name for path in documents]
    with pytest.raises(ParamsError, match='Exporter decides by itself what it writes'):
        dispatch(Exporter, runtime, version, place, format='yolo')


def test_an_exporter_runs_by_its_path(backend: Any, version: int, place: Path) -> None:
    from synapse_plugins.testing import run_action

    result = run_action(
        Exporter, client=backend, path=str(place), filter={'ground_truth_dataset_versions': version},
        extra_params={'label': 'x'},
    )  # fmt: skip
    assert result.output['exported_count'] == 6


def test_a_mistake_in_an_exporter_names_it_and_the_item(runtime: Any, version: int, place: Path) -> None:
    class Broken(BaseExporter):
        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            return {'x': data['nothing']}

    with pytest.raises(
        StepFailedError, match=r"Broken cannot convert item \d+: KeyError: 'nothing'"
    ) as caught:
        dispatch(Broken, runtime, version, place)
    assert 'KeyError' in str(caught.value)
    assert list(place.iterdir()) == []


def test_the_default_action_is_a_base_action(runtime: Any) -> None:
    assert issubclass(DefaultExportAction, BaseExportAction)
    action = Export(ExportParams(), runtime)
    assert [step.name for step in action.build_registry().get_steps()] == [
        'initialize', 'fetch_results', 'prepare_export', 'convert_data', 'save_files', 'finalize',
    ]  # fmt: skip


def test_real_data_comes_out_as_it_went_in(backend: Any, real_data: Path, place: Path) -> None:
    backend.import_dataset(real_data / 'bccd', 'bccd', link='reference')
    run(
        'export.dataset',
        dataset='bccd',
        output=str(place / 'voc'),
        format='pascal_voc',
        home=backend.store.home,
        loggers=[],
    )
    pictures = {
        path.name: hashlib.sha256(path.read_bytes()).digest() for path in (place / 'voc').rglob('*.jpg')
    }
    sources = {
        path.name: hashlib.sha256(path.read_bytes()).digest() for path in (real_data / 'bccd').rglob('*.jpg')
    }
    assert pictures == sources
    assert len(pictures) == 364


def test_what_a_conversion_loses_is_said_and_stands_in_the_result(
    backend: Any, runtime: Any, logger: Any, real_data: Path, place: Path
) -> None:
    version = int(backend.import_dataset(real_data / 'bccd', 'bccd', link='reference')['id'])
    result = dispatch(Export, runtime, version, place, format='yolo')
    lost = result['conversion_warnings']
    assert any("dropped 1131 attribute: yolo cannot hold 'truncated'" in line for line in lost)
    assert any('dropped 2 bounding_box' in line for line in lost)
    assert set(lost) <= set(logger.messages)
    with pytest.raises(Exception, match='would lose something') as caught:
        dispatch(Export, runtime, version, place, name='strict', format='yolo', on_loss='error')
    assert f'Converting the items for {place / "strict"} would' in str(caught.value)
    assert '.part-' not in str(caught.value)
    assert [path.name for path in place.iterdir()] == ['export']
