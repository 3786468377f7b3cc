"""One pass over a dataset, and a second look at the files that may be copies."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from zlib import crc32

from ...errors import DatasetError
from ..classes import ClassNames, class_list
from ..detection import detect_format, open_dataset
from ..files import disk_trouble
from ..images import decode
from ..names import order_splits
from ..preview import Choice, Lettering, Painter, Suspects, write_preview
from ..reader import UNREADABLE
from ..report import Report
from ..single_file import check_target
from .duplicates import DuplicateFinder, Entry
from .findings import (
    class_findings,
    duplicate_findings,
    ordered,
    reading_findings,
    split_findings,
    trouble_findings,
)
from .record import ClassFigures, DuplicateGroup, Inspection, Trainer
from .tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..reader import Reader
    from ..sample import Sample

__all__ = ['inspect']

_LOOK_EVERY = 64
_MOST_GROUPS = 1000
_SUSPECTS = 2


@disk_trouble
def inspect(
    source: str | Path,
    *,
    source_format: str | None = None,
    verify: bool = False,
    preview: str | Path | None = None,
    report: str | Path | None = None,
    pictures: int = 12,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    watch: Callable[[Sample], None] | None = None,
) -> Inspection:
    """Find out what a dataset holds and what is wrong with it; the dataset is never written to.

    Samples go by one at a time, so memory does not grow with them but for two numbers a file. Copies are looked for by
    size first, and only files of equal size are read.

    Args:
        source: The folder of the dataset.
        source_format: Its format; by default it is found out.
        verify: Decode every picture, which finds damage that header and end marker do not show, and takes longer.
        preview: A PNG file to write: a contact sheet of pictures with their annotations.
        report: An HTML file to write: the whole inspection as one page that needs nothing else.
        pictures: How many pictures to show in either.
        progress: Is called with how many samples are done and how many there are.
        cancelled: Is asked now and then whether to stop.
        watch: Is called with every sample whose picture can be read, measured, its class names in one spelling.

    Raises:
        FormatError: If the folder is not of that format, or of none.
        UnknownNameError: If there is no such format.
        DatasetError: If the dataset as a whole cannot be read, a file to write lies in it or is somebody else's, or
            the work was cancelled.
    """
    began = monotonic()
    name = source_format or detect_format(source)
    sheet = None if preview is None else check_target(preview, '.png', source)
    page = None if report is None else check_target(report, '.html', source)
    choice = Choice(pictures if sheet or page else 0)
    suspects = Suspects(_SUSPECTS if page else 0)
    reader = open_dataset(source, name, report=Report())
    reader.goes_on = True
    tally = Tally(reader.splits)
    size = 0
    # of readers whose format a trainer reads as it stands
    trouble: Callable[[Sample], str] | None = getattr(reader, 'trouble', None)
    with closing(reader), DuplicateFinder() as finder:
        total = reader.count() or 0
        done = 0
        for done, sample in enumerate(_readable(reader, tally, verify=verify), 1):
            suspects.look(sample, tally.add(sample, None if trouble is None else trouble(sample)))
            choice.look(sample)
            if watch is not None:
                watch(sample)
            file_size = _size(sample)
            size += file_size
            entry = Entry(os.fspath(sample.image.path), sample.key, sample.split or '', _said(sample))
            finder.add(entry, file_size)
            if not done % _LOOK_EVERY:
                _look(done, total, progress, cancelled)
        _look(max(done, total), total, progress, cancelled)
        record = _record(reader, name, tally, _classes(reader, tally))
        record.trainer = _trainer(tally, as_it_stands=trouble is not None)
        record.bytes = size
        _add_duplicates(record, finder, cancelled)
    if sheet or page:
        lettering = Lettering()
        skeleton = getattr(reader, 'skeleton', None)  # of readers that know what joints their poses have
        painter = Painter([figures.name for figures in record.classes], lettering, skeleton)
        record.numbered = sorted(painter.numbered.values())
        if sheet is not None:
            write_preview(sheet, record, choice, painter, lettering)
        if page is not None:
            from ..page import write_page  # which stands on the record

            write_page(page, record, choice, suspects, painter)
    record.seconds = monotonic() - began
    return record


def _readable(reader: Reader, tally: Tally, *, verify: bool) -> Iterator[Sample]:
    """Yield the samples whose picture can be read, measured, their classes in one spelling."""
    spell = ClassNames(reader.report)
    for sample in reader:
        image = sample.image
        if not reader.measure(image, sample.key) or (verify and not _decodes(sample, reader.report)):
            tally.add_unreadable(sample)
            reader.lose(sample.annotations, UNREADABLE, sample.key)
            continue
        for annotation in sample.annotations:
            if annotation.label is not None:
                annotation.label = spell(annotation.label) or None
        yield sample


def _decodes(sample: Sample, report: Report) -> bool:
    """Tell whether the pixels of a picture can be decoded; if not it is quarantined."""
    if sample.image.media != 'image':
        return True
    try:
        decode(sample.image.file)  # as a conversion does that verifies
    except (DatasetError, OSError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        report.quarantine('image', reason, sample.key)
        return False
    return True


def _size(sample: Sample) -> int:
    try:
        return os.stat(sample.image.path).st_size  # noqa: PTH116 - once a file
    except OSError:
        return 0


def _said(sample: Sample) -> str:
    """Return what the annotations of a sample say, in a few characters: how many there are, and of which classes."""
    labels = sorted(f'{annotation.tool} {annotation.label}' for annotation in sample.annotations)
    return f'{len(labels)} {crc32(repr(labels).encode("utf-8", "surrogatepass"))}'


def _look(
    done: int,
    total: int,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    if cancelled is not None and cancelled():
        raise DatasetError('The inspection was cancelled.')
    if total and progress is not None:
        progress(min(done, total), total)


# -- the record ----------------------------------------------------------------------------------------


def _classes(reader: Reader, tally: Tally) -> list[ClassFigures]:
    spell = ClassNames(Report())
    declared = class_list(reader.classes or (), (), spell)
    known = set(declared)
    return [
        ClassFigures(
            number=number,
            name=name,
            annotations=sum(counts[name] for counts in tally.labels.values()),
            images=tally.images_of[name],
            splits={split or '': counts[name] for split, counts in tally.labels.items() if counts[name]},
            declared=name in known,
        )
        for number, name in enumerate(class_list(declared, tally.observed, spell))
    ]


def _record(reader: Reader, name: str, tally: Tally, classes: list[ClassFigures]) -> Inspection:
    order = order_splits({split for split in tally.splits if split is not None})
    splits = [tally.splits[split] for split in order]
    if None in tally.splits and (tally.splits[None].images or tally.splits[None].unreadable or not splits):
        splits.append(tally.splits[None])
    return Inspection(
        path=str(reader.root),
        format=name,
        images=tally.images,
        annotations=sum(split.annotations for split in splits),
        empty=sum(split.empty for split in splits),
        media=dict(sorted(tally.media.items())),
        splits=splits,
        classes=classes,
        joints=dict(tally.joints.most_common()),
        poses=tally.poses,
        kinds=dict(tally.kinds.most_common()),
        attributes=tally.attributes.figures(),
        other_attributes=tally.attributes.others,
        sizes=tally.sizes(),
        objects_per_image=tally.objects_per_image(),
        object_sides=tally.object_sides(),
        positions=tally.positions,
        findings=ordered(
            chain(
                reading_findings(reader.report),
                trouble_findings(tally),
                class_findings(classes, splits),
                split_findings(splits),
            )
        ),
    )


def _trainer(tally: Tally, *, as_it_stands: bool) -> Trainer:
    images, annotations = tally.skipped_images.copy(), tally.skipped_annotations.copy()
    usable = tally.usable
    if as_it_stands:  # others are converted first, which clips them
        images += tally.left_out_images
        annotations += tally.left_out_annotations
        usable -= tally.left_out_annotations.total()
    return Trainer(
        images=tally.media['image'] - images.total(),
        skipped_images=dict(images.most_common()),
        annotations=usable,
        skipped_annotations=dict((+annotations).most_common()),
    )


def _add_duplicates(
    record: Inspection, finder: DuplicateFinder, cancelled: Callable[[], bool] | None
) -> None:
    leaks: list[DuplicateGroup] = []
    plain: list[DuplicateGroup] = []
    copies = leaking = differing = 0
    for size, entries in finder.groups(lambda done, total: _look(done, total, None, cancelled)):
        splits = order_splits({entry.split for entry in entries})
        entries.sort(key=lambda entry: entry.key)
        group = DuplicateGroup(
            [_shown(entry.key) for entry in entries],
            [_shown(_relative(entry.path, record.path)) for entry in entries],
            splits,
            size,
            differs=len({entry.said for entry in entries}) > 1,
        )
        differing += group.differs
        record.duplicate_groups += 1
        if len(splits) > 1:
            leaking += len(entries)
        copies += sum(max(0, sum(entry.split == split for entry in entries) - 1) for split in splits)
        kept = leaks if len(splits) > 1 else plain
        if len(kept) < _MOST_GROUPS:
            kept.append(group)
    leaks.sort(key=lambda group: group.keys)
    plain.sort(key=lambda group: group.keys)
    record.duplicates = (leaks + plain)[:_MOST_GROUPS]
    found = duplicate_findings(record.duplicate_groups, record.duplicates, copies, leaking, differing)
    record.findings = ordered(chain(found, record.findings))


def _relative(path: str, root: str) -> str:
    found = Path(path)
    return found.relative_to(root).as_posix() if found.is_relative_to(root) else path


def _shown(key: str) -> str:
    return key.encode('utf-8', 'backslashreplace').decode()
