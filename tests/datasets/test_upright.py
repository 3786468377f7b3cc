"""Rotated boxes where a format knows upright ones alone: the box around what is seen, and what the report says."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from math import pi
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.geometry import clip_box, extent, rotated
from synapse_plugins.datasets.report import Report
from synapse_plugins.datasets.sample import Annotation, ImageFile
from synapse_plugins.datasets.shapes import Shaper

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 64, 48
IMAGE = ImageFile('a.png', WIDTH, HEIGHT)
STEEP = pi / 2 - 0.1
TOLD = ('bounding_box', 'its rotation was lost, it became the upright box around it', 1)
CVAT = """<annotation><filename>a.jpg</filename><size><width>64</width><height>48</height></size><object><name>x</name>
<bndbox><xmin>16</xmin><ymin>20</ymin><xmax>45</xmax><ymax>27</ymax></bndbox>
<attributes><attribute><name>rotation</name><value>84.27042204869177</value></attribute></attributes>
</object></annotation>"""


def turned(make: Any, *data: float, angle: float = STEEP, **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = make.box('x', *data, attrs=[{'name': 'rotation', 'value': angle}], **more)
    return item


def annotation(*data: float, angle: float) -> Annotation:
    return Annotation('bounding_box', 'x', list(data), attrs=[{'name': 'rotation', 'value': angle}])


def changed(report: Report) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.reason, entry.count) for entry in report.changed]


def yolo_box(root: Path) -> list[float]:
    _, x, y, width, height, *_ = map(float, (root / 'labels/a.txt').read_text('utf-8').split())
    left, top = (x - width / 2) * WIDTH, (y - height / 2) * HEIGHT
    return [left, top, left + width * WIDTH, top + height * HEIGHT]


def voc_box(root: Path) -> list[float]:
    found = ET.parse(root / 'Annotations/a.xml').find('object/bndbox')
    assert found is not None
    left, top, right, bottom = (float(found.findtext(tag) or '') for tag in ('xmin', 'ymin', 'xmax', 'ymax'))
    return [left - 1, top - 1, right, bottom]


@pytest.fixture(params=['dm_v2', 'dm_v1', 'coco', 'obb', 'pascal_voc'])
def source(request: pytest.FixtureRequest, make: Any, tmp_path: Path) -> Path:
    """The box (15, 19), 30 wide and 8 high, turned to stand almost upright, as each format has it."""
    root: Path = make.dm(tmp_path / 'dm', {'a.jpg': {'bounding_box': [turned(make, 15, 19, 30, 8)]}})
    match request.param:
        case 'dm_v1' | 'coco':
            convert(root, tmp_path / 'in', to=request.param)
        case 'obb':
            convert(root, tmp_path / 'in', to='yolo', task='obb')
        case 'pascal_voc':
            make.picture(tmp_path / 'in/JPEGImages/a.jpg', (WIDTH, HEIGHT))
            (tmp_path / 'in/Annotations').mkdir()
            (tmp_path / 'in/Annotations/a.xml').write_text(CVAT, encoding='utf-8')
        case _:
            return root
    return tmp_path / 'in'


@pytest.mark.parametrize('to', ['detect', 'pascal_voc'])
def test_a_turned_box_becomes_the_box_around_it(source: Path, to: str, tmp_path: Path) -> None:
    form, task = ('yolo', to) if to == 'detect' else (to, None)
    conversion = convert(source, tmp_path / 'out', to=form, task=task)
    found = (yolo_box if to == 'detect' else voc_box)(tmp_path / 'out')
    assert found == pytest.approx(extent([rotated((15, 19, 45, 27), STEEP)]), abs=1e-4)
    assert found[3] - found[1] > 30
    assert changed(conversion.report) == [TOLD]
    assert not conversion.report.dropped


@pytest.mark.parametrize('has_joint', [True, False])
def test_so_does_the_box_of_a_pose(has_joint: bool, make: Any, tmp_path: Path) -> None:
    joint = {'id': 'j', 'classification': 'nose', 'attrs': [], 'data': [30, 20], 'group_id': 'g'}
    group: dict[str, Any] = {'group_id': 'g'} if has_joint else {}
    other = {**joint, 'id': 'k', 'group_id': 'h'}
    tools = {
        'a.jpg': {
            'bounding_box': [turned(make, 15, 19, 30, 8, **group)],
            'keypoint': [joint] if has_joint else [],
        },
        'b.jpg': {'bounding_box': [make.box('x', 1, 1, 40, 40, group_id='h')], 'keypoint': [other]},
    }
    make.dm(tmp_path / 'in', tools)
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='pose')
    around = extent([rotated((15, 19, 45, 27), STEEP)])
    assert yolo_box(tmp_path / 'out') == pytest.approx(around, abs=1e-4)
    assert TOLD in changed(conversion.report)


def test_what_is_clipped_is_the_box_around_it(make: Any, tmp_path: Path) -> None:
    inside, outside = turned(make, 10, 20, 40, 8), turned(make, -2, 20, 20, 4, angle=pi / 2)
    around = extent([rotated((10, 20, 50, 28), STEEP)])
    assert around[1] > 0
    assert around[3] < HEIGHT
    make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': [inside]}, 'b.jpg': {'bounding_box': [outside]}})
    conversion = convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task='detect')
    assert changed(conversion.report) == [(*TOLD[:2], 2)]  # its left side is out only before it is turned
    make.dm(tmp_path / 'low', {'a.jpg': {'bounding_box': [turned(make, 10, 36, 40, 8, angle=pi / 2)]}})
    conversion = convert(tmp_path / 'low', tmp_path / 'cut', to='yolo', task='detect')
    assert yolo_box(tmp_path / 'cut') == pytest.approx([26, 20, 34, 48], abs=1e-4)
    assert changed(conversion.report) == [('bounding_box', 'it was clipped to the image', 1), TOLD]
    report = Report()
    low = annotation(10, 36, 40, 8, angle=pi / 2)
    assert Shaper(report, bounds='drop').box(low, IMAGE, 'a') is None
    assert [entry.reason for entry in report.dropped] == ['it reaches out of the image']
    assert not report.changed


@given(
    st.floats(-80, 100),
    st.floats(-80, 100),
    st.floats(0.5, 90),
    st.floats(0.5, 90),
    st.floats(-7, 7).filter(bool),
)
def test_the_box_around_holds_every_corner_and_is_counted_once(
    x: float, y: float, width: float, height: float, angle: float
) -> None:
    report = Report()
    around = extent([rotated((x, y, x + width, y + height), angle)])
    found = Shaper(report).box(annotation(x, y, width, height, angle=angle), IMAGE, 'a')
    assert found == clip_box(around, WIDTH, HEIGHT)
    reasons = {reason for _, reason, _ in changed(report)}
    assert (TOLD[1] in reasons) is (found is not None)
    assert not report.kept


@pytest.mark.parametrize('data', [(10, 10, 20, 0), (10, 10, 0, 20), (30, 10, -20, 5), (10, 10, 20, 5e-4)])
def test_a_turned_box_without_area_gets_none(data: tuple[float, ...]) -> None:
    report = Report()
    assert Shaper(report).box(annotation(*data, angle=0.7), IMAGE, 'a') is None
    assert [entry.reason for entry in report.dropped] == ['it has no area']
    assert not report.changed


@pytest.mark.parametrize('way', ['box', 'corners', 'polygon'])
def test_one_too_large_to_be_turned_is_malformed(way: str) -> None:
    report = Report()
    huge = annotation(1e308, 1e308, 5e307, 5e307, angle=0.7)
    assert getattr(Shaper(report), way)(huge, IMAGE, 'a') is None
    assert [entry.reason for entry in report.dropped] == ['its data is malformed']
