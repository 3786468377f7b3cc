"""How much memory it takes to tell whether a JPEG without its end marker is cut short."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from synapse_plugins.datasets.cut import is_cut_short

if TYPE_CHECKING:
    from pathlib import Path

MEASURE = """
import sys
from synapse_plugins.datasets.cut import is_cut_short
cut = is_cut_short(sys.argv[1])
peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(cut, int(peak) // 1024)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
@pytest.mark.parametrize(
    ('side', 'progressive', 'most'), [(13_000, False, 150), (13_000, True, 150), (5_700, False, 250)]
)
def test_a_large_jpeg_that_is_cut_short_takes_little_memory(
    side: int, progressive: bool, most: int, tmp_path: Path
) -> None:
    made = BytesIO()
    Image.new('RGB', (side, 16)).save(made, 'JPEG', progressive=progressive)
    content = bytearray(made.getvalue()[:-2])
    frame = content.index(b'\xff\xc2' if progressive else b'\xff\xc0')
    content[frame + 5 : frame + 7] = side.to_bytes(2, 'big')
    (tmp_path / 'a.jpg').write_bytes(content)
    told = subprocess.run(
        [sys.executable, '-c', MEASURE, tmp_path / 'a.jpg'], capture_output=True, text=True, check=True
    )
    answer, peak = told.stdout.split()
    assert answer == 'True'
    assert int(peak) < most


def test_a_large_jpeg_that_lacks_its_end_marker_only_is_whole(tmp_path: Path) -> None:
    picture = tmp_path / 'a.jpg'
    made = BytesIO()
    Image.new('L', (6_000, 5_700)).save(made, 'JPEG')
    picture.write_bytes(made.getvalue()[:-2])
    assert not is_cut_short(picture)
    picture.write_bytes(made.getvalue()[:-2_000])
    assert is_cut_short(picture)
