"""The COCO files of one split, whose long lists are written as the samples come."""

from __future__ import annotations

from shutil import copyfileobj
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from io import BufferedWriter
    from pathlib import Path

__all__ = ['Records', 'SplitFiles']


class Records(NamedTuple):
    """What a sample adds: JSON objects without their opening brace and without ids.

    Attributes:
        image: The image record.
        annotations: (role, annotation record, which other record of the sample it shares the id with or -1).
        posed: The class numbers of its poses.
    """

    image: bytes
    annotations: Sequence[Sequence[Any]]
    posed: Sequence[int] = ()


class SplitFiles:
    """The files of one split.

    Args:
        paths: Role -> the file to make; several roles may share one.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths
        self._images = 0
        self._annotations = 0
        first = next(iter(paths.values()))
        self._image_part = first.with_suffix('.images')
        self._image_file = self._image_part.open('wb')
        self._parts: dict[Path, Path] = {path: path.with_suffix('.annotations') for path in paths.values()}
        self._files: dict[Path, BufferedWriter] = {
            path: part.open('wb') for path, part in self._parts.items()
        }
        self._begun: set[Path] = set()
        self._roles: set[str] = set()

    def add(self, records: Records) -> None:
        """Write the records of a sample under the next ids, which count through all files of the split."""
        self._images += 1
        start = b',\n' if self._images > 1 else b'\n'
        self._image_file.write(b'%b{"id":%d,%b' % (start, self._images, records.image))
        ids: list[int] = []
        lines: dict[Path, list[bytes]] = {}
        for role, content, same_as in records.annotations:
            if same_as < 0:
                self._annotations += 1
            number = self._annotations if same_as < 0 else ids[same_as]
            ids.append(number)
            path = self._paths[role]
            start = b',\n' if path in self._begun else b'\n'
            self._begun.add(path)
            self._roles.add(role)
            record = b'%b{"id":%d,"image_id":%d,%b' % (start, number, self._images, content)
            lines.setdefault(path, []).append(record)
        for path, found in lines.items():
            self._files[path].write(b''.join(found))

    @property
    def roles(self) -> set[str]:
        """What there are annotations for."""
        return self._roles

    def close(self) -> None:
        """Close the parts."""
        self._image_file.close()
        for file in self._files.values():
            file.close()

    def join(self, categories: Mapping[str, Sequence[dict[str, Any]]], roles: set[str]) -> None:
        """Make the files of their parts, those of *roles* only.

        Args:
            categories: Role -> the category records.
            roles: What there shall be files for.
        """
        self.close()
        made = set()
        for role, path in self._paths.items():
            if role in roles and path not in made:
                made.add(path)
                self._join(path, categories[role])
        self._image_part.unlink()
        for part in self._parts.values():
            part.unlink()

    def _join(self, path: Path, categories: Sequence[dict[str, Any]]) -> None:
        with path.open('wb') as whole:
            whole.write(b'{"info":{},"licenses":[],"categories":' + orjson.dumps(categories))
            for name, part in (('images', self._image_part), ('annotations', self._parts[path])):
                whole.write(f',\n"{name}":['.encode())
                with part.open('rb') as source:
                    copyfileobj(source, whole, 1 << 20)
                whole.write(b']')
            whole.write(b'}\n')
