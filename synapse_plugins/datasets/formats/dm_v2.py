"""Datamaker v2: ``[<split>/]json/<stem>.json`` beside ``[<split>/]original_files/<stem>.<suffix>``."""

# `from __future__ import annotations` would take the name of a function here.

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import orjson

from ...errors import FormatError
from ..files import by_stem, read_bytes
from ..images import IMAGE_SUFFIXES
from ..names import leaf, order_splits, split_name, suffix_of
from ..reader import Evidence, Survey, Unit, UnitReader
from ..report import Report
from ..salvage import salvage_json
from ..sample import Annotation, ImageFile, Sample
from ..writer import Writer

__all__ = ['DmV2Reader', 'DmV2Writer', 'annotations', 'detect', 'document']

_JSON, _IMAGES = 'json', 'original_files'
_SUFFIXES = frozenset(('.json',))
_OWN_FIELDS = frozenset(('id', 'classification', 'attrs', 'data'))
_SUFFIX_ORDER = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.gif')
_BOX_KEYS = ('x', 'y', 'width', 'height')


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    return (
        None if _split_folders(root) else f'it holds no {_JSON}/ beside {_IMAGES}/, nor does a folder in it'
    )


def _split_folders(root: Path) -> dict[str | None, Path]:
    """Return split -> folder, in order; the split is None for the root itself."""
    found: dict[str | None, Path] = {}
    if _is_pair(root):
        found[None] = root
    named: dict[str, Path] = {}
    for folder in sorted(root.iterdir()):
        if not folder.name.startswith('.') and folder.is_dir() and _is_pair(folder):
            name = split_name(folder.name)
            if name in named:
                raise FormatError(f'{folder} and {named[name]} are both the split {name}; keep one of them.')
            named[name] = folder
    if found and named:
        raise FormatError(
            f'{root} holds samples of its own ({_JSON}/, {_IMAGES}/) and the splits {", ".join(named)}; '
            'move its own samples into a split.'
        )
    found.update((name, named[name]) for name in order_splits(set(named)))
    return found


def _is_pair(folder: Path) -> bool:
    return (folder / _JSON).is_dir() and (folder / _IMAGES).is_dir()


# -- documents ----------------------------------------------------------------------------------------------


def annotations(document: Mapping[str, Any]) -> list[Annotation]:
    """Return the annotations of the first image of a DM v2 document, in its order.

    Raises:
        FormatError: If it is not such a document.
    """
    try:
        images = document.get('images') or ()
        return (
            [_annotation(tool, item) for tool, items in images[0].items() for item in items or ()]
            if images
            else []
        )
    except (AttributeError, TypeError, KeyError, IndexError) as exc:
        raise FormatError('not a DM v2 document: "images" should be a list of {tool: [annotations]}') from exc


def _annotation(tool: str, item: dict[str, Any]) -> Annotation:
    data = item.get('data')
    extra = {} if item.keys() <= _OWN_FIELDS else {key: item[key] for key in item if key not in _OWN_FIELDS}
    if data is None and 'x' in extra:  # an older download writes a box's numbers beside the rest
        data = [extra.pop(key, None) for key in _BOX_KEYS]
    label = item.get('classification')
    if label is not None and not isinstance(label, str):
        extra['classification'], label = label, None
    attrs = item.get('attrs') or []
    if attrs and not (isinstance(attrs, list) and all(isinstance(attribute, dict) for attribute in attrs)):
        extra['attrs'], attrs = attrs, []  # malformed: of use to nobody, but written as it was
    return Annotation(tool, label, data, item.get('id'), attrs, extra)


