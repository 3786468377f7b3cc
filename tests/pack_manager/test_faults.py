"""Packs whose code fails: the user is told whose, and where, and nobody is told that it is a bug of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins import datasets
from synapse_plugins.cli import main
from synapse_plugins.datasets import stream
from synapse_plugins.errors import UnknownNameError
from synapse_plugins.packs import get_manager
from synapse_plugins.testing import make_dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTY = """
    import json
    from synapse_plugins import hookimpl
    from synapse_plugins.datasets.formats.dm_v2 import DmV2Reader, DmV2Writer
    from synapse_plugins.providers import FormatProvider

    class Reader(DmV2Reader):
        def read(self, unit):
            return undefined_name

    class Writer(DmV2Writer):
        def write(self, sample):
            json.loads('no json')

    @hookimpl
    def synapse_register_formats(register):
        module = __name__
        register(FormatProvider(name='faulty', reader=f'{module}:Reader', writer=f'{module}:Writer'))
"""


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return make_dataset(tmp_path / 'pets', 'dm_v2', 'detect')


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], home: Path) -> Callable[..., str]:
    """Return a function that calls the command line and returns its error in one line."""

    def call(*arguments: object) -> str:
        assert main([str(one) for one in arguments]) == 1
        return ' '.join(capsys.readouterr().err.split())

    return call


@pytest.mark.parametrize('workers', [1, 2])
def test_the_code_of_a_pack_that_fails_is_named_with_its_line(
    install: Callable[..., None],
    say: Callable[..., str],
    pets: Path,
    tmp_path: Path,
    workers: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install('pack-faulty', FAULTY)
    monkeypatch.setattr(stream, 'SMALL', 1)
    writing = ('convert', pets, tmp_path / 'out', '--to', 'faulty', '--workers', workers)
    reading = ('convert', pets, tmp_path / 'out', '--to', 'yolo', '--from', 'faulty', '--workers', workers)
    places = ('line 13, in Writer.write', 'line 9, in Reader.read')
    for command, told, place in zip(
        (writing, reading), ('JSONDecodeError', 'NameError'), places, strict=True
    ):
        said = say(*command)
        assert f"Error: The code of the pack 'pack' of pack-faulty 1.0 failed: {told}: " in said
        assert f'pack_faulty.py, {place}' in said
        assert 'Traceback' not in said
        assert 'bug' not in said
        assert 'Traceback' in say('--traceback', *command)
    assert 'NameError' in say('inspect', pets, '--from', 'faulty')
    assert not (tmp_path / 'out').exists()


def test_what_fails_in_our_code_is_a_bug_of_ours(
    install: Callable[..., None], say: Callable[..., str], pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install('pack-faulty', FAULTY)

    def fails(*_: Any) -> None:
        raise ValueError('ours')

    monkeypatch.setattr('synapse_plugins.datasets.formats.dm_v2.DmV2Reader.read', fails)
    monkeypatch.setitem(globals(), '__name__', 'synapse_plugins.tested')
    assert 'bug' in say('inspect', pets)


def test_a_pack_that_cannot_be_imported_is_named_where_its_format_is_missed(
    install: Callable[..., None], say: Callable[..., str], pets: Path, tmp_path: Path
) -> None:
    install('pack-faulty', f'{FAULTY}\n    undefined_name')
    said = say('convert', pets, tmp_path / 'out', '--to', 'faulty')
    assert "Unknown dataset format 'faulty'." in said
    assert "It may be of the pack 'pack' of pack-faulty 1.0, which cannot be used: NameError: name" in said
    assert 'pack_faulty.py, line 20, in <module>' in said
    with pytest.raises(UnknownNameError, match='pack-faulty'):
        datasets.formats.get('faulty')
    with pytest.raises(UnknownNameError, match='pack-faulty'):
        get_manager().action('faulty')
