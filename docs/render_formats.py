"""Writes the conformance tables of `formats.md`: `python docs/render_formats.py`. A test compares the page with them.

Each kind of annotation is written in each format, read again, and written in each other format. What comes back is
compared with what went in, and with what the report said: what is not exact has to be in it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from synapse_plugins.datasets import convert, formats, open_dataset
from synapse_plugins.datasets.geometry import rotated
from synapse_plugins.datasets.options import BOUNDS_OPTIONS, options_of
from synapse_plugins.errors import DatasetError

PAGE = Path(__file__).with_name('formats.md')
START, END = '<!-- Written by docs/render_formats.py; do not edit. -->', '<!-- End of what is written. -->'
OPTIONS_START = '<!-- Options, written by docs/render_formats.py; do not edit. -->'
OPTIONS_END = '<!-- End of the options. -->'
EVERY = 'every format'
HEAD = """\
What becomes of each kind of annotation, from `dm_v2`, which holds all of them, into each format and back. *exact*: it
comes back as it was, numbers within a thousandth of a pixel. *changed*: it comes back as something else; so many pixels
is what the box around it moved, if it did. *lost*: it does not come back. What is not exact stands in the report."""
PAIRS = """\
From each format, down, into each, across: the letters are the kinds above, as the format on the left holds them. Before
the slash what is exact, behind it what is changed, in brackets what is lost."""
WIDTH, HEIGHT = 64, 48
NEAR = 1e-3
"""Pixels by which a number may differ and still be exact: what the digits of a file leave."""

TARGETS: dict[str, tuple[str, str | None]] = {
    'dm_v1': ('dm_v1', None),
    'dm_v2': ('dm_v2', None),
    'yolo detect': ('yolo', 'detect'),
    'yolo segment': ('yolo', 'segment'),
    'yolo obb': ('yolo', 'obb'),
    'yolo pose': ('yolo', 'pose'),
    'yolo classify': ('yolo', 'classify'),
    'coco': ('coco', None),
    'pascal_voc': ('pascal_voc', None),
    'imagefolder': ('imagefolder', None),
}


def item(label: str, data: Any, **more: Any) -> dict[str, Any]:
    """Return an annotation as DM v2 has it."""
    return {'id': f'{label}-{len(str(data))}', 'classification': label, 'attrs': [], 'data': data, **more}


SQUARES = [[6, 6], [16, 6], [16, 16], [6, 16]], [[30, 20], [44, 20], [44, 40], [30, 40]]
RING = [[WIDTH * row + 10, 12] for row in (8, 9)] + [
    [WIDTH * row + x, 2] for row in (10, 11) for x in (10, 20)
]
TURNED = [{'name': 'rotation', 'value': 0.3}]
JOINTS = [
    item(name, data, group_id='g', visibility=seen)
    for name, data, seen in (('nose', [18, 12], 2), ('left_eye', [22.5, 10], 1), ('tail', [30, 30], 2))
]
KINDS: dict[str, tuple[str, dict[str, list[dict[str, Any]]]]] = {
    'B': ('box', {'bounding_box': [item('cat', [4.5, 6, 20, 10.25])]}),
    'R': ('rotated box', {'bounding_box': [item('cat', [14.5, 16, 20, 10], attrs=TURNED)]}),
    'P': ('polygon', {'polygon': [item('cat', [[5, 5], [40.5, 8], [30, 40]])]}),
    'O': ('object of several rings', {'polygon': [item('cat', SQUARES[0], parts=[SQUARES[1]])]}),
    'M': ('mask', {'segmentation': [item('cat', [[WIDTH * 8 + 10, 12], [WIDTH * 9 + 10, 9]])]}),
    'H': ('mask with a hole', {'segmentation': [item('cat', [*RING, [WIDTH * 12 + 10, 12]])]}),
    'K': (
        'pose with its box',
        {'bounding_box': [item('dog', [10, 8, 30, 30], group_id='g')], 'keypoint': JOINTS},
    ),
    'J': ('pose without a box', {'keypoint': JOINTS}),
    'k': ('keypoint in no group', {'keypoint': [item('nose', [18, 12])]}),
    'L': ('polyline', {'polyline': [item('cat', [[5, 5], [40, 8], [30, 40]])]}),
    'C': ('class of the picture', {'classification': [item('cat', {})]}),
    'A': (
        'attribute of a box',
        {'bounding_box': [item('cat', [4, 6, 20, 10], attrs=[{'name': '색', 'value': 'red'}])]},
    ),
    'W': ('crowd', {'segmentation': [item('cat', [[WIDTH * 8 + 10, 12]], iscrowd=1)]}),
    'X': ('box that reaches out', {'bounding_box': [item('cat', [50, 30, 30, 30])]}),
    'N': ('box half a pixel wide', {'bounding_box': [item('cat', [20, 20, 0.5, 5])]}),
    'D': ('box of one pixel', {'bounding_box': [item('cat', [10, 10, 1, 1])]}),
    'G': ('other tools', {'relation': [item('on', ['a', 'b'])], 'mystery': [item('cat', {'x': [1]})]}),
}


@dataclass
class Found:
    """What becomes of a kind on its way into a format and back.

    Attributes:
        state: ``exact``, ``changed`` or ``lost``.
        told: What the reports say.
        off: How far the box around it moved, in pixels.
        path: The dataset that was written, where there is one.
    """

    state: str
    told: list[str]
    off: float = 0.0
    path: Path | None = None


Shown = list[tuple[str, str | None, Any, Any, Any]]


def draw(root: Path, tools: dict[str, Any]) -> Path:
    """Write a DM v2 dataset of one picture."""
    for folder in ('json', 'original_files'):
        (root / folder).mkdir(parents=True)
    Image.new('RGB', (WIDTH, HEIGHT), (90, 120, 150)).save(root / 'original_files/a.png')
    text = json.dumps({'images': [tools]}, ensure_ascii=False)
    (root / 'json/a.json').write_text(text, encoding='utf-8')
    return root


def shown(root: Path, name: str) -> tuple[Shown, list[str]]:
    """Return the annotations of the picture of a dataset, and what reading it lost."""
    reader = open_dataset(root, name)
    found: Shown = []
    for sample in reader:
        groups: dict[Any, int] = {}
        for one in sample.annotations:
            group = one.extra.get('group_id')
            own = None if group is None else groups.setdefault(group, len(groups))
            extra = {key: one.extra[key] for key in ('visibility', 'iscrowd', 'parts') if key in one.extra}
            attrs = {str(attr['name']): attr['value'] for attr in one.attrs}
            data = pixels(one.data) if one.tool == 'segmentation' else one.data
            found.append((one.tool, one.label, data, attrs, (own, extra)))
    found.sort(key=lambda one: (one[0], str(one[1]), len(str(one[2]))))
    return found, reader.report.loss_lines()


def pixels(data: Any) -> list[int]:
    """Return the pixels of a mask."""
    runs = [run if isinstance(run, list) else [run, 1] for run in data]
    return sorted(pixel for start, length in runs for pixel in range(start, start + length))


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same, but for the digits of a file."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= NEAR
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def extent(found: Shown) -> list[float]:
    """Return left, top, right and bottom of all that has a place."""
    xs: list[float] = []
    ys: list[float] = []
    for tool, _, data, attrs, (_, extra) in found:
        if tool == 'bounding_box':
            box = data[0], data[1], data[0] + data[2], data[1] + data[3]
            corners = rotated(box, attrs.get('rotation', 0.0))
            xs += [x for x, _ in corners]
            ys += [y for _, y in corners]
        elif tool == 'segmentation':
            xs += [edge for pixel in data for edge in (pixel % WIDTH, pixel % WIDTH + 1)]
            ys += [edge for pixel in data for edge in (pixel // WIDTH, pixel // WIDTH + 1)]
        elif tool in ('polygon', 'polyline', 'keypoint'):
            points = (
                [data]
                if tool == 'keypoint'
                else [*data, *(p for part in extra.get('parts', ()) for p in part)]
            )
            xs += [point[0] for point in points]
            ys += [point[1] for point in points]
    return [min(xs), min(ys), max(xs), max(ys)] if xs else []


def go(source: Path, name: str, target: str, place: Path) -> Found:
    """Write a dataset of one kind in a format and compare what is read with what went in."""
    form, task = TARGETS[target]
    before, known = shown(source, name)
    try:
        conversion = convert(source, place, to=form, task=task, source_format=name, link='copy', workers=1)
    except DatasetError as exc:
        return Found('lost', [str(exc)])
    after, lost = shown(place, form)
    told = conversion.report.loss_lines() + lost
    told += [f'noted {entry.reason}' for entry in conversion.report.noted if entry.kind == 'keypoint']
    told = [line for line in told if line not in known]  # what the source lost already
    if same(before, after):
        return Found('exact', told, path=place)
    if not after:
        return Found('lost', told, path=place)
    one, other = extent(before), extent(after)
    off = max((abs(a - b) for a, b in zip(one, other, strict=True)), default=0.0) if one and other else 0.0
    return Found('changed', told, off, place)


def walk() -> tuple[dict[tuple[str, str], Found], dict[tuple[str, str, str], Found]]:
    """Return what becomes of each kind in each format, and from each format that holds it in each other."""
    first: dict[tuple[str, str], Found] = {}
    pairs: dict[tuple[str, str, str], Found] = {}
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for kind, (_, tools) in KINDS.items():
            source = draw(root / f'source-{ord(kind)}', tools)
            for target in TARGETS:
                first[kind, target] = go(source, 'dm_v2', target, root / f'{ord(kind)}-{target}')
        for (kind, own), found in first.items():
            if found.path is None or not shown(found.path, TARGETS[own][0])[0]:
                continue
            for target in TARGETS:
                place = root / f'{ord(kind)}-{own}-{target}'
                pairs[kind, own, target] = go(found.path, TARGETS[own][0], target, place)
    return first, pairs


# -- the page -------------------------------------------------------------------------------------------------


def cell(found: Found) -> str:
    """Return what stands in the table for what becomes of a kind."""
    if found.state == 'exact':
        return 'exact'
    if found.state == 'lost':
        return 'lost'
    off = f', {found.off:.3g} px' if found.off > NEAR else ''
    return f'changed{off}'


def text(first: dict[tuple[str, str], Found], pairs: dict[tuple[str, str, str], Found]) -> str:
    """Return what stands on the page."""
    header = ' | '.join(f'`{name}`' for name in TARGETS)
    lines = [START, '', HEAD, '', f'| | | {header} |', '|---|---|' + '---|' * len(TARGETS)]
    for kind, (name, _) in KINDS.items():
        cells = ' | '.join(cell(first[kind, target]) for target in TARGETS)
        lines.append(f'| {kind} | {name} | {cells} |')
    lines += ['', PAIRS, '', f'| from \\ to | {header} |', '|---|' + '---|' * len(TARGETS)]
    for own in TARGETS:
        cells = ' | '.join(letters(pairs, own, target) for target in TARGETS)
        lines.append(f'| `{own}` | {cells} |')
    return '\n'.join([*lines, '', END])


def letters(pairs: dict[tuple[str, str, str], Found], own: str, target: str) -> str:
    """Return the kinds of a pair of formats by what becomes of them."""
    by_state = {
        state: ''.join(
            kind for kind in KINDS if (found := pairs.get((kind, own, target))) and found.state == state
        )
        for state in ('exact', 'changed', 'lost')
    }
    shown_text = by_state['exact'] + (f' / {by_state["changed"]}' if by_state['changed'] else '')
    return (shown_text + (f' ({by_state["lost"]})' if by_state['lost'] else '')).strip()


def options_text() -> str:
    """Return the table of the formats' options: those that all of them take in the last lines."""
    lines = [
        OPTIONS_START,
        '',
        '| format | option | values | default | what it is for |',
        '|---|---|---|---|---|',
    ]
    common = {one.name for one in BOUNDS_OPTIONS}
    rows: dict[str, list[str]] = {}
    for provider in formats.BUILTIN:
        for one in options_of(formats.writer_of(provider.name)):
            name = EVERY if one.name in common else f'`{provider.name}`'
            default = 'none' if one.default in (None, ()) else f'`{one.default}`'
            rows.setdefault(name, []).append(
                f'| {name} | `{one.name}` | {one.values} | {default} | {one.about} |'
            )
    for name in sorted(rows, key=lambda name: (name == EVERY, name)):
        lines += dict.fromkeys(rows[name])
    return '\n'.join([*lines, '', OPTIONS_END])


def main() -> None:
    """Write the tables into the page."""
    page = PAGE.read_text(encoding='utf-8')
    tables = ((OPTIONS_START, OPTIONS_END, options_text()), (START, END, text(*walk())))
    for start, end, written in tables:
        page = page.partition(start)[0] + written + page.partition(end)[2]
    PAGE.write_text(page, encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
