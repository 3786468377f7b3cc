"""Pascal VOC: ``Annotations/<stem>.xml``, ``JPEGImages/<stem>.<suffix>``, ``ImageSets/Main/<split>.txt``.

Coordinates count pixels from 1, and the right and bottom ones name the last pixel inside: the box of a whole
picture of 640 x 480 is 1, 1, 640, 480. A box whose four corners are one point is a slip of the mouse, not a
pixel; it has no area.
"""

from __future__ import annotations

import re
from contextlib import suppress
from math import isfinite, radians
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

from ...errors import DatasetError, FormatError
from ..declared import declared_size
from ..fields import JointGroups, count_attributes
from ..files import by_stem, read_bytes, read_text, write_bytes
from ..images import IMAGE_SUFFIXES
from ..litter import visible
from ..names import Fence, joined_splits, leaf, nfc, order_splits, split_name
from ..passed import Passed
from ..reader import Evidence, Survey, Unit, UnitReader
from ..sample import Annotation, ImageFile, Sample
from ..shapes import SHAPES
from ..writer import SKIPPED, Writer

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ..geometry import Box
    from ..report import Report

__all__ = ['PascalVocReader', 'PascalVocWriter', 'detect']

_OBJECT, _COMMENT = re.compile(rb'<object[\s/>]'), re.compile(rb'<!--.*?-->', re.DOTALL)
_XML = frozenset(('.xml',))
_TEXT = frozenset(('.txt',))
_IMAGE_FOLDERS = ('JPEGImages', 'Images', 'images')
_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
_FLAGS = ('pose', 'truncated', 'difficult', 'occluded')
_UNSET = frozenset(('', '0', 'Unspecified'))
_OF_A_CLASS = re.compile(r'\s-?[01]$')  # `name 1`, `name -1`: a line in the list of a class
_UNPRINTABLE = re.compile(
    '[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]'
)  # no part of XML, escaped or not
_UNIONS = frozenset(('trainval', 'all', 'default'))
_SPLIT_FILE = {'valid': 'val'}


def detect(root: Path) -> str | None:
    """Return why a folder is not of this format, None if it is."""
    folder = root / 'Annotations'
    if not folder.is_dir():
        return 'it holds no Annotations/'
    if not any(path.suffix.lower() == '.xml' for path in visible(folder)):
        return 'its Annotations/ hold no XML file'
    return None


_PART = 'it is a part of another object, and parts are not read'
_FROM_ZERO = (
    'its xmin or ymin is 0, though VOC counts pixels from 1: if all of its boxes count from 0, as tools such as CVAT '
    'and Roboflow write them, they are read a pixel too far to the top left, and a pixel too wide and high; '
    'a function can put them right (--transform, see pascal_voc in docs/formats.md)'
)


