"""Kept, changed and dropped together are what was read, from every format into every other."""

from __future__ import annotations

import shutil
from collections import Counter
from copy import deepcopy
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from synapse_plugins.datasets import Annotation, ImageFile, Report, Sample, convert, formats, open_dataset
from synapse_plugins.datasets.reader import Survey, samples_of
from synapse_plugins.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 64, 48
FORMATS = [
    ('dm_v1', None), ('dm_v2', None), ('yolo', 'detect'), ('yolo', 'segment'), ('yolo', 'obb'), ('yolo', 'pose'),
    ('yolo', 'classify'), ('coco', None), ('pascal_voc', None), ('imagefolder', None),
]  # fmt: skip
LOSSY = FORMATS[2:]
SEVERAL_REASONS = frozenset(('bounding_box', 'polygon', 'segmentation'))
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


def assert_all_counted(report: Report, read: Counter[str], mended: Counter[str] | None = None) -> None:
    kept, changed, dropped = counts_of(report)
    changed.subtract(
        mended or {}
    )  # corners that are no rectangle are a change before anything else becomes of them
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


def read_of(root: Path, name: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many annotations of each tool a reader finds, with those that it drops, and what it changes itself."""
    reader = open_dataset(root, name)
    read = Counter(one.tool for sample in samples_of(reader) for one in sample.annotations)
    reader.close()
    _, changed, dropped = counts_of(reader.report)
    return read + dropped, changed


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
            read, mended = read_of(made, own)
            for to, task in FORMATS:
                place = root / f'{form}-{to}-{task}'
                try:
                    conversion = convert(made, place, to=to, task=task, source_format=own, workers=1)
                except DatasetError:  # of what there is the format can hold nothing, which the error says
                    assert own in ('imagefolder', 'yolo') or to in ('imagefolder', 'yolo')
                    continue
                assert_all_counted(conversion.report, read, mended)
        shutil.rmtree(root)

    check()
