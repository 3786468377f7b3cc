"""Migrated actions as the platform starts them: with the vendor's runtime context, logger and client."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import BaseTrainAction
from synapse_plugins.actions.export import BaseExporter
from synapse_plugins.actions.train import BaseTrainParams
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.errors import StepFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings('ignore')  # its own code warns


class Upload(DefaultUploadAction[UploadParams]):
    action_name = 'upload'


class Exporter(BaseExporter):
    def convert_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, 'data': {'id': data['id']}}


class TrainParams(BaseTrainParams):
    epochs: int = 2


class Train(BaseTrainAction[TrainParams]):
    action_name = 'train'
    target_format = 'yolo'

    def execute(self, data_path: Path, checkpoint: dict[str, Any] | None) -> dict[str, Any]:
        pictures = list(data_path.parent.rglob('*.png'))
        for epoch in range(1, self.params.epochs + 1):
            self.set_progress(epoch, self.params.epochs, 'train')
            self.log_metric('train', 'epoch', epoch, loss=1 / epoch)
            self.set_metrics({'loss': 1 / epoch}, 'train')
        self.log_message(f'{len(pictures)} pictures seen')
        weights = data_path.parent / 'best.pt'
        weights.write_bytes(data_path.read_bytes())
        return {'weights_path': str(weights), 'metrics': {'loss': 0.5}, 'pictures': len(pictures)}


@pytest.fixture
def job(local_backend: Any) -> int:
    return int(local_backend.create_job({'action': 'x'})['id'])


@pytest.fixture(scope='session')
def vendor() -> Any:
    """Import what is theirs once, before a test looks at what it changed."""
    if importlib.util.find_spec('synapse_sdk') is None:
        pytest.skip('synapse-sdk is not installed; it needs Python 3.12 or later: `nox -s vendor`')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        names = (
            'clients.backend',
            'loggers',
            'plugins.context',
            'plugins.executors.local',
            'observability._sentry',
            'observability._profile',
        )
        return {name: importlib.import_module(f'synapse_sdk.{name}') for name in names}


@pytest.fixture
def ctx(vendor: Any, synapse_server: Any, job: int) -> Iterator[Any]:
    context = vendor['plugins.context']
    connect = vendor['clients.backend'].BackendClient
    with connect(synapse_server.url, access_token=synapse_server.token) as client:
        yield context.RuntimeContext(
            logger=vendor['loggers'].JobLogger(client, job),
            env=context.PluginEnvironment({}),
            job_id=str(job),
            client=client,
            language='ko',
        )


def logs(local_backend: Any, job: int) -> list[dict[str, Any]]:
    rows, _ = local_backend.list_logs({'job': job}, list_all=True)
    return list(rows)


def test_a_migrated_upload_runs_as_it_is(ctx: Any, local_backend: Any, job: int, tmp_path: Path) -> None:
    collection = local_backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1'}]}
    )
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    for number in range(3):
        (tmp_path / 'files' / 'text_1' / f'{number}.txt').write_text(str(number), encoding='utf-8')
    params = {'path': str(tmp_path / 'files'), 'data_collection': collection['id']}
    for expected in (3, 0):
        result = Upload.dispatch(dict(params), ctx)
        assert (result['data_units'], result['uploaded_files']) == (expected, 3)
    ctx.logger.finish()
    assert local_backend.list_data_units()['count'] == 3
    entries = logs(local_backend, job)
    assert any(
        entry['data'].get('content') == '파일 3개로 데이터 유닛 3개를 구성했습니다.' for entry in entries
    )
    assert local_backend.get_job(job)['progress_record']


def test_a_migrated_exporter_runs_as_it_is(
    ctx: Any, local_backend: Any, job: int, version: dict[str, Any], tmp_path: Path
) -> None:
    filters = {'ground_truth_dataset_versions': version['id']}
    result = Exporter.dispatch({'path': str(tmp_path), 'name': 'out', 'filter': filters}, ctx)
    ctx.logger.finish()
    assert result['exported_count'] == result['total_count'] == version['count']
    assert len(list((tmp_path / 'out' / 'origin_files').iterdir())) == version['count']
    assert len(list((tmp_path / 'out' / 'labels').iterdir())) == version['count']
    assert any(
        '내보내기를 마쳤습니다' in str(entry['data'].get('content')) for entry in logs(local_backend, job)
    )


def test_a_migrated_training_runs_as_it_is(
    ctx: Any, local_backend: Any, job: int, version: dict[str, Any]
) -> None:
    result = Train.dispatch({'dataset': version['id'], 'epochs': 3}, ctx)
    ctx.logger.finish()
    assert (result['success'], result['steps_executed']) == (True, 4)
    assert result['output']['pictures'] == version['count']
    model = local_backend.get_model(result['model_id'])
    assert model['metrics'] == {'loss': 0.5}
    assert Path(model['file']).stat().st_size == model['size']
    row, entries = local_backend.get_job(job), logs(local_backend, job)
    assert set(row['progress_record']['record']['steps']) == {'dataset', 'convert', 'train', 'model_upload'}
    assert row['progress_record']['current_progress']['overall'] == 100
    assert row['metrics_record']['record']['steps']['train'] == {'loss': 1 / 3}
    metrics = [entry['data']['value'] for entry in entries if entry['event'] == 'metric']
    assert metrics == [1, 2, 3]
    told = [entry['data'].get('content') for entry in entries if entry['event'] == 'message']
    assert f'{version["count"]} pictures seen' in told


def test_what_is_missing_is_told_and_nothing_stays(
    ctx: Any, local_backend: Any, version: dict[str, Any]
) -> None:
    rows, _ = local_backend.list_ground_truth_events(list_all=True)
    local_backend.find_file(next(iter(rows))['files']['image_1']['checksum'].removeprefix('sha256:')).unlink()
    with pytest.raises(StepFailedError, match=r'event 1: .*404'):
        Train.dispatch({'dataset': version['id']}, ctx)
    assert local_backend.list_models()['count'] == 0


def test_their_local_executor_runs_each(
    vendor: Any, synapse_server: Any, local_backend: Any, version: dict[str, Any], tmp_path: Path
) -> None:
    executor = vendor['plugins.executors.local'].LocalExecutor(env={}, language='ko')
    trained = executor.execute(Train, {'dataset': version['id']})
    assert local_backend.get_model(trained['model_id'])['metrics'] == {'loss': 0.5}
    # What was registered can be gone on from; their client fetches it.
    again = executor.execute(Train, {'dataset': version['id'], 'checkpoint': trained['model_id']})
    assert local_backend.get_model(again['model_id'])['checkpoint'] == trained['model_id']
    filters = {'ground_truth_dataset_versions': version['id']}
    exported = executor.execute(Exporter, {'path': str(tmp_path), 'name': 'out', 'filter': filters})
    assert exported['exported_count'] == version['count']
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    (tmp_path / 'files' / 'text_1' / 'a.txt').write_text('a', encoding='utf-8')
    collection = local_backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1'}]}
    )
    uploaded = executor.execute(
        Upload, {'path': str(tmp_path / 'files'), 'data_collection': collection['id']}
    )
    assert uploaded['data_units'] == local_backend.list_data_units()['count'] == 1


PLUGIN = """
from pathlib import Path

