"""Kept, changed and dropped together are what was read, from every format into every other."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from copy import deepcopy
from itertools import count
from math import degrees
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Annotation, ImageFile, Report, Sample, convert, formats, open_dataset
from synapse_plugins.datasets.geometry import rotated
from synapse_plugins.datasets.reader import Survey, samples_of
from synapse_plugins.errors import DatasetError, LossError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIDTH, HEIGHT = 64, 48
FORMATS = [
    ('dm_v1', None), ('dm_v2', None), ('yolo', 'detect'), ('yolo', 'segment'), ('yolo', 'obb'), ('yolo', 'pose'),
    ('yolo', 'classify'), ('coco', None), ('pascal_voc', None), ('imagefolder', None),
]  # fmt: skip
LOSSY = FORMATS[2:]
SEVERAL_REASONS = frozenset(('bounding_box', 'polygon', 'segmentation', 'keypoint'))
"""What may be changed for more than one reason."""

numbers = st.one_of(st.integers(-9, 70), st.floats(-9, 70), st.sampled_from([0, 0.5, 1, WIDTH, HEIGHT, 1e6]))
points = st.lists(st.lists(numbers, min_size=2, max_size=2), max_size=6)
runs = st.lists(st.tuples(st.integers(0, WIDTH * HEIGHT + 99), st.integers(0, 90)).map(list), max_size=4)
names = st.sampled_from(['cat', 'nose', 'tail', None])
ids = st.sampled_from(['a', 'b', 'g', 'h', None])
data = {
    'bounding_box': st.lists(numbers, min_size=4, max_size=4),
    'polygon': points,
    'polyline': points,
    'keypoint': st.lists(numbers, min_size=2, max_size=2),
    'segmentation': runs,
    'classification': st.just({}),
    'group': st.lists(ids, max_size=3),
    'relation': st.lists(ids, min_size=2, max_size=2),
    'mystery': st.just({'x': 1}),
}
odd = st.sampled_from([None, [], [1], 'x', [None, 1], [[1, 2], None], {'a': 1}])
turns = st.sampled_from([0, 0.3, -9, 'left', True, None])
attributes = st.lists(
    st.fixed_dictionaries({'name': st.sampled_from(['rotation', 'occluded', '색']), 'value': turns}),
    max_size=2,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        'group_id': st.sampled_from(['g', 'h', None]),
        'visibility': st.sampled_from([0, 1, 2, 5]),
        'iscrowd': st.sampled_from([0, 1]),
        'score': st.just(0.5),
        'parts': st.lists(points, max_size=2),
    },
)


@st.composite
def drawn(draw: st.DrawFn) -> Annotation:
    tool = draw(st.sampled_from(sorted(data)))
    shape = draw(st.one_of(data[tool], data[tool], data[tool], odd))
    return Annotation(tool, draw(names), shape, draw(ids), draw(attributes), draw(fields))


def counts_of(report: Report) -> tuple[Counter[str], Counter[str], Counter[str]]:
    changed: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for entry in report.changed:
        changed[entry.kind] += entry.count
    for entry in report.dropped:
        dropped[entry.kind] += entry.count
    return Counter(report.kept), changed, dropped


# -- one annotation at a time, into one bucket -----------------------------------------------------------------


def written(found: list[Annotation], picture: Path, root: Path, to: str, task: str | None) -> Report:
    """Return what a writer counts of annotations."""
    report = Report()
    writer_class = formats.writer_of(to)
    survey = Survey()
    survey.add_all(found)
    given_options = writer_class.prepare(survey, task)
    classes = sorted(writer_class.class_names(survey, task))
    arguments: dict[str, Any] = {
        'classes': classes,
        'splits': [None],
        'task': task,
        'link': 'symlink',
        'report': report,
    }
    writer = writer_class(root, **arguments, **given_options)
    writer.stem = 'a'
    sample = Sample('a', None, ImageFile(picture, WIDTH, HEIGHT, 'a.png'), deepcopy(found))
    try:
        writer.write(sample)
    finally:
        writer.close()
    return report


@pytest.mark.parametrize(('to', 'task'), LOSSY)
def test_an_annotation_is_in_one_bucket(
    to: str, task: str | None, tmp_path: Path, make: Any, rounds: int
) -> None:
    picture = make.picture(tmp_path / 'a.png', (WIDTH, HEIGHT))
    number = count()

    @settings(max_examples=rounds, deadline=None)
    @given(drawn())
    def check(annotation: Annotation) -> None:
        root = tmp_path / f'out{next(number)}'
        root.mkdir()
        kept, changed, dropped = counts_of(written([annotation], picture, root, to, task))
        shutil.rmtree(root)
        tool = annotation.tool
        assert [bool(one[tool]) for one in (kept, changed, dropped)].count(True) == 1
        assert kept[tool] + dropped[tool] <= 1
        if tool not in SEVERAL_REASONS:
            assert changed[tool] <= 1

    check()


@pytest.mark.parametrize(('to', 'task'), LOSSY)
def test_the_annotations_of_a_picture_are_all_counted(
    to: str, task: str | None, tmp_path: Path, make: Any, rounds: int
) -> None:
    picture = make.picture(tmp_path / 'a.png', (WIDTH, HEIGHT))
    number = count()

    @settings(max_examples=rounds, deadline=None)
    @given(st.lists(drawn(), max_size=8))
    def check(found: list[Annotation]) -> None:
        root = tmp_path / f'out{next(number)}'
        root.mkdir()
        report = written(found, picture, root, to, task)
        shutil.rmtree(root)
        assert_all_counted(report, Counter(one.tool for one in found))

    check()


def assert_all_counted(report: Report, read: Counter[str]) -> None:
    kept, changed, dropped = counts_of(report)
    for tool in data:
        sure = kept[tool] + dropped[tool]
        if tool in SEVERAL_REASONS:
            assert sure <= read[tool] <= sure + changed[tool], tool
            assert changed[tool] <= 9 * (read[tool] - sure), (
                tool
            )  # what is changed is neither kept nor dropped
        else:
            assert sure + changed[tool] == read[tool], tool


# -- from every format into every other ------------------------------------------------------------------------


def read_of(root: Path, name: str) -> Counter[str]:
    """Return how many annotations of each tool a reader finds, with those that it drops."""
    reader = open_dataset(root, name)
    read = Counter(one.tool for sample in samples_of(reader) for one in sample.annotations)
    reader.close()
    _, _, dropped = counts_of(reader.report)
    return read + dropped


def items_of(found: list[Annotation]) -> dict[str, Any]:
    tools: dict[str, Any] = {}
    for one in found:
        item = {'id': one.id, 'classification': one.label, 'attrs': one.attrs, 'data': one.data, **one.extra}
        tools.setdefault(one.tool, []).append(item)
    return tools


EVERYTHING = [
    Annotation(
        'bounding_box', 'cat', [4, 6, 20, 10], 'b', [{'name': 'rotation', 'value': 0.3}], {'score': 0.5}
    ),
    Annotation('bounding_box', 'cat', [4, 6, 20, 10], 'c', [], {'group_id': 'g'}),
    Annotation('keypoint', 'nose', [5, 9], 'k', [], {'group_id': 'g', 'visibility': 2}),
    Annotation('keypoint', 'tail', [5, 9], 'l'),
    Annotation('group', 'cat', ['l'], 'm', [{'name': 'age', 'value': 5}]),
    Annotation(
        'polygon',
        'cat',
        [[1, 1], [30, 1], [30, 30]],
        'p',
        [],
        {'parts': [[[1, 1]], [[40, 5], [60, 5], [60, 20]]]},
    ),
    Annotation('segmentation', 'cat', [[70, 9], [134, 9]], 's'),
    Annotation('segmentation', 'cat', [[70, 9], [134, 9]], 't', [], {'iscrowd': 1}),
    Annotation('classification', 'cat', {}, 'd'),
    Annotation('relation', None, ['b', 'c'], 'r'),
    Annotation('polyline', 'cat', [[1, 1], [9, 9]], 'e'),
]


def test_every_pair_of_formats_counts_all(tmp_path: Path, make: Any, rounds: int) -> None:
    number = count()

    @settings(
        max_examples=max(2, rounds // 50),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.generate],  # each takes a second, too long to look for a smaller one
    )
    @given(st.lists(drawn(), max_size=9))
    @example(EVERYTHING)
    def check(found: list[Annotation]) -> None:
        root = tmp_path / f'pairs{next(number)}'
        every = {'a.png': items_of(found), 'b.png': items_of(EVERYTHING)}
        source = make.dm(root / 'source', every, size=(WIDTH, HEIGHT))
        for own, own_task in FORMATS:
            form = f'{own}-{own_task}'
            made = convert(source, root / form, to=own, task=own_task, workers=1).path
            (made / 'report.json').unlink()
            read = read_of(made, own)
            for to, task in FORMATS:
                place = root / f'{form}-{to}-{task}'
                try:
                    conversion = convert(made, place, to=to, task=task, source_format=own, workers=1)
                except DatasetError:  # of what there is the format can hold nothing, which the error says
                    assert own in ('imagefolder', 'yolo') or to in ('imagefolder', 'yolo')
                    continue
                assert_all_counted(conversion.report, read)
        shutil.rmtree(root)

    check()


# -- what readers change ---------------------------------------------------------------------------------------

JOINTS = [(3, (20, 20)), (1.4, (64.5, 20)), (0.2, (-30, 20)), (-1, (20, 20)), (-1, (-30, 20))]
"""A visibility that is none, and where: in the picture, moved to its border, too far out."""

QUADS = [
    (5, 5, 30, 9, 34, 30, 2, 28),
    (-4, 5, 30, 9, 34, 30, -3, 28),
    (50, 5, 80, 9, 74, 30, 49, 28),
    (90, 5, 110, 9, 120, 30, 92, 28),
]
"""Corners of no rectangle: in the picture, over its left and its right border, and outside."""

AT_THE_BORDER = [(-10, 10, 20, 25), (40, 20, 70, 40)]
"""Left, top, right and bottom of boxes that, turned, had their corners moved to the border."""

DIFFERENT = [
    ({'bbox': [5, 5, 20, 20]}, {'bbox': [5, 5, 21, 20]}),
    ({'bbox': [5, 5, 20, 20], 'iscrowd': 1}, {'bbox': [1, 1, 9, 9], 'iscrowd': 0}),
    ({'bbox': [99, 5, 20, 20]}, {'bbox': [5, 5, 21, 20]}),
    ({'segmentation': [[5, 5, 30, 5, 30, 30]]}, {'segmentation': [[5, 5, 9, 5, 9, 9]]}),
]
"""What an instance says, and its pose otherwise: plain; twice, and a crowd; outside; of a polygon."""


def coco_of(root: Path, record: dict[str, Any], pose: dict[str, Any] | None, make: Any) -> Path:
    make.picture(root / 'images/a.png', (WIDTH, HEIGHT))
    categories = [{'id': 1, 'name': 'cat', 'keypoints': ['nose', 'tail'], 'skeleton': []}]
    (root / 'annotations').mkdir()
    for role, own in (('instances', record), ('person_keypoints', pose)):
        if own is not None:
            document = {
                'images': [{'id': 1, 'file_name': 'a.png'}],
                'annotations': [{'id': 1, 'image_id': 1, 'category_id': 1, **own}],
                'categories': categories,
            }
            (root / f'annotations/{role}.json').write_text(json.dumps(document), encoding='utf-8')
    return root


def yolo_of(root: Path, line: str, task: str, more: str, make: Any) -> Path:
    make.picture(root / 'images/a.png', (WIDTH, HEIGHT))
    (root / 'labels').mkdir()
    (root / 'labels/a.txt').write_text(line, encoding='utf-8')
    text = f'task: {task}\ntrain: images\nval: images\nnames: [cat]\n{more}'
    (root / 'dataset.yaml').write_text(text, encoding='utf-8')
    return root


def shares(*values: float) -> str:
    return ' '.join(f'{value / (HEIGHT if place % 2 else WIDTH):.8f}' for place, value in enumerate(values))


def changed_by_readers(root: Path, make: Any) -> Iterator[tuple[Path, str, str]]:
    """Yield datasets of one annotation, or one with one joint, that a reader changes: folder, format and tool."""
    number = count()
    box = {'bbox': [5, 5, 20, 20]}
    for seen, (x, y) in JOINTS:
        keypoints = [x, y, seen, 0, 0, 0]
        yield (
            coco_of(root / f'{next(number)}', {**box, 'keypoints': keypoints}, None, make),
            'coco',
            'keypoint',
        )
        line = f'0 {shares(15, 15, 20, 20, x, y)} {seen}'
        place = root / f'{next(number)}'
        yield yolo_of(place, line, 'pose', 'kpt_shape: [1, 3]\n', make), 'yolo', 'keypoint'
    for quad in QUADS:
        yield yolo_of(root / f'{next(number)}', f'0 {shares(*quad)}', 'obb', '', make), 'yolo', 'bounding_box'
    for whole in AT_THE_BORDER:
        corners = [
            number
            for x, y in rotated(whole, 0.5)
            for number in (min(max(x, 0), WIDTH), min(max(y, 0), HEIGHT))
        ]
        turned = {'segmentation': [corners], 'attributes': {'rotation': degrees(0.5)}}
        yield coco_of(root / f'{next(number)}', turned, None, make), 'coco', 'bounding_box'
    for own, other in DIFFERENT:
        pose = {**other, 'keypoints': [20, 20, 2, 0, 0, 0]}
        tool = 'polygon' if 'segmentation' in own else 'bounding_box'
        yield coco_of(root / f'{next(number)}', own, pose, make), 'coco', tool


def told_by(report: Report, tool: str) -> set[str]:
    return {entry.reason for entry in report.changed if entry.kind == tool}


def converted(source: Path, place: Path, to: str, task: str | None, own: str) -> Report | None:
    """Return what a conversion counts; None if nothing is left that the format can hold, so that it is refused."""
    try:
        return convert(source, place, to=to, task=task, source_format=own, workers=1).report
    except DatasetError as error:
        refusal = str(error)
    assert 'changed' not in refusal
    return None


@pytest.mark.parametrize(('to', 'task'), FORMATS)
def test_what_a_reader_changes_is_in_one_bucket(to: str, task: str | None, tmp_path: Path, make: Any) -> None:
    for place, (source, own, tool) in enumerate(changed_by_readers(tmp_path, make)):
        where = source, own
        read = read_of(source, own)
        reader = open_dataset(source, own)
        list(reader)
        reader.close()
        reasons = told_by(reader.report, tool)
        assert reasons, where
        assert read[tool] == 1, where
        report = converted(source, tmp_path / f'out{place}', to, task, own)
        if report is None:
            continue
        kept, changed, dropped = counts_of(report)
        told = told_by(report, tool)
        assert kept[tool] == 0, where
        assert dropped[tool] == (0 if told else 1), where
        assert not told or reasons <= told, where
        for other in data:
            if other != tool:
                sure = kept[other] + dropped[other]
                assert sure <= read[other] <= sure + changed[other], where


def test_a_loss_is_an_error_that_a_reader_alone_makes(tmp_path: Path, make: Any) -> None:
    for place, (source, own, tool) in enumerate(changed_by_readers(tmp_path, make)):
        with pytest.raises(LossError, match=f'changed 1 {tool}: its '):
            convert(
                source, tmp_path / f'out{place}', to='dm_v2', source_format=own, workers=1, on_loss='error'
            )


def test_of_many_each_is_counted_once(tmp_path: Path, make: Any) -> None:
    lines = [f'0 {shares(15, 15, 20, 20, x, y)} {seen}' for seen, (x, y) in JOINTS for _ in range(3)]
    poses = yolo_of(tmp_path / 'poses', '\n'.join(lines), 'pose', 'kpt_shape: [1, 3]\n', make)
    turned = yolo_of(
        tmp_path / 'turned', '\n'.join(f'0 {shares(*quad)}' for quad in [*QUADS, *QUADS]), 'obb', '', make
    )
    odd: list[Any] = [5, -1, 1.4, 'x', True, None, [2]]
    joints = [
        Annotation(
            'keypoint', 'nose', [x, 20], f'k{place}', [], {'group_id': f'g{place}', 'visibility': seen}
        )
        for place, (seen, x) in enumerate((seen, x) for seen in odd for x in (20, 64.5, 90))
    ]
    documents = make.dm(tmp_path / 'documents', {'a.png': items_of(joints)}, size=(WIDTH, HEIGHT))
    for source, own in ((poses, 'yolo'), (turned, 'yolo'), (documents, 'dm_v2')):
        read = read_of(source, own)
        for to, task in FORMATS:
            report = converted(source, tmp_path / f'{source.name}-{to}-{task}', to, task, own)
            if report is not None:
                assert_all_counted(report, read)