class PascalVocReader(UnitReader):
    """Reads Pascal VOC."""

    listing: ClassVar[tuple[str, ...]] = ('_found', '_documents', '_split_of', '_passed')

    def __init__(self, root: Path, report: Report) -> None:
        super().__init__(root, report)
        reason = detect(root)
        if reason:
            raise FormatError(f'{root} is not a pascal_voc dataset: {reason}.')
        self._images = _image_folder(root)
        self._fence = Fence(root)
        self._passed = (Passed(), Passed())
        self._found = by_stem(self._images, IMAGE_SUFFIXES, self._passed[0])
        self._documents = by_stem(root / 'Annotations', _XML, self._passed[1])
        self._split_of = _image_sets(root, self._documents, report)
        self.splits = list(order_splits(set(self._split_of.values()))) or [None]

    def count(self) -> int:
        """Return how many annotation files there are."""
        return len(self._documents)

    def units(self) -> Iterator[Unit]:
        """Yield a unit for every document in a split, by split and then by name: (document, its pictures)."""
        for split in self.splits:
            for stem in sorted(self._documents):
                if split is None or self._split_of.get(stem) == split:
                    images = self._found.get(stem, ())
                    key = f'{split}/{stem}' if split else stem
                    name = leaf(images[0]) if len(images) == 1 else f'{leaf(stem)}.jpg'
                    yield Unit(key, split, name, (self._documents[stem][0], images))

    def leave(self, facts: list[Any]) -> None:
        """Report documents and pictures that are in no split, or that nothing speaks of."""
        used = set(facts)
        if self.splits != [None]:
            for stem in sorted(set(self._documents).difference(self._split_of)):
                self.report.drop('image', 'it is in no image set', stem)
                self._lose_objects(self._documents[stem][0], 'its image is in no image set', stem)
        for _, names in sorted(self._documents.items()):
            for name in names[1:]:
                self.report.drop('annotation file', 'another one has its name', name)
                self._lose_objects(name, 'another annotation file has the name of its own', name)
        for stem, names in sorted(self._found.items()):
            spare = [name for name in names if name not in used]
            if stem not in self._documents or len(spare) < len(names):  # else its annotation file was counted
                for name in spare:
                    self.report.drop('image', 'it has no annotation file', name)
        for passed, folder in zip(self._passed, (self._images.name, 'Annotations'), strict=True):
            passed.tell_links(self.report, f'{folder}/')
        self._passed[0].tell_pictures(self.report, f'{self._images.name}/', used)
        for stem in sorted(set(self._split_of).difference(self._documents)):
            self.report.drop('image', 'an image set names it, but it has no annotation file', stem)

    def read(self, unit: Unit) -> Sample | None:
        """Return the sample of a document; None if it has no picture or cannot be read."""
        key, split, _, (document, images) = unit
        root = self._parse(document)
        if isinstance(root, str):
            self.report.quarantine('annotation file', root, key)
            self._lose_objects(document, 'its annotation file cannot be read', key)
            return None
        path = self._image(document, images, (root.findtext('filename') or '').strip())
        if path is None:
            self.report.drop('annotation file', 'its image is missing', key)
            self._lose_objects(document, 'its image is missing', key)
            return None
        self.tell(path.relative_to(self._images).as_posix())
        annotations = [_annotation(element) for element in root.iter('object')]
        if parts := _count_parts(root):
            self.report.drop('bounding_box', _PART, key, parts)
        for one in annotations:
            if one.data is not None and -1 in one.data[:2]:
                self.report.note('bounding_box', _FROM_ZERO, key)
        declared = declared_size(root.findtext('size/width'), root.findtext('size/height'))
        return Sample(key, split, ImageFile(path, name=path.name, declared=declared), annotations)

    def _lose_objects(self, name: str, reason: str, where: str) -> None:
        """Count the objects of an annotation file that is not used, in a broken one those that begin in it."""
        root = self._parse(name)
        if isinstance(root, str):
            with suppress(OSError):
                content = _COMMENT.sub(b'', read_bytes(self.root / 'Annotations' / name))
                if count := len(_OBJECT.findall(content)):
                    self.report.drop('bounding_box', reason, where, count)
            return
        self.lose(map(_annotation, root.iter('object')), reason, where)
        if parts := _count_parts(root):
            self.report.drop('bounding_box', reason, where, parts)

    def _parse(self, name: str) -> ET.Element | str:
        """Return what an annotation file holds, or why it cannot be read."""
        try:
            content = read_bytes(self.root / 'Annotations' / name)
        except OSError as exc:
            return exc.strerror or str(exc)
        letters = (
            content.replace(b'\0', b'') if b'\0' in content else content
        )  # in UTF-16 others stand between
        if b'<!ENTITY' in letters or b'<!DOCTYPE' in letters:
            return 'it declares a document type, which no VOC file does'
        try:
            root = ET.fromstring(content)  # noqa: S314 - no entity can be declared
        except (ET.ParseError, ValueError, LookupError):
            return 'it is not valid XML'
        return root if root.tag == 'annotation' else 'it is no VOC annotation'

    def _image(self, document: str, names: list[str], said: str) -> Path | None:
        """Return the picture of an annotation file: the only one of the same stem, else the one it names."""
        if said and len(names) != 1:
            found = self._fence.file(self._images, said, self.root / 'Annotations' / document)
            return None if found is None else Path(found)
        return self._images / names[0] if names else None

    def survey_unit(self, unit: Unit, survey: Survey) -> None:
        """Look at the annotation file, not at the picture."""
        root = self._parse(unit.source[0])
        for element in () if isinstance(root, str) else root.iter('object'):
            survey.add('bounding_box', (element.findtext('name') or '').strip())
            if element.find('attributes') is not None:
                survey.add_all([_annotation(element)])  # it may be turned

    def evidence(self, unit: Unit) -> Evidence | None:
        """Return the annotation file and its picture; None where only the file tells which that is."""
        document, images = unit.source
        if len(images) != 1:
            return None
        return Evidence((str(self.root / 'Annotations' / document),), (str(self._images / images[0]),))


