"""What others make of what we write."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from math import cos, sin
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# In a process of its own: ultralytics changes the environment and writes settings. In one: it takes seconds to import.
ULTRALYTICS = """
import json, os, sys
os.environ.update(YOLO_CONFIG_DIR=sys.argv[1], YOLO_OFFLINE='true', YOLO_AUTOINSTALL='false', YOLO_VERBOSE='false')
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset

def read(config, task):
    data = check_det_dataset(config, autodownload=False)
    found = {'names': data['names']}
    for split in ('train', 'val', 'test'):
        if not data.get(split):
            continue
        dataset = YOLODataset(img_path=data[split], data=data, task=task, imgsz=64, augment=False)
        cache = dataset.get_labels()
        found[split] = {
            os.path.basename(label['im_file']): [
                label['shape'],
                label['cls'].ravel().tolist(),
                label['bboxes'].tolist(),
                [segment.tolist() for segment in label['segments']],
                label['keypoints'].tolist() if label['keypoints'] is not None else None,
            ]
            for label in cache
        }
        dataset[0]  # changes the labels
    return found

for line in sys.stdin:
    print('FOUND' + json.dumps(read(*json.loads(line))), flush=True)
"""


@pytest.fixture(scope='module')
def by_ultralytics(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Path, str], dict[str, Any]]]:
    """Return a function that tells what ultralytics finds in a dataset: ``by_ultralytics(config, task)``."""
    command = [sys.executable, '-c', ULTRALYTICS, str(tmp_path_factory.mktemp('ultralytics'))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8'
    ) as process:

        def read(config: Path, task: str) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([str(config), task]) + '\n')
            process.stdin.flush()
            said: list[str] = []
            while not (line := process.stdout.readline()).startswith('FOUND'):
                assert line, ''.join(said)[-3000:]
                said.append(line)
            for words in ('corrupt', 'WARNING', 'duplicate'):
                assert words not in ''.join(said)
            found: dict[str, Any] = json.loads(line.removeprefix('FOUND'))
            return found

        yield read


@pytest.fixture
def shapes(tmp_path: Path, make: Any) -> Path:
    """Three classes in Hangul and other scripts; a turned picture, an empty one, shapes that cross the border."""
    root = make.dm(
        tmp_path / 'in',
        {
            'train/사진 하나.jpg': {
                'bounding_box': [make.box('지게차', 4, 6, 20, 10), make.box('사람', -10, 20, 30, 100)],
                'polygon': [make.polygon('é', (5, 5), (60, 8), (30, 90))],
                'segmentation': [
                    {
                        'id': 's',
                        'classification': 'é',
                        'attrs': [],
                        'data': [[64 * 20 + 5, 10], [64 * 21 + 5, 9]],
                    }
                ],
            },
            'train/PNG.PNG': {'bounding_box': [make.box('사람', 0, 0, 64, 48)]},
            'train/empty.bmp': {},
            'valid/turned.jpg': {'bounding_box': [make.box('사람', 10, 40, 10, 20)]},
            'test/c.webp': {'bounding_box': [make.box('지게차', 1, 1, 2, 2)]},
        },
    )
    make.picture(root / 'valid/original_files/turned.jpg', (64, 48), orientation=6)
    return root


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_ultralytics_reads_boxes(by_ultralytics: Any, shapes: Path, tmp_path: Path) -> None:
    conversion = convert(shapes, tmp_path / '출력', to='yolo', task='detect')
    found = by_ultralytics(tmp_path / '출력' / 'dataset.yaml', 'detect')
    assert found['names'] == {'0': 'é', '1': '사람', '2': '지게차'}
    assert conversion.classes == ['é', '사람', '지게차']
    assert set(found['train']) == {'사진 하나.jpg', 'PNG.PNG', 'empty.bmp'}
    shape, numbers, boxes, *_ = found['train']['사진 하나.jpg']
    assert (shape, numbers) == ([48, 64], [2, 1, 0, 0])
    assert boxes[0] == pytest.approx([14 / 64, 11 / 48, 20 / 64, 10 / 48], abs=1e-6)
    assert boxes[1] == pytest.approx([10 / 64, 34 / 48, 20 / 64, 28 / 48], abs=1e-6)
    assert found['train']['empty.bmp'][1] == []
    shape, _, boxes, *_ = found['val']['turned.jpg']
    assert shape == [64, 48]
    assert boxes[0] == pytest.approx([15 / 48, 50 / 64, 10 / 48, 20 / 64], abs=1e-6)
    assert set(found['test']) == {'c.webp'}


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_ultralytics_reads_polygons(by_ultralytics: Any, shapes: Path, tmp_path: Path) -> None:
    convert(shapes, tmp_path / 'out', to='yolo', task='segment')
    found = by_ultralytics(tmp_path / 'out' / 'dataset.yaml', 'segment')
    _, numbers, boxes, segments, _ = found['train']['사진 하나.jpg']
    assert numbers == [2, 1, 0, 0]
    assert len(segments) == 4
    assert boxes[3] == pytest.approx([10 / 64, 21 / 48, 10 / 64, 2 / 48], abs=1e-6)


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
@pytest.mark.parametrize('task', ['pose', 'obb'])
def test_ultralytics_reads_poses_and_rotated_boxes(
    by_ultralytics: Any, task: str, tmp_path: Path, make: Any
) -> None:
    def joint(label: str, x: float, y: float, group: str) -> dict[str, Any]:
        return {'classification': label, 'data': [x, y], 'group_id': group, 'visibility': 2}

    turned = {
        **make.box('사람', 4, 6, 20, 10),
        'attrs': [{'name': 'rotation', 'value': 0.4}],
        'group_id': 'g',
    }
    outside = {
        **make.box('사람', 50, 30, 20, 10),
        'attrs': [{'name': 'rotation', 'value': 1.0}],
        'group_id': 'h',
    }
    tools = {'bounding_box': [turned, outside]}
    if task == 'pose':
        tools['keypoint'] = [
            joint('nose', 5, 8, 'g'),
            joint('tail', 64, 47, 'h'),
            joint('tail', 200, 40, 'g'),
            joint('nose', 30, 30, 'i'),
        ]
    empty: dict[str, Any] = {}
    make.dm(tmp_path / 'in', {'train/a.jpg': tools, 'train/b.jpg': empty, 'valid/c.jpg': tools})
    convert(tmp_path / 'in', tmp_path / 'out', to='yolo', task=task)
    found = by_ultralytics(tmp_path / 'out' / 'dataset.yaml', task)
    shape, numbers, boxes, segments, keypoints = found['train']['a.jpg']
    assert shape == [48, 64]
    if task == 'pose':
        assert numbers == [0, 0, 0]
        width, height = 20 * cos(0.4) + 10 * sin(0.4), 20 * sin(0.4) + 10 * cos(0.4)
        assert boxes[0] == pytest.approx([14 / 64, 11 / 48, width / 64, height / 48], abs=1e-6)
        assert keypoints[0] == [pytest.approx([5 / 64, 8 / 48, 2], abs=1e-6), [0, 0, 0]]
        assert keypoints[1][1] == pytest.approx([1, 47 / 48, 2], abs=1e-6)
        assert boxes[2] == pytest.approx([30 / 64, 30 / 48, 1 / 64, 1 / 48], abs=1e-6)
    else:
        assert numbers == [0, 0]
        corners = [[x * 64, y * 48] for x, y in segments[0]]
        assert len(corners) == 4
        assert sum(x for x, _ in corners) / 4 == pytest.approx(14, abs=1e-4)
    assert found['train']['b.jpg'][1] == []


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_ultralytics_reads_folders_of_classes(tmp_path: Path, make: Any) -> None:
    samples = {
        f'{split}/{number}.jpg': {'classification': [{'classification': label, 'data': {}}]}
        for split in ('train', 'valid')
        for number, label in enumerate(('고양이', 'a/b', 'dog'))
    }
    convert(make.dm(tmp_path / 'in', samples), tmp_path / 'out', to='yolo', task='classify')
    script = (
        'import json, os, sys\n'
        "os.environ.update(YOLO_CONFIG_DIR=sys.argv[2], YOLO_OFFLINE='true', YOLO_AUTOINSTALL='false')\n"
        'from ultralytics.cfg import get_cfg\n'
        'from ultralytics.data.dataset import ClassificationDataset\n'
        'from ultralytics.data.utils import check_cls_dataset\n'
        'data = check_cls_dataset(sys.argv[1])\n'
        "found = [list(data['names'].values())]\n"
        "for split in ('train', 'val'):\n"
        '    samples = ClassificationDataset(str(data[split]), get_cfg(), prefix=split).samples\n'
        '    found.append([[os.path.basename(sample[0]), sample[1]] for sample in samples])\n'
        "print('FOUND' + json.dumps(found))\n"
    )
    command = [sys.executable, '-c', script, str(tmp_path / 'out'), str(tmp_path / 'config')]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250, encoding='utf-8')
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'WARNING' not in done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith('FOUND')]
    pictures = [['1.jpg', 0], ['2.jpg', 1], ['0.jpg', 2]]
    assert json.loads(line.removeprefix('FOUND')) == [['a%2Fb', 'dog', '고양이'], pictures, pictures]


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_ultralytics_reads_the_blood_cells(by_ultralytics: Any, real_data: Path, tmp_path: Path) -> None:
    convert(real_data / 'bccd', tmp_path / 'out', to='yolo')
    before = sum(len(numbers) for numbers in labels(tmp_path / 'out').values())
    found = by_ultralytics(tmp_path / 'out' / 'dataset.yaml', 'detect')
    assert [len(found[split]) for split in ('train', 'val', 'test')] == [205, 87, 72]
    read = sum(len(label[1]) for split in ('train', 'val', 'test') for label in found[split].values())
    assert read == before == 4886


def labels(root: Path) -> dict[str, list[str]]:
    return {path.stem: path.read_text('utf-8').splitlines() for path in root.glob('*/labels/*.txt')}


@pytest.mark.filterwarnings(
    'ignore:__array__ implementation:DeprecationWarning'
)  # of pycocotools under numpy 2
def test_pycocotools_reads_coco(shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco = pytest.importorskip('pycocotools.coco')
    convert(shapes, tmp_path / 'out', to='coco')
    found = coco.COCO(str(tmp_path / 'out/annotations/instances_train.json'))
    assert [found.cats[number]['name'] for number in found.getCatIds()] == ['é', '사람', '지게차']
    assert [record['file_name'] for record in found.loadImgs(found.getImgIds())] == [
        'PNG.PNG',
        'empty.bmp',
        '사진 하나.jpg',
    ]
    for record in found.loadAnns(found.getAnnIds()):
        assert record['iscrowd'] == 0
        if record['segmentation']:
            mask = found.annToMask(record)
            assert mask.shape == (48, 64)
            assert mask.sum() == pytest.approx(record['area'], rel=0.1)
    (mask,) = [a for a in found.loadAnns(found.getAnnIds()) if isinstance(a['segmentation'], dict)]
    assert (mask['area'], mask['bbox']) == (19, [5, 20, 10, 2])
    assert capsys.readouterr().out  # it prints how long it took


@pytest.mark.filterwarnings('ignore:__array__ implementation:DeprecationWarning')
@pytest.mark.parametrize('layout', ['coco', 'roboflow'])
def test_pycocotools_scores_perfect_poses(layout: str, tmp_path: Path, make: Any) -> None:
    coco = pytest.importorskip('pycocotools.coco')
    cocoeval = pytest.importorskip('pycocotools.cocoeval')
    from synapse_plugins.datasets.skeletons import PERSON_17

    joints = [
        {
            'id': name,
            'classification': name,
            'data': [5 + 2 * place, 40 - place],
            'group_id': 'g',
            'visibility': 2,
        }
        for place, name in enumerate(PERSON_17.joints)
    ]
    tools = {'keypoint': joints, 'bounding_box': [{**make.box('person', 2, 2, 50, 44), 'group_id': 'g'}]}
    make.dm(tmp_path / 'in', {'train/a.jpg': tools})
    convert(tmp_path / 'in', tmp_path / 'out', to='coco', layout=layout)
    name = 'annotations/person_keypoints_train.json' if layout == 'coco' else 'train/_annotations.coco.json'
    truth = coco.COCO(str(tmp_path / 'out' / name))
    (category,) = truth.loadCats(truth.getCatIds(['person']))
    assert category['keypoints'] == list(PERSON_17.joints)
    assert len(category['skeleton']) == 19
    (record,) = truth.anns.values()
    perfect = truth.loadRes(
        [{'image_id': 1, 'category_id': category['id'], 'keypoints': record['keypoints'], 'score': 1.0}]
    )
    score = cocoeval.COCOeval(truth, perfect, 'keypoints')
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert score.stats[0] == pytest.approx(1.0)


def test_pycocotools_scores_a_perfect_detector(real_data: Path, tmp_path: Path) -> None:
    coco = pytest.importorskip('pycocotools.coco')
    cocoeval = pytest.importorskip('pycocotools.cocoeval')
    convert(real_data / 'bccd', tmp_path / 'out', to='coco')
    truth = coco.COCO(str(tmp_path / 'out/annotations/instances_valid.json'))
    keys = ('image_id', 'category_id', 'bbox')
    perfect = truth.loadRes([{**{key: a[key] for key in keys}, 'score': 1.0} for a in truth.anns.values()])
    score = cocoeval.COCOeval(truth, perfect, 'bbox')
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert score.stats[0] > 0.99


@pytest.mark.yolo
@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_the_converter_of_ultralytics_reads_coco(shapes: Path, tmp_path: Path) -> None:
    convert(shapes, tmp_path / 'out', to='coco')
    convert(shapes, tmp_path / 'yolo', to='yolo', task='detect')
    script = (
        'import os, sys\n'
        "os.environ.update(YOLO_CONFIG_DIR=sys.argv[3], YOLO_OFFLINE='true', YOLO_AUTOINSTALL='false')\n"
        'from ultralytics.data.converter import convert_coco\n'
        'convert_coco(sys.argv[1], sys.argv[2], cls91to80=False)\n'
    )
    command = [sys.executable, '-c', script, str(tmp_path / 'out/annotations'), str(tmp_path / 'theirs')]
    done = subprocess.run(
        [*command, str(tmp_path / 'config')], capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = (tmp_path / 'theirs/labels/train/사진 하나.txt').read_text('utf-8').splitlines()
    ours = (tmp_path / 'yolo/train/labels/사진 하나.txt').read_text('utf-8').splitlines()
    assert [numbers(line) for line in theirs] == [pytest.approx(numbers(line), abs=1e-5) for line in ours]


def numbers(line: str) -> list[float]:
    return [float(number) for number in line.split()]
