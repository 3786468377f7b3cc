"""Checks of a reader: always the same, true, and never silent about what it cannot read."""

from __future__ import annotations

import shutil
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from ...datasets import detect_format, formats, open_dataset
from ...errors import DatasetError, SynapsePluginsError
from ...providers import resolve
from ..drawings import make_dataset
from ..trees import differences, stamped_tree

if TYPE_CHECKING:
    from pathlib import Path

    from ...datasets import Reader
    from .bench import Bench

__all__ = ['check_reading']

_GARBAGE = b'\xff\xfe\x00 [{< garbage'
_PICTURES = frozenset(('.png', '.jpg', '.jpeg', '.bmp', '.webp', '.tif', '.tiff', '.gif'))

_Read = tuple[list[Any], bool]
"""What was read, comparable, and whether something of it was reported as lost."""


def check_reading(bench: Bench, source: Path) -> None:
    """Read a copy of a dataset in several ways."""
    number = len(list(bench.folder.glob('read-*')))
    root = shutil.copytree(source, bench.folder / f'read-{number}')
    before = stamped_tree(root)
    readable = False
    try:
        with bench.guarded('reading'):
            _check_samples(bench, root)
            readable = True
    except DatasetError as exc:
        bench.say(f'{source.name} cannot be read: {exc}')
    if not readable:
        return
    after = stamped_tree(root)
    if after != before:
        bench.say(f'reading touches the source: {differences(before, after)}')
    _check_detection(bench, root)
    _check_damage(bench, root)


def _check_samples(bench: Bench, root: Path) -> None:
    reader = open_dataset(root, bench.provider.name)
    samples = list(reader)
    if not samples:
        bench.say('reading yields no samples')
    keys = [sample.key for sample in samples]
    twice = sorted({one for one, other in pairwise(sorted(keys)) if one == other})
    if twice:
        bench.say(f'reading yields keys twice: {", ".join(twice[:3])}')
    for sample in samples:
        if not sample.image.path.is_file():
            bench.say(f'reading yields a picture that is not there: {sample.image.path}')
        if sample.split not in reader.splits:
            bench.say(f'reading yields the split {sample.split!r}, but splits is {reader.splits}')
    count = reader.count()
    if count is not None and count < len(samples):
        bench.say(
            f'count() is {count}, but there are {len(samples)} samples; it is the most that there may be'
        )
    _check_survey(bench, reader, samples)
    first, second = (_read(bench, root) for _ in range(2))
    if first != second:
        bench.say('reading twice gives other samples, or another order')


def _check_survey(bench: Bench, reader: Reader, samples: list[Any]) -> None:
    survey = reader.survey()
    for sample in samples:
        for annotation in sample.annotations:
            known = survey.labels.get(annotation.tool)
            if known is None or (annotation.label and annotation.label not in known):
                bench.say(f'survey() does not know {annotation.tool} {annotation.label!r} of {sample.key}')
                return


def _read(bench: Bench, root: Path) -> _Read:
    reader = open_dataset(root, bench.provider.name)
    samples = [
        (
            sample.key,
            sample.split,
            sample.image.path.relative_to(root).as_posix(),
            reader.measure(sample.image, sample.key),
            [(one.tool, one.label, one.data, one.attrs) for one in sample.annotations],
        )
        for sample in reader
    ]
    return samples, reader.report.losses


# -- which folder is of this format ----------------------------------------------------------------------------


def _check_detection(bench: Bench, root: Path) -> None:
    if bench.provider.detect is None:
        return
    try:
        found = detect_format(root)
    except DatasetError as exc:
        bench.say(f'a dataset of this format is not recognised: {exc}')
    else:
        if found != bench.provider.name:
            bench.say(f'a dataset of this format is taken for {found}')
    detect = resolve(bench.provider.detect)
    others = [provider.name for provider in formats.BUILTIN if provider.name != bench.provider.name]
    for name in ('an empty folder', *others):
        folder = bench.folder / 'others' / name
        if name not in others:
            folder.mkdir(parents=True, exist_ok=True)
        elif not folder.exists():
            make_dataset(folder, name, 'classify' if name == 'imagefolder' else 'detect')
        with bench.guarded(f'detect({name})'):
            reason = cast('str | None', detect(folder))
            if not (isinstance(reason, str) and reason):
                bench.say(
                    f'detect() returned {reason!r} for {name}; it returns the reason why that is not one'
                )


# -- nothing is lost silently ----------------------------------------------------------------------------------


def _check_damage(bench: Bench, root: Path) -> None:
    """Damage one file after the other; what is read may only change if that is told."""
    whole = _read(bench, root)
    for path in sorted(path for path in root.rglob('*') if path.is_file()):
        content, name = path.read_bytes(), path.relative_to(root).as_posix()
        path.write_bytes(_GARBAGE)
        _check_told(bench, root, whole, f'{name} is damaged')
        if path.suffix.lower() in _PICTURES and _is_named(root, path):
            path.unlink()
            _check_told(bench, root, whole, f'{name} is missing')
        path.write_bytes(content)


def _is_named(root: Path, picture: Path) -> bool:
    """Tell whether another file speaks of a picture, so that its absence can be noticed."""
    name = picture.stem.encode()
    escaped = picture.stem.encode('ascii', 'backslashreplace')
    for path in root.rglob('*'):
        if path.name.startswith('.') or path.name == 'report.json':
            continue
        if path.is_file() and path.suffix.lower() not in _PICTURES:
            content = path.read_bytes()
            if path.stem == picture.stem or name in content or escaped in content:
                return True
    return False


def _check_told(bench: Bench, root: Path, whole: _Read, what: str) -> None:
    try:
        samples, told = _read(bench, root)
    except SynapsePluginsError:
        return
    except Exception as exc:  # noqa: BLE001 - a stranger's code; told
        bench.raised.append(exc)
        bench.say(
            f'{what}: reading raises {type(exc).__name__}: {exc}; raise a DatasetError that names the file'
        )
        return
    if samples != whole[0] and not told:
        bench.say(f'{what}: less is read, and the report does not say so')
