"""Names of splits, files and classes: one spelling each, and none that leads outside."""

from __future__ import annotations

import os
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category, is_normalized, normalize

from ..errors import DatasetError
from .litter import is_litter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    'SPLIT_ORDER',
    'SPLIT_RULE',
    'Fence',
    'Namer',
    'check_apart',
    'check_splits',
    'is_split_name',
    'is_text',
    'joined_splits',
    'keys_of',
    'leaf',
    'nfc',
    'order_splits',
    'spellings',
    'split_name',
    'storable',
    'suffix_of',
]

_PLAIN = re.compile(r'[^./\\:\0][^/\\:\0]*')
"""A file name without folders."""

SPLIT_ORDER = ('train', 'valid', 'test')
"""The canonical splits, in the order in which they are read and written."""

_ALIASES = {
    'train': 'train',
    'training': 'train',
    'val': 'valid',
    'valid': 'valid',
    'validation': 'valid',
    'dev': 'valid',
    'test': 'test',
    'testing': 'test',
}


_YEAR = re.compile(r'(?<=[a-z])(?:19|20)\d\d$')
_LONGEST_SPLIT = (
    180  # bytes; `person_keypoints_<split>.json` is the longest name of a file that one is part of
)
_NO_SPLIT = frozenset(
    (
        'report.json',
        'classes.json',
        'dataset.yaml',
        'export.json',
        'files.jsonl',
        'json',
        'original_files',
    )
)  # what lies beside the folders of splits, or tells a dataset without splits
_UNPRINTABLE = frozenset(
    ('Cc', 'Cs', 'Zl', 'Zp')
)  # categories of Unicode: no name of a file should have them

_REFUSED = frozenset('"*/:<>?\\|')
_BREAKING = frozenset(('Cc', 'Zl', 'Zp'))  # categories of Unicode that break or blur a line
_DEVICES = frozenset(
    ('con', 'prn', 'aux', 'nul', *(f'{name}{n}' for name in ('com', 'lpt') for n in '0123456789¹²³'))
)
_LONGEST_STEM = 241  # bytes; most disks take 255 for a name: with `-`, eight digits and a suffix of five
_ORDINARY = re.compile(r'(?!(?i:con|prn|aux|nul|com.|lpt.)(?:\.|$))[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}')
"""Stems that are storable as they stand; nearly all are."""

SPLIT_RULE = (
    'the name of a split is the name of a folder: at most 180 bytes, without /, \\, : and control characters, without '
    'a dot at its start or blanks at its ends, and not the name of what lies beside it, such as report.json, or of '
    'what systems leave in folders, such as @eaDir'
)
"""What `is_split_name` asks for, as part of a sentence."""


def split_name(name: str) -> str:
    """Return the canonical name of a split: ``val`` and ``validation`` are ``valid``; others keep theirs.

    So is ``val2017``: COCO and Pascal VOC put the year behind the usual names.
    """
    return _ALIASES.get(_YEAR.sub('', name.casefold()), name)


def is_split_name(name: object) -> bool:
    """Tell whether a split may be called so: every format can hold it as part of a path, within its folder."""
    if not isinstance(name, str) or not name or name != name.strip() or is_litter(name):
        return False
    if not name.isprintable() and any(category(character) in _UNPRINTABLE for character in name):
        return False
    if len(name.encode()) > _LONGEST_SPLIT or name.casefold() in _NO_SPLIT:
        return False
    return not any(character in name for character in '/\\:')


def check_splits(names: Iterable[str | None], where: object) -> None:
    """Refuse splits that are called what no split may be called; None stands for a dataset without splits.

    Args:
        names: The splits.
        where: What has them.

    Raises:
        DatasetError: If there is such a split.
    """
    for name in names:
        if name is not None and not is_split_name(name):
            raise DatasetError(f'{where} has a split called {name!r}; {SPLIT_RULE}. Give it another name.')


def check_apart(names: Iterable[str | None], where: str, way_out: str) -> None:
    """Refuse splits whose names differ in case or in the form of their letters only: many disks hold but one of them.

    Args:
        names: The splits; None stands for a dataset without splits.
        where: What has them, as the beginning of a sentence.
        way_out: What to do, as a sentence.

    Raises:
        DatasetError: If there are such splits.
    """
    seen: dict[str, str] = {}
    for name in names:
        if name is not None and (other := seen.setdefault(nfc(nfc(name).casefold()), name)) != name:
            raise DatasetError(
                f'{where} the splits {other!r} and {name!r}, which many disks take for one folder. {way_out}'
            )


def joined_splits(named: Mapping[str, Sequence[str]], where: str) -> Iterator[str]:
    """Yield what to warn of each split that a dataset has under several names: split -> what names it."""
    for split, names in named.items():
        if len(names) > 1:
            yield f'{where} {" and ".join(names)}, which are the same split, {split}: they are read as one.'


def order_splits(names: set[str]) -> list[str]:
    """Return split names in canonical order, others after them by code point."""
    return [name for name in SPLIT_ORDER if name in names] + sorted(names.difference(SPLIT_ORDER))


