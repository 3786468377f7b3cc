"""The folders of Datamaker datasets, the same for both versions.

``[<split>/]json/<stem>.json`` beside ``[<split>/]original_files/<stem>.<suffix>``. What of a document only the other
version can hold lies in ``[<split>/]meta/<stem>.json``: beside version 2 the version 1 document it was made of, beside
version 1, under ``v2``, the version 2 document, where version 1 cannot hold all of it. Whoever reads one version alone
needs no meta.
"""

# `from __future__ import annotations` would take the name of a function of `dm_v2`.

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any, ClassVar

import orjson

from ...errors import FormatError
from .. import dm
from ..angles import is_angle
from ..dm.carried import META, size_of, split_document, tools_in
from ..files import by_stem, read_bytes, scan
from ..images import IMAGE_SUFFIXES
from ..names import leaf, nfc, suffix_of
from ..passed import UNREAD_SUFFIXES, Passed
from ..reader import Evidence, Survey, Unit, UnitReader
from ..report import Report
from ..salvage import salvage_json
from ..sample import ImageFile, Sample
from .dm_items import annotations_of
from .dm_places import (
    DOCUMENTS,
    IMAGES,
    JSON,
    META_FOLDER,
    Half,
    halves_of,
    is_version_1,
    refusal,
    split_folders,
    version_of,
)

__all__ = [
    'DmReader',
    'make_folders',
]

_SUFFIX_ORDER = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.gif')
_COMMON = frozenset(('.jpg', '.png'))  # the suffixes of most pictures, for a quicker look
_label = itemgetter('classification')
_OTHER = 'it is of version {} though the dataset was taken for version {}; it was read as what it is'
_MISSING, _UNREAD = 'its image is missing', 'the suffix of its image is not read'


