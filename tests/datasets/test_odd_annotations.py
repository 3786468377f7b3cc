"""Annotations with any data whatever: they are counted, opened and drawn without harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from synapse_plugins.datasets import Annotation, ImageFile, LabelledImage, Report, Sample
from synapse_plugins.datasets.inspection.tally import Tally
from synapse_plugins.datasets.preview import Lettering, Painter

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = (
    'bounding_box',
    'polygon',
    'polyline',
    'keypoint',
    'segmentation',
    'classification',
    'group',
    'relation',
    'prompt',
)

numbers = st.one_of(
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.floats(-100, 300),
    st.integers(-100, 300),
    st.sampled_from((0, -1, 1e308, -1e308, 5e-324)),
)
scalars = st.one_of(numbers, st.none(), st.booleans(), st.text(max_size=3))
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
data = st.one_of(
    anything,
    st.lists(numbers, min_size=4, max_size=4),
    st.lists(numbers, min_size=2, max_size=2),
    st.lists(st.lists(numbers, min_size=2, max_size=2), max_size=8),
)
extras = st.fixed_dictionaries({}, optional={'group_id': scalars, 'visibility': scalars, 'parts': anything})
turns = st.one_of(st.just([]), st.builds(lambda value: [{'name': 'rotation', 'value': value}], scalars))
annotations = st.builds(
    Annotation,
    st.sampled_from(TOOLS),
    st.one_of(st.none(), st.text(max_size=4)),
    data,
    id=st.one_of(st.none(), st.text(max_size=2)),
    attrs=turns,
    extra=extras,
)


@pytest.fixture(scope='module')
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('odd') / 'a.png'
    with Image.new('RGB', (40, 30), (90, 90, 90)) as image:
        image.save(path)
    return path


@given(items=st.lists(annotations, max_size=6))
def test_any_annotation_is_counted_opened_and_drawn(items: list[Annotation], picture: Path) -> None:
    sample = Sample('train/a', 'train', ImageFile(picture, 40, 30, 'a.png'), items)
    tally = Tally(['train'])
    tally.add(sample)
    assert tally.splits['train'].annotations == len(items) == tally.kinds.total()
    areas = sum(item.tool in {'bounding_box', 'polygon', 'segmentation'} for item in items)
    assert tally.usable + tally.skipped_annotations.total() == areas
    image = LabelledImage(sample, {}, Report())
    rows = len(image.tools)
    assert image.boxes.shape == (rows, 4)
    assert image.corners.shape == (rows, 4, 2)
    assert np.isfinite(image.boxes).all()
    assert all(mask.shape == (30, 40) for mask in image.masks)
    assert all(pose.points.shape == (len(pose.names), 2) for pose in image.poses)
    painted: Any = Painter(['a'], Lettering([])).paint(sample, (80, 80))
    assert painted.size == (80, 60)
