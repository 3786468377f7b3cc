"""A dataset opened as arrays, inspected, and converted."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt

from synapse_plugins import datasets
from synapse_plugins.datasets import (
    Annotation,
    Conversion,
    Dataset,
    Inspection,
    LabelledImage,
    LabelledPose,
    Sample,
)

opened = datasets.open('my-dataset')
assert_type(opened, Dataset)
assert_type(opened.classes, list[str])
assert_type(opened.splits, list[str | None])

for image in opened:
    assert_type(image, LabelledImage)
    assert_type(image.boxes, npt.NDArray[np.float64])
    assert_type(image.corners, npt.NDArray[np.float64])
    assert_type(image.class_ids, npt.NDArray[np.int64])
    assert_type(image.labels, list[str | None])
    assert_type(image.polygons, list[npt.NDArray[np.float64]])
    assert_type(image.masks, list[npt.NDArray[np.bool_]])
    assert_type(image.pixels(), npt.NDArray[np.uint8])
    assert_type(image.path, Path)
    assert_type(image.annotations, list[Annotation])
    assert_type(image.sample, Sample)
    for pose in image.poses:
        assert_type(pose, LabelledPose)
        assert_type(pose.points, npt.NDArray[np.float64])

record = datasets.inspect('my-dataset', preview='sheet.png', report=Path('page.html'))
assert_type(record, Inspection)
for finding in record.findings:
    assert_type(finding.count, int)
    assert_type(finding.examples, list[str])
leak = record.finding('leak')
leak.count  # type: ignore[union-attr]

assert_type(datasets.convert('my-dataset', 'out', to='yolo'), Conversion)
datasets.open(3)  # type: ignore[arg-type]
