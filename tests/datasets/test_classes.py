"""Class maps and project configurations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets.classes import configured_classes, read_classes
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

LISTS = {'bounding_box': ['wbc', 'rbc'], 'polygon': ['rbc', ' cell '], 'keypoint': ['e\u0301ye']}
SCHEMAS = {
    tool: {'classification_schema': [{'code': name} for name in names]} for tool, names in LISTS.items()
}


@pytest.mark.parametrize('given', [LISTS, SCHEMAS, {'classification': SCHEMAS, 'other': 1}])
def test_both_shapes_give_the_same_classes(given: dict[str, Any], tmp_path: Path) -> None:
    assert configured_classes(given) == ['wbc', 'rbc', 'cell', '\u00e9ye']
    assert configured_classes(given, {'polygon'}) == ['rbc', 'cell']
    (tmp_path / 'classes.json').write_text(json.dumps(given), encoding='utf-8')
    assert read_classes(tmp_path) == ['wbc', 'rbc', 'cell', '\u00e9ye']


@pytest.mark.parametrize(
    'junk',
    [[], 'x', None, {'bounding_box': 5}, {'polygon': [1]}, {'polygon': {'classification_schema': ['x', {}]}}],
)
def test_what_is_no_configuration_is_refused(junk: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match='configuration'):
        configured_classes(junk)
    (tmp_path / 'classes.json').write_text(json.dumps(junk), encoding='utf-8')
    with pytest.raises(DatasetError, match='not a class map'):
        read_classes(tmp_path)
