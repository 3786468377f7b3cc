"""Exports over HTTP: whole, in order, resumed, and the same as from the embedded backend."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from builtin_steps.export import ExportDatasetStep
from builtin_steps.shapes import make_shapes_dataset
from synapse_plugins.actions.train import BaseTrainAction, TrainContext
from synapse_plugins.backends.download import Download, read_summary
from synapse_plugins.datasets import open_dataset
from synapse_plugins.errors import BackendError
from synapse_plugins.testing import recording_runtime, run_action

from .faults import CORRUPT, FULL, KILLED, NAMES, PASSING, RESET, status


def _tree(root: Path) -> dict[str, bytes]:
    """Return what a folder holds, but for what says when and where it was made."""
    found = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob('*') if path.is_file()
    }
    found.pop('export.json', None)
    lines = [json.loads(line) for line in found.pop('files.jsonl').decode().splitlines()]
    found['files'] = json.dumps([{**line, 'linked': None} for line in lines]).encode()
    return found


def _export(client: Any, dataset: int, place: Path, **params: Any) -> dict[str, Any]:
    context = TrainContext(recording_runtime(place, client=client), params={'dataset': dataset, **params})
    result = ExportDatasetStep().execute(context)
    assert result.success, result.error
    return dict(context.dataset)


class Params(BaseModel):
    dataset: int
    name: str | None = None


class StubTrain(BaseTrainAction[Params]):
    """Writes the classes that it was given into a file, and calls it a model."""

    action_name = 'stub.train'
    target_format = 'yolo'

    def execute(self, data_path: Path, checkpoint: Any) -> dict[str, Any]:
        weights = Path(data_path).parent / 'best.pt'
        weights.write_bytes(Path(data_path).read_bytes())
        self.set_progress(1, 1)
        return {'weights_path': str(weights), 'metrics': {'loss': 0.5}}


@pytest.fixture(params=['local', 'serve', 'the platform client'])
def backend(request, vendor_client_class, local_backend, client, synapse_server):
    """The embedded backend, itself and behind HTTP: by our client, and by the vendor's where it is installed."""
    if request.param != 'the platform client':
        yield local_backend if request.param == 'local' else client
    elif vendor_client_class is None:
        pytest.skip('synapse-sdk is not installed; it needs Python 3.12 or later: `nox -s vendor`')
    else:
        with vendor_client_class(synapse_server.url, access_token=synapse_server.token) as theirs:
            yield theirs


@pytest.mark.filterwarnings('ignore')  # the vendor's code warns
def test_the_whole_way(backend, local_backend, pets, tmp_path):
    """Import, export, convert, train, register, read back: the same by whichever client."""
    dataset = local_backend.import_dataset(pets, 'pets')
    rows, count = backend.list_ground_truth_events(
        params={'ground_truth_dataset_versions': dataset['id']}, list_all=True
    )
    told, own = (
        [(row['id'], row['category'], row['data']) for row in found]
        for found in (rows, local_backend.list_ground_truth_events(list_all=True)[0])
    )
    assert count == dataset['count'] == len(own)
    assert told == own
    result = run_action(StubTrain, dataset=dataset['id'], name='whole', client=backend)
    model = backend.get_model(result.model_id)
    assert model['name'] == 'whole'
    assert model['configuration']['metrics'] == local_backend.get_model('whole')['metrics'] == {'loss': 0.5}
    assert Path(model['file']).read_bytes() == Path(local_backend.get_model('whole')['file']).read_bytes()
    assert [step['state'] for step in result.steps] == ['SUCCEEDED'] * 4
    with zipfile.ZipFile(model['file']) as archive, archive.open('best.pt') as weights:
        trained_on = weights.read().decode()
    assert 'train:' in trained_on


def test_an_export_is_the_same_as_from_the_embedded_backend(local_backend, client, version, tmp_path):
    here = _export(local_backend, version['id'], tmp_path / 'here')
    there = _export(client, version['id'], tmp_path / 'there')
    assert _tree(Path(there['path'])) == _tree(Path(here['path']))
    assert {**there, 'path': 0, 'report_path': 0} == {**here, 'path': 0, 'report_path': 0}
    again = _export(client, version['id'], tmp_path / 'there')
    assert again == there
    assert not list((tmp_path / 'there').rglob('downloads/*'))