class DmReader(UnitReader):
    """Reads Datamaker datasets; documents of both versions, whatever the dataset is taken for."""

    version: ClassVar[int]
    listing: ClassVar[tuple[str, ...]] = ('_files', '_passed')

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        self._folders = split_folders(root)
        if not self._folders:
            raise FormatError(f'{root} is not a dm_v{self.version} dataset: {refusal(root, self.version)}.')
        self._halves = list(halves_of(root))
        self.splits = list(self._folders)
        self._passed = {split: (Passed(), Passed()) for split in self.splits}
        self._files = {split: _find(folder, *self._passed[split]) for split, folder in self._folders.items()}
        self._has_meta = {split: (folder / META_FOLDER).is_dir() for split, folder in self._folders.items()}

    def count(self) -> int:
        """Return how many documents there are."""
        return sum(len(documents) for documents, _ in self._files.values())

    # -- the units ------------------------------------------------------------------------------------

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every document, by split and then by name: (document, picture or other file, or None)."""
        for split in self._folders:
            documents, media = self._files[split]
            prefix = f'{split}/' if split else ''
            for stem in sorted(documents):
                found = media.get(stem)
                image = None if found is None else found[0] if len(found) == 1 else _in_order(found)[0]
                name = leaf(image or documents[stem][0])
                yield Unit(f'{prefix}{stem}', split, name, (documents[stem][0], image))

    def leave(self, facts: list[Any]) -> None:
        """Report documents and pictures that are not used."""
        for split, folder in self._folders.items():
            documents, media = self._files[split]
            prefix = f'{split}/' if split else ''
            for stem in sorted(stem for stem, names in documents.items() if len(names) > 1):
                for name in documents[stem][1:]:
                    self.report.drop('annotation file', 'another one has its name', f'{prefix}{name}')
                    lost = salvage_json(read_bytes(_document(folder, name)))
                    self._lose_items(
                        lost, 'another annotation file has the name of its own', f'{prefix}{name}'
                    )
            # a picture is used by one document; others of the same stem are left over
            over = [stem for stem, names in media.items() if len(names) > 1 or stem not in documents]
            for stem in sorted(over):
                for name in media[stem] if stem not in documents else _in_order(media[stem])[1:]:
                    self.report.drop('image', 'it has no annotation file', f'{prefix}{name}')
            for part, passed in zip((JSON, IMAGES), self._passed[split], strict=True):
                passed.tell_links(self.report, f'{prefix}{part}/')
            self._passed[split][1].tell_pictures(self.report, f'{prefix}{IMAGES}/')
        for half in self._halves:
            self._lose_half(half)

    def _lose_half(self, half: Half) -> None:
        """Count what lies in a folder that has documents without pictures, or the other way round."""
        place = f'{half.prefix}{half.held}/'
        for name in sorted(scan(half.folder / half.held)):
            suffix, where = suffix_of(name), f'{place}{name}'
            if half.held == IMAGES:
                is_picture = suffix in IMAGE_SUFFIXES or suffix in UNREAD_SUFFIXES
                self.report.drop('image' if is_picture else 'file', half.why, where)
            elif suffix in DOCUMENTS:
                self.report.drop('annotation file', half.why, where)
                with suppress(OSError):
                    content = read_bytes(_document(half.folder, name))
                    self._lose_items(salvage_json(content), half.why, where)

    def evidence(self, unit: Unit) -> Evidence:
        """Return the document, its meta part, and the picture."""
        document, image = unit.source
        folder = self._folders[unit.split]
        files = [_document(folder, document)]
        if self._has_meta[unit.split]:
            meta = f'{folder}{os.sep}{META_FOLDER}{os.sep}{document}'
            files.append(meta if os.path.exists(meta) else '')  # noqa: PTH110 - one of many small files
        images = () if image is None else (f'{folder}{os.sep}{IMAGES}{os.sep}{image}',)
        return Evidence(tuple(filter(None, files)), images)

    # -- one sample -----------------------------------------------------------------------------------

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of a document; None if it has no picture or cannot be read."""
        key, split, leaf_name, (document, file) = unit
        folder = self._folders[split]
        raw = b''
        try:
            raw = self.load(_document(folder, document))
            if file is None:
                self._miss(raw, key)
                return None
            content = orjson.loads(raw)
            if self.version != 2 or 'images' not in content:  # nearly all are of version 2, which has them
                self._note_version(content, key)
            meta: dict[str, Any] = {}
            if self._has_meta[split] or 'images' not in content:
                content, meta = self._as_version_2(content, folder, document, key)
            kind = _kind(content, file)
            if kind is None:
                self._miss(raw, key, _UNREAD if suffix_of(file) in UNREAD_SUFFIXES else _MISSING)
                return None
            tools, carried = split_document(content, kind)
            found = annotations_of(tools)
        except (OSError, orjson.JSONDecodeError, FormatError, AttributeError, TypeError, KeyError) as exc:
            self.report.quarantine('annotation file', _why(exc, self.version), key)
            self._lose_items(salvage_json(raw), 'its annotation file cannot be read', key)
            return None
        declared = size_of(meta[META]) if META in meta else None
        path = f'{folder}{os.sep}{IMAGES}{os.sep}{file}'
        image = ImageFile(path, name=leaf_name, media=kind, declared=declared)
        return Sample(key, split, image, found, {**carried, **meta})

    def _note_version(self, content: Any, key: str) -> None:
        if (found := version_of(content)) not in (self.version, None):
            self.report.note('annotation file', _OTHER.format(found, self.version), key)

    def _as_version_2(
        self, content: Any, folder: Path, document: str, key: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a document as version 2, and the version 1 document that it came from."""
        beside: Any = None
        if os.path.exists(path := f'{folder}{os.sep}{META_FOLDER}{os.sep}{document}'):  # noqa: PTH110
            try:
                beside = orjson.loads(read_bytes(path))
            except (OSError, orjson.JSONDecodeError):
                self.report.drop('meta', 'its file cannot be read', key)
        beside = beside if isinstance(beside, dict) else None
        if not is_version_1(content):
            return content, {META: beside} if beside else {}
        return dm.with_rest(content, beside), {META: content}

    def _miss(self, raw: bytes, key: str, reason: str = _MISSING) -> None:
        self.report.drop('annotation file', reason, key)
        self._lose_items(salvage_json(raw), reason, key)

    def _lose_items(self, content: Any, reason: str, where: str) -> None:
        """Count what a document holds that is not used, as far as it looks like one."""
        if not isinstance(content, dict):
            return
        if is_version_1(content):
            for items in content['annotations'].values():
                for item in items if isinstance(items, list) else ():
                    tool = item.get('tool') if isinstance(item, dict) else None
                    self.report.drop(tool if isinstance(tool, str) else 'annotation', reason, where)
            return
        for container in dm.CONTAINERS:
            media = content.get(container)
            for tools in media if isinstance(media, list) else ():
                for tool, items in tools.items() if isinstance(tools, dict) else ():
                    if isinstance(items, list) and items:
                        self.report.drop(tool, reason, where, len(items))

    # -- what a survey needs --------------------------------------------------------------------------

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the document, not at the picture."""
        document, file = unit.source
        if file is None:
            return
        try:
            raw = self.load(_document(self._folders[unit.split], document), again=True)
            content = orjson.loads(raw)
            if is_version_1(content):
                content = dm.to_v2(content).data
            kind = _kind(content, file)
            if kind is not None:
                _survey(survey, tools_in(content, kind), may_turn=b'"rotation"' in raw)
        except (OSError, ValueError, AttributeError, TypeError, KeyError, FormatError):
            return  # it is quarantined when it is read


def _survey(survey: Survey, tools: dict[str, Any], *, may_turn: bool) -> None:
    labels = survey.labels
    for tool, items in tools.items():
        if items:
            found = labels.setdefault(tool, set())
            names = _labels(items)
            if not names <= found:
                found.update([name for name in names if isinstance(name, str)])
            if may_turn and tool == 'bounding_box' and 'rotated' not in survey.traits:
                attrs = [one for item in items for one in item.get('attrs') or ()]
                turns = [one.get('value') for one in attrs if one.get('name') == 'rotation']
                if any(value and is_angle(value) for value in turns):
                    survey.traits.add('rotated')
            elif tool == 'group' or (tool == 'keypoint' and any('group_id' in item for item in items)):
                survey.traits.add('grouped')
                if 'bare' not in survey.traits and _is_bare(tools):
                    survey.traits.add('bare')


def _labels(items: Any) -> set[Any]:
    """Return what annotations call their classes."""
    try:
        return set(map(_label, items))
    except (KeyError, TypeError):  # one has none, or one that is no text
        return {name for item in items if isinstance(name := item.get('classification'), str)}


def _is_bare(tools: dict[str, Any]) -> bool:
    """Tell whether there are poses without a box or another shape."""
    groups: dict[bool, set[Any]] = {True: set(), False: set()}
    for tool, items in tools.items():
        for item in items or ():
            group = item.get('group_id')
            if isinstance(group, str | int):
                groups[tool == 'keypoint'].add(group)
    return bool(groups[True] - groups[False])


def _find(
    folder: Path, spare: Passed, others: Passed
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return documents and pictures by stem; where a document has no picture, other files of its stem.

    Args:
        folder: Where both lie.
        spare: Keeps what lies among the documents and is not read.
        others: Keeps what lies among the pictures and is not read.
    """
    documents = by_stem(folder / JSON, DOCUMENTS, spare)
    media = by_stem(folder / IMAGES, IMAGE_SUFFIXES, others)
    bare = documents.keys() - media.keys()
    if bare:
        for name in sorted(scan(folder / IMAGES)):
            stem = nfc(name.rpartition('.')[0])
            if stem in bare:
                media[stem] = (*media.get(stem, ()), name)
    return documents, media


def _kind(content: Mapping[str, Any], file: str) -> str | None:
    """Return the kind of media that a file is to its document; None if it is none of it."""
    is_picture = file[-4:] in _COMMON or suffix_of(file) in IMAGE_SUFFIXES
    if is_picture and content.get('images'):
        return 'image'
    kinds = [kind for container, kind in dm.CONTAINERS.items() if content.get(container)]
    if is_picture and not kinds:
        return 'image'
    return next((kind for kind in kinds if kind != 'image'), None)


def _document(folder: Path, name: str) -> str:
    return f'{folder}{os.sep}{JSON}{os.sep}{name}'


def _why(error: Exception, version: int) -> str:
    """Return why a document cannot be read."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    invalid = isinstance(error, orjson.JSONDecodeError)
    return 'it is not valid JSON' if invalid else f'it is no DM v{version} document'


def _in_order(names: Sequence[str]) -> list[str]:
    """Return files of one stem in the order of preference."""
    last = len(_SUFFIX_ORDER)

    def place(name: str) -> tuple[int, str]:
        suffix = suffix_of(name)
        return (_SUFFIX_ORDER.index(suffix) if suffix in _SUFFIX_ORDER else last, name)

    return sorted(names, key=place)


def make_folders(split: str | None) -> tuple[str, str, str]:
    """Return the folders of a split, relative to the root: of pictures, of documents and of their meta parts."""
    prefix = f'{split}/' if split else ''
    return f'{prefix}{IMAGES}', f'{prefix}{JSON}', f'{prefix}{META_FOLDER}'
