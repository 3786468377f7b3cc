"""Polygons whose lines cross are what they cover, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.crossing import _covered, size_of
from synapse_plugins.datasets.geometry import area

if TYPE_CHECKING:
    from pathlib import Path

BOW_TIE = [(10.0, 10.0), (50.0, 40.0), (50.0, 10.0), (10.0, 40.0)]
CORNERS = st.tuples(st.integers(0, 12), st.integers(0, 12))


@pytest.mark.parametrize(
    ('ring', 'expected'),
    [
        (BOW_TIE, 600),
        ([(x + 1e6, y - 1e6) for x, y in BOW_TIE], 600),
        ([(0, 0), (10, 10), (20, 20)], 0),
        ([(0, 0), (10, 0), (10, 10), (10, 0)], 0),
        ([(0, 0), (10, 0), (20, 0)], 0),
        ([(0, 0), (10, 0), (10, 10), (0, 10)], 100),
        ([(5, 5)], 0),
        ([], 0),
    ],
)
def test_what_a_ring_covers(ring: list[tuple[float, float]], expected: float) -> None:
    assert size_of(ring) == pytest.approx(expected, abs=1e-3)


@given(st.lists(CORNERS, min_size=3, max_size=9))
def test_it_is_what_the_rule_of_odd_crossings_fills(corners: list[tuple[int, int]]) -> None:
    ring = [(float(x), float(y)) for x, y in corners]
    steps = 25  # points to a pixel and direction that are looked at, between the corners
    places = (np.arange(12 * steps) + 0.5) / steps
    x, y = np.meshgrid(places, places)
    inside = np.zeros_like(x, np.bool_)
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    assert _covered(ring) == pytest.approx(inside.mean() * 144, abs=1.2)


@given(st.lists(CORNERS, min_size=3, max_size=9))
def test_it_is_never_less_than_none(corners: list[tuple[int, int]]) -> None:
    ring = [(float(x), float(y)) for x, y in corners]
    assert size_of(ring) >= area(ring) >= 0


@pytest.mark.parametrize(
    ('to', 'task'),
    [
        ('coco', None),
        ('pascal_voc', None),
        ('yolo', 'segment'),
        ('yolo', 'detect'),
        ('yolo', 'obb'),
    ],
)
def test_every_format_has_the_same_rule(to: str, task: str | None, make: Any, tmp_path: Path) -> None:
    tools = {
        'polygon': [make.polygon('x', *BOW_TIE), make.polygon('x', (1, 1), (9, 9), (20, 20))],
        'bounding_box': [make.box('x', 1, 1, 9, 9)],
    }
    source = make.dm(tmp_path / 'in', {'a.jpg': tools})
    report = convert(source, tmp_path / 'out', to=to, task=task).report
    dropped = [(one.kind, one.reason, one.count) for one in report.dropped]
    assert dropped == [('polygon', 'it has no area', 1)]


def test_coco_says_what_it_covers(make: Any, tmp_path: Path) -> None:
    source = make.dm(tmp_path / 'in', {'a.jpg': {'polygon': [make.polygon('x', *BOW_TIE)]}})
    convert(source, tmp_path / 'out', to='coco')
    text = (tmp_path / 'out/annotations/instances.json').read_text('utf-8')
    assert '"area":600' in text
