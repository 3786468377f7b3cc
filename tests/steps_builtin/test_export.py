from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from synapse_plugins import backends
from synapse_plugins.backends.download import SUMMARY
from synapse_plugins.context import RuntimeContext, TeeLogger
from synapse_plugins.datasets import open_dataset
from synapse_plugins.errors import OutputExistsError, RunCancelledError, StepFailedError
from synapse_plugins.runs import RunStore
from synapse_plugins.steps import (
    BaseStep,
    BaseStepContext,
    ExportDatasetStep,
    Orchestrator,
    StepRegistry,
    StepResult,
)


@dataclass
class Context(BaseStepContext):
    params: dict[str, Any] = field(default_factory=dict)
    dataset: Any = None


class Sink:
    """Keeps what was reported."""

    def __init__(self):
        self.records = []

    def emit(self, record):
        self.records.append(record)

    def said(self):
        return [record.data['content'] for record in self.records if record.kind == 'message']


class Fail(BaseStep[Context]):
    name = 'fail'
    progress_weight = 0.1

    def execute(self, context):
        return StepResult(success=False, error='on purpose')


@pytest.fixture
def folder(tmp_path):
    """A dm_v2 folder of 4 pictures: 2 train, 1 valid, 1 test."""
    root = tmp_path / '그림'
    for number, split in enumerate(('train', 'train', 'valid', 'test')):
        for name in ('json', 'original_files'):
            (root / split / name).mkdir(parents=True, exist_ok=True)
        item = {'id': 'b', 'classification': f'class {number % 2}', 'attrs': [], 'data': [1, 1, 4, 4]}
        document = json.dumps({'images': [{'bounding_box': [item]}]})
        (root / split / 'json' / f'{number}.json').write_text(document, encoding='utf-8')
        Image.new('RGB', (16, 16), (number * 60, 0, 0)).save(
            root / split / 'original_files' / f'{number}.jpg'
        )
    return root


@pytest.fixture
def backend(tmp_path):
    with backends.open('local', home=tmp_path / 'home') as opened:
        yield opened


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def execute(backend, sink, tmp_path):
    """Run the export step, and steps behind it, over a context that is returned."""

    def execute(params, *steps, journal=None):
        runtime = RuntimeContext(
            TeeLogger([sink]), client=backend, cache_dir=tmp_path / 'cache', journal=journal
        )
        context = Context(runtime, params=params)
        registry = StepRegistry()
        for step in (ExportDatasetStep(), *steps):
            registry.register(step)
        execute.context = context
        Orchestrator(registry, context, journal=journal).execute()
        return context

    return execute


def pictures(root):
    return {path.relative_to(root).as_posix(): path for path in sorted(Path(root).rglob('*.jpg'))}


def test_a_dataset_becomes_a_folder_and_later_steps_are_told(backend, folder, execute, sink, tmp_path):
    version = backend.import_dataset(folder, 'pets')
    told = execute({'dataset': version['id']}).dataset
    path = Path(told['path'])
    assert told == {
        'path': str(path),
        'format': 'dm_v2',
        'is_categorized': True,
        'count': 4,
        'config_path': None,
        'source_path': None,
        'splits': {'train': 2, 'valid': 1, 'test': 1},
        'classes': ['class 0', 'class 1'],
        'report_path': str(path / SUMMARY),
    }
    assert path.is_relative_to(tmp_path / 'cache')
    assert (path / SUMMARY).is_file()
    assert open_dataset(told['path'], 'dm_v2').splits == ['train', 'valid', 'test']
    assert {path.stat().st_nlink for path in pictures(told['path']).values()} == {2}
    assert any('needs at most' in text and 'are free' in text for text in sink.said())
    progress = [
        record.data['current']
        for record in sink.records
        if record.kind == 'progress' and record.data['total'] == 4
    ]
    assert progress == sorted(progress)
    assert progress[-1] == 4


def test_the_result_tells_path_count_and_splits(backend, folder, execute):
    backend.import_dataset(folder, 'pets')
    context = execute({'dataset': 'pets'})
    data = context.step_results[0].data
    assert data == {
        'path': context.dataset['path'],
        'count': 4,
        'splits': {'train': 2, 'valid': 1, 'test': 1},
    }


def test_without_a_dataset_the_step_fails_with_the_known_words(execute):
    with pytest.raises(StepFailedError, match="Step 'dataset' failed: dataset is required in params"):
        execute({})