def leaf(path: str) -> str:
    """Return the last part of a POSIX path."""
    return path.rpartition('/')[2]


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, with its dot; empty if it has none."""
    stem, dot, suffix = name.rpartition('.')
    return f'.{suffix.lower()}' if stem and dot else ''


def is_text(name: str) -> bool:
    """Tell whether a file name is valid UTF-8 on disk, so that it can stand in a file."""
    return not any('\ud800' <= character <= '\udfff' for character in name)


def nfc(text: str) -> str:
    """Return *text* in Unicode normal form C, in which one spelling is one string."""
    return text if text.isascii() or is_normalized('NFC', text) else normalize('NFC', text)


def spellings(name: str) -> Iterator[str]:
    """Yield the ways in which a name may be spelled on disk: as it stands, in NFC and in NFD."""
    yield name
    if not name.isascii():
        for form in (normalize('NFC', name), normalize('NFD', name)):
            if form != name:
                yield form


class Fence:
    """Keeps the file names that annotation files hold within a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = root.resolve()
        self._inside: dict[Path, bool] = {}

    def path(self, base: Path, name: str, said_by: object) -> Path:
        """Return the path of the file *name*, relative to *base*, that *said_by* speaks of.

        Folders on the way may be links only to places in the root. The file itself may be a link: that is how
        a dataset written with ``--link symlink`` looks.

        Raises:
            DatasetError: If the name leads outside.
        """
        relative = Path(name.replace('\\', '/'))
        path = base / relative
        outside = relative.is_absolute() or relative.drive or '..' in relative.parts or '\0' in name
        if outside or not self._holds(path.parent):
            raise self._refusal(name, said_by)
        return path

    def place(self, base: Path, name: str, said_by: object) -> Path:
        """Return `path` for what may be a folder: such a one may itself be a link only to a place in the root.

        Raises:
            DatasetError: If the name leads outside.
        """
        path = self.path(base, name, said_by)
        if path.is_dir() and not self._holds(path):
            raise self._refusal(name, said_by)
        return path

    def file(self, base: Path, name: str, said_by: object) -> str | None:
        """Return `path` if there is such a file, whichever way its name is spelled in Unicode, else None."""
        for spelled in spellings(name):
            if _PLAIN.fullmatch(spelled) and self._holds(base):  # nearly all are: no look at each part
                path = f'{base}{os.sep}{spelled}'
            else:
                path = str(self.path(base, spelled, said_by))
            if os.path.isfile(path):  # noqa: PTH113 - making a Path costs as much as looking
                return path
        return None

    def _refusal(self, name: str, said_by: object) -> DatasetError:
        return DatasetError(
            f'{said_by} names {name!r}, which leads outside {self.root}. Nothing was read from there; '
            'write names relative to the dataset.'
        )

    def _holds(self, folder: Path) -> bool:
        known = self._inside.get(folder)
        if known is None:
            known = self._inside[folder] = folder.resolve().is_relative_to(self._real)
        return known


def keys_of(names: Sequence[str]) -> list[str]:
    """Return a key for each path: the path without suffix, or the whole path where others share that."""
    stems = [name.rpartition('.')[0] or name for name in names]
    counts = Counter(stems)
    return [stem if counts[stem] == 1 else name for stem, name in zip(stems, names, strict=True)]


def storable(stem: str) -> str:
    """Return the stem of a file as every disk takes it, with room for a suffix, and as it can be a line of a list.

    It is not hidden, has no blanks at its ends, no control characters or others that Windows refuses (``_`` is put
    in their place), is none of the devices that Windows takes for files (``con``), and is not too long.
    """
    stem = ''.join(
        '_' if character in _REFUSED or category(character) in _BREAKING else character for character in stem
    )
    stem = stem.strip()
    if stem[:1] in ('', '.') or stem.partition('.')[0].rstrip().casefold() in _DEVICES:
        stem = f'_{stem}'
    raw = stem.encode('utf-8', 'surrogatepass')
    if len(raw) <= _LONGEST_STEM:
        return stem
    kept = raw[: _LONGEST_STEM - 9].decode('utf-8', 'ignore').rstrip()
    return f'{kept}-{sha256(raw).hexdigest()[:8]}'


class Namer:
    """Gives every sample a file stem that is unique in its folder, on a case-insensitive disk too.

    The first sample keeps its stem; one that comes to a taken stem gets eight digits of its key's digest
    behind it. So names depend on the dataset alone. One that would be hidden gets ``_`` in front: nobody would read it.
    What some disk or some list of names does not take is changed too: see `storable`.

    Args:
        is_new: Keeps a text, and tells whether it is new; None: they are kept in memory.
    """

    def __init__(self, is_new: Callable[[str], bool] | None = None) -> None:
        self._taken: set[str] = set()
        self._is_new = is_new or self._keep

    def name(self, folder: str, stem: str, key: str) -> str:
        """Return the stem for the sample *key* in *folder*, as near to *stem* as possible."""
        if not _ORDINARY.fullmatch(stem):
            stem = storable(nfc(stem))
        candidate, attempt = stem, 0
        while not self._is_new(f'{folder}\0{candidate.casefold()}'):
            digest = sha256(f'{key}\0{attempt}'.encode('utf-8', 'surrogatepass')).hexdigest()[:8]
            candidate = f'{stem}-{digest}'
            attempt += 1
        return candidate

    def _keep(self, text: str) -> bool:
        if text in self._taken:
            return False
        self._taken.add(text)
        return True
