"""What a trainer would skip, asked of the trainer itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from synapse_plugins import datasets

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

LABELS = {
    'good': '0 0.5 0.5 0.2 0.2\n',
    'empty': '',
    'rounding': '0 0.5 0.5 1.00001 0.2\n',
    'reaches-out': '0 0.98 0.5 0.1 0.2\n',
    'centre-out': '0 1.2 0.5 0.1 0.2\n0 0.5 0.5 0.2 0.2\n',
    'centre-left': '0 -0.02 0.5 0.1 0.2\n',
    'too-large': '0 0.5 0.5 0.2 1.02\n',
    'repeated': '1 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n',
    'small': '0 0.5 0.5 0.2 0.2\n',
}
# in a process of its own: ultralytics changes the environment and writes settings
ASK = """
import json, sys
from pathlib import Path
from ultralytics.data.utils import verify_image_label
root = Path(sys.argv[1])
answers = {}
for label in root.glob('labels/*.txt'):
    image = root / 'images' / f'{label.stem}.png'
    found = verify_image_label((str(image), str(label), '', False, 2, 0, 0, False))
    answers[label.stem] = None if found[0] is None else len(found[1])
print(json.dumps(answers))
"""


@pytest.mark.skipif(find_spec('ultralytics') is None, reason='needs the yolo extra')
def test_the_trainer_of_yolo_agrees(tmp_path: Path, make: SimpleNamespace) -> None:
    root = tmp_path / 'yolo'
    (root / 'labels').mkdir(parents=True)
    for name, text in LABELS.items():
        make.picture(root / 'images' / f'{name}.png', (64, 9) if name == 'small' else (64, 48))
        (root / 'labels' / f'{name}.txt').write_text(text, encoding='utf-8')
    config = 'path: .\ntrain: images\nval: images\nnames: {0: a, 1: b}\n'
    (root / 'dataset.yaml').write_text(config, encoding='utf-8')
    done = subprocess.run(
        [sys.executable, '-c', ASK, str(root)],
        capture_output=True,
        encoding='utf-8',
        env={**os.environ, 'YOLO_CONFIG_DIR': str(tmp_path)},
        check=True,
    )
    answers = json.loads(done.stdout.splitlines()[-1])
    trainer = datasets.inspect(root, source_format='yolo').trainer
    used = [count for count in answers.values() if count is not None]
    assert trainer.images == len(used)
    assert trainer.skipped_images == {'leaves_picture_out': 3, 'small_picture': 1}
    assert trainer.annotations == sum(used)
    assert trainer.skipped_annotations == {
        'outside': 1,
        'leaves_picture_out': 3,
        'repeated': 1,
        'skipped_picture': 1,
    }
