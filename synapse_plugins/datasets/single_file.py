"""Single files that appear whole or not at all and replace nobody else's: what `inspect` writes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from ..errors import DatasetError
from .files import disk_trouble, write_bytes

__all__ = ['MARK', 'check_target', 'write_whole']

MARK = 'synapse-plugins inspect'
"""Stands in the head of each file that is written here; a file without it is somebody else's."""

_HEAD = 4096


def check_target(path: str | Path, suffix: str, source: str | Path) -> Path:
    """Return where to write, after a look whether that can be done, before the long part.

    Args:
        path: The file to write.
        suffix: What its name must end with.
        source: The dataset, into which nothing is written.

    Raises:
        DatasetError: If it cannot, or must not, be written.
    """
    target = Path(path)
    if target.suffix.casefold() != suffix:
        raise DatasetError(f'{target} should have a name that ends with {suffix}.')
    if not target.parent.is_dir():
        raise DatasetError(f'There is no folder {target.parent} to write {target.name} into; make it first.')
    if target.resolve().is_relative_to(Path(source).resolve()):
        raise DatasetError(f'{target} lies in the dataset, and would become part of it; name a file outside.')
    if target.is_dir():
        raise DatasetError(f'{target} is a folder; name a file.')
    if target.exists():
        with target.open('rb') as file:
            if MARK.encode() not in file.read(_HEAD):
                raise DatasetError(
                    f'{target} exists and was not written by `inspect`; name another file, or remove it.'
                )
    return target


@disk_trouble
def write_whole(target: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all."""
    draft = target.with_name(f'.{target.name}.{token_hex(4)}.tmp')
    try:
        write_bytes(draft, content)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
