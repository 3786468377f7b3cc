"""Packs a project into the archive that the platform unpacks."""

from __future__ import annotations

import unicodedata
import zipfile
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ['pack']

_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def pack(root: Path, files: Sequence[str], archive: Path) -> None:
    """Write the files of a project into a zip archive, config.yaml at its top.

    The same files give the same archive, wherever and whenever it is made; names are in the composed form of
    Unicode, so that a Korean one from a Mac is found by the code that names it.

    Raises:
        ConfigError: If two names fall together, or a file cannot be read.
    """
    seen: dict[str, str] = {}
    try:
        with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
            for file in files:
                name = unicodedata.normalize('NFC', file)
                if name in seen:
                    raise ConfigError(
                        f'{seen[name]!r} and {file!r} have the same name on the platform; rename one.'
                    )
                seen[name] = file
                entry = zipfile.ZipInfo(name, _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = _UNIX
                executable = (root / file).stat().st_mode & 0o100
                entry.external_attr = (0o100755 if executable else 0o100644) << 16
                packed.writestr(entry, (root / file).read_bytes())
    except OSError as exc:
        raise ConfigError(f'{root} cannot be packed: {exc}') from exc