def _annotation(element: ET.Element) -> Annotation:
    attrs: list[dict[str, Any]] = []
    for flag in _FLAGS:
        text = (element.findtext(flag) or '').strip()
        if text not in _UNSET:
            attrs.append({'name': flag, 'value': int(text) if text.isdecimal() else text})
    attrs += _attributes(element)
    label = (element.findtext('name') or '').strip()
    return Annotation('bounding_box', label or None, _read_corners(element.find('bndbox')), attrs=attrs)


def _attributes(element: ET.Element) -> Iterator[dict[str, Any]]:
    """Yield the attributes that CVAT adds to an object: names and values are texts, ``rotation`` is in degrees."""
    found = element.find('attributes')
    for one in () if found is None else found.iterfind('attribute'):
        name, value = ((one.findtext(tag) or '').strip() for tag in ('name', 'value'))
        turn = _radians(value) if name == 'rotation' else None
        if turn is None:
            yield {'name': name, 'value': value}
        elif turn:
            yield {'name': name, 'value': turn}


def _radians(degrees: str) -> float | None:
    try:
        turn = radians(float(degrees))
    except ValueError:
        return None
    return turn if isfinite(turn) else None


def _count_parts(root: ET.Element) -> int:
    """Return how many parts of objects (the head of a person) have boxes of their own."""
    return sum(len(element.findall('part')) for element in root.iter('object'))


def _read_corners(element: ET.Element | None) -> list[float] | None:
    """Return a box as ``[x, y, width, height]``, None if it is none."""
    if element is None:
        return None
    try:
        left, top, right, bottom = (float(element.findtext(corner) or '') for corner in _CORNERS)
    except ValueError:
        return None
    if left == right and top == bottom:
        return [left - 1, top - 1, 0.0, 0.0]
    return [left - 1, top - 1, right - left + 1, bottom - top + 1]


def _image_folder(root: Path) -> Path:
    for name in _IMAGE_FOLDERS:
        if (root / name).is_dir():
            return root / name
    raise FormatError(f'{root} has annotations but none of the folders {", ".join(_IMAGE_FOLDERS)}.')


def _image_sets(root: Path, known: Container[str], report: Report) -> dict[str, str]:
    """Return stem -> split. Lists of single classes are passed over, and what unions such as ``trainval`` repeat.

    Args:
        root: The dataset's folder.
        known: The stems of its annotation files; a line that is one of them is a name, whatever blanks are in it.
        report: Where it is told that several lists are one split.
    """
    folder = root / 'ImageSets' / 'Main'
    split_of: dict[str, str] = {}
    unions: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for path in sorted(visible(folder)) if folder.is_dir() else ():
        if path.suffix.lower() != '.txt':
            continue
        stems = _stems_in(path)
        if all(_OF_A_CLASS.search(stem) and stem not in known for stem in stems):
            continue
        if path.stem.casefold() in _UNIONS:
            unions.update(dict.fromkeys(stems, path.stem))
            continue
        split = split_name(path.stem)
        lists.setdefault(split, []).append(path.name)
        for stem in stems:
            if split_of.setdefault(stem, split) != split:
                raise DatasetError(
                    f'{path} puts {stem!r} into {split}, but it is in {split_of[stem]} already.'
                )
    for sentence in joined_splits(lists, f'{folder} has'):
        report.warn(sentence)
    return unions | split_of


def _stems_in(path: Path) -> list[str]:
    try:
        lines = read_text(path).split('\n')  # other ends of lines may be part of a name
    except UnicodeDecodeError as exc:
        raise FormatError(f'{path} is not text in UTF-8; it should name one picture a line.') from exc
    return [stem for line in lines if (stem := nfc(line.strip()))]


# -- writing ------------------------------------------------------------------------------------------------


