"""What the tests of the way over share."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import synapse_plugins

MODULES_BESIDE_THE_TABLE = (
    'synapse_sdk.cli.plugin.create',
    'synapse_sdk.plugins.discovery',
    'synapse_sdk.plugins.pipelines',
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Make a project: ``project({'plugin/train.py': '...'})``."""

    def make(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / '프로젝트'
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode('utf-8'))
        return root

    return make


@pytest.fixture(scope='session')
def vendor() -> None:
    """Skip without the vendor's SDK; import it once, as that changes the process."""
    if importlib.util.find_spec('synapse_sdk') is None:
        pytest.skip(
            'synapse-sdk is not installed: `pip install synapse-sdk` (Python 3.12 or later) to test with it'
        )
    from synapse_plugins.migrate.names import TABLE

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # its modules warn while they are imported
        for module in (*MODULES_BESIDE_THE_TABLE, *TABLE):
            if 'pipelines.steps' not in module:
                importlib.import_module(module)


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Any]:
    """Run `synapse-plugins` in a process of its own, in a project's folder; returns what it printed as JSON."""
    package = str(Path(synapse_plugins.__file__).resolve().parents[1])
    environment = {**os.environ, 'PYTHONPATH': package, 'SYNAPSE_PLUGINS_HOME': str(tmp_path / 'home')}

    def call(root: Path, *arguments: str, code: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-m', 'synapse_plugins', *arguments, '--json'],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            encoding='utf-8',
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    return call


@pytest.fixture
def small_dataset(tmp_path: Path) -> Path:
    """A folder in the platform's format: two pictures, one box each."""
    from PIL import Image

    root = tmp_path / '데이터'
    for split in ('train', 'valid'):
        for part in ('json', 'original_files'):
            (root / split / part).mkdir(parents=True)
        Image.new('RGB', (32, 24), 'white').save(root / split / 'original_files' / f'{split}.png')
        box = {'id': 'a', 'classification': '지게차', 'attrs': [], 'data': [2, 3, 10, 8]}
        document = json.dumps({'images': [{'bounding_box': [box]}]}, ensure_ascii=False)
        (root / split / 'json' / f'{split}.json').write_text(document, encoding='utf-8')
    return root
