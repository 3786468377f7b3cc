"""Small datasets and one real training that many tests look at."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from synapse_plugins import RuntimeContext
from synapse_plugins.actions.train import TrainContext
from synapse_plugins.steps import BaseStep, Orchestrator, StepRegistry

if TYPE_CHECKING:
    from synapse_plugins.context import LogRecord

TINY: dict[str, Any] = {
    'model': 'yolo11n.yaml',
    'epochs': 2,
    'imgsz': 64,
    'batch': 4,
    'device': 'cpu',
    'workers': 0,
}
CLASSES = ['빨간 네모', 'blue square']


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if (
            item.path.is_relative_to(here)
            and item.get_closest_marker('yolo')
            and find_spec('ultralytics') is None
        ):
            item.add_marker(pytest.mark.skip(reason='needs the yolo extra'))


class Records:
    """Keeps what a run reports."""

    def __init__(self) -> None:
        self.all: list[LogRecord] = []

    def emit(self, record: LogRecord) -> None:
        self.all.append(record)

    def of(self, kind: str) -> list[LogRecord]:
        return [record for record in self.all if record.kind == kind]

    def messages(self) -> str:
        return '\n'.join(record.data['content'] for record in self.of('message'))


@dataclass
class Run:
    """One run of steps, with what it reported."""

    folder: Path
    params: dict[str, Any]
    data: Path | None
    client: Any = None
    checkpoint: dict[str, Any] | None = None
    records: Records = field(default_factory=Records)

    def __post_init__(self) -> None:
        self.runtime = RuntimeContext(
            logger=self.records,
            client=self.client,
            work_dir=self.work,
            cache_dir=self.folder / 'cache',
            run_id='run-1',
        )
        self.context = TrainContext(self.runtime, params=self.params, checkpoint=self.checkpoint)
        self.context.dataset = {
            'path': str(self.data.parent) if self.data else None,
            'format': 'yolo',
            'config_path': str(self.data) if self.data else None,
            'splits': ['train', 'valid'],
            'classes': list(CLASSES),
        }

    @property
    def work(self) -> Path:
        return self.folder / '작업 폴더'

    def __call__(self, *steps: BaseStep[Any]) -> dict[str, Any]:
        registry: StepRegistry[Any] = StepRegistry()
        for step in steps:
            registry.register(step)
        return Orchestrator(registry, self.context).execute()


def make_source(root: Path, *, train: int = 6, valid: int = 3, size: int = 64) -> Path:
    """Write a DM v2 dataset of squares with Hangul in every name; the first JPEG does not end on its end marker."""
    from PIL import Image, ImageDraw

    for split, count in (('train', train), ('valid', valid)):
        pictures, documents = root / split / 'original_files', root / split / 'json'
        pictures.mkdir(parents=True)
        documents.mkdir()
        for index in range(count):
            kind = index % 2
            x, y, side = 4 + 3 * index, 6 + 2 * index, 24
            picture = Image.new('RGB', (size, size), (30, 30, 30))
            ImageDraw.Draw(picture).rectangle(
                [x, y, x + side, y + side], fill=[(220, 40, 40), (40, 60, 220)][kind]
            )
            path = pictures / f'사진 {index}.jpg'
            picture.save(path, quality=95)
            if split == 'train' and index == 0:
                path.write_bytes(path.read_bytes() + bytes(4))  # the trainer repairs such files in place
            corners = [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
            polygon = {'id': f'{split}{index}', 'classification': CLASSES[kind], 'attrs': [], 'data': corners}
            document = {'images': [{'polygon': [polygon]}]}
            text = json.dumps(document, ensure_ascii=False)
            (documents / f'사진 {index}.json').write_text(text, encoding='utf-8')
    return root


def make_yolo(source: Path, destination: Path, task: str = 'detect') -> Path:
    """Convert it, with hard links to its pictures, and return the YAML file."""
    from synapse_plugins.datasets import convert

    made = convert(
        source, destination, to='yolo', source_format='dm_v2', task=task, classes=CLASSES, link='hard'
    )
    return Path(made.config_path)


@pytest.fixture(scope='session')
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp('source') / 'dm')


@pytest.fixture(scope='session')
def data(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_yolo(source, tmp_path_factory.mktemp('yolo') / 'detect')


class NewRun(Protocol):
    """Makes a run in the test's own folder; *params* go over those of a tiny training."""

    def __call__(
        self, data: Path | None, client: Any = None, checkpoint: Any = None, **params: Any
    ) -> Run: ...


@pytest.fixture
def new_run(tmp_path: Path) -> NewRun:
    def make(data: Path | None, client: Any = None, checkpoint: Any = None, **params: Any) -> Run:
        return Run(tmp_path, {**TINY, **params}, data, client, checkpoint)

    return make


@pytest.fixture(scope='session')
def segments(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_yolo(source, tmp_path_factory.mktemp('yolo') / 'segment', 'segment')


@dataclass
class Trained:
    """The training that many tests look at."""

    run: Run
    source_before: dict[str, bytes]
    source_after: dict[str, bytes]
    home: Path
    here: Path
    attempts: Path
    environment_before: dict[str, str]
    environment_after: dict[str, str]

    @property
    def model(self) -> Path:
        return Path(str(self.run.context.model_path))


WATCH_SOCKETS = """
import os, socket

def refuse(what):
    def refused(*arguments, **options):
        with open(os.environ['TEST_ATTEMPTS'], 'a', encoding='utf-8') as file:
            file.write(f'{what} {arguments[-1:]!r}\\n')
        raise OSError('no network in this test')
    return refused

socket.getaddrinfo = refuse('getaddrinfo')
socket.gethostbyname = refuse('gethostbyname')
socket.socket.connect = refuse('connect')
socket.socket.connect_ex = refuse('connect_ex')
"""


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob('*')) if path.is_file()
    }


@pytest.fixture(scope='session')
def trained(source: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train once, with an empty home folder and every socket watched."""
    from builtin_steps.train_yolo import TrainYoloStep

    folder = tmp_path_factory.mktemp('trained')
    for name in ('home', 'site', 'here'):
        (folder / name).mkdir()
    (folder / 'site' / 'sitecustomize.py').write_text(WATCH_SOCKETS, encoding='utf-8')
    before = contents(source)
    run = Run(folder, dict(TINY), data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('HOME', str(folder / 'home'))
        patch.setenv('PYTHONPATH', str(folder / 'site'))
        patch.setenv('TEST_ATTEMPTS', str(folder / 'attempts'))
        for name in ('MPLCONFIGDIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'YOLO_CONFIG_DIR'):
            patch.delenv(name, raising=False)
        patch.chdir(folder / 'here')
        environment = dict(os.environ)
        run(TrainYoloStep())
        after = dict(os.environ)
    return Trained(
        run,
        before,
        contents(source),
        folder / 'home',
        folder / 'here',
        folder / 'attempts',
        environment,
        after,
    )
