"""Names of files that some disk, or some list of names, does not take get another one, in every format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synapse_plugins.datasets import convert
from synapse_plugins.datasets.names import _ORDINARY, Namer, nfc, storable

if TYPE_CHECKING:
    from pathlib import Path

ODD = {
    'a ': 'a',
    ' b': 'b',
    'c\nd': 'c_d',
    'e\x85f\u2028g\th': 'e_f_g_h',
    '\u3000i\xa0': 'i',
    'CON': '_CON',
    'nul.tar': '_nul.tar',
    'com¹': '_com¹',
    '12:30': '12_30',
    'what?': 'what_',
    'console': 'console',
    'j.': 'j.',
    '한 글': '한 글',
}


@pytest.mark.parametrize(('stem', 'name'), ODD.items())
def test_a_stem_becomes_the_nearest_one_that_all_take(stem: str, name: str) -> None:
    assert storable(stem) == name
    assert Namer().name('f', stem, 'key') == name


@given(st.text(min_size=1, max_size=300))
@example('a' * 300)
@example('한' * 100)
@example('com1')
def test_what_is_storable_stays_and_what_is_not_becomes_so(stem: str) -> None:
    name = Namer().name('f', stem, 'key')
    assert storable(name) == name
    assert len(name.encode('utf-8', 'surrogatepass')) <= 241
    assert name == storable(nfc(stem))
    if _ORDINARY.fullmatch(stem):
        assert storable(stem) == stem


STEMS = [*ODD, 'x' * 251, 'y' * 245, '한' * 83, 'A ', 'a']


def with_boxes(root: Path, make: Any) -> Path:
    """Make a dataset of COCO, for documents of their own would have names too long."""
    images = [
        {'id': n, 'file_name': f'{stem}.jpg', 'width': 64, 'height': 48} for n, stem in enumerate(STEMS)
    ]
    boxes = [
        {'id': n, 'image_id': n, 'category_id': 1, 'bbox': [1, 2, 8, 8], 'iscrowd': 0}
        for n in range(len(STEMS))
    ]
    for image in images:
        make.picture(root / 'images' / image['file_name'])
    (root / 'annotations').mkdir()
    text = json.dumps({'images': images, 'annotations': boxes, 'categories': [{'id': 1, 'name': 'dog'}]})
    (root / 'annotations/instances.json').write_text(text, encoding='utf-8')
    return root


def with_classes(root: Path, make: Any) -> Path:
    for stem in STEMS:
        make.picture(root / 'dog' / f'{stem}.jpg')
    return root


@pytest.mark.parametrize('to', ['dm_v1', 'dm_v2', 'yolo', 'coco', 'pascal_voc', 'imagefolder'])
def test_every_format_comes_back_whole(to: str, tmp_path: Path, make: Any) -> None:
    source = (with_classes if to == 'imagefolder' else with_boxes)(tmp_path / 'in', make)
    made = convert(source, tmp_path / 'out', to=to)
    assert made.count == len(STEMS)
    renamed = {key.removeprefix('dog/').removesuffix('.jpg') for key in made.report.renamed}
    assert renamed >= {stem for stem in STEMS if storable(stem) != stem}
    again = convert(made.path, tmp_path / 'again', to='dm_v2', on_loss='error')
    assert again.count == len(STEMS)
    assert not again.report.renamed
