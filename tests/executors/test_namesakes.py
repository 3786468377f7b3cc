"""A name that is both a stored dataset and a folder here: which of them a run takes, and what it says of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

import synapse_plugins
from synapse_plugins.executors import plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTION = """
    from pydantic import BaseModel
    from synapse_plugins import BaseAction

    class Params(BaseModel):
        dataset: int

    class Look(BaseAction[Params]):
        def execute(self):
            return {'version': self.params.dataset}
"""


@pytest.fixture
def look(plugin: Callable[..., Path], dm_v2: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return a function that runs on a dataset and returns what it was, and what was said; beside ``shapes``."""
    root = plugin(ACTION, look='Look')
    monkeypatch.chdir(dm_v2.parent)

    def run(dataset: str) -> tuple[str, str]:
        planned = plan('look', plugin=root, dataset=dataset).notes
        said: list[str] = []
        logger = type('Logger', (), {'emit': lambda _, record: said.append(str(record))})()
        result = synapse_plugins.run('look', plugin=root, dataset=dataset, loggers=[logger])
        assert result.dataset is not None
        assert result.output['version'] == result.dataset['id']
        told = '\n'.join(said)
        assert bool(planned) == ('shapes' in told)
        return f'{result.dataset["name"]}@{result.dataset["version"]}', told

    return run


def change(folder: Path) -> None:
    (folder / 'train' / 'json' / 'train_0.json').write_text('{"images": [{}]}', encoding='utf-8')


def test_a_folder_says_that_it_is_registered_and_its_name_is_the_folder_from_then_on(
    home: Path, look: Callable[[str], Any], dm_v2: Path
) -> None:
    called, said = look('shapes')
    assert called == 'shapes@1'
    assert f'The folder {dm_v2} is now registered in place as the dataset shapes@1: 8 pictures' in said
    assert look('shapes') == ('shapes@1', '')
    change(dm_v2)
    called, said = look('shapes')
    assert called == 'shapes@2'
    assert 'has changed since it was shapes@1, and is now registered in place as the dataset shapes@2' in said
    assert look('shapes@1') == ('shapes@1', '')
    assert look('./shapes') == ('shapes@2', '')


def test_elsewhere_a_folder_that_has_changed_is_told_of(
    look: Callable[[str], Any], home: Path, dm_v2: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    look('shapes')
    (tmp_path / 'elsewhere').mkdir()
    monkeypatch.chdir(tmp_path / 'elsewhere')
    assert look('shapes') == ('shapes@1', '')
    change(dm_v2)
    called, said = look('shapes')
    assert called == 'shapes@1'
    assert 'It has changed since' in said
    assert f'say {dm_v2}.' in said
    (tmp_path / 'elsewhere' / 'shapes').mkdir()
    assert f'from {dm_v2}), not the folder ./shapes' in look('shapes')[1]
    shutil.rmtree(tmp_path / 'elsewhere' / 'shapes')


def test_what_was_imported_is_stored_and_a_folder_that_has_changed_since_is_told_of(
    backend: Any, look: Callable[[str], Any], dm_v2: Path
) -> None:
    assert look('shapes') == ('shapes@1', '')
    change(dm_v2)
    called, said = look('shapes')
    assert called == 'shapes@1'
    assert 'shapes is the stored dataset shapes@1, imported' in said
    assert 'has changed since' in said
    assert 'say ./shapes' in said
