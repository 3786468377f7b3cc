"""Boxes of Pascal VOC are of whole pixels at least, for both of their ends lie inside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import Annotation, ImageFile, Report, convert, open_dataset
from synapse_plugins.datasets.shapes import Shaper

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 64, 48


def corners_of(root: Path) -> list[list[float]]:
    text = (root / 'Annotations/a.xml').read_text(encoding='utf-8')
    numbers = [float(one) for one in re.findall(r'<[xy]m(?:in|ax)>([^<]*)<', text)]
    return [numbers[place : place + 4] for place in range(0, len(numbers), 4)]


@pytest.mark.parametrize(
    ('box', 'read'),
    [
        ([20, 20, 0.5, 5], [19.75, 20, 1, 5]),
        ([20, 20, 5, 0.5], [20, 19.75, 5, 1]),
        ([0, 20, 0.5, 5], [0, 20, 1, 5]),
        ([63.75, 20, 9, 5], [63, 20, 1, 5]),
    ],
)
def test_a_box_narrower_than_a_pixel_becomes_a_pixel_wide(
    box: list[float], read: list[float], tmp_path: Path, make: Any
) -> None:
    source = make.dm(tmp_path / 'in', {'a.png': {'bounding_box': [make.box('cat', *box)]}})
    conversion = convert(source, tmp_path / 'out', to='pascal_voc')
    assert 'it was narrower than a pixel, and became a pixel wide' in {
        entry.reason for entry in conversion.report.changed
    }
    assert 'bounding_box' not in conversion.report.kept
    (sample,) = open_dataset(conversion.path)
    assert sample.annotations[0].data == pytest.approx(read)


@pytest.mark.parametrize(('tool', 'data'), [
    ('bounding_box', [10, 10, 1, 1]),
    ('bounding_box', [10, 10, 0.5, 0.5]),
    ('bounding_box', [63, 10, 9, 1]),
    ('segmentation', [[64 * 5 + 3, 1]]),
    ('polygon', [[3, 3], [4, 3], [4, 4]]),
])  # fmt: skip
def test_a_single_pixel_is_dropped_and_counted(tool: str, data: Any, tmp_path: Path, make: Any) -> None:
    tiny = {'id': 't', 'classification': 'cat', 'attrs': [], 'data': data}
    tools = {'bounding_box': [make.box('cat', 1, 1, 9, 9)]}
    tools.setdefault(tool, []).append(tiny)
    conversion = convert(make.dm(tmp_path / 'in', {'a.png': tools}), tmp_path / 'out', to='pascal_voc')
    assert [(entry.kind, entry.count) for entry in conversion.report.dropped] == [(tool, 1)]
    assert not conversion.report.changed
    assert corners_of(conversion.path) == [[2, 2, 10, 10]]


@given(
    st.lists(
        st.tuples(st.floats(-5, 70), st.floats(-5, 50), st.floats(0, 3), st.floats(0, 3)),
        min_size=1,
        max_size=9,
    )
)
def test_boxes_of_pixels_lie_in_the_picture_and_have_an_extent(
    boxes: list[tuple[float, float, float, float]],
) -> None:
    image = ImageFile('a.png', WIDTH, HEIGHT)
    for data in boxes:
        report = Report()
        found = Shaper(report, pixels=True).box(Annotation('bounding_box', 'x', list(data)), image, 'a')
        buckets = [bool(report.kept), bool(report.changed), bool(report.dropped)]
        assert buckets.count(True) == 1
        assert (found is None) == buckets[2]
        if found is None:
            continue
        left, top, right, bottom = found
        assert -1e-9 <= left <= right <= WIDTH
        assert -1e-9 <= top <= bottom <= HEIGHT
        assert min(right - left, bottom - top) > 1 - 1e-9
        assert max(right - left, bottom - top) > 1.0009
        if report.kept:
            x, y, width, height = data
            assert found == pytest.approx((x, y, x + width, y + height), abs=1.1e-3)


@given(
    boxes=st.lists(
        st.tuples(st.floats(0, 60), st.floats(0, 45), st.floats(0.01, 2), st.floats(0.01, 2)), max_size=6
    )
)
def test_the_ends_are_never_the_wrong_way_round(
    boxes: list[tuple[float, float, float, float]], tmp_path_factory: pytest.TempPathFactory, make: Any
) -> None:
    root = tmp_path_factory.mktemp('voc')
    items = [make.box('cat', *box) for box in [(1, 1, 9, 9), *boxes]]
    made = convert(make.dm(root / 'in', {'a.png': {'bounding_box': items}}), root / 'out', to='pascal_voc')
    written = corners_of(made.path)
    assert all(left <= right and top <= bottom for left, top, right, bottom in written)
    assert all((left, top) != (right, bottom) for left, top, right, bottom in written)
    (sample,) = open_dataset(made.path)
    assert all(min(one.data[2:]) > 1 - 1e-6 for one in sample.annotations)
