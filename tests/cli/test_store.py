"""The commands that look after the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import backends
from synapse_plugins.cli import main
from synapse_plugins.testing import make_dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with backends.open(home=tmp_path / 'home') as backend:
        backend.import_dataset(make_dataset(tmp_path / 'data'), 'data')
    return tmp_path / 'home'


def call(capsys: pytest.CaptureFixture[str], *words: Any, code: int = 0) -> str:
    assert main([str(word) for word in words]) == code
    return capsys.readouterr().out


def test_show_gc_and_fsck(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert '6' in call(capsys, 'store', 'show', '--home', store)
    facts = json.loads(call(capsys, 'store', 'show', '--home', store, '--json'))
    assert facts['counts']['events'] == 6
    assert call(capsys, 'store', 'gc', '--home', store).startswith('Removed 0 files')
    assert 'Everything is as it was written.' in call(capsys, 'store', 'fsck', '--home', store)
    picture = next(path for path in (store / 'files').rglob('*.png') if path.is_file())
    picture.write_bytes(b'x')
    told = call(capsys, 'store', 'fsck', '--home', store, code=1)
    assert str(picture) in told
    assert 'Needed by dataset data@1' in told
    assert json.loads(call(capsys, 'store', 'fsck', '--home', store, '--json', code=1))['ok'] is False


def test_a_move_says_what_the_next_command_needs(
    cli: Callable[..., Any], home: Path, shapes: Path, tmp_path: Path
) -> None:
    assert cli('datasets', 'import', shapes, '--name', 'data').code == 0
    there = tmp_path / 'over there'
    lines = cli('store', 'move', there).out.splitlines()
    assert lines == [
        f'The store is in {there} now.',
        f"Name it from now on, with --home '{there}', or for all commands of a shell:",
        f"  export SYNAPSE_PLUGINS_HOME='{there}'",
        f'Without either, the next command begins a new and empty store in {home}.',
    ]


def test_move(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = call(capsys, 'store', 'move', tmp_path / 'there', '--home', store)
    assert f'SYNAPSE_PLUGINS_HOME={tmp_path / "there"}' in told
    assert 'empty store' not in told, 'it was not the one that commands use by themselves'
    assert not store.exists()
    assert (
        json.loads(call(capsys, 'datasets', 'list', '--home', tmp_path / 'there', '--json'))[0]['name']
        == 'data'
    )
