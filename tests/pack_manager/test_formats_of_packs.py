"""Formats that packs bring are there for whoever reads the table, and a contested one names who contests it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from synapse_plugins import backends, datasets
from synapse_plugins.cli import main
from synapse_plugins.errors import PackConflictError, UnknownNameError
from synapse_plugins.packs import get_manager

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = """
    from pathlib import Path
    from synapse_plugins import hookimpl
    from synapse_plugins.datasets.formats.yolo import YoloWriter
    from synapse_plugins.datasets.formats.yolo_reader import YoloReader
    from synapse_plugins.providers import FormatProvider

    class LinesWriter(YoloWriter):
        def finish(self):
            (self.root / 'LINES').write_text('', encoding='utf-8')
            return super().finish()

    def detect(root):
        return None if (Path(root) / 'LINES').is_file() else 'it has no LINES'

    @hookimpl
    def synapse_register_formats(register):
        module = __name__
        register(FormatProvider(
            name='lines', reader=f'{module}:YoloReader', writer=f'{module}:LinesWriter', detect=f'{module}:detect'
        ))
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / 'source'
    for folder in ('json', 'original_files'):
        (root / folder).mkdir(parents=True)
    Image.new('RGB', (32, 24)).save(root / 'original_files' / 'a.png')
    box = {'id': 'b', 'classification': 'cat', 'attrs': [], 'data': [1, 2, 10, 8]}
    (root / 'json' / 'a.json').write_text(json.dumps({'images': [{'bounding_box': [box]}]}), encoding='utf-8')
    return root


def test_a_pack_s_format_is_there_without_asking_for_packs_first(
    install: Callable[..., None], source: Path, tmp_path: Path
) -> None:
    install('pack-one', LINES)
    datasets.convert(source, tmp_path / 'lines', to='lines')
    assert datasets.formats.get('lines').name == 'lines'
    with backends.open('local', home=tmp_path / 'home') as backend:
        version = backend.import_dataset(tmp_path / 'lines', 'pets', source_format='lines')
        assert (version['format'], version['classes']) == ('lines', ['cat'])
        assert (backend.export_dataset('pets', tmp_path / 'out', format='lines') / 'LINES').is_file()


def test_the_commands_know_it_too(
    install: Callable[..., None], source: Path, tmp_path: Path, home: Any
) -> None:
    install('pack-one', LINES)
    lines, out = str(tmp_path / 'lines'), str(tmp_path / 'out')
    assert main(['convert', str(source), lines, '--to', 'lines']) == 0
    get_manager.cache_clear()
    datasets.formats.discard('lines')
    assert main(['datasets', 'import', lines, '--name', 'pets', '--from', 'lines']) == 0
    assert main(['datasets', 'export', 'pets', out, '--to', 'lines']) == 0


def test_a_folder_is_recognised_by_a_pack(install: Callable[..., None], tmp_path: Path) -> None:
    install('pack-one', LINES)
    (tmp_path / 'lines').mkdir()
    (tmp_path / 'lines' / 'LINES').write_text('', encoding='utf-8')
    assert datasets.detect_format(tmp_path / 'lines') == 'lines'


@pytest.mark.usefixtures('home')
@pytest.mark.parametrize(
    'command',
    [
        ['convert', 'SOURCE', 'OUT', '--to', 'lines'],
        ['convert', 'SOURCE', 'OUT', '--to', 'yolo', '--from', 'lines'],
        ['datasets', 'import', 'SOURCE', '--name', 'pets', '--from', 'lines'],
        ['datasets', 'export', 'pets', 'OUT', '--to', 'lines'],
    ],
)
def test_a_contested_format_names_both(
    install: Callable[..., None],
    source: Path,
    tmp_path: Path,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(['datasets', 'import', str(source), '--name', 'pets']) == 0
    get_manager.cache_clear()
    install('pack-one', LINES)
    install('pack-two', LINES)
    places = {'SOURCE': str(source), 'OUT': str(tmp_path / 'out')}
    assert main([places.get(word, word) for word in command]) == 1
    told = ' '.join(capsys.readouterr().err.split())
    assert 'pack-one 1.0 and pack-two 1.0 claim one name' in told
    assert not (tmp_path / 'out').exists()


def test_the_error_is_that_of_the_packs(install: Callable[..., None]) -> None:
    install('pack-one', LINES)
    install('pack-two', LINES)
    with pytest.raises(PackConflictError):
        datasets.formats.get('lines')
    with pytest.raises(UnknownNameError):
        datasets.formats.get('line')


def test_a_pack_may_ask_for_a_format_while_it_is_loaded(install: Callable[..., None]) -> None:
    install(
        'pack-curious',
        """
        from synapse_plugins.datasets import formats
        from synapse_plugins.errors import UnknownNameError

        try:
            formats.get('lines')
        except UnknownNameError:
            asked = True
        """,
    )
    install('pack-one', LINES)
    assert datasets.formats.get('lines').name == 'lines'
