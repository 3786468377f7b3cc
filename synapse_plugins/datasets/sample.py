"""The engine's neutral form: one image with its annotations.

It follows DM v2, the richest of the formats: a reader turns what lies on disk into samples, a writer turns
samples into what lies on disk, and nobody knows both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['Annotation', 'ImageFile', 'Sample']


@dataclass(slots=True)
class Annotation:
    """One annotation.

    Attributes:
        tool: The DM tool: ``bounding_box``, ``polygon``, ``polyline``, ``keypoint``, ``segmentation``,
            ``classification``, or any other, carried along untouched.
        label: The class, or None.
        data: Geometry as in DM v2, absolute pixels, origin top left: box ``[x, y, width, height]``, polygon and
            polyline ``[[x, y], ...]``, keypoint ``[x, y]``, mask ``[index, ...]`` or ``[[start, length], ...]``.
        id: The annotation's id, or None.
        attrs: ``[{'name': ..., 'value': ...}, ...]``; a box's rotation (radians) is the attribute ``rotation``.
        extra: What else the source says of it: ``group_id``, ``visibility``, ``encoding``, ``iscrowd`` ...
            A polygon of several rings that are one object has the further rings under ``parts``.
    """

    tool: str
    label: str | None
    data: Any
    id: str | None = None
    attrs: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ImageFile:
    """The picture of a sample, as a file.

    Attributes:
        path: Where it lies.
        width: In pixels, after EXIF orientation, the way a trainer sees it; 0 until it is read.
        height: In pixels; 0 until it is read.
        name: The original file name, with suffix, which outputs are named after.
        complete: False once the header was read and the file is a JPEG without its end marker, which trainers
            repair in place; it is copied, never linked.
    """

    path: Path
    width: int = 0
    height: int = 0
    name: str = ''
    complete: bool = True


@dataclass(slots=True)
class Sample:
    """One image with its annotations.

    Attributes:
        key: Stable and unique within the dataset: ``<split>/<path within the split, without suffix>``.
        split: ``train``, ``valid`` or ``test``, or another name; None in a dataset without splits.
        image: The picture.
        annotations: In the order of the source.
        meta: What the source says of the image as a whole, carried along for formats that can hold it.
    """

    key: str
    split: str | None
    image: ImageFile
    annotations: list[Annotation] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
