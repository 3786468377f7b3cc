"""What a trainer would skip, asked of the trainer itself."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from synapse_plugins import datasets

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

pytestmark = pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')

LABELS = {
    'good': '0 0.5 0.5 0.2 0.2\n',
    'empty': '',
    'blank': ' \n\n\t\n',
    'marked': '\ufeff0 0.5 0.5 0.2 0.2\n\n',
    'rounding': '0 0.5 0.5 1.00001 0.2\n',
    'reaches-out': '0 0.98 0.5 0.1 0.2\n',
    'centre-out': '0 1.2 0.5 0.1 0.2\n0 0.5 0.5 0.2 0.2\n',
    'centre-left': '0 -0.02 0.5 0.1 0.2\n',
    'too-large': '0 0.5 0.5 0.2 1.02\n',
    'repeated': '1 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n',
    'small': '0 0.5 0.5 0.2 0.2\n',
    'letters': '0 0.5 0.5 0.2 0.2\n1 a b c d\n',
    'name': 'cat 0.5 0.5 0.2 0.2\n',
    'comment': '# made by hand\n0 0.5 0.5 0.2 0.2\n',
    'six-columns': '0 0.5 0.5 0.2 0.2 0.9\n',
    'one-of-six': '0 0.5 0.5 0.2 0.2\n0 0.4 0.4 0.2 0.2 0.9\n',
    'four-columns': '0 0.5 0.5 0.2\n0 0.5 0.5 0.2 0.2\n',
    'one-column': '0\n',
    'negative-size': '0 0.5 0.5 -0.005 0.2\n',
    'little-negative': '0 -0.005 0.5 0.2 0.2\n',
    'half-a-class': '0.5 0.5 0.5 0.2 0.2\n',
    'no-such-class': '0 0.5 0.5 0.2 0.2\n2 0.5 0.5 0.2 0.2\n',
    'class-below-0': '-1 0.5 0.5 0.2 0.2\n',
    'no-such-polygon': '7 0.1 0.1 0.9 0.1 0.5 0.9\n',
    'nan': '0 nan 0.5 0.2 0.2\n',
    'infinite': '0 0.5 0.5 inf 0.2\n',
    'polygon': '0 0.1 0.1 0.9 0.1 0.5 0.9\n',
    'odd-polygon': '0 0.1 0.1 0.9 0.1 0.5 0.9 0.3\n',
    'box-and-polygon': '0 0.5 0.5 0.2 0.2\n0 0.1 0.1 0.9 0.1 0.5 0.9\n',
    'polygon-out': '0 0.1 0.1 1.3 0.1 0.5 0.9\n',
    'polygon-far-out': '0 1.1 0.1 1.3 0.1 1.2 0.9\n',
}
# in a process of its own: ultralytics changes the environment and writes settings
ASK = """
import json, sys
from pathlib import Path
from ultralytics.data.utils import verify_image_label
found = []
for root, pose, joints, step in json.loads(sys.argv[1]):
    answers = {}
    for label in Path(root).glob('labels/*.txt'):
        image = Path(root) / 'images' / f'{label.stem}.png'
        answer = verify_image_label((str(image), str(label), '', pose, 2, joints, step, False))
        answers[label.stem] = None if answer[0] is None else len(answer[1])
    found.append(answers)
