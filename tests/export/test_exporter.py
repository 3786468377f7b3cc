"""Exporters and targets by themselves."""

from __future__ import annotations

import gc
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.actions.export import (
    BaseExporter,
    GroundTruthExportTargetHandler,
    MetricsRecord,
    TargetHandlerFactory,
    steps,
)
from synapse_plugins.actions.export.context import ExportContext
from synapse_plugins.actions.export.prefetch import prefetched
from synapse_plugins.actions.export.saving import Saving
from synapse_plugins.errors import BackendError, DatasetError, OutputExistsError, ParamsError, StepFailedError
from synapse_plugins.steps import Orchestrator, StepRegistry, StepResult
from synapse_plugins.testing import assert_rollback_idempotent, run_step


def items(tmp_path: Path, *names: str) -> list[dict[str, Any]]:
    made = []
    for number, name in enumerate(names):
        source = tmp_path / f'source-{number}'
        source.write_text(f'{number}', encoding='utf-8')
        file = {'url': source.as_uri(), 'file_name_original': name, 'size': 1}
        made.append({'id': number, 'data': {'n': number}, 'files': file})
    return made


def test_an_exporter_works_alone(runtime: Any, place: Path, tmp_path: Path) -> None:
    given = items(tmp_path, 'a.txt', 'A.txt', '../../b.txt', 'con.txt', '')
    exporter = BaseExporter(runtime, iter(given), place, name='out', count=5, save_original_file=True)
    result = exporter.export()
    assert result == {'export_path': str(place), 'exported_count': 5, 'failed_count': 0}
    names = sorted(path.name for path in (place / 'out' / 'origin_files').iterdir())
    assert [name for name in names if not name.startswith('A-')] == ['_con.txt', 'a.txt', 'b.txt', 'item-4']
    assert len(names) == 5
    assert [item['original_name'] for item in exporter.filename_collisions] == ['A.txt']
    assert not (tmp_path / 'b.txt').exists()
    labels = sorted(path.stem for path in (place / 'out' / 'labels').iterdir())
    assert labels == sorted(Path(name).stem for name in names)
    exporter.export(iter(given))
    assert (place / 'out(1)').is_dir()


def test_what_cannot_be_written_is_told_item_by_item(
    runtime: Any, place: Path, tmp_path: Path, logger: Any
) -> None:
    given = items(tmp_path, 'a.txt', 'b.txt', 'c.txt')
    given[0]['data'] = None
    given[1]['files'] = {}
    given[2]['files']['size'] = 99
    result = BaseExporter(runtime, given, place, name='out', count=3, save_original_file=True).export()
    assert (result['exported_count'], result['failed_count']) == (0, 3)
    errors = json.loads((place / 'out' / 'error_file_list.json').read_text(encoding='utf-8'))
    assert errors['json_file_name'] == [['a.json', 'it has no data']]
    assert [name for name, _ in errors['origin_file_name']] == ['item-1', 'c.txt']
    assert len(logger.events('export_original_file')) == 2


def test_items_of_one_id_do_not_overwrite_each_other(runtime: Any, place: Path, tmp_path: Path) -> None:
    one, other = items(tmp_path, 'a.txt', 'b.txt')
    other['id'] = one['id']
    result = BaseExporter(runtime, [one, other], place, name='out', count=2, save_original_file=True).export()
    assert (result['exported_count'], result['failed_count']) == (1, 1)
    assert json.loads((place / 'out' / 'labels' / 'a.json').read_text(encoding='utf-8')) == {'n': 0}


