"""What `inspect` and `convert` say of the pixels of a picture is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from synapse_plugins.datasets import convert, inspect

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, make: Any) -> Path:
    one = {'bounding_box': [make.box('x', 1, 1, 8, 8)]}
    return make.dm(tmp_path / 'in', {'a.png': one, 'b.png': one})


def test_a_picture_above_the_limit_of_pillow_is_kept(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    record = inspect(root, verify=True)
    made = convert(root, tmp_path / 'out', to='coco', verify=True)
    assert record.images == made.count == 2
    assert record.unreadable == 0


def test_a_broken_one_is_called_the_same(root: Path, tmp_path: Path) -> None:
    path = root / 'original_files/b.png'
    content = bytearray(path.read_bytes())
    place = content.index(b'IDAT')
    content[place + 6 : place + 12] = b'noise!'
    path.write_bytes(bytes(content))
    made = convert(root, tmp_path / 'out', to='coco', verify=True)
    found = inspect(root, verify=True).finding('unreadable')
    assert found is not None
    assert [f'pictures that cannot be read ({entry.reason})' for entry in made.report.quarantined] == [
        found.title
    ]