print(json.dumps(found))
"""
NUMBERS = ['0', '0.5', '.25', '0.3', '1', '0.1', '0.9', '1.005', '-0.005', '0.0', '1e-3']
"""Which a trainer takes."""
ODD = ['1.3', '-0.2', 'a', 'nan', '1e400', '', '2']


WAYS = [
    ('', (False, 0, 0), [5, 5, 5, 6, 7, 9, 3, 1]),
    ('task: segment', (False, 0, 0), [7, 9, 9, 8, 5, 3]),
    ('task: obb', (False, 0, 0), [9, 9, 9, 9, 7, 5, 8]),
    ('kpt_shape: [2, 3]', (True, 2, 3), [11, 11, 11, 11, 5, 7, 12]),
    ('kpt_shape: [1, 2]\ntask: pose', (True, 1, 2), [7, 7, 7, 5, 9]),
    ('kpt_shape: [2, 3]\ntask: detect', (False, 2, 3), [11, 11, 5, 5, 5, 7]),
]
"""What a YAML file says, what the trainer of it is told (poses, joints, numbers of each), columns of lines."""


def ask(work: Path, *questions: tuple[Path, tuple[bool, int, int]]) -> list[dict[str, int | None]]:
    """Return how many labels the trainer takes of every picture of datasets, None if it refuses them."""
    done = subprocess.run(
        [sys.executable, '-c', ASK, json.dumps([(str(root), *told) for root, told in questions])],
        capture_output=True,
        encoding='utf-8',
        env={**os.environ, 'YOLO_CONFIG_DIR': str(work)},
        check=True,
    )
    answers: list[dict[str, int | None]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def write(root: Path, labels: dict[str, str], more: str, make: SimpleNamespace) -> Path:
    """Write a dataset of yolo, whose pictures are one file."""
    (root / 'labels').mkdir(parents=True)
    one = make.picture(root / 'images' / 'one.png')
    for name, text in labels.items():
        if name == 'small':
            make.picture(root / 'images' / 'small.png', (64, 9))
        else:
            os.link(one, root / 'images' / f'{name}.png')
        (root / 'labels' / f'{name}.txt').write_text(text, encoding='utf-8')
    one.unlink()
    config = f'path: .\ntrain: images\nval: images\nnames: {{0: a, 1: b}}\n{more}\n'
    (root / 'dataset.yaml').write_text(config, encoding='utf-8')
    return root


def test_the_trainer_of_yolo_agrees(tmp_path: Path, make: SimpleNamespace) -> None:
    root = write(tmp_path / 'yolo', LABELS, '', make)
    (answers,) = ask(tmp_path, (root, (False, 0, 0)))
    record = datasets.inspect(root, source_format='yolo')
    used = [count for count in answers.values() if count is not None]
    assert record.trainer.images == len(used)
    assert record.trainer.annotations == sum(used)
    assert record.trainer.skipped_images == {
        'leaves_picture_out': 8,
        'small_picture': 1,
        'refused_labels': 13,
    }
    found = record.finding('refused_labels')
    assert found is not None
    assert (found.severity, found.count) == ('error', 13)


def lines(chance: random.Random, columns: list[int]) -> str:
    """Return a label file of which nobody knows whether the trainer takes it."""
    pool = NUMBERS + ODD * chance.choice((0, 0, 1))
    counts = columns if chance.random() < 0.5 else [chance.choice(columns)]
    return '\n'.join(
        ' '.join([chance.choice('000111111112'), *chance.choices(pool, k=chance.choice(counts) - 1)])
        for _ in range(chance.randrange(4))
    )


def test_the_trainer_agrees_on_any_label_file(tmp_path: Path, make: SimpleNamespace, seed: int) -> None:
    chance = random.Random(seed)
    roots, files = [], []
    for number, (more, _, columns) in enumerate(WAYS):
        files.append({f'p{place:03}': lines(chance, columns) for place in range(100)})
        roots.append(write(tmp_path / f'{number}', files[-1], more, make))
    answers = ask(tmp_path, *((root, told) for root, (_, told, _) in zip(roots, WAYS, strict=True)))
    for root, labels, answer in zip(roots, files, answers, strict=True):
        reader = datasets.open_dataset(root, 'yolo')
        reader.goes_on = True
        told = {sample.key: reader.trouble(sample) for sample in reader}
        assert told.keys() == labels.keys()
        wrong = {
            key: (labels[key], why, answer[key])
            for key, why in told.items()
            if bool(why) != (answer[key] is None)
        }
        assert not wrong
        trainer = datasets.inspect(root).trainer
        assert trainer.images == sum(count is not None for count in answer.values())
