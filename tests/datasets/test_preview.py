"""Pictures of a dataset with their annotations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from synapse_plugins import datasets
from synapse_plugins.datasets import Annotation, ImageFile, Sample
from synapse_plugins.datasets.preview import Choice, Lettering, Painter, Suspects, class_colours, described
from synapse_plugins.datasets.preview.choice import MOST_ANNOTATIONS
from synapse_plugins.datasets.preview.skeleton import bones
from synapse_plugins.datasets.skeletons import Skeleton
from synapse_plugins.errors import DatasetError
from synapse_plugins.testing.drawings import draw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import SimpleNamespace


# -- colours and choice ----------------------------------------------------------------------------------------


def test_classes_have_their_own_colours_and_keep_them() -> None:
    names = [f'class {number}' for number in range(80)]
    colours = class_colours(names)
    assert len(set(colours.values())) == 80
    assert class_colours(names) == colours
    few = class_colours(['car', 'bus'])
    assert class_colours(['bus', 'car']) == few
    assert class_colours([*few, '상자']) == {**few, '상자': class_colours(['car', 'bus', '상자'])['상자']}


def sample(key: str, *labels: str, tool: str = 'bounding_box', split: str = 'train') -> Sample:
    from pathlib import Path

    image = ImageFile(Path(f'{key}.png'), 64, 48, f'{key}.png')
    return Sample(key, split, image, [Annotation(tool, label, [1, 2, 3, 4]) for label in labels])


def test_every_class_kind_and_split_is_shown_if_there_is_room() -> None:
    samples = [sample(f'common-{number}', 'a', 'b') for number in range(100)]
    samples += [
        sample('rare', 'c'),
        sample('polygon', 'a', tool='polygon'),
        sample('other', 'a', split='test'),
    ]
    keys = []
    for order in (samples, samples[::-1]):
        choice = Choice(4)
        for item in order:
            choice.look(item)
        keys.append(sorted(chosen.sample.key for chosen in choice.chosen()))
    assert keys[0] == keys[1]
    assert set(keys[0]) > {'rare', 'polygon', 'other'}


def test_pictures_without_annotations_come_last() -> None:
    choice = Choice(2)
    for number in range(10):
        choice.look(sample(f'empty-{number}'))
    choice.look(sample('full', 'a'))
    assert 'full' in {chosen.sample.key for chosen in choice.chosen()}
    assert len(choice.chosen()) == 2


def test_a_picture_of_very_many_annotations_is_cut() -> None:
    choice = Choice(1)
    choice.look(sample('crowd', *['a'] * (MOST_ANNOTATIONS + 5)))
    (chosen,) = choice.chosen()
    assert len(chosen.sample.annotations) == MOST_ANNOTATIONS
    assert described(chosen) == f'{MOST_ANNOTATIONS:,} a, 5 more, not drawn'


def test_long_masks_and_polygons_are_kept_small_and_look_the_same(painted: Any) -> None:
    import math

    pixels = [y * 200 + x for y in range(10, 90) for x in range(20 + y, 150) if (x + y) % 50]
    ring = [[100 + 60 * math.cos(turn / 50), 50 + 40 * math.sin(turn / 50)] for turn in range(300)]
    long = [Annotation('segmentation', 'x', pixels[::-1]), Annotation('polygon', 'y', ring)]
    choice = Choice(1)
    choice.look(replace(sample('long'), annotations=long))
    (chosen,) = choice.chosen()
    assert chosen.sample.annotations[0].data.size < len(pixels) / 10
    assert chosen.sample.annotations[1].data.dtype == np.float64
    assert (painted(*chosen.sample.annotations) == painted(*long)).all()
    assert isinstance(long[0].data, list)  # the sample itself is as it was


def test_what_is_in_question_comes_first_where_there_is_no_room_for_all() -> None:
    crowd = sample('crowd', *['a'] * (MOST_ANNOTATIONS + 5))
    suspects = Suspects(1)
    for _ in range(2):
        suspects.look(crowd, {'tiny': crowd.annotations[-3:]})
    ((chosen, marked),) = suspects.found['tiny']
    assert [item is one for item, one in zip(marked, crowd.annotations[-3:], strict=True)] == [True] * 3
    assert len(chosen.sample.annotations) == MOST_ANNOTATIONS
    assert chosen.annotations == MOST_ANNOTATIONS + 5


# -- drawing ---------------------------------------------------------------------------------------------------

GROUND = (200, 200, 200)


@pytest.fixture
def painted(tmp_path: Path) -> Any:
    """Paint annotations on a plain picture of 200 x 100 at twice its size, without the names."""
    path = tmp_path / 'plain.png'
    with Image.new('RGB', (200, 100), GROUND) as picture:
        picture.save(path)

    def paint(
        *annotations: Annotation, names: bool = False, marked: Sequence[Annotation] = ()
    ) -> np.ndarray[Any, Any]:
        labels = sorted({annotation.label for annotation in annotations if annotation.label})
        painter = Painter(labels, Lettering([]))
        if not names:
            painter._write = lambda *_: None  # type: ignore[method-assign]
        item = Sample('a', None, ImageFile(path, 200, 100, 'plain.png'), list(annotations))
        return np.asarray(painter.paint(item, (400, 200), marked=marked)).astype(int)

    return paint


def touched(pixels: np.ndarray[Any, Any], x: float, y: float) -> bool:
    """Tell whether something was drawn at a place of the picture."""
    return bool(np.abs(pixels[round(y * 2), round(x * 2)] - GROUND).max() > 15)


def test_boxes_are_where_they_say(painted: Any) -> None:
    pixels = painted(Annotation('bounding_box', 'x', [20, 30, 60, 40]))
    assert pixels.shape == (200, 400, 3)
    assert all(touched(pixels, *place) for place in ((20, 50), (80, 50), (50, 30), (50, 70)))
    assert not any(touched(pixels, *place) for place in ((50, 50), (10, 50), (90, 50), (50, 80)))
    colour = class_colours(['x'])['x']
    assert np.abs(pixels[100, 40] - colour).max() < 60


def test_rotated_boxes_are_turned(painted: Any) -> None:
    turned = Annotation(
        'bounding_box', 'x', [80, 40, 60, 20], attrs=[{'name': 'rotation', 'value': np.pi / 2}]
    )
    pixels = painted(turned)
    assert all(touched(pixels, *place) for place in ((100, 50), (120, 50), (110, 20), (110, 80)))
    assert not touched(pixels, 80, 50)


def test_polygons_masks_and_lines(painted: Any) -> None:
    pixels = painted(
        Annotation(
            'polygon',
            'x',
            [[20, 20], [80, 20], [80, 80], [20, 80]],
            extra={'parts': [[[120, 20], [180, 20], [150, 80]]]},
        )
    )
    assert touched(pixels, 50, 50)  # filled
    assert touched(pixels, 150, 40)
    assert not touched(pixels, 100, 50)
    runs = [[row * 200 + 20, 60] for row in range(20, 80)]
    pixels = painted(Annotation('segmentation', 'x', runs))
    assert touched(pixels, 50, 50)
    assert touched(pixels, 20.5, 50)
    assert not touched(pixels, 82, 50)
    pixels = painted(Annotation('polyline', 'x', [[10, 10], [190, 90]]))
    assert touched(pixels, 100, 50)


def point(name: str, x: float, y: float, **extra: Any) -> Annotation:
    return Annotation('keypoint', name, [x, y], extra=extra)


def test_poses_are_joined_where_the_skeleton_is_known(painted: Any) -> None:
    posed = [
        point('left_shoulder', 20, 20, group_id='g'),
        point('left hip', 20, 80, group_id='g'),
        point('nose', 60, 50, group_id='g'),
    ]
    pixels = painted(*posed)
    assert touched(pixels, 20, 50)  # the bone
    assert touched(pixels, 60, 50)  # a joint without one
    assert not touched(pixels, 40, 50)
    star = [point('a', 20, 50, group_id='g'), point('b', 100, 50, group_id='g')]
    assert touched(painted(*star), 40, 50)
    assert not touched(painted(*(point(p.label or '', *p.data) for p in star)), 40, 50)  # in no group
    assert not touched(painted(point('a', 20, 50, visibility=0)), 20, 50)


def test_the_skeleton_of_a_dataset_comes_first() -> None:
    declared = Skeleton('hand', ('wrist', 'thumb', 'nose'), ((0, 1), (0, 9)))
    assert bones(['thumb', 'Wrist'], declared) == [(1, 0)]
    assert bones(['left_eye', 'nose'], declared) == [(1, 0)]
    assert bones(['thumb', 'wrist']) is None


def test_what_lies_far_outside_or_is_malformed_does_no_harm(painted: Any) -> None:
    pixels = painted(
        Annotation('bounding_box', 'x', [-1e12, -1e12, 3e12, 3e12]),
        Annotation('bounding_box', 'x', [1, 2]),
        Annotation('bounding_box', None, [1e300, 5, 1, 1]),
        Annotation('polygon', 'x', [[5, 5]]),
        Annotation('polygon', 'x', []),
        Annotation('segmentation', 'x', [[0, 10**9]]),
        Annotation('segmentation', 'x', 'no'),
        Annotation('segmentation', 'x', []),
        Annotation('polyline', 'x', [[5, 5]]),
        Annotation('keypoint', 'x', [None, 1], extra={'group_id': 'g'}),
        Annotation('classification', 'x', {}),
        names=True,
    )
    assert pixels.shape == (200, 400, 3)


def test_what_is_in_question_has_a_ring(painted: Any) -> None:
    flat = Annotation('bounding_box', 'x', [100, 50, 0, 0])
    assert touched(painted(flat, marked=[flat]), 100 + 8, 50)
    assert not touched(painted(flat), 100 + 8, 50)


def test_names_stand_at_their_boxes(painted: Any) -> None:
    box = Annotation('bounding_box', 'name', [20, 30, 60, 40])
    assert (painted(box, names=True) != painted(box)).any()


def test_pictures_of_any_depth_and_size(tmp_path: Path) -> None:
    painter = Painter([], Lettering([]))
    for number, (mode, size) in enumerate(
        (('I;16', (40, 30)), ('P', (1, 300)), ('RGBA', (300, 1)), ('1', (3, 3)), ('CMYK', (9, 9)))
    ):
        path = tmp_path / f'{number}.tif'
        with Image.new(mode, size) as picture:
            picture.save(path)
        made = painter.paint(Sample('a', None, ImageFile(path, *size, path.name)), (100, 80))
        assert made.mode == 'RGB'
        assert made.width <= 100
        assert made.height <= 80
    path.write_bytes(b'no picture')
    assert painter.paint(Sample('a', None, ImageFile(path, 9, 9, path.name)), (100, 80)).size == (72, 72)


# -- the sheet -------------------------------------------------------------------------------------------------


def test_a_sheet_is_written_whole_and_again(tmp_path: Path) -> None:
    kinds = ['detect', 'segment', 'obb', 'mask', 'pose', 'classify']
    root = draw(tmp_path / '데이터', kinds, splits={'train': 3, 'valid': 2})
    target = tmp_path / 'sheet.png'
    datasets.inspect(root, preview=target)
    first = target.read_bytes()
    with Image.open(target) as sheet:
        assert sheet.width > 800
        assert sheet.info['Software'] == 'synapse-plugins inspect'
    datasets.inspect(root, preview=target)  # its own file is replaced
    assert target.read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ['sheet.png', '데이터']


def test_numbers_stand_for_names_that_cannot_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('synapse_plugins.datasets.preview.fonts.font_folders', list)
    root = draw(tmp_path / 'hangul', ['detect'], splits={None: 2})
    record = datasets.inspect(root, preview=tmp_path / 'sheet.png')
    assert record.numbered == [1]
    assert record.classes[1].name == '상자'
    with Image.open(tmp_path / 'sheet.png') as sheet:
        assert sheet.info['Legend'] == '#1 상자'


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('sheet.jpg', 'ends with .png'),
        ('gone/sheet.png', 'no folder'),
        ('data/sheet.png', 'lies in the dataset'),
        ('folder.png', 'is a folder'),
        ('mine.png', 'was not written by `inspect`'),
    ],
)
def test_where_a_sheet_is_not_written(tmp_path: Path, name: str, said: str) -> None:
    root = draw(tmp_path / 'data', ['detect'], splits={None: 1})
    (tmp_path / 'folder.png').mkdir()
    (tmp_path / 'mine.png').write_bytes(b'a picture of somebody')
    with pytest.raises(DatasetError, match=said):
        datasets.inspect(root, preview=tmp_path / name)
    assert (tmp_path / 'mine.png').read_bytes() == b'a picture of somebody'


def test_a_dataset_without_pictures_to_show(tmp_path: Path, make: SimpleNamespace) -> None:
    root = make.dm(tmp_path / 'bad', {'a.png': {}})
    (root / 'original_files' / 'a.png').write_bytes(b'')
    (root / 'json' / 'a.json').write_text(json.dumps({'images': [{}]}), encoding='utf-8')
    record = datasets.inspect(root, preview=tmp_path / 'sheet.png', report=tmp_path / 'page.html')
    assert record.images == 0
    assert (tmp_path / 'sheet.png').exists()
    assert 'No picture that can be read' in (tmp_path / 'page.html').read_text(encoding='utf-8')


def test_real_blood_cells_on_a_sheet(real_data: Path, tmp_path: Path) -> None:
    datasets.inspect(real_data / 'bccd', preview=tmp_path / 'sheet.png', pictures=4)
    with Image.open(tmp_path / 'sheet.png') as sheet:
        assert sheet.height > 600
