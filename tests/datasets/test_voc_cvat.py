"""What CVAT and the challenge itself put into a VOC file beside boxes: attributes, parts, the size of the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset
from synapse_plugins.datasets.declared import OTHER_SIZE

if TYPE_CHECKING:
    from pathlib import Path

BOX = '<bndbox><xmin>11</xmin><ymin>11</ymin><xmax>40</xmax><ymax>30</ymax></bndbox>'
SIZE = '<size><width>64</width><height>48</height></size>'


def attributes(**values: str) -> str:
    found = [
        f'<attribute><name>{name}</name><value>{value}</value></attribute>' for name, value in values.items()
    ]
    return f'<attributes>{"".join(found)}</attributes>'


def write(root: Path, make: Any, inner: str, size: str = SIZE) -> Path:
    make.picture(root / 'JPEGImages/a.png', (64, 48))
    (root / 'Annotations').mkdir()
    text = f'<annotation><filename>a.png</filename>{size}<object><name>cat</name>{BOX}{inner}</object></annotation>'
    (root / 'Annotations/a.xml').write_text(text, encoding='utf-8')
    return root


def test_attributes_of_cvat_are_read(tmp_path: Path, make: Any) -> None:
    inner = '<truncated>1</truncated>' + attributes(색='red', rotation='0.0', tracked='false')
    source = write(tmp_path / 'in', make, inner)
    (sample,) = open_dataset(source)
    assert [(attr['name'], attr['value']) for attr in sample.annotations[0].attrs] == [
        ('truncated', 1), ('색', 'red'), ('tracked', 'false'),
    ]  # fmt: skip
    conversion = convert(source, tmp_path / 'out', to='yolo')
    assert conversion.task == 'detect'
    assert [entry.reason for entry in conversion.report.dropped] == [
        f'yolo cannot hold {name!r}' for name in ('tracked', 'truncated', '색')
    ]


def test_a_rotation_of_cvat_is_in_degrees(tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', make, attributes(rotation='30.0'))
    (sample,) = open_dataset(source)
    assert sample.annotations[0].attrs == [{'name': 'rotation', 'value': pytest.approx(math.pi / 6)}]
    assert convert(source, tmp_path / 'out', to='yolo').task == 'obb'


@pytest.mark.parametrize('value', ['', 'left', 'nan', 'inf'])
def test_a_rotation_that_is_no_angle_stays_a_text(value: str, tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', make, attributes(rotation=value))
    (sample,) = open_dataset(source)
    assert sample.annotations[0].attrs == [{'name': 'rotation', 'value': value}]
    assert convert(source, tmp_path / 'out', to='yolo').task == 'detect'


def test_parts_are_counted(tmp_path: Path, make: Any) -> None:
    part = f'<part><name>head</name>{BOX}</part>'
    source = write(tmp_path / 'in', make, part * 2)
    report = convert(source, tmp_path / 'out', to='dm_v2').report
    assert report.kept['bounding_box'] == 1
    assert [(entry.kind, entry.count) for entry in report.dropped] == [('bounding_box', 2)]
    (source / 'JPEGImages/a.png').unlink()
    make.picture(source / 'JPEGImages/b.png', (64, 48))
    text = f'<annotation><object><name>cat</name>{BOX}</object></annotation>'
    (source / 'Annotations/b.xml').write_text(text, encoding='utf-8')
    report = convert(source, tmp_path / 'missing', to='dm_v2').report
    assert [(e.kind, e.count) for e in report.dropped if e.kind == 'bounding_box'] == [('bounding_box', 3)]


@pytest.mark.parametrize(
    ('size', 'noted'),
    [
        (SIZE, False),
        ('', False),
        ('<size><width>0</width><height>0</height></size>', False),
        ('<size><width>x</width></size>', False),
        ('<size><width>128</width><height>96</height></size>', True),
    ],
)
def test_a_size_that_the_picture_has_not_is_noted(size: str, noted: bool, tmp_path: Path, make: Any) -> None:
    report = convert(write(tmp_path / 'in', make, '', size), tmp_path / 'out', to='yolo').report
    assert [entry.reason for entry in report.noted] == ([OTHER_SIZE] if noted else [])


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-16', 'utf-16-le'])
def test_a_document_type_is_refused_in_any_encoding(encoding: str, tmp_path: Path, make: Any) -> None:
    source = write(tmp_path / 'in', make, '')
    text = (source / 'Annotations/a.xml').read_text(encoding='utf-8')
    make.picture(source / 'JPEGImages/b.png', (64, 48))
    entity = '<!DOCTYPE annotation [<!ENTITY a "cat">]>'
    (source / 'Annotations/b.xml').write_bytes((entity + text.replace('cat', '&a;')).encode(encoding))
    report = convert(source, tmp_path / 'out', to='dm_v2').report
    assert [(entry.kind, entry.count) for entry in report.quarantined] == [('annotation file', 1)]