class PascalVocWriter(Writer):
    """Writes Pascal VOC. The format holds boxes; polygons and masks become boxes."""

    parallel: ClassVar[bool] = True
    tells_changes: ClassVar[bool] = True
    keeps_bounds: ClassVar[bool] = True
    names_by_split: ClassVar[bool] = False  # the pictures of all splits lie in one folder

    def __init__(self, root: Path, **kwargs: Any) -> None:
        super().__init__(root, **kwargs)
        self._shaper = self.shaper(pixels=True)
        self._groups = JointGroups()
        self._stems: dict[str | None, list[str]] = {split: [] for split in self.splits}

    @classmethod
    def holds(cls, task: str | None) -> frozenset[str]:  # noqa: ARG003 - the same under any
        """Return the tools that have an area."""
        return SHAPES

    def write(self, sample: Sample) -> object:
        """Write the annotation file and place the picture; return the stem of both."""
        objects = self._objects(sample)
        if not objects and self.leaves_out(sample):
            return SKIPPED
        stem, name = self.place(sample, 'JPEGImages')
        image = sample.image
        size = f'<width>{image.width}</width><height>{image.height}</height><depth>3</depth>'
        start = (
            f'<annotation>\n  <filename>{self._text(name, sample.key)}</filename>\n  <size>{size}</size>\n'
        )
        parts = (start, *objects, '  <segmented>0</segmented>\n</annotation>\n')
        self.put('Annotations', f'{stem}.xml', ''.join(parts).encode())
        return stem

    def _objects(self, sample: Sample) -> list[str]:
        image, where = sample.image, sample.key
        parts: list[str] = []
        for annotation in sample.annotations:
            if annotation.tool not in SHAPES:
                self.report.drop(annotation.tool, 'pascal_voc cannot hold it', where)
            elif annotation.extra.get('iscrowd'):
                self.report.drop(
                    annotation.tool, 'it is a crowd, which pascal_voc would take for one object', where
                )
            elif self.number_of(annotation, where) is not None:
                box = self._shaper.box(annotation, image, where)
                if box is not None:
                    parts.append(self._object(annotation, box, sample))
        return parts

    def merge(self, split: str | None, record: str) -> None:
        """Put the sample into the image set of its split."""
        self._stems.setdefault(split, []).append(record)

    def _object(self, annotation: Annotation, box: Box, sample: Sample) -> str:
        where = sample.key
        flags = {'pose': 'Unspecified', 'truncated': '0', 'difficult': '0'}
        for attribute in annotation.attrs:
            if attribute.get('name') in _FLAGS:
                value = attribute.get('value')
                flags[attribute['name']] = str(int(value) if isinstance(value, bool) else value)
        if annotation.attrs or annotation.extra:
            used = self._groups.used(annotation, sample.annotations)
            count_attributes(annotation, self.report, where, 'pascal_voc', held=_FLAGS, used=used)
        left, top = box[0] + 1, box[1] + 1
        corners = (left, top, max(box[2], left), max(box[3], top))
        inner = ''.join(f'<{tag}>{value:.10g}</{tag}>' for tag, value in zip(_CORNERS, corners, strict=True))
        rest = ''.join(f'<{flag}>{self._text(text, where)}</{flag}>' for flag, text in flags.items())
        name = self._text(annotation.label or '', where)
        return f'  <object><name>{name}</name>{rest}<bndbox>{inner}</bndbox></object>\n'

    def _text(self, text: str, where: str) -> str:
        """Return a text as XML holds it."""
        if text.isprintable():
            return _escaped(text)
        held = _UNPRINTABLE.sub('\ufffd', text)
        if held != text:
            self.report.change('text', 'characters that XML cannot hold were replaced', where)
        return _escaped(held).replace('\r', '&#13;')

    def finish(self) -> Path | None:
        """Write the image sets."""
        self.folder('Annotations')
        for split, stems in self._stems.items():
            if split is not None:
                lines = ''.join(f'{stem}\n' for stem in stems)
                path = f'{self.folder("ImageSets/Main")}/{_SPLIT_FILE.get(split, split)}.txt'
                write_bytes(path, lines.encode())
        return None


def _escaped(text: str) -> str:
    """Return what `xml.sax.saxutils.escape` does, which brings modules of the network with it."""
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
