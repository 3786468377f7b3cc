"""Which format a folder is, and the reader for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..errors import FormatError
from ..providers import resolve
from .files import disk_trouble
from .formats import table
from .report import Report

if TYPE_CHECKING:
    from .pool import Pool
    from .reader import Reader

__all__ = ['detect_format', 'open_dataset']


@disk_trouble
def detect_format(root: str | Path) -> str:
    """Return the name of the format that a folder is.

    Raises:
        FormatError: If it is none, with every format's reason, or more than one.
    """
    folder = _folder(root)
    table.load_packs()
    found, refusals = [], []
    for provider in table:
        if provider.detect is None or provider.reader is None:
            continue
        reason = cast('str | None', resolve(provider.detect)(folder))
        if reason is None:
            found.append(provider.name)
        else:
            refusals.append(f'not {provider.name}: {reason}')
    if not found:
        raise FormatError(
            f'{folder} is no dataset of a known format ({"; ".join(refusals)}). Name its format if you know it '
            '(--from).'
        )
    if len(found) > 1 and 'imagefolder' in found:  # folders of pictures: whatever says more of them is right
        found.remove('imagefolder')
    if len(found) > 1:
        raise FormatError(f'{folder} could be {" or ".join(found)}; say which (--from {found[0]}).')
    return found[0]


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
        UnknownNameError: If there is no such format.
    """
    provider = table.get(source_format or detect_format(root))
    if provider.reader is None:
        raise FormatError(f'The format {provider.name} can be written but not read.')
    reader = cast('type[Reader]', resolve(provider.reader))
    more = {'pool': pool} if getattr(reader, 'uses_pool', False) else {}
    return reader(_folder(root), report if report is not None else Report(), **more)


def _folder(root: str | Path) -> Path:
    folder = Path(root)
    if not folder.exists():
        raise FormatError(f'There is no folder {folder}.')
    if not folder.is_dir():
        raise FormatError(f'{folder} is a file; name the folder of the dataset.')
    return folder
