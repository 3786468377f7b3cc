"""``inspect`` on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_figures_are_printed(cli: Callable[..., Any], shapes: Path) -> None:
    done = cli('inspect', shapes)
    assert done.code == 0
    assert 'dm_v2, 10 images' in done.out
    assert 'circle' in done.out
    assert 'A trainer would use 10 images' in done.out
    assert done.err == ''


def test_one_json_document(cli: Callable[..., Any], shapes: Path) -> None:
    document = cli('inspect', shapes, '--from', 'dm_v2', '--verify', '--json').json
    assert document['images'] == 10
    assert [figures['name'] for figures in document['classes']] == ['circle', 'square', 'triangle']


def test_a_folder_that_is_no_dataset(cli: Callable[..., Any], tmp_path: Path) -> None:
    assert 'no dataset of a known format' in cli('inspect', tmp_path).paragraph