def test_the_names_of_many_items_are_kept_on_disk(rounds: int) -> None:
    """As a dictionary keeps them, on either side of what memory takes."""
    from synapse_plugins.actions.export.stems import Stems

    stems, plain = Stems(few=5), {}
    for number in range(max(20, rounds // 10)):
        for item_id in (number, str(number), number % 7, f'{number}\ud800', (number, 'a')):
            if number % 3 or item_id not in plain:
                plain[item_id] = f'이름 {number} \udcff'
                stems.keep(item_id, plain[item_id])
            assert stems.get(item_id) == plain[item_id]
    assert {item_id: stems.get(item_id) for item_id in plain} == plain
    assert stems.get('absent') is None


def test_the_memory_of_an_export_does_not_grow_with_its_items(
    runtime: Any, place: Path, tmp_path: Path
) -> None:
    """Neither names nor paths are kept in memory; a file name in a `Path` would be, for good, under Python 3.12."""
    import tracemalloc

    from synapse_plugins import RuntimeContext
    from synapse_plugins.context import NullLogger

    (source,) = items(tmp_path, 'a.txt')
    taken = []

    def many() -> Any:
        for number in range(7_000):
            if number in (4_500, 6_999):
                gc.collect()
                taken.append(tracemalloc.get_traced_memory()[0])
            name = f'name-of-an-item-that-is-long-enough-to-be-seen-{number:06}.txt'
            yield {**source, 'id': number, 'files': {**source['files'], 'file_name_original': name}}

    class Nowhere(BaseExporter):
        """Writes to names, and removes what it wrote: a folder of many files is slow."""

        def process_file_saving(self, final_data: Any, unique_export_path: Path, *args: Any) -> bool:
            whole = super().process_file_saving(final_data, unique_export_path, *args)
            for written in self.written:
                os.unlink(f'{unique_export_path}/{written}')  # noqa: PTH108 - that would be kept, too
            return whole

    tracemalloc.start()
    try:
        exporter = Nowhere(
            RuntimeContext(NullLogger()), many(), place, name='out', count=7_000, save_original_file=True
        )
        assert exporter.export()['exported_count'] == 7_000
    finally:
        tracemalloc.stop()
    assert taken[1] - taken[0] < 100_000, taken  # where names are kept, it is a million


def test_the_records_count(runtime: Any, place: Path, tmp_path: Path) -> None:
    exporter = BaseExporter(runtime, [], place, name='out')
    paths = exporter.setup_output_directories(place, True)
    assert sorted(paths) == ['label_output_path', 'origin_files_output_path']
    originals, documents = MetricsRecord(stand_by=1), exporter.run.MetricsRecord(stand_by=1)
    (item,) = items(tmp_path, 'a.txt')
    assert exporter.process_file_saving(item, place, True, [], [], originals, documents, 1)
    assert (originals.to_dict(), documents.to_dict()) == 2 * ({'stand_by': 0, 'success': 1, 'failed': 0},)


def test_files_are_fetched_ahead_in_order(tmp_path: Path, place: Path) -> None:
    given = items(tmp_path, *(f'{number}.txt' for number in range(40)))
    found = list(prefetched(iter(given), tmp_path / 'ahead', 3))
    assert [item['id'] for item in found] == list(range(40))
    assert all('fetched' not in item['files'] for item in found)  # they are of this machine
    unreachable = [{'id': 1, 'files': {'url': 'ftp://nowhere/x'}}]
    assert list(prefetched(iter(unreachable), tmp_path / 'ahead', 3)) == unreachable


def item_of(tmp_path: Path, number: int, primary: str, **others: str) -> dict[str, Any]:
    """Return an item whose files say their specification."""
    files: dict[str, Any] = {}
    for specification, name in {'image_1': primary, **others}.items():
        source = tmp_path / f'{number}-{specification}'
        source.write_text(f'{number} {specification}', encoding='utf-8')
        files[specification] = {
            'url': source.as_uri(),
            'file_name_original': name,
            'is_primary': specification == 'image_1',
        }
    row = {'id': number, 'data': {'n': number}, 'files': files}
    (item,) = TargetHandlerFactory.get_handler('task').get_export_item([row])
    return item


def test_all_files_of_an_item_are_written(runtime: Any, place: Path, tmp_path: Path) -> None:
    given = [
        item_of(tmp_path, 1, 'a.jpg', data_1='a.json', image_2='b.jpg', image_3='A.JPG', pcd_1='../x/점.pcd'),
        item_of(tmp_path, 2, 'b.jpg', image_2='a.jpg', data_1=''),
    ]
    exporter = BaseExporter(runtime, iter(given), place, name='out', count=2, save_original_file=True)
    folder = place / 'out'
    folder.mkdir()
    saving = Saving(exporter, folder, with_originals=True)
    rows = [saving.save(exporter.process_data_conversion(item), n) for n, item in enumerate(given, 1)]
    assert [row['status'] for row in rows] == ['exported', 'exported']
    assert (saving.originals.success, saving.documents.success) == (8, 2)
    names = sorted(path.name for path in (folder / 'origin_files').iterdir())
    assert len({name.casefold() for name in names}) == 8
    assert {'a.jpg', 'a.json', 'b.jpg', '점.pcd', 'item-2-data_1'} <= set(names)
    for number, row in enumerate(rows, 1):
        assert sorted(row['originals']) == sorted(given[number - 1]['all_files'])
        for specification, told in row['originals'].items():
            assert told['path'] in row['files']
            assert (folder / told['path']).read_text(encoding='utf-8') == f'{number} {specification}'
            assert told['name'] == (
                given[number - 1]['all_files'][specification]['file_name_original'] or None
            )
    labels = {json.loads(path.read_text(encoding='utf-8'))['n'] for path in (folder / 'labels').iterdir()}
    assert labels == {1, 2}


def test_a_further_file_that_is_missing_fails_its_item(runtime: Any, place: Path, tmp_path: Path) -> None:
    given = [item_of(tmp_path, 1, 'a.jpg', data_1='a.json'), item_of(tmp_path, 2, 'b.jpg', data_1='b.json')]
    (tmp_path / '2-data_1').unlink()
    result = BaseExporter(runtime, given, place, name='out', count=2, save_original_file=True).export()
    assert (result['exported_count'], result['failed_count']) == (1, 1)


class Tasks:
    """A backend that lists tasks by pages, with units or their ids."""

    def __init__(self, place: Path, count: int = 5, lose: int = 0) -> None:
        self.place, self.count, self.lose = place, count, lose

    def list_tasks(self, params: Any = None) -> dict[str, Any]:
        page = int(params.get('page', 1))
        assert params['project'] == 7
        ids = range(self.count - self.lose)[(page - 1) * 2 : page * 2]
        rows = [{'id': n, 'data': {'n': n}, 'data_unit': n if n % 2 else self.get_data_unit(n)} for n in ids]
        return {'count': self.count, 'next': page + 1 if page * 2 < self.count else None, 'results': rows}

    def get_data_unit(self, unit_id: int) -> dict[str, Any]:
        source = self.place / f'unit-{unit_id}'
        source.write_text(str(unit_id), encoding='utf-8')
        (self.place / f'meta-{unit_id}').write_text('{}', encoding='utf-8')
        other = {'url': (self.place / f'meta-{unit_id}').as_uri(), 'file_name_original': 'meta.json'}
        picture = {'url': source.as_uri(), 'file_name_original': f'{unit_id}.png', 'is_primary': True}
        return {'id': unit_id, 'files': {'data_1': other, 'image_1': picture}}


class Assignments:
    def list_assignments(self, params: Any = None, list_all: bool = False) -> Any:
        assert list_all
        rows = [
            {'id': 1, 'data': {}, 'file': {'url': 'file:///a', 'file_name_original': 'a.png'}},
            {'id': 2, 'data': {}, 'file': {'image_1': {'url': 'file:///b', 'file_name_original': 'b.png'}}},
            {'id': 3, 'data': {}, 'file': None},
        ]
        return iter(rows), 3


def test_tasks_are_walked_page_by_page(tmp_path: Path) -> None:
    handler = TargetHandlerFactory.get_handler('task')
    client = Tasks(tmp_path)
    rows, count = handler.get_results(client, {'project': 7})
    found = list(handler.get_export_item(rows, client))
    assert (count, [item['id'] for item in found]) == (5, list(range(5)))
    assert [item['files']['file_name_original'] for item in found] == [f'{n}.png' for n in range(5)]
    rows, _ = handler.get_results(Tasks(tmp_path, lose=1), {'project': 7})
    with pytest.raises(BackendError, match='listed 4 of 5 items'):
        list(rows)


def test_assignments_have_a_file_in_several_shapes() -> None:
    handler = TargetHandlerFactory.get_handler('assignment')
    rows, count = handler.get_results(Assignments(), {})
    names = [item['files'].get('file_name_original') for item in handler.get_export_item(rows)]
    assert (names, count) == (['a.png', 'b.png', None], 3)
    with pytest.raises(ParamsError, match='this backend has no assignment items'):
        handler.get_results(object(), {})


def test_tasks_are_exported_whole(runtime: Any, place: Path, tmp_path: Path) -> None:
    from synapse_plugins.actions.export import DefaultExportAction

    runtime.client = Tasks(tmp_path)
    result = DefaultExportAction.dispatch(
        {'path': str(place), 'target': 'task', 'filter': {'project': 7}}, runtime
    )
    assert result['exported_count'] == 5
    pictures = (place / 'export' / 'origin_files').glob('*.png')
    assert sorted(path.read_text() for path in pictures) == list('01234')
    assert len(list((place / 'export' / 'origin_files').glob('meta*.json'))) == 5


# -- steps ----------------------------------------------------------------------------------------------------


@pytest.fixture
def context(runtime: Any, version: int, place: Path) -> ExportContext:
    return ExportContext(
        runtime,
        params={'path': str(place), 'filter': {'ground_truth_dataset_versions': version}, 'name': 'e'},
    )


def run_to(context: ExportContext, last: type[Any]) -> ExportContext:
    for step in steps.default_steps():
        if isinstance(step, last):
            return context
        run_step(step, context)
        context.step_results.clear()
    return context


def test_the_rollbacks_can_be_repeated(context: ExportContext, place: Path) -> None:
    run_to(context, steps.PrepareExportStep)
    assert_rollback_idempotent(steps.PrepareExportStep(), context, state=place)


def test_the_last_step_moves_back_what_it_moved(context: ExportContext, place: Path) -> None:
    run_to(context, steps.FinalizeStep)
    before = {path.name for path in place.iterdir()}
    assert_rollback_idempotent(
        steps.FinalizeStep(), context, state=lambda: {path.name for path in place.iterdir()}
    )
    assert {path.name for path in place.iterdir()} == before


def test_a_cancelled_export_leaves_nothing(runtime: Any, version: int, place: Path) -> None:
    from synapse_plugins.actions.export import DefaultExportAction
    from synapse_plugins.errors import StepFailedError

    class Cancelling(BaseExporter):
        def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
            self.ctx.cancel('enough')
            return data

    class Export(DefaultExportAction):
        entrypoint = Cancelling

    with pytest.raises(StepFailedError, match='enough'):
        Export.dispatch({'path': str(place), 'filter': {'ground_truth_dataset_versions': version}}, runtime)
    assert list(place.iterdir()) == []


def test_documents_of_version_1_become_a_dataset(runtime: Any, place: Path, tmp_path: Path) -> None:
    from PIL import Image

    from synapse_plugins.actions.export import DefaultExportAction

    Image.new('RGB', (20, 10)).save(tmp_path / 'p.png')
    box = {'id': 'x', 'coordinate': {'x': 1, 'y': 2, 'width': 5, 'height': 4}}
    annotation = {'id': 'x', 'tool': 'bounding_box', 'classification': {'class': '고양이'}}
    data = {'annotations': {'image_1': [annotation]}, 'annotationsData': {'image_1': [box]}}
    file = {'url': (tmp_path / 'p.png').as_uri(), 'file_name_original': 'p.png'}

    class Export(DefaultExportAction):
        def get_filtered_results(self, filters: dict[str, Any]) -> tuple[list[Any], int]:
            return [{'id': 1, 'data': data, 'files': file}, {'id': 2, 'data': None, 'files': file}], 2

    result = Export.dispatch({'path': str(place), 'format': 'coco'}, runtime)
    assert result['exported_count'] == 2
    report = json.loads((place / 'export' / 'export_report.json').read_text(encoding='utf-8'))
    assert report['conversion']['classes'] == ['고양이']
    assert report['conversion']['report']['kept'] == {'bounding_box': 1, 'image': 2}


def test_a_category_that_leads_outside_is_told(runtime: Any, place: Path, tmp_path: Path) -> None:
    from PIL import Image

    from synapse_plugins.actions.export import DefaultExportAction

    Image.new('RGB', (20, 10)).save(tmp_path / 'p.png')
    data = {'images': [{'classification': [{'id': 'c', 'classification': 'x'}]}]}
    file = {'url': (tmp_path / 'p.png').as_uri(), 'file_name_original': 'p.png'}
    categories = ('train', '../../escaped', 'Fold', 'fold', 'val')

    class Export(DefaultExportAction):
        def get_filtered_results(self, filters: dict[str, Any]) -> tuple[list[Any], int]:
            items = enumerate(categories)
            return [{'id': number, 'data': data, 'files': file, 'category': one} for number, one in items], 5

    outside = {path for path in tmp_path.rglob('*') if 'work' not in path.parts}
    result = Export.dispatch({'path': str(place), 'format': 'dm_v2', 'on_missing': 'warn'}, runtime)
    assert (result['exported_count'], result['failed_count']) == (3, 2)
    report = json.loads((place / 'export' / 'export_report.json').read_text(encoding='utf-8'))
    assert report['conversion']['splits'] == {'train': 1, 'valid': 1, 'Fold': 1}
    told = json.dumps(report, ensure_ascii=False)
    assert "its category is '../../escaped', which no split may be called" in told
    assert "there are the splits 'Fold' and 'fold'" in told
    found = {path for path in tmp_path.rglob('*') if 'work' not in path.parts and place not in path.parents}
    assert found == outside


def test_steps_in_the_wrong_order_say_so(context: ExportContext) -> None:
    for step in (
        steps.PrepareExportStep(),
        steps.ConvertDataStep(),
        steps.SaveFilesStep(),
        steps.FinalizeStep(),
    ):
        with pytest.raises(DatasetError, match=r'comes? first'):
            step.execute(context)


DEAD = 'from synapse_plugins.store.process import this_process\nprint(this_process())'


def test_what_a_killed_process_left_is_removed_by_the_next_one(
    context: ExportContext, place: Path, start: Any
) -> None:
    dead = start(DEAD).communicate()[0].strip()
    left = [place / f'.e.part-{dead}.0a', place / f'.e.part-{dead}.0a-items']
    kept = [place / '.e.part-x', place / f'.other.part-{dead}.0a']
    for folder in (*left, *kept):
        folder.mkdir()
    run_to(context, steps.ConvertDataStep)
    assert not any(folder.exists() for folder in left)
    assert all(folder.exists() for folder in kept)


def test_what_the_last_instant_left_is_removed_where_the_place_is_taken(
    runtime: Any, version: int, place: Path, start: Any
) -> None:
    dead = start(DEAD).communicate()[0].strip()
    (place / f'.e.part-{dead}.0a-items').mkdir()
    (place / 'e' / 'whole').mkdir(parents=True)
    params = {'output': str(place / 'e'), 'filter': {'ground_truth_dataset_versions': version}}
    with pytest.raises(OutputExistsError, match='is there already'):
        steps.InitializeStep().execute(ExportContext(runtime, params=params))
    assert [path.name for path in place.iterdir()] == ['e']


def test_a_place_that_another_export_writes_to_is_refused_at_once(
    runtime: Any, version: int, place: Path
) -> None:
    """By name the next free one is taken; one that was asked for is refused before anything is fetched."""
    filters = {'ground_truth_dataset_versions': version}
    wanted = {'output': str(place / 'e'), 'filter': filters}
    first = run_to(ExportContext(runtime, params=wanted), steps.ConvertDataStep)
    with pytest.raises(OutputExistsError, match=f'written by another export .process {os.getpid()}.'):
        steps.InitializeStep().execute(ExportContext(runtime, params=wanted))
    second = ExportContext(runtime, params=wanted)
    second.output_path, second.results, second.handler = str(place / 'e'), [], first.handler
    registry: StepRegistry[ExportContext] = StepRegistry()
    registry.register(steps.PrepareExportStep())
    with pytest.raises(RuntimeError, match='is being written by another export'):
        Orchestrator(registry, second).execute()
    assert first.unique_export_path is not None
    assert first.unique_export_path.is_dir()
    named = run_to(
        ExportContext(runtime, params={'path': str(place), 'name': 'e', 'filter': filters}),
        steps.ConvertDataStep,
    )
    assert named.output_path == str(place / 'e(1)')
    steps.PrepareExportStep().rollback(
        first, StepResult(rollback_data={'work': str(first.unique_export_path)})
    )
    steps.InitializeStep().execute(ExportContext(runtime, params=wanted))


def test_of_exports_that_start_in_the_same_instant_one_is_made(
    runtime: Any, version: int, place: Path, rounds: int
) -> None:
    """Exactly one: they do not refuse each other."""
    for number in range(max(2, rounds // 10)):
        final = place / f'e{number}'
        ready = threading.Barrier(4)

        def prepare(final: Path = final, ready: threading.Barrier = ready) -> bool:
            context = ExportContext(runtime, params={'filter': {'ground_truth_dataset_versions': version}})
            context.output_path, context.results, context.handler = (
                str(final),
                [],
                GroundTruthExportTargetHandler(),
            )
            registry: StepRegistry[ExportContext] = StepRegistry()
            registry.register(steps.PrepareExportStep())
            ready.wait()
            try:
                return bool(Orchestrator(registry, context).execute())
            except StepFailedError:
                return False

        with ThreadPoolExecutor(4) as pool:
            won = [future.result() for future in [pool.submit(prepare) for _ in range(4)]]
        assert sum(won) == 1
        assert (
            len(list(place.iterdir())) == number + 1
        )  # the folder of the one that is made, and nothing else
