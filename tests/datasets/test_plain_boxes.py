"""Most COCO records are boxes that say nothing else, and take a short way."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from synapse_plugins.datasets.formats.coco_records import annotations_of_record, plain_box
from synapse_plugins.datasets.report import Report

NAMES: dict[Any, str] = {1: 'cat', 2: '개'}
NUMBER = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, '1', 'x', '']))
RECORD = st.fixed_dictionaries(
    {},
    optional={
        'id': NUMBER,
        'image_id': NUMBER,
        'category_id': st.one_of(st.sampled_from([1, 2]), NUMBER),
        'bbox': st.one_of(st.none(), st.lists(st.one_of(st.floats(), st.integers(-5, 5)), max_size=5)),
        'area': NUMBER,
        'iscrowd': NUMBER,
        'segmentation': st.sampled_from(
            [None, [], [[]], {}, [[1, 1, 5, 1, 5, 5]], {'counts': [1], 'size': [1, 1]}]
        ),
        'score': NUMBER,
        'attributes': st.sampled_from([{}, {'a': 1}]),
        'rotation': st.sampled_from([0, 30.0]),
        'keypoints': st.sampled_from([[], [1, 1, 2]]),
    },
)


@given(RECORD)
@example({'id': 7, 'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 3, 4], 'area': 12, 'iscrowd': 0})
@example({'category_id': 2, 'bbox': [1, 2, 3, 4], 'segmentation': []})
@example({'category_id': [1]})
def test_the_short_way_leads_where_the_long_one_does(record: dict[str, Any]) -> None:
    found = plain_box(record, NAMES)
    if found is not None:
        report, marks = Report(), []
        name = NAMES[record['category_id']]
        (whole,) = annotations_of_record(record, 1, name, (), report, 'a', None, marks)
        assert repr(found) == repr(whole)
        assert (report.lines(), marks) == ([], [])


def test_plain_records_take_it() -> None:
    record = {'id': 7, 'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 3, 4], 'area': 12, 'iscrowd': 0}
    assert plain_box(record, NAMES) is not None
    assert plain_box({**record, 'segmentation': []}, NAMES) is not None
    assert plain_box({**record, 'category_id': 3}, NAMES) is None
    assert plain_box({**record, 'score': 0.5}, NAMES) is None
