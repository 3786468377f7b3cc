"""The tables of the page say what the formats do, and the reports say what the tables say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import formats
from synapse_plugins.datasets.options import options_of

if TYPE_CHECKING:
    from types import ModuleType

DOCS = Path(__file__).parents[2] / 'docs'
CLIPPED_AGAIN = (('yolo obb', 'yolo obb'), ('yolo obb', 'coco'))
"""Where the smallest box around corners that were clipped reaches out again, and comes back all the same."""


@pytest.fixture(scope='module')
def render() -> ModuleType:
    spec = importlib.util.spec_from_file_location('render_formats', DOCS / 'render_formats.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules['render_formats'] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def walked(render: ModuleType) -> Any:
    return render.walk()


def test_the_page_has_the_tables(render: ModuleType, walked: Any) -> None:
    page = (DOCS / 'formats.md').read_text('utf-8')
    assert render.text(*walked) in page, 'run: python docs/render_formats.py'


def test_nothing_is_silent(walked: Any) -> None:
    for found in walked:
        for what, one in found.items():
            if one.state == 'exact' and what[1:] not in CLIPPED_AGAIN:
                assert not [line for line in one.told if not line.startswith('noted')], what
            elif one.state != 'exact':
                assert one.told, what


def test_datamaker_formats_hold_everything(walked: Any) -> None:
    _, pairs = walked
    kinds = {kind for kind, _, _ in pairs}
    for kind in kinds:
        for own, other in (('dm_v1', 'dm_v2'), ('dm_v2', 'dm_v1'), ('dm_v1', 'dm_v1'), ('dm_v2', 'dm_v2')):
            assert pairs[kind, own, other].state == 'exact', (kind, own, other)


def test_every_format_holds_what_it_wrote(render: ModuleType, walked: Any) -> None:
    _, pairs = walked
    for (kind, own, other), found in pairs.items():
        if own == other and own != 'yolo obb':  # whose smallest box reaches out again
            assert found.state == 'exact', (kind, own, found.told)


def test_the_page_lists_the_options_of_the_formats(render: ModuleType) -> None:
    page = (DOCS / 'formats.md').read_text(encoding='utf-8')
    assert render.options_text() in page, 'run: python docs/render_formats.py'


@pytest.mark.parametrize('provider', formats.BUILTIN, ids=lambda provider: provider.name)
def test_every_option_says_what_it_takes_and_what_it_is_for(provider: Any) -> None:
    writer = formats.writer_of(provider.name)
    found = options_of(writer)
    assert [one.name for one in found if not (one.values and one.about)] == []
    declared = {one.name for cls in writer.__mro__ for one in vars(cls).get('options', ())}
    assert declared == {one.name for one in found}
