"""What an inspection says of the attributes of annotations."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins import datasets
from synapse_plugins.datasets.inspection import attributes
from synapse_plugins.datasets.inspection.attributes import Attributes
from synapse_plugins.datasets.sample import Annotation

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(['', 'a', '빨강'])
    | st.lists(st.just('x'))
)


def annotation(*pairs: tuple[Any, Any], tool: str = 'polygon') -> Annotation:
    return Annotation(tool, 'x', [], attrs=[{'name': name, 'value': value} for name, value in pairs])


def test_attributes_are_counted_with_their_values(tmp_path: Path, make: Any) -> None:
    def box(**attrs: Any) -> Any:
        return make.box('car', 1, 1, 9, 9, attrs=[{'name': n, 'value': v} for n, v in attrs.items()])

    boxes = [box(색='빨강', occluded=True), box(색='빨강', rotation=0.5), box(색='blue'), box()]
    root = make.dm(
        tmp_path / 'in', {'train/a.png': {'bounding_box': boxes}, 'valid/b.png': {'bounding_box': boxes}}
    )
    record = datasets.inspect(root)
    colour, occluded = record.attributes
    assert (colour.name, colour.annotations, colour.distinct, colour.others) == ('색', 6, 2, 0)
    assert colour.values == [('빨강', 4), ('blue', 2)]
    assert (occluded.name, occluded.values) == ('occluded', [('true', 2)])
    assert record.kinds['rotated_box'] == 2, 'the turn is no attribute'
    told = json.loads(json.dumps(record.to_dict()))['attributes'][0]
    assert told == {
        'name': '색', 'annotations': 6, 'values': [['빨강', 4], ['blue', 2]], 'others': 0, 'distinct': 2,
        'is_capped': False,
    }  # fmt: skip


@given(st.lists(st.lists(st.tuples(st.sampled_from(['a', 'b', 'c']), VALUES), max_size=4), max_size=30))
def test_nothing_is_lost_in_counting(annotations: list[list[tuple[str, Any]]]) -> None:
    counted = Attributes()
    for pairs in annotations:
        counted.add(annotation(*pairs))
    having = Counter(name for pairs in annotations for name in {name for name, _ in pairs})
    given = Counter(name for pairs in annotations for name, _ in pairs)
    figures = counted.figures()
    assert {one.name: one.annotations for one in figures} == having
    assert {one.name: one.others + sum(count for _, count in one.values) for one in figures} == given
    assert not any(one.is_capped for one in figures)
    assert [one.annotations for one in figures] == sorted(having.values(), reverse=True)


def test_memory_does_not_grow_with_values_and_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, 'MOST_NAMES', 3)
    monkeypatch.setattr(attributes, 'MOST_VALUES', 20)
    monkeypatch.setattr(attributes, 'MOST_PAIRS', 30)
    counted = Attributes()
    for number in range(100):
        counted.add(
            annotation(('id', number), ('id', number), ('text', 'x' * 5000 + str(number)), ('same', 1))
        )
        counted.add(annotation((f'name {number}', 1)))
    figures = {one.name: one for one in counted.figures()}
    assert list(figures) == ['id', 'same', 'text']
    assert counted.others == 100
    assert (figures['id'].annotations, figures['id'].distinct, figures['id'].is_capped) == (100, 20, True)
    assert figures['id'].others == 2 * 90
    assert figures['text'].values == [(f'{"x" * 100}…', 100)], 'the beginning tells long ones apart'
    assert figures['same'].values == [('1', 100)]
    many = Attributes()
    for number in range(100):
        many.add(annotation(('a', number), ('b', number), ('c', number)))
    assert sum(one.distinct for one in many.figures()) == 30


def test_odd_names_and_values_are_told_as_text() -> None:
    counted = Attributes()
    odd = Annotation(
        'bounding_box', 'x', [], attrs=[{}, {'name': 7}, {'name': '\udc80', 'value': {1, 2} - {2}}]
    )
    counted.add(odd)
    assert {one.name: one.values for one in counted.figures()} == {
        'null': [('null', 1)],
        '7': [('null', 1)],
        '\\udc80': [('{1}', 1)],
    }
