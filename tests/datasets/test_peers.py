"""What other converters read of what we write.

They bring other versions of the same libraries, so they live in an environment of their own: point
``TEST_PEERS_PYTHON`` at its Python (``uv venv peers && uv pip install -p peers supervision datumaro``).
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

SUPERVISION = """
import json, sys
import supervision as sv
root, form = sys.argv[1:]
if form == 'coco':
    found = sv.DetectionDataset.from_coco(f'{root}/images/train', f'{root}/annotations/instances_train.json')
elif form == 'roboflow':
    found = sv.DetectionDataset.from_coco(f'{root}/train', f'{root}/train/_annotations.coco.json')
elif form == 'pascal_voc':
    found = sv.DetectionDataset.from_pascal_voc(f'{root}/JPEGImages', f'{root}/Annotations')
else:
    options = {'is_obb': True} if form == 'obb' else {}
    found = sv.DetectionDataset.from_yolo(
        f'{root}/train/images', f'{root}/train/labels', f'{root}/dataset.yaml', **options
    )
boxes = {}
for path, _, detections in found:
    name = path.replace('\\\\', '/').rpartition('/')[2]
    numbers = [] if detections.class_id is None else detections.class_id.tolist()
    boxes[name] = sorted(zip([found.classes[n] for n in numbers], detections.xyxy.tolist()))
print('FOUND' + json.dumps(boxes))
"""
DATUMARO = """
import json, sys, warnings
warnings.simplefilter('ignore')
import datumaro as dm
root, form = sys.argv[1:]
names = {'coco': 'coco_instances'}
found = dm.Dataset.import_from(root, names[form])
categories = found.categories()[dm.AnnotationType.label]
boxes = {}
for item in found:
    shown = []
    for one in item.annotations:
        is_whole = one.type == dm.AnnotationType.polygon or 'b' != item.id.rpartition('/')[2]
        if is_whole and one.type in (dm.AnnotationType.bbox, dm.AnnotationType.polygon):
            x, y, w, h = one.get_bbox()
            shown.append([categories[one.label].name, [x, y, x + w, y + h]])
    boxes[item.id.rpartition('/')[2]] = sorted(shown)
print('FOUND' + json.dumps(boxes))
"""


@pytest.fixture(scope='module')
def peers() -> str:
    python = os.environ.get('TEST_PEERS_PYTHON')
    if not python:
        pytest.skip('no TEST_PEERS_PYTHON: the Python of an environment with supervision and datumaro')
    return python


def read_by(python: str, script: str, root: Path, form: str) -> dict[str, Any]:
    done = subprocess.run(
        [python, '-c', script, str(root), form], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith('FOUND')]
    found: dict[str, Any] = json.loads(line.removeprefix('FOUND'))
    return found


@pytest.fixture
def source(tmp_path: Path, make: Any) -> Path:
    polygon = {'polygon': [make.polygon('dog', (5, 5), (40, 6), (20, 40))]}
    boxes = {'bounding_box': [make.box('고양이', 4, 6, 20, 10), make.box('dog', 30, 20, 12, 12)]}
    return make.dm(tmp_path / 'in', {'train/a.jpg': boxes, 'train/b.jpg': polygon, 'train/c.png': {}})


EXPECTED = {
    'a': [('dog', [30, 20, 42, 32]), ('고양이', [4, 6, 24, 16])],
    'b': [('dog', [5, 5, 40, 40])],
    'c': [],
}


def near(found: dict[str, Any], tolerance: float) -> None:
    assert {name.rpartition('.')[0] or name for name in found} == set(EXPECTED)
    for name, boxes in found.items():
        expected = EXPECTED[name.rpartition('.')[0] or name]
        assert [box[0] for box in boxes] == [label for label, _ in expected]
        for (_, ours), (_, theirs) in zip(expected, boxes, strict=True):
            assert theirs == pytest.approx(ours, abs=tolerance)


@pytest.mark.parametrize('form', ['coco', 'roboflow', 'pascal_voc', 'detect', 'segment'])
def test_supervision_reads_ours(form: str, peers: str, source: Path, tmp_path: Path) -> None:
    to, options = {'roboflow': ('coco', {'layout': 'roboflow'})}.get(form, (form, {}))
    if form in ('detect', 'segment'):
        to, options = 'yolo', {'task': form}
    convert(source, tmp_path / 'out', to=to, link='copy', **options)
    # it takes VOC's coordinates as they stand, and rounds those of yolo
    near(read_by(peers, SUPERVISION, tmp_path / 'out', form), 1.01)


def test_datumaro_reads_ours(peers: str, source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / 'out', to='coco', link='copy')
    near(read_by(peers, DATUMARO, tmp_path / 'out', 'coco'), 1.01)


def test_supervision_reads_the_blood_cells(peers: str, real_data: Path, tmp_path: Path) -> None:
    convert(real_data / 'bccd', tmp_path / 'out', to='coco', link='copy')
    found = read_by(peers, SUPERVISION, tmp_path / 'out', 'coco')
    ours = [sample for sample in open_dataset(tmp_path / 'out') if sample.split == 'train']
    assert {name: len(boxes) for name, boxes in found.items()} == {
        sample.image.name: len(sample.annotations) for sample in ours
    }