def test_a_second_run_takes_what_the_cache_has_and_says_so(backend, folder, execute, sink):
    backend.import_dataset(folder, 'pets')
    first = execute({'dataset': 'pets'}).dataset
    marks = {name: path.stat().st_ino for name, path in pictures(first['path']).items()}
    sink.records.clear()
    assert execute({'dataset': 'pets'}).dataset == first
    assert {name: path.stat().st_ino for name, path in pictures(first['path']).items()} == marks
    assert any('from the cache' in text for text in sink.said())
    assert any(record.event == 'dataset_export_cached' for record in sink.records)


def test_what_is_asked_for_decides_what_the_cache_gives(backend, folder, execute):
    version = backend.import_dataset(folder, 'pets')['id']
    asked = [
        None,
        {'train': {}},
        {'train': {'classes': ['class 0']}},
        {'train': {'classes': ['class 1']}},
        {'train': None, 'valid': None},
    ]
    told = [execute({'dataset': version, 'splits': splits}).dataset for splits in asked]
    assert len({dataset['path'] for dataset in told}) == len(asked)
    assert [dataset['count'] for dataset in told] == [4, 2, 1, 1, 3]
    other = backend.import_dataset(folder, 'others')['id']
    assert execute({'dataset': other}).dataset['path'] not in {dataset['path'] for dataset in told}


def test_a_cache_whose_pictures_were_changed_is_not_taken(backend, folder, execute, sink):
    backend.import_dataset(folder, 'pets')
    told = execute({'dataset': 'pets'}).dataset
    name, picture = next(iter(pictures(told['path']).items()))
    original = picture.read_bytes()
    picture.unlink()
    picture.write_bytes(b'drawn over')
    sink.records.clear()
    assert execute({'dataset': 'pets'}).dataset == told
    assert any('changed since' in text for text in sink.said())
    assert Path(told['path'], name).read_bytes() == original


def empty_a_document(root):
    next(root.rglob('json/*.json')).write_text('{"images": [{}]}', encoding='utf-8')


def delete_a_document(root):
    next(root.rglob('json/*.json')).unlink()


def delete_a_picture(root):
    next(root.rglob('*.jpg')).unlink()


def add_a_picture(root):
    picture = next(root.rglob('*.jpg'))
    (picture.parent / 'more.jpg').write_bytes(picture.read_bytes())


@pytest.mark.parametrize('alter', [empty_a_document, delete_a_document, delete_a_picture, add_a_picture])
def test_an_altered_cache_is_made_anew_and_that_is_said(backend, folder, execute, sink, alter):
    backend.import_dataset(folder, 'pets')
    path = Path(execute({'dataset': 'pets'}).dataset['path'])
    before = {file.relative_to(path): file.read_bytes() for file in path.rglob('*') if file.suffix == '.json'}
    alter(path)
    sink.records.clear()
    assert execute({'dataset': 'pets'}).dataset['path'] == str(path)
    assert any('changed since' in text for text in sink.said())
    after = {file.relative_to(path): file.read_bytes() for file in path.rglob('*') if file.suffix == '.json'}
    assert after.keys() == before.keys()
    documents = [name for name in before if name.parent.name == 'json']
    assert len(documents) == 4
    assert all(after[name] == before[name] for name in documents)
    assert len(pictures(path)) == 4


@pytest.mark.parametrize('content', [None, b'', b'{', b'[]'])
def test_a_cache_that_does_not_say_what_it_is_is_made_anew(backend, folder, execute, content):
    backend.import_dataset(folder, 'pets')
    path = Path(execute({'dataset': 'pets'}).dataset['path'])
    (path / 'export.json').unlink()
    if content is not None:
        (path / 'export.json').write_bytes(content)
    assert execute({'dataset': 'pets'}).dataset['path'] == str(path)
    assert json.loads((path / 'export.json').read_text('utf-8'))['count'] == 4
    assert len(pictures(path)) == 4


@pytest.mark.parametrize('link', ['copy', 'hard', 'reference'])
def test_pictures_in_a_folder_of_the_users_are_copies(backend, folder, execute, tmp_path, link):
    backend.import_dataset(folder, 'pets', link=link)
    told = execute({'dataset': 'pets', 'output_dir': tmp_path / 'mine'}).dataset
    assert {path.stat().st_nlink for path in pictures(told['path']).values()} == {1}
    before = {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}
    for path in pictures(told['path']).values():
        path.write_bytes(b'drawn over')
    assert before == {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}
    backend.export_dataset('pets', tmp_path / 'again')  # which checks every picture of the store


def test_a_changed_reference_fails_though_the_cache_has_it(backend, folder, execute):
    version = backend.import_dataset(folder, 'pets', link='reference')['id']
    execute({'dataset': version})
    picture = folder / 'train' / 'original_files' / '0.jpg'
    picture.write_bytes(picture.read_bytes() + b'more')
    with pytest.raises(StepFailedError, match=r'0\.jpg has changed'):
        execute({'dataset': version})