@pytest.mark.parametrize(
    'fault', [*PASSING, CORRUPT, status(500), status(403)], ids=[*NAMES, 'corrupt', '500', 'expired']
)
def test_an_export_comes_through(fault, faulty, shaky, local_backend, version, tmp_path):
    faulty.script({'match': 'GET /media/', 'skip': 1, 'times': 2, **fault})
    there = _export(shaky, version['id'], tmp_path / 'there')
    here = _export(local_backend, version['id'], tmp_path / 'here')
    assert _tree(Path(there['path'])) == _tree(Path(here['path']))


def test_a_second_try_fetches_only_what_is_missing(faulty, shaky, version, tmp_path):
    faulty.script({'match': 'GET /media/', 'skip': 4, 'times': 999, **RESET})
    download = Download(shaky, version['id'])
    harvest = tmp_path / 'harvest'
    harvest.mkdir()
    (tmp_path / 'first').mkdir()
    with pytest.raises(BackendError, match='cannot be exported whole'):
        download.write(tmp_path / 'first', harvest=harvest)
    faulty.script()
    (tmp_path / 'second').mkdir()
    summary = Download(shaky, version['id']).write(tmp_path / 'second', harvest=harvest)
    media = [line for line in faulty.seen() if '/media/' in line]
    assert len(media) == version['count'] - 4
    assert (summary['count'], summary['reused'], summary['missing']) == (version['count'], 4, [])


def test_missing_events_are_told_or_left_out(local_backend, client, version, tmp_path):
    rows, _ = local_backend.list_ground_truth_events(
        {'ground_truth_dataset_versions': version['id']}, list_all=True
    )
    rows = list(rows)
    gone = local_backend.find_file(rows[1]['files']['image_1']['checksum'].removeprefix('sha256:'))
    gone.unlink()
    context = TrainContext(
        recording_runtime(tmp_path / 'a', client=client), params={'dataset': version['id']}
    )
    with pytest.raises(BackendError, match=r'event 2: GET .* was answered with 404') as caught:
        ExportDatasetStep().execute(context)
    assert 'signature' not in str(caught.value)
    told = _export(client, version['id'], tmp_path / 'b', on_missing='warn')
    assert told['count'] == version['count'] - 1
    summary = read_summary(Path(told['path']))
    assert [item['event'] for item in summary['missing']] == [2]
    # What was left out is no answer to who wants all.
    context = TrainContext(
        recording_runtime(tmp_path / 'b', client=client), params={'dataset': version['id']}
    )
    with pytest.raises(BackendError):
        ExportDatasetStep().execute(context)


def test_it_works_within_a_running_loop(client, version, tmp_path):
    async def notebook() -> dict[str, Any]:
        return _export(client, version['id'], tmp_path)

    assert asyncio.run(notebook())['count'] == version['count']


EVIL = [
    '../../evil.png',
    '..\\..\\evil.png',
    '/etc/evil.png',
    'con.png',
    'a\x00b.png',
    '.png',
    'x' * 400 + '.png',
    'a\u202eb.png',
]


def test_names_lead_nowhere_else(local_backend, client, version, tmp_path):
    database = local_backend.store.database('backend')
    with database.transaction() as connection:
        for number, name in enumerate(EVIL[: version['count']], 1):
            connection.execute('UPDATE event_file SET name = ? WHERE event = ?', (name, number))
    told = _export(client, version['id'], tmp_path / 'place')
    root = Path(told['path'])
    pictures = list(root.rglob('*.png'))
    assert len(pictures) == version['count']
    assert not list(tmp_path.glob('evil*'))
    lines = [json.loads(line) for line in (root / 'files.jsonl').read_text(encoding='utf-8').splitlines()]
    assert [line['original_name'] for line in lines] == EVIL[: version['count']]


class Listed:
    """A client that lists events as a server would, with files of a real one."""

    name = identity = 'https://example.invalid'

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def list_ground_truth_events(self, params: Any = None, **_: Any) -> Any:
        return iter(self.events), len(self.events)


V1 = {
    'annotations': {'image_1': [{'id': 'a1', 'tool': 'bounding_box', 'classification': {'class': 'dog'}}]},
    'annotationsData': {'image_1': [{'id': 'a1', 'coordinate': {'x': 1, 'y': 2, 'width': 10, 'height': 8}}]},
}


