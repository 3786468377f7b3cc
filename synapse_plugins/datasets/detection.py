"""Which format a folder is, and the reader for it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..errors import DatasetError, FormatError
from ..providers import resolve
from .files import disk_trouble
from .foreign import ARCHIVES, PARTS, is_empty, looks_like
from .formats import table
from .formats.annotated import entries_of
from .formats.coco_places import has_own_names
from .names import SPLIT_ORDER, check_splits, split_name, suffix_of
from .report import Report

if TYPE_CHECKING:
    from .pool import Pool
    from .reader import Reader

__all__ = ['detect_format', 'open_dataset']

_INNER = 20
"""Folders in a folder that are looked at, in case one of them was meant."""
_SHOWN = 3


@disk_trouble
def detect_format(root: str | Path) -> str:
    """Return the name of the format that a folder is.

    Raises:
        FormatError: If it is none, with every format's reason, or more than one.
    """
    folder = _folder(root)
    table.load_packs()
    if is_empty(folder):
        raise FormatError(f'{folder} is no dataset of a known format: it is empty.')
    found, refusals = _asked(folder)
    if len(found) > 1:
        raise FormatError(f'{folder} could be {" or ".join(found)}; say which (--from {found[0]}).')
    inner = _inner(folder) if found in ([], ['imagefolder']) else []
    if found and not inner:
        return found[0]
    if found:  # a folder of folders of pictures is every dataset that lies one level too deep
        refusals.append('not imagefolder: a folder in it is a dataset itself')
    raise FormatError(_unknown(folder, inner, refusals))


def _asked(folder: Path, *, but: str = '') -> tuple[list[str], list[str]]:
    """Return the formats that a folder may be, and why it is none of the others."""
    found, refusals = [], []
    for provider in table:
        if provider.detect is None or provider.reader is None or provider.name == but:
            continue
        reason = cast('str | None', resolve(provider.detect)(folder))
        if reason is None:
            found.append(provider.name)
        else:
            refusals.append(f'not {provider.name}: {reason}')
    _leave_out_guesses(found, folder)
    return found, refusals


def _leave_out_guesses(found: list[str], folder: Path) -> None:
    """Take out the formats that are but a guess where another says more of the folder."""
    if len(found) > 1 and 'imagefolder' in found:  # any folders of pictures
        found.remove('imagefolder')
    # `val.json` may be there for a tool that computes scores
    if len(found) > 1 and 'coco' in found and not has_own_names(folder):
        found.remove('coco')


def _inner(folder: Path) -> list[str]:
    """Return the folders in a folder that are datasets, with their formats: one may have been meant."""
    files, folders = entries_of(folder)
    # the only class of a folder, unless it is the only split
    lone = len(folders) == 1 and not files and split_name(folders[0].name) not in SPLIT_ORDER
    inner: list[str] = []
    for place in folders[:_INNER]:
        try:  # the folder of a class may hold folders of pictures, unless it is the only class
            found, _ = _asked(place, but='' if lone else 'imagefolder')
        except (FormatError, OSError):
            continue
        if found:
            inner.append(f'{place} ({" or ".join(found)})')
    return inner


def _outer(folder: Path) -> str:
    """Return the dataset that a folder is a part of, as its pictures or its labels are, with its format."""
    whole = folder.resolve()
    if whole.name not in PARTS and split_name(whole.name) not in SPLIT_ORDER:
        return ''
    places = list(whole.parents[:2])
    if places and split_name(places[0].name) in SPLIT_ORDER:  # which alone may pass for a dataset, too
        places.reverse()
    for place in places:
        try:
            found, _ = _asked(place, but='imagefolder')
        except (FormatError, OSError):
            continue
        if found:
            return f'{place} ({" or ".join(found)})'
    return ''


def _hint(folder: Path) -> str:
    """Return what a folder may be that is no dataset, in a sentence; empty if nobody knows."""
    outer = _outer(folder)
    return f'It is a part of a dataset: did you mean {outer}?' if outer else looks_like(folder)


def _unknown(folder: Path, inner: list[str], refusals: list[str]) -> str:
    """Return what to tell of a folder of no format, one reason a line."""
    if inner:
        more = ', ...' if len(inner) > _SHOWN else ''
        hint = f'Did you mean {" or ".join(inner[:_SHOWN])}{more}?'
    else:
        hint = _hint(folder)
    first = f'{folder} is no dataset of a known format. {hint}'.rstrip()
    return '\n'.join(
        (first, *(f'- {refusal}' for refusal in refusals), 'Name its format if you know it (--from).')
    )


@disk_trouble
def open_dataset(
    root: str | Path,
    source_format: str | None = None,
    *,
    report: Report | None = None,
    pool: Pool | None = None,
) -> Reader:
    """Return a reader of the dataset in a folder.

    Args:
        root: The folder.
        source_format: Its format; by default it is found out.
        report: Where problems go while the dataset is read; by default a new one, at ``reader.report``.
        pool: Processes that may help.

    Raises:
        FormatError: If the folder is not of that format, or of none.
        DatasetError: If one of its splits is called what no split may be called.
        UnknownNameError: If there is no such format.
    """
    provider = table.get(source_format or detect_format(root))
    if provider.reader is None:
        raise FormatError(f'The format {provider.name} can be written but not read.')
    reader = cast('type[Reader]', resolve(provider.reader))
    more = {'pool': pool} if getattr(reader, 'uses_pool', False) else {}
    folder = _folder(root)
    try:
        opened = reader(folder, report if report is not None else Report(), **more)
    except FormatError as exc:
        if source_format and (hint := _hint(folder)):
            raise FormatError(f'{exc} {hint}') from exc
        raise
    try:
        check_splits(opened.splits, root)
    except DatasetError:
        opened.close()
        raise
    return opened


def _folder(root: str | Path) -> Path:
    if not isinstance(root, str | PathLike):
        raise DatasetError(f'{root!r} is no path; name one folder.')
    folder = Path(root)
    if not folder.exists():
        raise FormatError(f'There is no folder {folder}.')
    if suffix_of(folder.name) in ARCHIVES and not folder.is_dir():
        raise FormatError(
            f'{folder} is an archive; unpack it, and name the folder of the dataset in what comes out.'
        )
    if not folder.is_dir():
        raise FormatError(f'{folder} is a file; name the folder of the dataset.')
    return folder