@pytest.mark.parametrize('harm', ['unlink', 'change'])
def test_a_missing_or_changed_picture_fails_the_export_and_leaves_nothing(
    backend, folder, execute, tmp_path, harm
):
    version = backend.import_dataset(folder, 'pets', link='reference')['id']
    picture = folder / 'valid' / 'original_files' / '2.jpg'
    if harm == 'unlink':
        picture.unlink()
    else:
        picture.write_bytes(b'x' * picture.stat().st_size)
    with pytest.raises(StepFailedError) as caught:
        execute({'dataset': version})
    assert str(picture) in str(caught.value)
    assert not list((tmp_path / 'cache' / 'exports').iterdir())
    assert execute.context.dataset is None


def test_a_jpeg_without_its_end_is_copied(backend, folder, execute):
    cut = folder / 'train' / 'original_files' / '0.jpg'
    cut.write_bytes(cut.read_bytes()[:-2])
    backend.import_dataset(folder, 'pets', link='reference')
    told = execute({'dataset': 'pets'}).dataset
    links = {path.name: path.stat().st_nlink for path in pictures(told['path']).values()}
    assert links == {'0.jpg': 1, '1.jpg': 2, '2.jpg': 2, '3.jpg': 2}


def test_a_folder_of_the_users_is_written_whole_or_not_at_all(backend, folder, execute, tmp_path):
    backend.import_dataset(folder, 'pets')
    (tmp_path / 'empty').mkdir()
    for place in (tmp_path / 'new' / 'place', tmp_path / 'empty'):
        assert execute({'dataset': 'pets', 'output_dir': str(place)}).dataset['path'] == str(place)
        assert len(pictures(place)) == 4
    (tmp_path / 'taken').mkdir()
    (tmp_path / 'taken' / 'mine.txt').write_text('mine', encoding='utf-8')
    with pytest.raises(StepFailedError) as caught:
        execute({'dataset': 'pets', 'output_dir': tmp_path / 'taken'})
    assert isinstance(caught.value.__cause__, OutputExistsError)
    assert [path.name for path in (tmp_path / 'taken').iterdir()] == ['mine.txt']
    assert not (tmp_path / 'cache').exists()


def test_rollback_removes_what_the_run_wrote_for_the_user_and_keeps_the_cache(
    backend, folder, execute, tmp_path
):
    backend.import_dataset(folder, 'pets')
    (tmp_path / 'empty').mkdir()
    for place in (tmp_path / 'new', tmp_path / 'empty'):
        with pytest.raises(StepFailedError, match='on purpose'):
            execute({'dataset': 'pets', 'output_dir': place}, Fail())
    assert not (tmp_path / 'new').exists()
    assert not list((tmp_path / 'empty').iterdir())
    with pytest.raises(StepFailedError, match='on purpose'):
        execute({'dataset': 'pets'}, Fail())
    assert len(list((tmp_path / 'cache' / 'exports').iterdir())) == 1


def test_rollback_is_safe_twice_and_touches_no_output_of_others(backend, folder, execute, tmp_path):
    backend.import_dataset(folder, 'pets')
    context = execute({'dataset': 'pets', 'output_dir': tmp_path / 'out'})
    step, result = ExportDatasetStep(), context.step_results[0]
    foreign = StepResult(rollback_data={**result.rollback_data, 'made_by': 'somebody else'})
    step.rollback(context, foreign)
    assert len(pictures(tmp_path / 'out')) == 4
    step.rollback(context, result)
    step.rollback(context, result)
    assert not (tmp_path / 'out').exists()


def test_a_cancelled_export_leaves_nothing(backend, folder, execute, sink, tmp_path):
    backend.import_dataset(folder, 'pets')

    def cancel(record):
        if record.kind == 'progress' and record.data['total'] == 4 and record.data['current'] == 2:
            execute.context.runtime_ctx.cancel('enough')

    sink.emit = cancel
    with pytest.raises(RunCancelledError, match='cancelled after 2 of 4'):
        execute({'dataset': 'pets'})
    assert not list((tmp_path / 'cache' / 'exports').iterdir())


def test_a_run_that_is_taken_up_again_finds_its_own_output(backend, folder, execute, tmp_path):
    backend.import_dataset(folder, 'pets')
    journal = RunStore(backend.store).start(action='t', params={}, backend='local')
    params = {'dataset': 'pets', 'output_dir': tmp_path / 'out'}
    first = execute(params, journal=journal).dataset
    assert execute(params, journal=journal).dataset == first
    assert journal.record().steps[0]['state'] == 'SUCCEEDED'


