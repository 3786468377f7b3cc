"""The bare loops: the system calls that any converter has to make, with nothing checked and nothing reported.

``python floor.py yolo|coco SOURCE TARGET [--processes N] [--copy]``; SOURCE is dm_v2 (yolo: in splits, coco: flat).
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

import orjson

SPLITS = ('train', 'valid')


def main() -> None:
    """Convert."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('format', choices=('yolo', 'coco'))
    parser.add_argument('source')
    parser.add_argument('target')
    parser.add_argument('--processes', type=int, default=1)
    parser.add_argument('--copy', action='store_true')
    parser.add_argument('--part', type=int, default=-1)
    arguments = parser.parse_args()
    place = shutil.copyfile if arguments.copy else os.link
    if arguments.format == 'coco':
        to_coco(arguments.source, arguments.target, place)
        return
    part, processes = arguments.part, arguments.processes
    if part < 0:
        for split in SPLITS:
            for folder in ('images', 'labels'):
                pathlib.Path(f'{arguments.target}/{split}/{folder}').mkdir(parents=True)
    if part < 0 and processes > 1:
        command = [sys.executable, *sys.argv]
        children = [subprocess.Popen([*command, '--part', str(number)]) for number in range(processes)]
        for child in children:
            if child.wait():
                sys.exit(1)
        return
    to_yolo(arguments.source, arguments.target, place, max(part, 0), processes)


def size_of(path: str) -> tuple[int, int]:
    """Return width and height from the header of a JPEG."""
    fd = os.open(path, os.O_RDONLY)
    head = os.read(fd, 4096)
    os.close(fd)
    position = 2
    while True:
        code, length = head[position + 1], head[position + 2] << 8 | head[position + 3]
        if 0xC0 <= code <= 0xC3:
            return head[position + 7] << 8 | head[position + 8], head[position + 5] << 8 | head[position + 6]
        position += 2 + length


def read(path: str) -> bytes:
    """Return the content of a file."""
    fd = os.open(path, os.O_RDONLY)
    content = os.read(fd, 1 << 20)
    os.close(fd)
    return content


def write(path: str, content: bytes) -> None:
    """Write a new file."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    os.write(fd, content)
    os.close(fd)


def to_yolo(source: str, target: str, place, part: int, parts: int) -> None:
    """Write every *parts*-th label file, and place its picture."""
    numbers: dict[str, int] = {}
    for split in SPLITS:
        names = sorted(entry.name for entry in os.scandir(f'{source}/{split}/json'))
        for name in names[part::parts]:
            stem = name[:-5]
            image = f'{source}/{split}/original_files/{stem}.jpg'
            width, height = size_of(image)
            tools = orjson.loads(read(f'{source}/{split}/json/{name}'))['images'][0]
            lines = []
            for item in tools.get('bounding_box', ()):
                number = numbers.setdefault(item['classification'], len(numbers))
                x, y, w, h = item['data']
                lines.append(
                    '%d %.6f %.6f %.6f %.6f\n'  # noqa: UP031 - the faster way
                    % (number, (x + w / 2) / width, (y + h / 2) / height, w / width, h / height)
                )
            for item in tools.get('polygon', ()):
                number = numbers.setdefault(item['classification'], len(numbers))
                points = ' '.join(['%.6f %.6f' % (x / width, y / height) for x, y in item['data']])  # noqa: UP031
                lines.append(f'{number} {points}\n')
            place(image, f'{target}/{split}/images/{stem}.jpg')
            write(f'{target}/{split}/labels/{stem}.txt', ''.join(lines).encode())


def to_coco(source: str, target: str, place) -> None:
    """Write one COCO file, and place the pictures."""
    pathlib.Path(f'{target}/images').mkdir(parents=True)
    numbers: dict[str, int] = {}
    images, annotations = [], []
    for number, name in enumerate(sorted(entry.name for entry in os.scandir(f'{source}/json')), 1):
        stem = name[:-5]
        image = f'{source}/original_files/{stem}.jpg'
        width, height = size_of(image)
        images.append({'id': number, 'file_name': f'{stem}.jpg', 'width': width, 'height': height})
        tools = orjson.loads(read(f'{source}/json/{name}'))['images'][0]
        for item in (*tools.get('bounding_box', ()), *tools.get('polygon', ())):
            category = numbers.setdefault(item['classification'], len(numbers) + 1)
            record = {'id': len(annotations) + 1, 'image_id': number, 'category_id': category, 'iscrowd': 0}
            data = item['data']
            if isinstance(data[0], list):
                xs, ys = [point[0] for point in data], [point[1] for point in data]
                x, y = min(xs), min(ys)
                ring = [value for point in data for value in point]
                double = sum(a * data[i - 1][1] - data[i - 1][0] * b for i, (a, b) in enumerate(data))
                record.update(
                    bbox=[x, y, max(xs) - x, max(ys) - y], area=abs(double) / 2, segmentation=[ring]
                )
            else:
                record.update(bbox=data, area=data[2] * data[3], segmentation=[])
            annotations.append(record)
        place(image, f'{target}/images/{stem}.jpg')
    categories = [{'id': number, 'name': name} for name, number in numbers.items()]
    write(
        f'{target}/annotations.json',
        orjson.dumps({'images': images, 'annotations': annotations, 'categories': categories}),
    )


if __name__ == '__main__':
    main()