def document(sample: Sample) -> dict[str, Any]:
    """Return a sample as a DM v2 document with one image."""
    tools: dict[str, list[dict[str, Any]]] = {}
    labels: dict[str, set[str]] = {}
    for number, annotation in enumerate(sample.annotations, 1):
        for item in _items(annotation, number):
            tools.setdefault(annotation.tool, []).append(item)
        if annotation.label:
            labels.setdefault(annotation.tool, set()).add(annotation.label)
    rest = dict(sample.meta.get('dm_v2', ()))
    for tool, names in _configured(rest.pop('classification', None)):
        labels.setdefault(tool, set()).update(names)
    return {
        'classification': {tool: sorted(labels[tool]) for tool in sorted(labels)},
        'images': [tools],
        **rest,
    }


def _configured(classification: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield the classes that a document names for its tools; what is no such table names none."""
    for tool, names in classification.items() if isinstance(classification, dict) else ():
        yield tool, [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _items(annotation: Annotation, number: int) -> Iterator[dict[str, Any]]:
    """Yield what stands in the document for an annotation: one object, or one for every part of a polygon."""
    extra = dict(annotation.extra)
    parts = extra.pop('parts', ())
    name = annotation.id or f'a{number}'
    if parts:
        extra.setdefault('group_id', name)
    for place, data in enumerate((annotation.data, *parts)):
        yield {
            'id': name if not place else f'{name}-{place + 1}',
            'classification': annotation.label,
            'attrs': annotation.attrs,
            'data': data,
            **extra,
        }


# -- reading ------------------------------------------------------------------------------------------------


class DmV2Reader(UnitReader):
    """Reads Datamaker v2."""

    listing: ClassVar[tuple[str, ...]] = ('_files',)

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        self._folders = _split_folders(root)
        if not self._folders:
            raise FormatError(f'{root} is not a dm_v2 dataset: {detect(root)}.')
        self.splits = list(self._folders)
        self._files = {
            split: (by_stem(folder / _JSON, _SUFFIXES), by_stem(folder / _IMAGES, IMAGE_SUFFIXES))
            for split, folder in self._folders.items()
        }

    def count(self) -> int:
        """Return how many documents there are."""
        return sum(len(documents) for documents, _ in self._files.values())

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every document, by split and then by name: (document, picture or None)."""
        for split in self._folders:
            documents, images = self._files[split]
            prefix = f'{split}/' if split else ''
            for stem in sorted(documents):
                found = images.get(stem)
                image = None if found is None else found[0] if len(found) == 1 else _in_order(found)[0]
                name = leaf(image or documents[stem][0])
                yield Unit(f'{prefix}{stem}', split, name, (documents[stem][0], image))

    def leave(self, facts: list[Any]) -> None:
        """Report documents and pictures that are not used."""
        for split, folder in self._folders.items():
            documents, images = self._files[split]
            prefix = f'{split}/' if split else ''
            for stem in sorted(documents):
                for name in documents[stem][1:]:
                    self.report.drop('annotation file', 'another one has its name', f'{prefix}{name}')
                    lost = salvage_json(read_bytes(_document(folder, name)))
                    self._lose_items(
                        lost, 'another annotation file has the name of its own', f'{prefix}{name}'
                    )
            for stem in sorted(images):
                # a picture is used by one document; others of the same stem are left over
                for name in images[stem] if stem not in documents else _in_order(images[stem])[1:]:
                    self.report.drop('image', 'it has no annotation file', f'{prefix}{name}')

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of a document; None if it has no picture or cannot be read."""
        key, split, leaf_name, (document_name, image_name) = unit
        folder = self._folders[split]
        raw = b''
        try:
            raw = self.load(_document(folder, document_name))
            if image_name is None:
                self.report.drop('annotation file', 'its image is missing', key)
                self._lose_items(salvage_json(raw), 'its image is missing', key)
                return None
            content = orjson.loads(raw)
            found = annotations(content)
        except (OSError, orjson.JSONDecodeError, FormatError, AttributeError) as exc:
            self.report.quarantine('annotation file', _why(exc), key)
            self._lose_items(salvage_json(raw), 'its annotation file cannot be read', key)
            return None
        image = ImageFile(f'{folder}{os.sep}{_IMAGES}{os.sep}{image_name}', name=leaf_name)
        return Sample(key, split, image, found, self._meta(content, key))

    def _meta(self, content: dict[str, Any], key: str) -> dict[str, Any]:
        rest = {name: value for name, value in content.items() if name != 'images'}
        more = len(content.get('images') or ()) - 1
        if more > 0:
            self.report.drop('image', 'it is not the first of its document', key, more)
            self._lose_items(
                {'images': content['images'][1:]}, 'its image is not the first of its document', key
            )
        return {'dm_v2': rest} if rest else {}

    def _lose_items(self, content: Any, reason: str, where: str) -> None:
        """Count what a document holds that is not used, as far as it looks like one."""
        images = content.get('images') if isinstance(content, dict) else None
        for image in images if isinstance(images, list) else ():
            for tool, items in image.items() if isinstance(image, dict) else ():
                if isinstance(items, list) and items:
                    self.report.drop(tool, reason, where, len(items))

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the document, not at the picture."""
        document_name, image_name = unit.source
        if image_name is not None:
            with suppress(OSError):  # it is quarantined when it is read
                path = _document(self._folders[unit.split], document_name)
                _survey(survey, self.load(path, again=True))

    def evidence(self, unit: Unit) -> Evidence:
        """Return the document and the picture."""
        document_name, image_name = unit.source
        folder = self._folders[unit.split]
        images = () if image_name is None else (f'{folder}{os.sep}{_IMAGES}{os.sep}{image_name}',)
        return Evidence((_document(folder, document_name),), images)


def _document(folder: Path, name: str) -> str:
    return f'{folder}{os.sep}{_JSON}{os.sep}{name}'


def _why(error: Exception) -> str:
    """Return why a document cannot be read."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return 'it is not valid JSON' if isinstance(error, orjson.JSONDecodeError) else 'it is no DM v2 document'


def _survey(survey: Survey, content: bytes) -> None:
    labels, may_turn = survey.labels, b'"rotation"' in content
    try:
        images = orjson.loads(content).get('images')
        for tool, items in images[0].items() if images else ():
            if items:
                found = labels.setdefault(tool, set())
                found.update([name for item in items if isinstance(name := item.get('classification'), str)])
                if may_turn and 'rotated' not in survey.traits:
                    attrs = [one for item in items for one in item.get('attrs') or ()]
                    if attrs and any(one.get('name') == 'rotation' for one in attrs):
                        survey.traits.add('rotated')
    except (ValueError, AttributeError, TypeError, KeyError):
        return  # it is quarantined when it is read


def _in_order(names: list[str]) -> list[str]:
    """Return pictures of one stem in the order of preference."""
    return sorted(names, key=lambda name: (_SUFFIX_ORDER.index(suffix_of(name)), name))


# -- writing ------------------------------------------------------------------------------------------------


class DmV2Writer(Writer):
    """Writes Datamaker v2. Geometry stays as it is; the format lets it reach out of the image."""

    parallel: ClassVar[bool] = True

    def write(self, sample: Sample) -> None:
        """Write the document and place the picture."""
        prefix = f'{sample.split}/' if sample.split else ''
        stem, _ = self.place(sample, f'{prefix}{_IMAGES}')
        for annotation in sample.annotations:
            if annotation.extra.get('parts'):
                self.report.change(annotation.tool, 'its parts became a group', sample.key)
            else:
                self.report.keep(annotation.tool)
        self.put(f'{prefix}{_JSON}', f'{stem}.json', orjson.dumps(document(sample)))

    def finish(self) -> Path | None:
        """Make the folders of splits without samples."""
        for split in self.splits:
            prefix = f'{split}/' if split else ''
            self.folder(f'{prefix}{_JSON}')
            self.folder(f'{prefix}{_IMAGES}')
        return None