def test_it_works_without_a_cache_and_outside_a_run(backend, folder):
    backend.import_dataset(folder, 'pets')
    context = Context(RuntimeContext(client=backend), params={'dataset': 'pets'})
    assert ExportDatasetStep().execute(context).success
    assert Path(context.dataset['path']).is_relative_to(backend.store.cache_dir)


EXPORT = """
import sys
from dataclasses import dataclass, field
from typing import Any
from synapse_plugins import backends
from synapse_plugins.context import NullLogger, RuntimeContext
from synapse_plugins.steps import BaseStepContext, ExportDatasetStep, Orchestrator, StepRegistry

@dataclass
class Context(BaseStepContext):
    params: dict = field(default_factory=dict)
    dataset: Any = None

backend = backends.open('local', home=sys.argv[1])
context = Context(RuntimeContext(NullLogger(), client=backend), params={'dataset': 'pets'})
registry = StepRegistry()
registry.register(ExportDatasetStep())
print('ready', flush=True)
sys.stdin.readline()
Orchestrator(registry, context).execute()
print(context.dataset['count'], context.dataset['path'], flush=True)
"""


@pytest.fixture
def export(backend):
    """Start the export in another process, and hold it before it begins."""
    started = []

    def export():
        process = subprocess.Popen(
            [sys.executable, '-W', 'error', '-c', EXPORT, str(backend.store.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
            env={**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path), 'PYTHONIOENCODING': 'utf-8'},
        )
        started.append(process)
        assert process.stdout.readline() == 'ready\n'
        return process

    yield export
    for process in started:
        process.kill()
        process.communicate()


def test_two_processes_that_want_the_same_get_the_same(backend, folder, export):
    backend.import_dataset(folder, 'pets')
    processes = [export() for _ in range(3)]
    for process in processes:
        process.stdin.write('\n')
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in processes]
    assert [problems for _, problems in answers] == [''] * 3
    assert len({said for said, _ in answers}) == 1
    assert answers[0][0].startswith('4 ')
    assert len(list((backend.store.cache_dir / 'exports').iterdir())) == 1


@pytest.mark.skipif(sys.platform == 'win32', reason='SIGKILL')
def test_a_killed_export_is_absent_or_whole(backend, folder, export, execute, rounds, seed):
    backend.import_dataset(folder, 'pets')
    draw = random.Random(seed)
    for _ in range(max(3, rounds // 25)):
        process = export()
        process.stdin.write('\n')
        process.stdin.flush()
        time.sleep(draw.uniform(0, 0.03))
        process.kill()
        process.communicate()
        places = [
            path for path in (backend.store.cache_dir / 'exports').glob('*') if not path.name.startswith('.')
        ]
        for place in places:
            assert (
                len(pictures(place))
                == json.loads((place / SUMMARY).read_text(encoding='utf-8'))['count']
                == 4
            )
            for part in place.rglob('*'):
                if part.is_file():
                    part.unlink()
            for part in sorted(place.rglob('*'), reverse=True):
                part.rmdir()
            place.rmdir()
    process = export()
    said, problems = process.communicate('\n', timeout=60)
    assert said.startswith('4 '), problems


def test_the_real_data_is_exported_without_a_second_copy(backend, real_data, execute):
    version = backend.import_dataset(real_data / 'bccd', 'bccd')['id']
    told = execute({'dataset': version}).dataset
    assert told['splits'] == {'train': 205, 'valid': 87, 'test': 72}
    assert told['classes'] == ['Platelets', 'RBC', 'WBC']
    unlinked = [path.name for path in pictures(told['path']).values() if path.stat().st_nlink == 1]
    whole = {
        name: path.read_bytes()[-2:] == b'\xff\xd9' for name, path in pictures(real_data / 'bccd').items()
    }
    assert unlinked == [Path(name).name for name, is_whole in whole.items() if not is_whole]


def test_an_output_dir_that_cannot_be_made_is_told(backend, folder, execute, tmp_path):
    backend.import_dataset(folder, 'pets')
    (tmp_path / 'file').write_text('mine', encoding='utf-8')
    with pytest.raises(StepFailedError, match='is not a folder'):
        execute({'dataset': 'pets', 'output_dir': str(tmp_path / 'file' / 'out')})


def test_an_output_dir_that_is_taken_is_told_what_helps_there(backend, folder, execute, tmp_path):
    backend.import_dataset(folder, 'pets')
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'mine').write_text('mine', encoding='utf-8')
    with pytest.raises(StepFailedError, match=r'Choose another place, or remove it\.$'):
        execute({'dataset': 'pets', 'output_dir': str(tmp_path / 'out')})
