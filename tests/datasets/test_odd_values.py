"""Values that a JSON document may hold, though nobody means them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.encoded import encoded
from synapse_plugins.datasets.masks import Mask
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize('to', ['coco', 'dm_v1', 'dm_v2', 'yolo', 'pascal_voc'])
def test_deeply_nested_attributes_harm_nobody(to: str, make: Any, tmp_path: Path) -> None:
    value = nested(400)
    box = make.box('x', 1, 1, 9, 9, attrs=[{'name': 'deep', 'value': value}])
    source = make.dm(tmp_path / 'in', {'a.jpg': {'bounding_box': [box]}})
    conversion = convert(source, tmp_path / 'out', to=to)
    assert conversion.report.kept['bounding_box'] == 1
    if to.startswith(('coco', 'dm')):
        texts = [path.read_text('utf-8') for path in conversion.path.rglob('*.json')]
        assert any(json.dumps(value) in text for text in texts)


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(DatasetError, match='train/a: what it holds cannot be written as JSON'):
        encoded({'x': {1, 2}}, 'train/a')


@pytest.mark.parametrize(
    'data', [[1.5, 2], [[0, 2.5]], [float('nan')], [1e300], ['1', '2'], [True, False], [10**30], None, [None]]
)
def test_what_is_no_whole_number_is_no_pixel(data: Any) -> None:
    with pytest.raises(ValueError, match=r'whole numbers|list of pixels|neither'):
        Mask.from_dm(data, 8, 8)


def test_whole_numbers_are_pixels_however_they_are_written() -> None:
    mask, outside = Mask.from_dm([1.0, 2.0, 9.0], 8, 8)
    assert (mask.area, outside) == (3, 0)
    assert Mask.from_dm([], 8, 8)[0].area == 0
