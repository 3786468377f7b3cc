"""The strokes that annotations are drawn with, on a clear sheet that lies over the picture."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..figures import read_point, visibility_of
from ..sample import MISSING, OCCLUDED
from .skeleton import bones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image as Picture

    from ..geometry import Box
    from ..masks import Mask
    from ..sample import Annotation, ImageFile
    from ..skeletons import Skeleton
    from .colours import Colour

__all__ = ['FINER', 'Sheet', 'decoded']

FINER = 2
"""Lines are drawn this much larger and averaged down, which makes them smooth."""

_HALO = (12, 14, 18, 110)
_FILL = 64
_LINE, _HALO_LINE, _BONE = 2.0, 3.6, 1.6
_JOINT = 3.2
_MOST_PIXELS = 1 << 26
_STRIPE = 64  # rows, more or less, that are in memory twice
_ORIENTATION = 0x0112

_WIDE = frozenset(('I;16', 'I', 'F'))
"""Modes of Pillow whose numbers go beyond 255."""

_Points = list[tuple[float, float]]


def decoded(image: ImageFile, shape: tuple[int, int]) -> Picture | None:
    """Return a picture, turned the way it is seen, in a size; None if it cannot be decoded, or not in little memory.

    A JPEG is decoded in a size near that. Of others, and of progressive ones, up to 67 million pixels are in memory,
    which take a quarter of a gigabyte.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # of sizes and of odd tags
            with Image.open(image.path) as picture:
                side = max(shape) * 2
                if 'progressive' in picture.info and picture.width * picture.height > _MOST_PIXELS:
                    return None
                picture.draft('RGB', (side, side))  # a JPEG need not be decoded larger than it is shown
                if picture.width * picture.height > _MOST_PIXELS:
                    return None
                turned = ImageOps.exif_transpose(_reduced(picture, max(picture.size) // side))
                if turned.mode in _WIDE:
                    low_and_high: Any = turned.getextrema()
                    turned = _sixteen_bits(turned, *low_and_high)
                return turned.convert('RGB').resize(shape, Image.Resampling.LANCZOS)
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return None


def _reduced(picture: Picture, factor: int) -> Picture:
    """Return a picture made smaller by a whole factor, stripe by stripe; as it is if that is less than two."""
    from PIL import Image

    if factor < 2:
        return picture
    picture.load()
    width, height = picture.size
    lows_and_highs: Any = picture.getextrema() if picture.mode in _WIDE else None
    small = Image.new('RGB', (-(-width // factor), -(-height // factor)))
    rows = -(-_STRIPE // factor) * factor
    for top in range(0, height, rows):
        stripe = picture.crop((0, top, width, min(top + rows, height)))
        if lows_and_highs is not None:
            stripe = _sixteen_bits(stripe, *lows_and_highs)
        small.paste(stripe.convert('RGB').reduce(factor), (0, top // factor))
    small.getexif()[_ORIENTATION] = picture.getexif().get(_ORIENTATION, 1)
    return small


def _sixteen_bits(picture: Picture, low: float, high: float) -> Picture:
    """Return a picture of large numbers with a range of them as black to white; Pillow would cut them off at 255."""
    import numpy as np
    from PIL import Image

    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.array(picture, np.float64)
    return Image.fromarray(((values - low) * (255 / (high - low or 1.0))).astype(np.uint8))


class Sheet:
    """A clear sheet over a picture.

    Args:
        shape: Width and height of the picture as it is shown.
        scale: From pixels of the picture's file to pixels as it is shown.
    """

    def __init__(self, shape: tuple[int, int], scale: float) -> None:
        from PIL import Image, ImageDraw

        self._shape = shape
        self._scale = scale * FINER
        self._image = Image.new('RGBA', (shape[0] * FINER, shape[1] * FINER), (0, 0, 0, 0))
        self._pen = ImageDraw.Draw(self._image)

    def lay_on(self, picture: Picture) -> None:
        """Lay the sheet on the picture."""
        from PIL import Image

        # averaged with its alpha multiplied in, or the edges would darken
        small = self._image.convert('RGBa').resize(self._shape, Image.Resampling.BOX).convert('RGBA')
        picture.paste(small, (0, 0), small.getchannel('A'))

    # -- figures --------------------------------------------------------------------------------------

    def ring(self, ring: Sequence[tuple[float, float]], colour: Colour, *, filled: bool) -> None:
        """Draw a closed line through corners."""
        points = self._points(ring)
        if len(points) < 2:
            return
        if filled and len(points) > 2:
            self._blend(lambda pen: pen.polygon(points, fill=(*colour, _FILL)))
        self._stroke([*points, points[0], points[1]], colour)

    def line(self, line: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Draw an open line through points."""
        self._stroke(self._points(line), colour)

    def top_side(self, ring: Sequence[tuple[float, float]]) -> None:
        """Mark the side of a rotated box that was its top: from its first corner to the second."""
        points = self._points(ring[:2])
        middle = [((points[0][0] * a + points[1][0] * b), (points[0][1] * a + points[1][1] * b)) for a, b in
                  ((0.7, 0.3), (0.3, 0.7))]  # fmt: skip
        self._pen.line(middle, fill=(255, 255, 255, 255), width=_wide(_LINE))

    def mask(self, mask: Mask, colour: Colour) -> None:
        """Draw a mask: its pixels tinted, with a line around."""
        import numpy as np
        from PIL import Image, ImageChops, ImageFilter

        left, top = round(mask.left * self._scale), round(mask.top * self._scale)
        rows, columns = mask.bits.shape
        right, bottom = round((mask.left + columns) * self._scale), round((mask.top + rows) * self._scale)
        bits = Image.fromarray(mask.bits.astype(np.uint8) * 255)
        shape = max(1, right - left), max(1, bottom - top)
        shown = bits.resize(shape, Image.Resampling.BOX).point(lambda value: 255 if value > 127 else 0)
        margin = 2 * FINER
        wider = Image.new('L', (shape[0] + 2 * margin, shape[1] + 2 * margin), 0)
        wider.paste(shown, (margin, margin))
        rim = ImageChops.subtract(wider, wider.filter(ImageFilter.MinFilter(2 * FINER + 1)))
        place = left - margin, top - margin
        self._image.alpha_composite(
            *self._within(_tinted(wider.point(lambda value: _FILL * value // 255), colour), place)
        )
        self._image.alpha_composite(*self._within(_tinted(rim, colour), place))

    def _within(self, piece: Picture, place: tuple[int, int]) -> tuple[Picture, tuple[int, int]]:
        """Cut a piece to the sheet, which `alpha_composite` does not."""
        left, top = max(0, -place[0]), max(0, -place[1])
        right = min(piece.width, self._image.width - place[0])
        bottom = min(piece.height, self._image.height - place[1])
        return piece.crop((left, top, max(left, right), max(top, bottom))), (
            max(0, place[0]),
            max(0, place[1]),
        )

    def mark(self, box: Box) -> None:
        """Draw a ring around a box, or at the border nearest to it, that nobody can miss."""
        (x0, y0), (x1, y1) = self._points([(box[0], box[1]), (box[2], box[3])])
        width, height = self._image.size
        across = min(max((x1 - x0) / 2 + 12 * FINER, 16 * FINER), width / 2)
        down = min(max((y1 - y0) / 2 + 12 * FINER, 16 * FINER), height / 2)
        x = min(max((x0 + x1) / 2, across), width - across)
        y = min(max((y0 + y1) / 2, down), height - down)
        around = (x - across, y - down, x + across, y + down)
        self._pen.rounded_rectangle(around, 14 * FINER, outline=(12, 14, 18, 200), width=_wide(5))
        self._pen.rounded_rectangle(around, 14 * FINER, outline=(255, 240, 60, 255), width=_wide(2.4))

    # -- poses ----------------------------------------------------------------------------------------

    def pose(
        self, points: Sequence[Annotation], colour: Colour, *, joined: bool, skeleton: Skeleton | None = None
    ) -> None:
        """Draw keypoints: full where they are seen, hollow where they are hidden.

        Args:
            points: The keypoints.
            colour: Their colour.
            joined: They belong together: by the lines of a skeleton that is known, else by lines to their middle.
            skeleton: The skeleton that the dataset declares.
        """
        shown: list[tuple[str, tuple[float, float], bool]] = []
        for point in points:
            seen = visibility_of(point)
            if seen == MISSING:
                continue
            try:
                (place,) = self._points([read_point(point.data)])
            except ValueError:
                continue  # it has no place; it is in the report
            shown.append((point.label or '', place, seen == OCCLUDED))
        if joined and len(shown) > 1:
            self._join([name for name, _, _ in shown], [place for _, place, _ in shown], colour, skeleton)
        for _, (x, y), hidden in shown:
            radius = _JOINT * FINER
            around = (x - radius, y - radius, x + radius, y + radius)
            ground = (*colour, 255) if not hidden else (255, 255, 255, 210)
            self._pen.ellipse(
                around, fill=ground, outline=(*colour, 255) if hidden else (255, 255, 255, 255), width=FINER
            )

    def _join(self, names: list[str], places: _Points, colour: Colour, skeleton: Skeleton | None) -> None:
        pairs = bones(names, skeleton)
        if pairs is None:
            middle = sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)
            lines = [(place, middle) for place in places]
        else:
            lines = [(places[a], places[b]) for a, b in pairs]
        for line in lines:
            self._pen.line(line, fill=_HALO, width=_wide(_BONE + 1.4))
        for line in lines:
            self._pen.line(line, fill=(*colour, 255), width=_wide(_BONE))

    # -- lines ----------------------------------------------------------------------------------------

    def _points(self, points: Sequence[tuple[float, float]]) -> _Points:
        far = 4.0 * max(self._image.size)  # a line to a point at the end of the world would take for ever
        scale = self._scale
        return [(min(max(x * scale, -far), far), min(max(y * scale, -far), far)) for x, y in points]

    def _stroke(self, points: _Points, colour: Colour) -> None:
        self._pen.line(points, fill=_HALO, width=_wide(_HALO_LINE), joint='curve')
        self._pen.line(points, fill=(*colour, 255), width=_wide(_LINE), joint='curve')

    def _blend(self, draw: Any) -> None:
        """Draw something half clear over what is there, which a pen would replace."""
        from PIL import Image, ImageDraw

        layer = Image.new('RGBA', self._image.size, (0, 0, 0, 0))
        draw(ImageDraw.Draw(layer))
        self._image.alpha_composite(layer)


def _tinted(alpha: Picture, colour: Colour) -> Picture:
    from PIL import Image

    tinted = Image.new('RGBA', alpha.size, (*colour, 0))
    tinted.putalpha(alpha)
    return tinted


def _wide(line: float) -> int:
    return max(1, round(line * FINER))
