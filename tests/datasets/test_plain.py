"""The short way for what there is nothing to say about, against the long way that all else takes."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.formats.yolo import YoloWriter
from synapse_plugins.datasets.formats.yolo_lines import LINES
from synapse_plugins.datasets.geometry import EPSILON, area, plain_box, plain_ring, read_ring
from synapse_plugins.datasets.report import Report
from synapse_plugins.datasets.sample import Annotation, ImageFile, Sample
from synapse_plugins.datasets.shapes import Shaper
from synapse_plugins.datasets.skeletons import PERSON_17

IMAGE = ImageFile('a.jpg', 64, 48)
NUMBERS = st.one_of(
    st.floats(-80, 80), st.integers(-80, 80), st.sampled_from([0, 64, 48, 1e-4, nan, inf, -inf])
)
ODD = st.one_of(st.none(), st.booleans(), st.text(max_size=3), st.lists(NUMBERS, max_size=5))


@given(
    st.one_of(st.lists(NUMBERS, min_size=4, max_size=4), st.lists(st.one_of(NUMBERS, ODD), max_size=5), ODD)
)
def test_a_plain_box_is_what_the_long_way_keeps_as_it_is(data: Any) -> None:
    report = Report()
    box = Shaper(report).box(Annotation('bounding_box', 'x', data), IMAGE, 'a')
    plain = plain_box(data, IMAGE.width, IMAGE.height)
    if plain is not None:
        assert plain == box
        assert report.kept == {'bounding_box': 1}
    elif report.kept:  # what is no more than rounding outside
        assert not (data[0] >= 0 and data[1] >= 0 and data[0] + data[2] <= 64 and data[1] + data[3] <= 48)


POINTS = st.one_of(st.tuples(NUMBERS, NUMBERS).map(list), st.lists(st.one_of(NUMBERS, ODD), max_size=3))


@given(st.one_of(st.lists(POINTS, max_size=8), ODD))
def test_a_plain_ring_is_one_that_the_long_way_keeps_as_it_is(data: Any) -> None:
    plain = plain_ring(data, IMAGE.width, IMAGE.height)
    report = Report()
    found = Shaper(report).polygon(Annotation('polygon', 'x', data), IMAGE, 'a')
    if plain is not None:
        assert found is not None
        assert found[0] == [list(zip(*plain, strict=True))]
        assert report.kept == {'polygon': 1}


@pytest.mark.parametrize('far', [0, 60000])
def test_a_ring_without_area_is_not_plain_however_far_it_is_from_the_origin(far: int) -> None:
    line = [[far + 0.1 * step, far + 0.3 * step] for step in range(50)]
    assert area(read_ring(line)) <= EPSILON
    assert plain_ring(line, 65535, 65535) is None
    assert plain_ring([[far, far], [far + 3, far], [far, far + 3]], 65535, 65535) is not None


@pytest.mark.parametrize('huge', [10**400, -(10**400)], ids=['large', 'small'])
def test_a_number_too_large_for_a_float_is_malformed(huge: int) -> None:
    for tool, data in (
        ('bounding_box', [0.5, 1, huge, 5]),
        ('bounding_box', [0.5, 1, 5, huge]),
        ('polygon', [[1, nan], [0.5, huge], [30, 30]]),
        ('polygon', [[0.5, 1], [30, huge], [30, 30]]),
    ):
        for task in ('detect', 'segment', 'obb', 'pose'):
            found, report = lines(task, Annotation(tool, 'x', data))
            assert not found
            assert sum(entry.count for entry in report.dropped) == 1


@pytest.mark.parametrize('kind', ['float32', 'float64', 'int32', 'uint8'])
def test_numbers_of_numpy_are_printed_as_others(kind: str) -> None:
    box, ring = [8, 12, 16, 24], [[8, 4], [40, 4], [40, 30], [8, 30]]
    for task in ('detect', 'segment', 'obb', 'pose'):
        for tool, data in (('bounding_box', box), ('polygon', ring)):
            as_array = Annotation(tool, 'x', np.array(data, dtype=kind))
            expected, counted = lines(task, Annotation(tool, 'x', data))
            found, report = lines(task, as_array)
            assert found == expected
            assert report.to_dict() == counted.to_dict()


def test_a_joint_at_minus_nothing_has_no_sign() -> None:
    box = Annotation('bounding_box', 'x', [0, 0, 5, 5], extra={'group_id': 1})
    nose = Annotation('keypoint', 'nose', [-0.0, -0.0], extra={'group_id': 1})
    found, _ = lines('pose', box, nose)
    assert b'-' not in found[0]


def lines(task: str, *annotations: Annotation) -> tuple[list[bytes], Report]:
    report = Report()
    writer = YoloWriter(
        Path('out'), classes=['x'], splits=[None], task=task, link='copy', report=report, skeleton=PERSON_17
    )
    maker = LINES[task](writer, parts='bridge', skeleton=PERSON_17, tolerance=1.0)
    return maker.of(Sample('a', None, IMAGE, list(annotations))), report
