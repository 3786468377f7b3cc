"""The engine's neutral form: one image with its annotations.

It follows DM v2, the richest of the formats: a reader turns what lies on disk into samples, a writer turns
samples into what lies on disk, and nobody knows both sides.

What an annotation's ``data`` is, by tool (absolute pixels, origin top left, x to the right, y down):

========================  ==============================================================================
``bounding_box``          ``[x, y, width, height]`` of the box before it is turned; the attribute ``rotation``
                          turns it about its centre, in radians, clockwise on the screen
``polygon``               ``[[x, y], ...]``; further rings of the same object under ``extra['parts']``
``polyline``              ``[[x, y], ...]``
``keypoint``              ``[x, y]``, one point; see below for those that belong together
``segmentation``          a mask: ``[index, ...]`` of pixels ``y * width + x``, or runs ``[[start, length], ...]`` of
                          them; of a video ``{startFrame, endFrame}``, of a sound ``{start, end}``
``classification``        ``{}``: the label is that of the picture as a whole
``group``, ``relation``   ``[annotation id, ...]``, ``[from id, to id]``
any other                 as DM v2 has it, carried along untouched
========================  ==============================================================================

An object of several keypoints (a pose) is those ``keypoint`` annotations whose ``extra['group_id']`` is the same. Their
labels are the names of the joints, their ``extra['visibility']`` is one of `MISSING`, `OCCLUDED`, `VISIBLE` (as good as
`VISIBLE` where nothing is said). The object's own class and box, where it has one, are the ``bounding_box`` with that
``group_id``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ['MISSING', 'OCCLUDED', 'VISIBLE', 'Annotation', 'ImageFile', 'Sample', 'groups_of']

MISSING, OCCLUDED, VISIBLE = 0, 1, 2
"""The visibility of a keypoint: not annotated, annotated but hidden, annotated and seen."""


@dataclass(slots=True)
class Annotation:
    """One annotation.

    Attributes:
        tool: The DM tool: ``bounding_box``, ``polygon``, ``polyline``, ``keypoint``, ``segmentation``,
            ``classification``, or any other, carried along untouched.
        label: The class, or None.
        data: Geometry as the page above says.
        id: The annotation's id, or None.
        attrs: ``[{'name': ..., 'value': ...}, ...]``; a box's rotation (radians) is the attribute ``rotation``.
        extra: What else the source says of it: ``group_id`` and ``visibility`` of keypoints, ``encoding``,
            ``isCompressed`` and ``compressionFormat`` of masks, ``iscrowd``, ``parts`` ...
    """

    tool: str
    label: str | None
    data: Any
    id: str | None = None
    attrs: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


class ImageFile:
    """The picture of a sample, as a file; in the Datamaker formats also a video, a point cloud, a text ...

    Attributes:
        file: Where it lies, as a string; `path` is the same as a `Path`, which costs as much as looking at it.
        width: In pixels, after EXIF orientation, the way a trainer sees it; 0 until it is read.
        height: In pixels; 0 until it is read.
        name: The original file name, with suffix, which outputs are named after.
        complete: False once the header was read and the file is a JPEG without its end marker, which trainers
            repair in place; it is copied, never linked.
        media: ``image``, or the other kind of media that it is: ``video``, ``pcd``, ``text``, ``audio``, ``prompt``,
            ``data``. Only the Datamaker formats hold these, and nothing about them is measured.
        declared: Width and height that its annotation file says; None if it says none. See `declared`.
        is_link: Whether its path is a symbolic link; None while nobody has seen.
    """

    __slots__ = ('complete', 'declared', 'file', 'height', 'is_link', 'media', 'name', 'width')

    def __init__(
        self,
        path: str | Path,
        width: int = 0,
        height: int = 0,
        name: str = '',
        complete: bool = True,
        media: str = 'image',
        declared: tuple[int, int] | None = None,
    ) -> None:
        self.file = path if type(path) is str else fspath(path)
        self.width = width
        self.height = height
        self.name = name
        self.complete = complete
        self.media = media
        self.declared = declared
        self.is_link: bool | None = None

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.file)

    def __repr__(self) -> str:
        """Return what tells it from others."""
        return f'ImageFile({self.file!r}, {self.width}, {self.height}, {self.name!r})'

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same picture as another."""
        if not isinstance(other, ImageFile):
            return NotImplemented
        return all(
            getattr(self, name) == getattr(other, name)
            for name in self.__slots__
            if name not in ('is_link', 'declared')
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(slots=True)
class Sample:
    """One image with its annotations.

    Attributes:
        key: Stable and unique within the dataset: ``<split>/<path within the split, without suffix>``.
        split: ``train``, ``valid`` or ``test``, or another name; None in a dataset without splits.
        image: The picture.
        annotations: In the order of the source.
        meta: What the source says of the image as a whole, carried along for formats that can hold it:
            ``dm_v2`` (the rest of its document) and ``dm_meta`` (what of a DM v1 document has no place in DM v2).
    """

    key: str
    split: str | None
    image: ImageFile
    annotations: list[Annotation] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)


def groups_of(annotations: Iterable[Annotation], tool: str = 'keypoint') -> dict[Any, list[Annotation]]:
    """Return group id -> the annotations of *tool* in it, in order; under None those in no group."""
    groups: dict[Any, list[Annotation]] = {}
    for annotation in annotations:
        if annotation.tool == tool:
            group = annotation.extra.get('group_id')
            groups.setdefault(group if isinstance(group, str | int) else None, []).append(annotation)
    return groups
