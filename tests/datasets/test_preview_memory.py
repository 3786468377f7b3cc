"""How much memory the pictures of a preview take, and that making them smaller stripe by stripe changes nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from synapse_plugins.datasets.images import probe
from synapse_plugins.datasets.preview.strokes import decoded
from synapse_plugins.datasets.sample import ImageFile

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (90, 60)


def opened(path: Path) -> ImageFile:
    width, height, _ = probe(path)
    return ImageFile(str(path), width=width, height=height)


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.webp', '.bmp', '.tif'])
@pytest.mark.parametrize('mode', ['RGB', 'L', 'P', '1', 'RGBA', 'I;16'])
@pytest.mark.parametrize('orientation', [1, 6])
def test_a_large_picture_looks_like_itself(mode: str, suffix: str, orientation: int, tmp_path: Path) -> None:
    across = np.linspace(0, 255, 1203)
    content = np.stack(
        [np.broadcast_to(across, (802, 1203)), np.broadcast_to(across[:802, None], (802, 1203))], 2
    )
    colour = Image.fromarray(np.dstack([content, np.full((802, 1203), 90)]).astype(np.uint8))
    picture = (
        Image.fromarray((content[..., 0] * 200).astype(np.uint16)) if mode == 'I;16' else colour.convert(mode)
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f'a{suffix}'
    try:
        picture.save(path, **({} if suffix == '.bmp' else {'exif': exif}))
    except (OSError, KeyError):
        pytest.skip(f'{suffix} holds no {mode}')
    shape = SHAPE if orientation == 1 or suffix == '.bmp' else SHAPE[::-1]
    found = decoded(opened(path), shape)
    assert found is not None
    with Image.open(path) as whole:
        seen = ImageOps.exif_transpose(whole)
        if mode == 'I;16' and seen.mode.startswith('I'):
            values = np.asarray(seen, np.float64)
            seen = Image.fromarray((values / values.max() * 255).astype(np.uint8))
        wanted = seen.convert('RGB').resize(shape, Image.Resampling.LANCZOS)
    off = np.abs(np.asarray(found, int) - np.asarray(wanted, int))
    assert off.mean() < 3


MEASURE = """
import sys
from synapse_plugins.datasets.preview.strokes import decoded
from synapse_plugins.datasets.sample import ImageFile
found = decoded(ImageFile(sys.argv[1], width=int(sys.argv[2]), height=int(sys.argv[2])), (300, 300))
peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(found is not None, int(peak) // 1024)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
@pytest.mark.parametrize(('side', 'shown'), [(13_000, False), (8_000, True)])
def test_a_huge_picture_takes_little_memory(side: int, shown: bool, tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    Image.new('1', (side, side)).save(path)
    command: list[Any] = [sys.executable, '-c', MEASURE, path, str(side)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    answer, peak = told.stdout.split()
    assert answer == str(shown)
    assert int(peak) < 200
