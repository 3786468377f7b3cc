"""Draws one picture with its annotations, and the names of their classes where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..figures import figure_of, label_of
from ..poses import poses_of
from ..shapes import SHAPES
from .colours import NO_CLASS, class_colours, group_colour, ink_on
from .strokes import Sheet, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from ..figures import Figure
    from ..geometry import Box
    from ..sample import Annotation, Sample
    from ..skeletons import Skeleton
    from .colours import Colour
    from .fonts import Lettering

__all__ = ['Painter']

_LARGEST_SCALE = 8.0  # a small picture is not blown up further
_MANY = 20
_MOST_COVERED = 0.15  # of a picture by names
_PAPER, _GREY = (226, 229, 234), (80, 86, 96)

_Label = tuple['Box', str, 'Colour']


class Painter:
    """Draws pictures of one dataset.

    Args:
        classes: The class map.
        lettering: Draws the names.
        skeleton: Whose edges join the joints of poses; a person's is known anyway.

    Attributes:
        colours: Class -> colour.
        numbered: Classes whose name no font here can draw, with their number, which stands for it in pictures.
    """

    def __init__(
        self, classes: Sequence[str], lettering: Lettering, skeleton: Skeleton | None = None
    ) -> None:
        self.colours = class_colours(classes)
        self.numbered = {name: number for number, name in enumerate(classes) if not lettering.can(name)}
        self._lettering = lettering
        self._skeleton = skeleton

    def name(self, label: str) -> str:
        """Return what stands for a class in pictures: its name, or its number where no font has the letters."""
        number = self.numbered.get(label)
        return label if number is None else f'#{number}'

    def paint(
        self, sample: Sample, size: tuple[int, int], *, text: int = 13, marked: Sequence[Annotation] = ()
    ) -> Image:
        """Return the picture of a sample with its annotations.

        Args:
            sample: The sample.
            size: Width and height that it must fit into, in pixels.
            text: Height of the font of class names, in pixels.
            marked: Annotations to draw a ring around; then only they have names.
        """
        width, height = sample.image.width, sample.image.height
        scale = min(size[0] / width, size[1] / height, _LARGEST_SCALE)
        shape = max(1, round(width * scale)), max(1, round(height * scale))
        picture = decoded(sample.image, shape)
        if picture is None:
            return self._placeholder(shape, text)
        sheet = Sheet(shape, scale)
        labels: list[_Label] = []
        for annotation, figure in _drawable(sample, sample.annotations):
            colour = self.colours.get(annotation.label or '', NO_CLASS)
            _draw(sheet, annotation, figure, colour)
            if annotation.label and (not marked or any(annotation is one for one in marked)):
                left, top, right, bottom = (side * scale for side in figure.box)
                labels.append(((left, top, right, bottom), self.name(annotation.label), colour))
        self._draw_poses(sheet, sample)
        for _, figure in _drawable(sample, marked):
            sheet.mark(figure.box)
        sheet.lay_on(picture)
        self._write(picture, self._on_the_whole(sample) + _seen(labels, shape), text)
        return picture

    def _draw_poses(self, sheet: Sheet, sample: Sample) -> None:
        found, rest = poses_of(sample.annotations)
        for number, pose in enumerate(found):
            label = label_of(pose)
            colour = self.colours.get(label) if label else None
            sheet.pose(pose.points, colour or group_colour(number), joined=True, skeleton=self._skeleton)
        alone = [annotation for annotation in rest if annotation.tool == 'keypoint']
        sheet.pose(alone, group_colour(len(found)), joined=False)

    def _placeholder(self, shape: tuple[int, int], size: int) -> Image:
        from PIL import Image, ImageDraw

        picture = Image.new('RGB', shape, _PAPER)
        text = self._lettering.shortened('cannot be decoded', size, shape[0] - 8)
        self._lettering.draw(ImageDraw.Draw(picture), (6, shape[1] / 2), text, size, _GREY)
        return picture

    # -- labels ---------------------------------------------------------------------------------------

    def _on_the_whole(self, sample: Sample) -> list[_Label]:
        """Return the classes of the picture as a whole, which stand in its corner."""
        labels = dict.fromkeys(item.label for item in sample.annotations if item.tool == 'classification')
        return [
            ((0, 0, 0, 0), self.name(label), self.colours.get(label, NO_CLASS)) for label in labels if label
        ]

    def _write(self, picture: Image, labels: list[_Label], size: int) -> None:
        """Write class names at the boxes where there is room; where there is none the colour must do."""
        from PIL import ImageDraw

        pen = ImageDraw.Draw(picture)
        taken: list[Box] = []
        room = _MOST_COVERED * picture.width * picture.height
        for box, text, colour in labels:
            if sum((place[2] - place[0]) * (place[3] - place[1]) for place in taken) > room:
                break
            text = self._lettering.shortened(text, size, max(40, picture.width // 2))
            width, height = self._lettering.width(text, size) + 8, size + 5
            place = _room(box, (width, height), picture.size, taken)
            if place is not None:
                taken.append(place)
                self._put(pen, place, text, size, colour)

    def _put(self, pen: ImageDraw, place: Box, text: str, size: int, colour: Colour) -> None:
        pen.rectangle(place, fill=colour)
        self._lettering.draw(pen, (place[0] + 4, place[1] + size), text, size, ink_on(colour))


def _drawable(sample: Sample, annotations: Sequence[Annotation]) -> list[tuple[Annotation, Figure]]:
    """Return those annotations of a sample that can be drawn, large ones first, so that they hide nothing."""
    found = []
    for annotation in annotations:
        if annotation.tool in SHAPES or annotation.tool == 'polyline':
            try:
                found.append((annotation, figure_of(annotation, sample.image.width, sample.image.height)))
            except ValueError:
                continue  # what is malformed has no look; it is in the report
    return sorted(found, key=lambda item: -item[1].area)


def _draw(sheet: Sheet, annotation: Annotation, figure: Figure, colour: Colour) -> None:
    if figure.mask is not None:
        sheet.mask(figure.mask, colour)
    elif annotation.tool == 'polyline':
        sheet.line(figure.rings[0], colour)
    elif figure.rings:
        for ring in figure.rings:
            sheet.ring(ring, colour, filled=annotation.tool == 'polygon')
        if annotation.tool == 'bounding_box':
            sheet.top_side(figure.rings[0])
    else:
        left, top, right, bottom = figure.box
        sheet.ring([(left, top), (right, top), (right, bottom), (left, bottom)], colour, filled=False)


def _seen(labels: list[_Label], shape: tuple[int, int]) -> list[_Label]:
    """Return the labels of what is to be seen: from top to bottom, or large ones first where there are many."""
    seen = [
        item
        for item in labels
        if item[0][2] > 0 and item[0][3] > 0 and item[0][0] < shape[0] and item[0][1] < shape[1]
    ]
    if len(seen) > _MANY:
        return sorted(seen, key=lambda item: -(item[0][2] - item[0][0]) * (item[0][3] - item[0][1]))
    return sorted(seen, key=lambda item: (item[0][1], item[0][0]))


def _room(box: Box, label: tuple[float, float], shape: tuple[int, int], taken: list[Box]) -> Box | None:
    """Return a place for a label at a box: above it, in it, or below; None if all are taken."""
    width, height = label
    left = min(max(0.0, box[0] - 1), max(0.0, shape[0] - width))
    for top in (box[1] - height, box[1], box[3], box[3] - height):
        place = left, top, left + width, top + height
        if top >= 0 and place[3] <= shape[1] and not any(_meet(place, other) for other in taken):
            return place
    return None


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
