"""What was changed before a writer has it is told with what it writes, whatever was done in between."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from synapse_plugins.datasets import Annotation, ImageFile, Report, Sample, convert, formats
from synapse_plugins.datasets.marks import mark, take_marks, write_marked
from synapse_plugins.datasets.references import let_go
from synapse_plugins.datasets.strangers import drop_unusable
from synapse_plugins.datasets.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REASON = 'its visibility is none of 0, 1 and 2; 2 was taken'


@pytest.fixture
def poses(tmp_path: Path, make: Any) -> Path:
    """Two poses of one joint, the second of an odd visibility."""
    root = tmp_path / 'poses'
    make.picture(root / 'images/a.png')
    (root / 'labels').mkdir()
    (root / 'labels/a.txt').write_text('0 .5 .5 .4 .4 .5 .5 2\n0 .5 .5 .2 .2 .5 .5 7\n', encoding='utf-8')
    text = 'train: images\nval: images\nnames: [cat]\nkpt_shape: [1, 3]\n'
    (root / 'dataset.yaml').write_text(text, encoding='utf-8')
    return root


def in_place(sample: Sample) -> Sample:
    for one in sample.annotations:
        one.attrs = []
    return sample


def anew(sample: Sample) -> Sample:
    return Sample(sample.key, sample.split, sample.image, deepcopy(sample.annotations))


def without_first_joint(sample: Sample) -> Sample:
    sample.annotations = [one for one in sample.annotations if one.id != 'pose-1-0']
    return sample


def without_odd_joint(sample: Sample) -> Sample:
    sample.annotations = [one for one in sample.annotations if one.id != 'pose-2-0']
    return sample


@pytest.mark.parametrize(
    ('function', 'kept', 'changed'),
    [(in_place, 1, 1), (anew, 1, 1), (without_first_joint, 0, 1), (without_odd_joint, 1, 0)],
)
@pytest.mark.parametrize('to', ['dm_v2', 'coco', 'yolo'])
def test_functions_change_nothing_about_it(
    to: str, function: Callable[[Sample], Sample], kept: int, changed: int, poses: Path, tmp_path: Path
) -> None:
    report = convert(poses, tmp_path / 'out', to=to, transforms=[function], workers=1).report
    told = [(entry.reason, entry.count) for entry in report.changed if entry.kind == 'keypoint']
    assert report.kept.get('keypoint', 0) == kept
    assert told == ([(REASON, 1)] if changed else [])


def anew_without_first(sample: Sample) -> Sample:
    return replace(sample, annotations=deepcopy(sample.annotations)[1:])


def test_what_cannot_be_followed_is_told(poses: Path, tmp_path: Path) -> None:
    report = convert(poses, tmp_path / 'out', to='dm_v2', transforms=[anew_without_first], workers=1).report
    assert [(entry.kind, entry.reason) for entry in report.changed] == [('keypoint', REASON)]


class Plain(Writer):
    """A writer that knows of no changes before its own."""

    def write(self, sample: Sample) -> str:
        for one in sample.annotations:
            self.report.keep(one.tool)
        return 'done'

    def finish(self) -> None:
        pass


def writer_of(writer_class: type[Writer], root: Path, report: Report) -> Writer:
    return writer_class(root, classes=['x'], splits=[None], task=None, link='symlink', report=report)


def test_the_engine_tells_what_a_writer_does_not(tmp_path: Path) -> None:
    one, other = Annotation('keypoint', 'x', [1, 2]), Annotation('keypoint', 'x', [3, 4])
    sample = Sample('a', None, ImageFile('a.png', 9, 9, 'a.png'), [one, other])
    mark(sample, [(one, REASON), (one, 'twice')])
    writer = writer_of(Plain, tmp_path, Report())
    assert write_marked(sample, writer) == 'done'
    assert [(entry.reason, entry.count) for entry in writer.report.changed] == [(REASON, 1), ('twice', 1)]
    assert not writer.report.expects
    assert sample.meta == {}
    write_marked(sample, writer)
    assert sum(entry.count for entry in writer.report.changed) == 2


@pytest.mark.parametrize('to', ['dm_v1', 'dm_v2', 'coco', 'pascal_voc'])
def test_a_group_is_changed_or_dropped(to: str, tmp_path: Path, make: Any) -> None:
    inside, outside = (
        Annotation('bounding_box', 'x', [left, 1, 9, 9], name) for left, name in ((1, 'b'), (900, 'c'))
    )
    nan = float('nan')
    group = Annotation('group', 'x', ['b', 'c'], 'g', [{'name': 'odd', 'value': nan}])
    picture = ImageFile(make.picture(tmp_path / 'a.png'), 64, 48, 'a.png')
    sample, report = Sample('a', None, picture, [inside, outside, group]), Report()
    drop_unusable(sample, report)
    before, sample.annotations = sample.annotations, [inside, group]
    let_go(sample, before, report)
    assert not report.losses
    (tmp_path / 'out').mkdir()
    writer = writer_of(formats.writer_of(to), tmp_path / 'out', report)
    writer.stem = 'a'
    write_marked(sample, writer)
    writer.close()
    changed = [entry.count for entry in report.changed if entry.kind == 'group']
    dropped = [entry.count for entry in report.dropped if entry.kind == 'group']
    assert (changed, dropped) == (([1, 1], []) if to.startswith('dm') else ([], [1]))
    assert 'group' not in report.kept
    assert sample.annotations[1].data == ['b']


def test_it_is_known_under_another_label(tmp_path: Path) -> None:
    annotation = Annotation('bounding_box', None, [1, 1, 9, 9])
    report = Report()
    report.expect([(annotation, REASON)])
    report.apart().come_through(Annotation('bounding_box', None, [1, 1, 9, 9]), 'a')
    report.come_through(replace(annotation, label='x'), 'a')
    report.come_through(annotation, 'a')
    assert [(entry.reason, entry.count) for entry in report.changed] == [(REASON, 1)]
    assert report.kept == {'bounding_box': 1}


def test_what_says_nothing_is_left_as_it_was() -> None:
    sample = Sample('a', None, ImageFile('a.png'))
    meta = sample.meta
    mark(sample, [])
    assert (list(take_marks(sample)), sample.meta is meta) == ([], True)


def test_what_a_reader_of_a_pack_keeps_is_no_mark() -> None:
    sample = Sample('a', None, ImageFile('a.jpg'), [], {'changed': True})
    assert take_marks(sample) == ()
    assert sample.meta == {'changed': True}
