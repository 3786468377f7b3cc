"""Makes the datasets that converters are measured on: dm_v2 in two splits, and the same as one COCO file.

``python data.py FOLDER --images N [--kind polygons]``; needs Pillow. The pictures are JPEGs of 640 x 480, 47 KB, each a
file of its own and none equal to another.
"""

from __future__ import annotations

import argparse
import json
import os
from io import BytesIO
from pathlib import Path
from random import Random

WIDTH, HEIGHT = 640, 480
CLASSES = ('person', 'car', 'bicycle', 'dog', 'tree', 'sign', 'bench', 'lamp')
OBJECTS = 8
CORNERS = 20


def main() -> None:
    """Make a dataset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('--images', type=int, default=1000)
    parser.add_argument('--kind', choices=('boxes', 'polygons', 'masks'), default='boxes')
    parser.add_argument('--small', action='store_true', help='pictures of 1 KB, where the disk is small')
    arguments = parser.parse_args()
    make(arguments.folder, arguments.images, arguments.kind, small=arguments.small)


def make(root: Path, count: int, kind: str, *, small: bool = False) -> None:
    """Make ``dm`` (splits), ``dm_flat`` and ``coco`` below *root*; pictures of the last two are links to the first."""
    chance = Random(0)
    picture = _picture(chance, small=small)
    images, annotations = [], []
    for folder in ('dm_flat/json', 'dm_flat/original_files', 'coco/annotations', 'coco/images/train'):
        (root / folder).mkdir(parents=True)
    for split in ('train', 'valid'):
        for folder in ('json', 'original_files'):
            (root / 'dm' / split / folder).mkdir(parents=True)
    for number in range(count):
        stem, split = f'img_{number:06}', 'valid' if number % 5 == 4 else 'train'
        file = root / 'dm' / split / 'original_files' / f'{stem}.jpg'
        comment = str(number).encode()
        file.write_bytes(
            picture[:2] + b'\xff\xfe' + (len(comment) + 2).to_bytes(2, 'big') + comment + picture[2:]
        )
        os.link(file, root / 'dm_flat' / 'original_files' / file.name)
        os.link(file, root / 'coco' / 'images' / 'train' / file.name)
        images.append({'id': number + 1, 'file_name': file.name, 'width': WIDTH, 'height': HEIGHT})
        items = []
        for place in range(OBJECTS):
            label = chance.randrange(len(CLASSES))
            shape, record = _shape(chance, kind)
            items.append(
                {'id': f'{number:06}{place:04}', 'classification': CLASSES[label], 'attrs': [], **shape}
            )
            own = {'id': len(annotations) + 1, 'image_id': number + 1, 'category_id': label + 1, 'iscrowd': 0}
            annotations.append({**own, **record})
        tool = {'boxes': 'bounding_box', 'polygons': 'polygon', 'masks': 'segmentation'}[kind]
        text = json.dumps(
            {
                'classification': {tool: sorted({i['classification'] for i in items})},
                'images': [{tool: items}],
            }
        )
        for folder in (f'dm/{split}', 'dm_flat'):
            (root / folder / 'json' / f'{stem}.json').write_text(text, encoding='utf-8')
    categories = [{'id': place, 'name': name, 'supercategory': ''} for place, name in enumerate(CLASSES, 1)]
    document = {
        'info': {},
        'licenses': [],
        'images': images,
        'annotations': annotations,
        'categories': categories,
    }
    with (root / 'coco/annotations/instances_train.json').open('w', encoding='utf-8') as sink:
        json.dump(document, sink)


def _shape(chance: Random, kind: str) -> tuple[dict, dict]:
    from math import cos, pi, sin

    width, height = round(chance.uniform(20, 200), 2), round(chance.uniform(20, 200), 2)
    x, y = round(chance.uniform(0, WIDTH - width), 2), round(chance.uniform(0, HEIGHT - height), 2)
    box, area = [x, y, width, height], width * height
    if kind == 'boxes':
        return {'data': box}, {'bbox': box, 'area': area, 'segmentation': []}
    if kind == 'polygons':
        angles = [2 * pi * step / CORNERS for step in range(CORNERS)]
        points = [
            [round(x + width / 2 * (1 + cos(a)), 2), round(y + height / 2 * (1 + sin(a)), 2)] for a in angles
        ]
        ring = [number for point in points for number in point]
        return {'data': points}, {'bbox': box, 'area': area * 0.77, 'segmentation': [ring]}
    left, top, columns, rows = int(x), int(y), int(width), int(height)
    runs = [[(top + row) * WIDTH + left, columns] for row in range(rows)]
    counts = [left * HEIGHT + top]
    for _ in range(columns - 1):
        counts += [rows, HEIGHT - rows]
    counts += [rows, WIDTH * HEIGHT - sum(counts) - rows]
    mask = {'data': runs, 'encoding': 'dm_rle', 'isCompressed': True, 'compressionFormat': 'rle'}
    whole = [left, top, columns, rows]
    return mask, {
        'bbox': whole,
        'area': columns * rows,
        'segmentation': {'size': [HEIGHT, WIDTH], 'counts': counts},
    }


def _picture(chance: Random, *, small: bool) -> bytes:
    """Return a JPEG of about 47 KB, or of about 1 KB."""
    from PIL import Image

    if small:
        picture = Image.new('RGB', (WIDTH, HEIGHT), (200, 120, 40))
        quality = 1
    else:
        noise = Image.frombytes('RGB', (WIDTH // 8, HEIGHT // 8), chance.randbytes(WIDTH * HEIGHT * 3 // 64))
        picture = noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        quality = 50
    sink = BytesIO()
    picture.save(sink, 'JPEG', quality=quality)
    return sink.getvalue()


if __name__ == '__main__':
    main()
