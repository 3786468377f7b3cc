"""Real wheels of strangers' packs, in environments of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECTS = Path(__file__).parent / 'projects'
PACKAGE = Path(__file__).resolve().parents[2]


class Environment:
    """A virtual environment with the package and some packs, and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scripts = folder / ('Scripts' if sys.platform == 'win32' else 'bin')
        self.work = folder / 'work'
        self.work.mkdir()

    def command(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `synapse-plugins`, as its user would."""
        return self._run(self.scripts / 'synapse-plugins', *arguments, **variables)

    def json(self, *arguments: str, **variables: str) -> Any:
        """Run `synapse-plugins ... --json`, and return the one document that it prints."""
        done = self.command(*arguments, '--json', **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def python(self, code: str) -> str:
        """Run a piece of Python and return what it prints."""
        done = self._run(self.scripts / 'python', '-c', code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *command: Any, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(('PYTHON', 'SYNAPSE_'))
        }
        env = {**kept, 'SYNAPSE_PLUGINS_HOME': str(self.folder / 'home'), 'PYTHONUTF8': '1', **variables}
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=self.work,
            env=env,
            capture_output=True,
            text=True,
            encoding='utf-8',
        )


@pytest.fixture(scope='session')
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel of the package (key `synapse-plugins`) and of each stranger's project."""
    out = tmp_path_factory.mktemp('wheels')
    sources = {'synapse-plugins': PACKAGE, **{project.name: project for project in PROJECTS.iterdir()}}
    built = {}
    for name, source in sorted(sources.items()):
        place = out / name
        build = [
            sys.executable,
            '-m',
            'build',
            '--wheel',
            '--no-isolation',
            '--outdir',
            str(place),
            str(source),
        ]
        subprocess.run(build, check=True, capture_output=True, cwd=out)
        (built[name],) = place.glob('*.whl')
    return built


@pytest.fixture(scope='session')
def environment(
    wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Environment]:
    """Returns a function that makes an environment with the named packs; one for each choice of packs."""
    made: dict[tuple[str, ...], Environment] = {}

    def make(*packs: str) -> Environment:
        if packs not in made:
            folder = tmp_path_factory.mktemp('-'.join(packs) or 'core') / 'env'
            files = [str(wheels[name]) for name in ('synapse-plugins', *packs)]
            uv = shutil.which('uv')
            assert uv, 'uv is missing: install the dependency group `test`'
            subprocess.run([uv, 'venv', '--quiet', '--python', sys.executable, str(folder)], check=True)
            subprocess.run([uv, 'pip', 'install', '--quiet', '--python', str(folder), *files], check=True)
            made[packs] = Environment(folder)
        return made[packs]

    return make


@pytest.fixture(scope='session')
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DM v2 dataset: two images to train on and one to validate, with two classes, one of them in Hangul."""
    from PIL import Image

    boxes = {
        'train': [[('원', [2, 2, 8, 8]), ('square', [16, 16, 8, 8])], [('원', [4, 6, 12, 8])]],
        'valid': [[('square', [8, 8, 8, 8])]],
    }
    root = tmp_path_factory.mktemp('drawings') / 'dm_v2'
    for split, images in boxes.items():
        for folder in ('json', 'original_files'):
            (root / split / folder).mkdir(parents=True)
        for number, found in enumerate(images):
            stem = f'{split}-{number}'
            Image.new('RGB', (32, 32), (40 * number, 90, 120)).save(
                root / split / 'original_files' / f'{stem}.png'
            )
            annotations = [
                {'id': f'{stem}-{index}', 'classification': label, 'attrs': [], 'data': box}
                for index, (label, box) in enumerate(found)
            ]
            document = {'images': [{'bounding_box': annotations}]}
            text = json.dumps(document, ensure_ascii=False)
            (root / split / 'json' / f'{stem}.json').write_text(text, encoding='utf-8')
    return root
