"""What an earlier project brought leaves when the next one comes, and nothing else does."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.actions.importable import make_importable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Leave with no project at hand."""
    monkeypatch.setattr(sys, 'path', list(sys.path))
    yield
    make_importable(tmp_path / 'none')


def test_modules_of_one_name_come_from_the_project_at_hand(tmp_path: Path) -> None:
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'of_a_project.py').write_text(f'name = {name!r}', encoding='utf-8')
    for name in ('a', 'b', 'a'):
        make_importable(tmp_path / name)
        assert importlib.import_module('of_a_project').name == name


def test_what_is_installed_in_a_folder_of_the_project_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else half of a package would be imported anew, beside what other modules still hold of it."""
    site = tmp_path / 'a' / '.venv' / 'site-packages'
    site.mkdir(parents=True)
    (tmp_path / 'b').mkdir()
    (site / 'installed_thing.py').touch()
    monkeypatch.syspath_prepend(str(site))
    make_importable(tmp_path / 'a')
    thing = importlib.import_module('installed_thing')
    make_importable(tmp_path / 'b')
    assert importlib.import_module('installed_thing') is thing
    monkeypatch.delitem(sys.modules, 'installed_thing')
