"""Checks that what was written comes back: as it was where the report says kept."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ...datasets import Report, open_dataset
from ...errors import DatasetError
from ..drawings import KINDS
from .writing import check_account, counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ...datasets import Annotation, Sample
    from .bench import Bench

__all__ = ['check_round_trips']

_NAMED = {'train': 2, 'holdout': 1}
"""Splits of which one has a name of its own."""

_SHOWN = 3  # so many samples of one kind tell enough


def check_round_trips(bench: Bench) -> Path | None:
    """Write and read one kind of annotation after the other; return a dataset that could be written."""
    refusals: list[str] = []
    written: Path | None = None
    for kind in KINDS:
        source, place = bench.drawn(kind, [kind]), bench.folder / 'there' / kind
        try:
            conversion = bench.convert(source, place)
        except DatasetError as exc:  # it holds nothing of that kind, and says so
            refusals.append(str(exc))
            continue
        if conversion is None:
            continue
        if written is None:
            written = conversion.path
            _check_named_splits(bench, kind)
        check_account(bench, source, conversion, kind)
        if bench.provider.reader is not None:
            try:
                with bench.guarded(f'{kind}: reading'):
                    _check_back(bench, kind, source, conversion.path, conversion.report)
            except DatasetError as exc:
                bench.say(f'{kind}: what it wrote cannot be read: {exc}')
    if written is None and refusals:
        bench.say(f'it holds no kind of annotation: {refusals[0]}')
    return written


def _check_named_splits(bench: Bench, kind: str) -> None:
    """Check that a split of any name comes back."""
    source, what = bench.drawn(f'{kind}-named', [kind], splits=_NAMED), f'splits {", ".join(_NAMED)}'
    conversion = bench.convert(source, bench.folder / 'there' / source.name)
    if conversion is None or bench.provider.reader is None:
        return
    try:
        with bench.guarded(f'{what}: reading'):
            reader = open_dataset(conversion.path, bench.provider.name)
            before, after = _by_picture(open_dataset(source, 'dm_v2')), _by_picture(reader)
            _check_pictures(bench, what, before, after, (conversion.report, reader.report))
    except DatasetError as exc:
        bench.say(f'{what}: what it wrote cannot be read: {exc}')


def _check_back(bench: Bench, kind: str, source: Path, place: Path, report: Report) -> None:
    reader = open_dataset(place, bench.provider.name)
    before = _by_picture(open_dataset(source, 'dm_v2'))
    after = _by_picture(reader)
    _check_pictures(bench, kind, before, after, (report, reader.report))
    there = sum(len(sample.annotations) for sample in before.values())
    back = sum(len(sample.annotations) for sample in after.values())
    tools = {annotation.tool for sample in before.values() for annotation in sample.annotations}
    dropped = sum(counts(one, tool)[2] for one in (report, reader.report) for tool in tools)
    if back < there - dropped:
        bench.say(
            f'{kind}: {there - dropped - back} of {there} annotations are lost between writing and reading'
        )
    elif not report.losses and not reader.report.losses:
        _tell(bench, (f'{kind}: {told}' for told in _changed(bench, before, after)))
    elif back == there:
        _tell(bench, (f'{kind}: {told}' for told in _relabelled(before, after)))
    if kind == 'attributes' and back == there:  # else they went with their annotations
        told = sum(sum(counts(one, 'attribute')[1:]) for one in (report, reader.report))
        _check_attributes(bench, before, after, told)


def _by_picture(samples: Iterable[Sample]) -> dict[str, Sample]:
    """Return the samples by what their pictures hold, since a format may rename them."""
    return {sha256(sample.image.path.read_bytes()).hexdigest(): sample for sample in samples}


# -- what is compared ------------------------------------------------------------------------------------------


def _check_pictures(
    bench: Bench,
    kind: str,
    before: dict[str, Sample],
    after: dict[str, Sample],
    reports: tuple[Report, Report],
) -> None:
    missing = [sample.key for digest, sample in before.items() if digest not in after]
    told = sum(counts(report, 'image')[2] for report in reports)
    told += sum(entry.count for report in reports for entry in (*report.left_out, *report.quarantined))
    if len(missing) > told:
        bench.say(f'{kind}: pictures are lost, or not what they were: {", ".join(missing[:_SHOWN])}')
    for digest, sample in before.items():
        split = after[digest].split if digest in after else sample.split
        if split != sample.split:
            bench.say(f'{kind}: {sample.key} came back in the split {split!r}, not {sample.split!r}')
            return


def _pairs(before: dict[str, Sample], after: dict[str, Sample]) -> Iterator[tuple[Sample, Sample]]:
    return ((sample, after[digest]) for digest, sample in before.items() if digest in after)


def _changed(bench: Bench, before: dict[str, Sample], after: dict[str, Sample]) -> Iterator[str]:
    """Yield what did not come back as it was, though nothing was reported."""
    for sample, found in _pairs(before, after):
        rest = list(found.annotations)
        for annotation in sample.annotations:
            same = next((one for one in rest if _same_annotation(annotation, one, bench.tolerance)), None)
            if same is None:
                yield f'{sample.key}: {_shown(annotation)} was kept, as the report says, but came back otherwise'
            else:
                rest.remove(same)
        yield from (
            f'{sample.key}: {_shown(annotation)} was never there'
            for annotation in rest
            if annotation.tool != 'bounding_box' or 'group_id' not in annotation.extra  # the box of a pose
        )


def _relabelled(before: dict[str, Sample], after: dict[str, Sample]) -> Iterator[str]:
    """Yield the pictures whose classes are others."""
    for sample, found in _pairs(before, after):
        there, back = (sorted(str(one.label) for one in some.annotations) for some in (sample, found))
        if there != back:
            yield f'{sample.key}: its classes were {", ".join(there)}, and came back as {", ".join(back)}'


def _check_attributes(bench: Bench, before: dict[str, Sample], after: dict[str, Sample], told: int) -> None:
    there, back = (
        sum(len(annotation.attrs) for sample in samples.values() for annotation in sample.annotations)
        for samples in (before, after)
    )
    if there - back > told:
        bench.say(f'{there - back} of {there} attributes are lost, and the report names {told}')


# -- comparing -------------------------------------------------------------------------------------------------


def _same_annotation(one: Annotation, other: Annotation, tolerance: float) -> bool:
    if (one.tool, one.label) != (other.tool, other.label):
        return False
    if not _same(_named(one.attrs), _named(other.attrs), tolerance):
        return False
    if one.tool == 'segmentation':
        return _pixels(one.data) == _pixels(other.data)
    return _same(one.data or None, other.data or None, tolerance)


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(
            _same(left, right, tolerance) for left, right in zip(one, other, strict=True)
        )
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= tolerance
    return bool(one == other)


def _pixels(data: Any) -> set[int]:
    """Return the pixels of a mask, which may stand as numbers or as runs."""
    runs = (item if isinstance(item, list | tuple) else (item, 1) for item in data)
    return {pixel for start, length in runs for pixel in range(start, start + length)}


def _named(attrs: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    pairs = [(str(attribute.get('name')), attribute.get('value')) for attribute in attrs]
    return sorted(pairs, key=lambda pair: (pair[0], '' if isinstance(pair[1], float) else str(pair[1])))


def _shown(annotation: Annotation) -> str:
    data = repr(annotation.data)
    return f'{annotation.tool} {annotation.label!r} {data if len(data) <= 60 else data[:57] + "..."}'


def _tell(bench: Bench, problems: Iterator[str]) -> None:
    """Say the first problems, and how many more there are."""
    found = list(problems)
    for problem in found[:_SHOWN]:
        bench.say(problem)
    if len(found) > _SHOWN:
        bench.say(f'and {len(found) - _SHOWN} more of that')
