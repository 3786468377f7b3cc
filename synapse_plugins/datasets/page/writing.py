"""Fills the page with an inspection."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DatasetError
from ...units import human_size
from ..images import probe
from ..inspection.findings import REASONS
from ..preview import decoded, described, hexadecimal, parts_of
from ..sample import ImageFile
from ..single_file import MARK, write_whole
from .charts import Bar, bars, columns, grid, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from ..inspection.record import ClassFigures, Histogram, Inspection
    from ..preview import Choice, Chosen, Painter, Suspects
    from ..sample import Annotation

__all__ = ['write_page']

_PICTURE = (640, 640)
_TEXT = 18
_QUALITY = 84
_MOST_BARS = 15
_MOST_SHARES = 12
_MOST_ATTRIBUTES = 100
_MOST_GROUPS = 50
_MOST_THUMBNAILS = 12
_THUMBNAIL = (144, 108)
_KINDS = {
    'bounding_box': 'boxes',
    'rotated_box': 'rotated boxes',
    'polygon': 'polygons',
    'polyline': 'lines',
    'keypoint': 'keypoints',
    'segmentation': 'masks',
    'classification': 'classes of whole pictures',
}


def write_page(
    target: Path, record: Inspection, choice: Choice, suspects: Suspects, painter: Painter
) -> None:
    """Write an inspection as one HTML page."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(Path(__file__).with_name('page.html.j2').read_text(encoding='utf-8'))
    text = template.render(
        mark=MARK,
        name=Path(record.path).resolve().name,
        record=record,
        colours={name: hexadecimal(colour) for name, colour in painter.colours.items()},
        pictures=_pictures(choice, painter),
        evidence=_evidence(suspects, painter),
        thumbnails=_thumbnails(record),
        numbered=painter.numbered,
        total=sum(figures.annotations for figures in record.classes),
        split_names=[split.name or '' for split in record.splits],
        duplicates=record.duplicates[:_MOST_GROUPS],
        attributes=record.attributes[:_MOST_ATTRIBUTES],
        hidden_attributes=max(0, len(record.attributes) - _MOST_ATTRIBUTES),
        kinds=[(_KINDS.get(kind, kind), count) for kind, count in record.kinds.items()],
        ranges=_ranges,
        marked=_marked,
        reasons=REASONS,
        size=human_size(record.bytes),
        **_charts(record, painter),
    )
    write_whole(target, text.encode('utf-8', 'backslashreplace'))


def _pictures(choice: Choice, painter: Painter) -> list[dict[str, Any]]:
    return [_picture(item, painter) for item in choice.chosen()]


def _evidence(suspects: Suspects, painter: Painter) -> dict[str, list[dict[str, Any]]]:
    return {
        code: [_picture(item, painter, marked) for item, marked in found]
        for code, found in suspects.found.items()
    }


def _picture(item: Chosen, painter: Painter, marked: Sequence[Annotation] = ()) -> dict[str, Any]:
    picture = painter.paint(item.sample, _PICTURE, text=_TEXT, marked=marked)
    return {
        **_embedded(picture),
        'key': item.sample.key,
        'said': described(item),
        'parts': parts_of(item),
    }


def _embedded(picture: Image) -> dict[str, Any]:
    content = BytesIO()
    picture.save(content, 'JPEG', quality=_QUALITY, optimize=True)
    data = b64encode(content.getvalue()).decode()
    return {'data': data, 'width': picture.width, 'height': picture.height}


def _thumbnails(record: Inspection) -> list[dict[str, Any] | None]:
    """Return a small picture for each of the first groups of copies; None for what is no picture."""
    return [_thumbnail(Path(record.path, group.files[0])) for group in record.duplicates[:_MOST_THUMBNAILS]]


def _thumbnail(path: Path) -> dict[str, Any] | None:
    try:
        width, height, _ = probe(path)
    except (DatasetError, OSError, ValueError):
        return None
    scale = min(_THUMBNAIL[0] / width, _THUMBNAIL[1] / height, 1.0)
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    picture = decoded(ImageFile(path, width, height, path.name), shape)
    return None if picture is None else _embedded(picture)


def _charts(record: Inspection, painter: Painter) -> dict[str, Any]:
    from markupsafe import Markup

    def colour(figures: ClassFigures) -> str:
        return hexadecimal(painter.colours[figures.name])

    used = sorted((f for f in record.classes if f.annotations), key=lambda f: (-f.annotations, f.number))
    drawn = {
        'class_chart': bars(
            [Bar(f.name, f.annotations, colour(f)) for f in used[:_MOST_BARS]],
            f'Annotations of the {min(len(used), _MOST_BARS)} commonest classes; the table has the numbers.',
        ),
        'split_chart': shares(
            [
                (split.name or 'all', _parts(used, split.name or '', painter))
                for split in record.splits
                if split.annotations
            ],
            'The share of each class in each split; the table has the numbers.',
        ),
        'per_image_chart': columns(
            record.objects_per_image.edges,
            record.objects_per_image.counts,
            'How many pictures have so many annotations; the table has the numbers.',
        ),
        'side_chart': columns(
            record.object_sides.edges,
            record.object_sides.counts,
            'How many annotations are so large; the table has the numbers.',
        ),
        'place_chart': grid(record.positions, _where(record.positions)),
    }
    charts = {name: Markup(chart) for name, chart in drawn.items()}  # noqa: S704 - what is in them was escaped
    return {
        **charts,
        'hidden_bars': max(0, len(used) - _MOST_BARS),
        'where': _where(record.positions),
        'histograms': [
            (
                'Annotations per picture',
                charts['per_image_chart'],
                record.objects_per_image,
                'Annotations',
                'Pictures',
            ),
            (
                'How large they are',
                charts['side_chart'],
                record.object_sides,
                'Side in pixels',
                'Annotations',
            ),
        ],
    }


def _parts(used: list[ClassFigures], split: str, painter: Painter) -> list[Bar]:
    parts = [
        Bar(f.name, f.splits.get(split, 0), hexadecimal(painter.colours[f.name])) for f in used[:_MOST_SHARES]
    ]
    rest = sum(f.splits.get(split, 0) for f in used[_MOST_SHARES:])
    return [*parts, Bar('others', rest)] if rest else parts


def _where(positions: list[list[int]]) -> str:
    """Return where annotations lie, in a sentence."""
    total = sum(map(sum, positions))
    if not total:
        return 'No annotation has an area.'
    rows, middle = len(positions), 0
    for row in positions[rows // 4 : rows - rows // 4]:
        middle += sum(row[rows // 4 : rows - rows // 4])
    return (
        f'Where the centres of annotations lie in their pictures: {middle / total:.0%} in the middle quarter.'
    )


def _marked(text: str) -> Any:
    """Return a text with what stands in backticks set as code."""
    from markupsafe import Markup, escape

    parts = text.split('`')
    return Markup('').join(
        Markup('<code>{}</code>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def _ranges(histogram: Histogram) -> list[tuple[str, int]]:
    """Return a histogram as the rows of a table."""
    rows = []
    for place, count in enumerate(histogram.counts):
        first, after = histogram.edges[place], histogram.edges[place + 1]
        if after is None:
            rows.append((f'{first:,} and more', count))
        elif first is not None and after - first == 1:
            rows.append((f'{first:,}', count))
        else:
            rows.append((f'{first:,} to {after:,}', count))
    return rows
