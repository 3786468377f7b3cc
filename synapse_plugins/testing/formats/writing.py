"""Checks of a writer: the report, the source, and an output that is whole or absent."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PIL import Image

from ...datasets import Conversion, open_dataset
from ...errors import DatasetError, LossError
from ...providers import resolve
from ..drawings import KINDS
from ..trees import differences, tree
from .bench import Stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ...datasets import Report
    from .bench import Bench

__all__ = ['check_account', 'check_writing']

_SPLITS = {'train': 3, 'valid': 2, 'test': 1}
_PICTURES = frozenset(('.png', '.jpg'))


def check_writing(bench: Bench) -> None:
    """Write a dataset with everything in it, in several ways."""
    everything = bench.drawn('everything', KINDS, splits=_SPLITS)
    checks: tuple[Callable[[], object], ...] = (
        partial(_check_interruption, bench, everything),
        partial(_check_loss, bench),
        partial(_check_output, bench, everything, 'with splits'),
        partial(_check_output, bench, bench.drawn('unsplit', KINDS, splits={None: 3}), 'without splits'),
        partial(bench.convert, everything, bench.folder / 'hard', link='hard'),
        partial(_check_bounds, bench),
    )
    for check in checks:
        try:
            check()
        except DatasetError as exc:
            bench.say(f'a dataset with annotations of every kind is refused: {exc}')
            return


def _check_output(bench: Bench, source: Path, what: str) -> None:
    out = bench.folder / 'out'
    conversion = bench.convert(source, out)
    if conversion is None:
        return
    check_account(bench, source, conversion, what)
    _check_whole(bench, conversion, what)
    aside = out.rename(bench.folder / f'{source.name}-written')
    if bench.convert(source, out) is not None:
        one, other = tree(aside), tree(out)
        if one != other:
            bench.say(f'{what}: two conversions of one source differ: {differences(one, other)}')
        out.rename(bench.folder / f'{source.name}-again')


def check_account(bench: Bench, source: Path, conversion: Conversion, what: str) -> None:
    """Check that every annotation of the source is in the report: kept, changed or dropped."""
    there = Counter(
        annotation.tool for sample in open_dataset(source, 'dm_v2') for annotation in sample.annotations
    )
    for tool, count in there.items():
        kept, changed, dropped = counts(conversion.report, tool)
        missing = count - kept - changed - dropped
        if missing > 0:
            bench.say(
                f'{what}: {missing} of {count} annotations ({tool}) are not in the report: call report.keep, '
                'change or drop for each'
            )
        if kept + dropped > count:
            bench.say(f'{what}: the report counts {kept} kept and {dropped} dropped of {count} {tool}')


def counts(report: Report, kind: str) -> tuple[int, int, int]:
    """Return how many of a kind were kept, changed (at most: once a reason) and dropped."""
    changed, dropped = (
        sum(entry.count for entry in entries if entry.kind == kind)
        for entries in (report.changed, report.dropped)
    )
    return report.kept.get(kind, 0), changed, dropped


def _check_whole(bench: Bench, conversion: Conversion, what: str) -> None:
    try:
        Conversion.load(conversion.path)
    except DatasetError as exc:
        bench.say(f'{what}: the output is not whole: {exc}')
    work = f'.{conversion.path.name}.part-'.encode()
    for path in sorted(conversion.path.rglob('*')):
        if path.is_file() and path.suffix not in _PICTURES and work in path.read_bytes():
            bench.say(
                f'{what}: {path.relative_to(conversion.path)} names the folder that it was written in, not the one '
                'that it lies in: use final_root'
            )


# -- whole or absent -------------------------------------------------------------------------------------------


def _check_interruption(bench: Bench, source: Path) -> None:
    """Stop a conversion when all samples are written, and it is not finished."""

    def stop(done: int, _total: int) -> None:
        if done:
            raise Stop

    place = bench.folder / 'interrupted'
    place.mkdir()
    with suppress(Stop):
        bench.convert(source, place / 'out', progress=stop)
    _check_absent(bench, place, 'when it is interrupted')


def _check_loss(bench: Bench) -> None:
    """Have a conversion refused when it is finished, because a picture cannot be read."""
    source = bench.drawn('damaged', KINDS)
    (source / 'train' / 'original_files' / 'train_0.png').write_bytes(b'no picture')
    place = bench.folder / 'refused'
    place.mkdir()
    with suppress(LossError):
        if bench.convert(source, place / 'out', on_loss='error') is not None:
            bench.say('a picture that cannot be read is not in the report')
    _check_absent(bench, place, 'when a loss is an error')


def _check_bounds(bench: Bench) -> None:
    """Have annotations reach out of their pictures, which must be dropped, or be an error, if that is asked for."""
    source = bench.drawn('outside', ['detect', 'segment'], splits={None: 2})
    held = resolve(bench.provider.writer or '').holds(bench.task)
    if held is not None and held.isdisjoint(('bounding_box', 'polygon')):
        return
    for path in source.rglob('*.png'):
        with Image.open(path) as picture:
            cut = picture.crop((0, 0, picture.width // 4, picture.height // 4))
        cut.save(path)
    try:
        bench.convert(source, bench.folder / 'bounds-error', bounds='error')
    except DatasetError as exc:
        if 'pixels out of its picture' not in str(exc):
            bench.say(f"bounds='error' is refused: {exc}")
            return
    else:
        bench.say("bounds='error': an annotation that reaches out of its picture is written all the same")
    with suppress(DatasetError):  # nothing is left to be written
        made = bench.convert(source, bench.folder / 'bounds-drop', bounds='drop')
        if made is not None and any(counts(made.report, tool)[0] for tool in ('bounding_box', 'polygon')):
            bench.say("bounds='drop': annotations that reach out of their pictures are kept")


def _check_absent(bench: Bench, place: Path, when: str) -> None:
    left = {name: kind for name, kind in tree(place).items() if name != '.'}
    if left:
        bench.say(f'writing leaves something {when}: {differences({}, left)}: write below root only')
