"""A store with a small dataset, and plugin projects made from a text."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COLOURS = {'red': (220, 30, 30), '파랑': (30, 30, 220)}


@pytest.fixture
def dm_v2(tmp_path: Path) -> Path:
    """A dm_v2 folder: 6 + 2 pictures with a box each."""
    from PIL import Image

    root = tmp_path / 'shapes'
    for split, count in (('train', 6), ('valid', 2)):
        for kind in ('json', 'original_files'):
            (root / split / kind).mkdir(parents=True)
        for number in range(count):
            label, colour = list(COLOURS.items())[number % 2]
            stem = f'{split}_{number}'
            picture = Image.new('RGB', (32, 24), (200, 200, 200))
            picture.paste(colour, (4, 4, 20, 16))
            picture.save(root / split / 'original_files' / f'{stem}.png')
            box = {'id': f'b{number}', 'classification': label, 'attrs': [], 'data': [4, 4, 16, 12]}
            document = {'classification': {'bounding_box': [label]}, 'images': [{'bounding_box': [box]}]}
            (root / split / 'json' / f'{stem}.json').write_text(json.dumps(document), encoding='utf-8')
    return root


@pytest.fixture
def backend(home: Path, dm_v2: Path):
    """The embedded backend with the dataset ``shapes``."""
    from synapse_plugins import backends

    client = backends.open('local')
    client.import_dataset(dm_v2, 'shapes')
    return client


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Return a function that makes a plugin project: config.yaml and one module with its actions."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, 'path', list(sys.path))
    root = tmp_path / 'project'

    def make(code: str, **actions: str) -> Path:
        root.mkdir()
        listed = ''.join(f'  {name}: {{entrypoint: my_plugin.{cls}}}\n' for name, cls in actions.items())
        (root / 'config.yaml').write_text(f'name: mine\ncode: mine\nactions:\n{listed}', encoding='utf-8')
        (root / 'my_plugin.py').write_text(textwrap.dedent(code), encoding='utf-8')
        return root

    yield make
    for name in set(sys.modules) - before:
        if name == 'my_plugin':
            del sys.modules[name]
