"""Formats and folders that are not what a person took them for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(('given', 'right'), [('voc', 'pascal_voc'), ('YOLO', 'yolo'), ('dm', 'dm_v1')])
def test_a_format_by_another_name_is_told_its_own(
    cli: Callable[..., Any], shapes: Path, tmp_path: Path, given: str, right: str
) -> None:
    assert f'Did you mean {right!r}' in cli('convert', shapes, tmp_path / 'out', '--to', given).paragraph


@pytest.mark.parametrize('command', ['convert', 'import', 'inspect'])
def test_a_folder_of_no_format_gets_one_reason_a_line(
    cli: Callable[..., Any], tmp_path: Path, command: str
) -> None:
    root = tmp_path / 'export'
    (root / 'obj_train_data').mkdir(parents=True)
    Image.new('RGB', (32, 24)).save(root / 'obj_train_data' / 'a.jpg')
    (root / 'obj_train_data' / 'a.txt').write_text('0 0.5 0.5 0.2 0.2\n', encoding='utf-8')
    (root / 'obj.names').write_text('ball\n', encoding='utf-8')
    calls = {
        'convert': ('convert', root, tmp_path / 'out', '--to', 'yolo'),
        'import': ('datasets', 'import', root, '--name', 'mine'),
        'inspect': ('inspect', root),
    }
    lines = cli(*calls[command]).paragraph.splitlines()
    assert 'looks like a dataset of Darknet (obj.names' in lines[0]
    assert len([line for line in lines if line.startswith('- not ')]) >= 6
    assert lines[-1].endswith('(--from).')