from synapse_plugins import BaseTrainAction
from synapse_plugins.actions.export import BaseExporter
from synapse_plugins.actions.train import BaseTrainParams
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams


class TrainParams(BaseTrainParams):
    epochs: int = 1


class Train(BaseTrainAction[TrainParams]):
    action_name = 'train'
    target_format = 'yolo'

    def execute(self, data_path, checkpoint):
        for epoch in range(1, self.params.epochs + 1):
            self.set_progress(epoch, self.params.epochs)
            self.log_metric('train', 'epoch', epoch, loss=1 / epoch)
        self.set_metrics({'loss': 1 / epoch}, 'train')
        self.log_message('학습을 마쳤습니다.')
        weights = Path(data_path).with_name('best.pt')
        weights.write_bytes(Path(data_path).read_bytes())
        return {'weights_path': str(weights), 'val_metrics': {'loss': 0.5}}


class Upload(DefaultUploadAction[UploadParams]):
    action_name = 'upload'


class Exporter(BaseExporter):
    action_name = 'export'
"""


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['upload', 'export', 'train'])
def test_their_job_entrypoint_runs_them(
    vendor: Any, synapse_server: Any, local_backend: Any, version: dict[str, Any], tmp_path: Path, kind: str
) -> None:
    (tmp_path / 'plugin.py').write_text(PLUGIN, encoding='utf-8')
    (tmp_path / 'files' / 'text_1').mkdir(parents=True)
    (tmp_path / 'files' / 'text_1' / 'a.txt').write_text('a', encoding='utf-8')
    collection = local_backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1'}]}
    )
    params = {
        'upload': {'path': str(tmp_path / 'files'), 'data_collection': collection['id']},
        'export': {'path': str(tmp_path / 'out'), 'filter': {'ground_truth_dataset_versions': version['id']}},
        'train': {'dataset': version['id'], 'hyperparameters': [{'epochs': 3}]},
    }
    job = local_backend.create_job({'action': kind})['id']
    env = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join([str(tmp_path), *sys.path]),
        'SYNAPSE_ACTION_ENTRYPOINT': 'plugin.'
        + {'upload': 'Upload', 'export': 'Exporter', 'train': 'Train'}[kind],
        'SYNAPSE_ACTION_PARAMS': json.dumps(params[kind]),
        'SYNAPSE_JOB_ID': str(job),
        'SYNAPSE_LANGUAGE': 'ko',
        'SYNAPSE_HOST': synapse_server.url,
        'SYNAPSE_ACCESS_TOKEN': str(synapse_server.token),
    }
    command = [sys.executable, '-W', 'ignore', '-m', 'synapse_sdk.plugins.entrypoint']
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, encoding='utf-8', check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    row = local_backend.get_job(job)
    counted = {'upload': 'data_units', 'export': 'exported_count', 'train': 'model_id'}[kind]
    wanted = {'upload': 1, 'export': version['count'], 'train': 1}[kind]
    assert (row['status'], row['result'][counted]) == ('SUCCEEDED', wanted)
    # Their logger shares out by itself what steps it was not told of weigh.
    assert row['progress_record']['current_progress']['overall'] >= 90
    entries = logs(local_backend, job)
    assert any(
        '마쳤습니다' in str(entry['data'].get('content')) for entry in entries if entry['event'] == 'message'
    )
    if kind == 'train':
        assert local_backend.get_model(1)['metrics'] == {'loss': 0.5}
        assert row['metrics_record']['record']['steps']['train'] == {'loss': 1 / 3}
        assert [entry['data']['value'] for entry in entries if entry['event'] == 'metric'] == [1, 2, 3]