@pytest.mark.parametrize('kept', ['data', 'event', 'data_meta'])
def test_documents_of_version_1_survive(kept, client, local_backend, pets, tmp_path):
    picture = next(pets.rglob('*.png'))
    meta = tmp_path / 'meta.json'
    meta.write_text(json.dumps(V1), encoding='utf-8')
    files = {'image_1': {'url': client.create_data_file(picture)['file'], 'file_type': 'image'}}
    event: dict[str, Any] = {'id': 1, 'pgh_id': 7, 'category': None, 'files': files, 'data': None}
    if kept == 'data':
        event['data'] = V1
    elif kept == 'event':
        event.update(V1)
    else:
        url = client.create_data_file(meta)['file']
        files['data_meta_1'] = {'url': url, 'file_type': 'data', 'file_name_original': 'meta.json'}
        event['data'] = {'images': [{}]}
    out = tmp_path / 'out'
    out.mkdir()
    assert Download(Listed([event]), 7).write(out)['classes'] == ['dog']
    (sample,) = open_dataset(out)
    assert [annotation.label for annotation in sample.annotations] == ['dog']


SCRIPT = """
import sys
from pathlib import Path
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.backends import SynapseBackend
from synapse_plugins.testing import recording_runtime
from builtin_steps.export import ExportDatasetStep
url, token, dataset, place = sys.argv[1:]
client = SynapseBackend(url, access_token=token, cache_dir=Path(place) / 'c')
context = TrainContext(recording_runtime(Path(place), client=client), params={'dataset': int(dataset)})
print('ready', flush=True)
result = ExportDatasetStep().execute(context)
print(context.dataset['path'], flush=True)
"""


def test_a_killed_export_goes_on(
    faulty, shaky, synapse_server, local_backend, tmp_path_factory, tmp_path, rounds, seed, record_property
):
    record_property('fault', KILLED)
    source = make_shapes_dataset(tmp_path_factory.mktemp('many') / 'many', images=40, size=48)
    version = local_backend.import_dataset(source, 'many')
    wanted = _tree(Path(_export(local_backend, version['id'], tmp_path / 'here')['path']))
    chance = random.Random(seed)
    times = rounds // 10 if rounds >= 1000 else 3
    record_property('times', times)
    for number in range(times):
        place = tmp_path / f'killed-{number}'
        place.mkdir()
        arguments = [
            sys.executable,
            '-c',
            SCRIPT,
            faulty.url,
            synapse_server.token,
            str(version['id']),
            str(place),
        ]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, encoding='utf-8') as process:
            assert process.stdout.readline() == 'ready\n'
            time.sleep(chance.uniform(0.0, 0.4))
            process.send_signal(signal.SIGKILL)
        faulty.script()
        done = subprocess.run(arguments, capture_output=True, encoding='utf-8', check=True, timeout=60)
        assert _tree(Path(done.stdout.splitlines()[-1])) == wanted
        # What was killed in its last instant leaves its work folder, which the record of a run tells to remove.
        exports = [path for path in place.rglob('export.json') if not path.parent.name.startswith('.')]
        assert len(exports) == 1
        assert not list(place.rglob('*.part'))


LIMITED = """
import resource, signal, sys
sys.dont_write_bytecode = True  # half a file of it would outlive this process
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='no such limits')
def test_a_disk_that_fills_up_is_told_and_the_next_run_completes(
    synapse_server, version, tmp_path, record_property
):
    record_property('fault', FULL)
    arguments = [synapse_server.url, synapse_server.token, str(version['id']), str(tmp_path)]
    full = subprocess.run(
        [sys.executable, '-c', LIMITED + SCRIPT, *arguments],
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=False,
    )
    assert full.returncode == 1
    assert 'File too large' in full.stderr
    assert not list(tmp_path.rglob('export.json'))
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT, *arguments],
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=True,
    )
    assert len(list(Path(done.stdout.splitlines()[-1]).rglob('*.png'))) == version['count']


def test_real_data_comes_as_it_went(real_data, local_backend, client, tmp_path):
    version = local_backend.import_dataset(real_data / 'bccd', 'bccd')
    told = _export(client, version['id'], tmp_path / 'there', output_dir=str(tmp_path / 'out'))
    assert told['count'] == version['count']
    lines = [
        json.loads(line)
        for line in (tmp_path / 'out' / 'files.jsonl').read_text(encoding='utf-8').splitlines()
    ]
    rows, _ = local_backend.list_ground_truth_events(
        {'ground_truth_dataset_versions': version['id']}, list_all=True
    )
    for line, row in zip(lines, rows, strict=True):
        own = local_backend.find_file(row['files']['image_1']['checksum'].removeprefix('sha256:'))
        picture = tmp_path / 'out' / line['picture']
        assert picture.read_bytes() == own.read_bytes()
        document = picture.parents[1] / 'json' / f'{picture.stem}.json'
        assert json.loads(document.read_text(encoding='utf-8')) == row['data']
