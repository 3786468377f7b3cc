"""Every annotation of a source is kept, changed or dropped; none is lost without a word."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from synapse_plugins import backends
from synapse_plugins.datasets import Report, convert, open_dataset
from synapse_plugins.datasets.cut import is_cut_short
from synapse_plugins.datasets.salvage import salvage_json

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ('dm_v2', 'coco', 'yolo', 'pascal_voc')
HARMS = {
    'missing': lambda path: path.unlink(),
    'empty': lambda path: path.write_bytes(b''),
    'no picture': lambda path: path.write_bytes(b'no picture'),
    'cut in the head': lambda path: path.write_bytes(path.read_bytes()[:20]),
    'cut': lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3]),
}


def noisy(path: Path, **options: Any) -> None:
    Image.effect_noise((64, 48), 90).convert('RGB').save(path, 'JPEG', **options)


def totals(report: Report, tool: str) -> int:
    counted = [entry for entry in (*report.changed, *report.dropped, *report.left_out) if entry.kind == tool]
    return report.kept.get(tool, 0) + sum(entry.count for entry in counted)


@pytest.fixture(scope='module')
def sources(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    """One dataset in every format: four pictures with one, two, three and four boxes."""
    root = tmp_path_factory.mktemp('sources')
    boxes = [make.box('R' if number % 2 else 'W', 4 * number, 5, 10, 10) for number in range(4)]
    samples = {f'train/{name}.jpg': {'bounding_box': boxes[: place + 1]} for place, name in enumerate('abcd')}
    dm = make.dm(root / 'dm_v2', samples)
    for path in dm.rglob('*.jpg'):
        noisy(path)
    for to in FORMATS[1:]:
        convert(dm, root / to, to=to, link='copy')
    return root


@pytest.mark.parametrize('harm', HARMS)
@pytest.mark.parametrize('source_format', FORMATS)
def test_boxes_of_a_picture_that_cannot_be_read_are_dropped(
    source_format: str, harm: str, sources: Path, tmp_path: Path
) -> None:
    source = shutil.copytree(sources / source_format, tmp_path / 'in')
    HARMS[harm](next(source.rglob('c.jpg')))
    conversion = convert(source, tmp_path / 'out', to='dm_v2', source_format=source_format)
    report = conversion.report
    assert (conversion.count, report.kept['bounding_box']) == (3, 7)
    assert totals(report, 'bounding_box') == 10
    assert [
        (entry.count, 'image' in entry.reason) for entry in report.dropped if entry.kind == 'bounding_box'
    ] == [(3, True)]


@pytest.mark.parametrize('source_format', FORMATS)
def test_an_import_tells_of_them_too(source_format: str, sources: Path, tmp_path: Path) -> None:
    source = shutil.copytree(sources / source_format, tmp_path / 'in')
    HARMS['cut'](next(source.rglob('c.jpg')))
    with backends.open('local', home=tmp_path / 'home') as backend:
        notes = backend.import_dataset(source, 'x', source_format=source_format)['notes']
    assert any(note.startswith('dropped 3 bounding_box: its image cannot be read') for note in notes)
    assert any(note.startswith('quarantined 1 image: the file is cut short') for note in notes)


@given(
    state=st.lists(st.sampled_from([None, *HARMS]), min_size=4, max_size=4),
    shift=st.lists(st.integers(-30, 70), min_size=10, max_size=10),
    choice=st.sampled_from([None, ['R'], ['W', 'R']]),
)
def test_the_counts_add_up(
    state: list[str | None], shift: list[int], choice: list[str] | None, tmp_path_factory: Any, make: Any
) -> None:
    """Boxes in the picture, over its border and beyond it; pictures whole and broken; classes chosen or not."""
    root = tmp_path_factory.mktemp('counts')
    left = iter(shift)
    samples: dict[str, Any] = {
        'z.jpg': {'bounding_box': [make.box('R', 1, 1, 9, 9), make.box('W', 1, 1, 9, 9)]}
    }
    for place, name in enumerate('abcd'):
        boxes = [make.box('RW'[number % 2], next(left), 5, 20, 10) for number in range(place + 1)]
        samples[f'{name}.jpg'] = {'bounding_box': boxes}
    dm = make.dm(root / 'in', samples)
    for name, harm in zip('abcd', state, strict=True):
        picture = dm / 'original_files' / f'{name}.jpg'
        noisy(picture)
        if harm is not None:
            HARMS[harm](picture)
    for to in FORMATS:
        report = convert(dm, root / to, to=to, classes=choice, task='detect' if to == 'yolo' else None).report
        assert totals(report, 'bounding_box') == 12
    shutil.rmtree(root)


def test_a_document_that_is_cut_is_counted_as_far_as_it_can_be_read(sources: Path, tmp_path: Path) -> None:
    source = shutil.copytree(sources / 'dm_v2', tmp_path / 'in')
    document = source / 'train/json/d.json'
    text = document.read_bytes()
    fourth = text.rindex(b'"data"')
    for length in (fourth, fourth + 9):  # the last of the four has begun by then
        document.write_bytes(text[:length])
        report = convert(source, tmp_path / f'out-{length}', to='yolo').report
        assert totals(report, 'bounding_box') == 10
    document.write_bytes(text[: text.index(b'"data"')])
    assert totals(convert(source, tmp_path / 'out', to='yolo').report, 'bounding_box') == 7


def test_an_xml_file_that_is_cut_is_counted_as_far_as_it_can_be_read(sources: Path, tmp_path: Path) -> None:
    source = shutil.copytree(sources / 'pascal_voc', tmp_path / 'in')
    document = source / 'Annotations/d.xml'
    text = document.read_bytes()
    document.write_bytes(b'<!-- <object> -->' + text[: text.rindex(b'<xmin>')])
    assert totals(convert(source, tmp_path / 'out', to='yolo').report, 'bounding_box') == 10


def test_a_label_file_that_is_cut_or_no_text_is_counted(sources: Path, tmp_path: Path) -> None:
    source = shutil.copytree(sources / 'yolo', tmp_path / 'in')
    label = source / 'train/labels/d.txt'
    text = label.read_bytes()
    label.write_bytes(text[: text.rindex(b' ')])
    report = convert(source, tmp_path / 'cut', to='dm_v2').report
    assert totals(report, 'bounding_box') + totals(report, 'label line') == 10
    label.write_bytes(text + b'\xff\xfe\n')
    report = convert(source, tmp_path / 'binary', to='dm_v2').report
    assert totals(report, 'bounding_box') == 10
    assert totals(report, 'annotation file') == 1


def test_images_beyond_the_first_of_a_document_are_counted(sources: Path, tmp_path: Path, make: Any) -> None:
    source = shutil.copytree(sources / 'dm_v2', tmp_path / 'in')
    document = source / 'train/json/a.json'
    content = json.loads(document.read_text(encoding='utf-8'))
    content['images'].append({'bounding_box': [make.box('R', 1, 2, 3, 4)] * 3, 'polygon': [], 'odd': 5})
    document.write_text(json.dumps(content), encoding='utf-8')
    assert totals(convert(source, tmp_path / 'out', to='yolo').report, 'bounding_box') == 13


def test_a_clipped_mask_is_changed_and_not_kept_too(tmp_path: Path, make: Any) -> None:
    outside = {'id': 'm', 'classification': 'x', 'attrs': [], 'data': [[60, 4], [64 * 48 - 2, 9]]}
    whole = {**outside, 'data': [[60, 4]]}
    source = make.dm(tmp_path / 'in', {'a.jpg': {'segmentation': [outside, whole]}})
    report = convert(source, tmp_path / 'out', to='coco').report
    assert (report.kept['segmentation'], totals(report, 'segmentation')) == (1, 2)


def test_a_polygon_in_parts_is_changed_and_not_kept_too(tmp_path: Path, make: Any) -> None:
    ring = [1, 1, 9, 1, 9, 9]
    images = [{'id': 1, 'file_name': 'a.jpg'}]
    make.picture(tmp_path / 'in/images/a.jpg')
    record = {
        'id': 1,
        'image_id': 1,
        'category_id': 1,
        'segmentation': [ring, [value + 20 for value in ring]],
    }
    document = {'images': images, 'categories': [{'id': 1, 'name': 'x'}], 'annotations': [record]}
    (tmp_path / 'in/annotations').mkdir()
    (tmp_path / 'in/annotations/instances.json').write_text(json.dumps(document), encoding='utf-8')
    for to in FORMATS:
        assert totals(convert(tmp_path / 'in', tmp_path / to, to=to).report, 'polygon') == 1


# -- broken files -------------------------------------------------------------------------------------------


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    cut=st.floats(0, 1),
)
@example(document=']]}\x00', cut=0.9)  # within an escape, after what looks like the end of lists
def test_what_comes_before_a_cut_is_salvaged(document: Any, cut: float) -> None:
    raw = json.dumps({'whole': [1, {'a': 'b,]'}], 'cut': document}, ensure_ascii=False).encode()
    begin = raw.index(b'"cut"')
    found = salvage_json(raw[: begin + round(cut * (len(raw) - begin))])
    assert found['whole'] == [1, {'a': 'b,]'}]
    assert salvage_json(raw) == {'whole': [1, {'a': 'b,]'}], 'cut': document}


@given(st.binary())
def test_salvaging_never_fails(raw: bytes) -> None:
    for prefix in (b'', b'[', b'{"a": [', b'{"images": [{"x": "'):
        salvage_json(prefix + raw)
    assert salvage_json(b'[' * 100_000) is None


def jpeg(progressive: bool) -> bytes:
    made = BytesIO()
    noise = Image.effect_noise((200, 150), 80).convert('RGB')
    noise.save(made, 'JPEG', progressive=progressive)
    return made.getvalue()


@pytest.mark.parametrize('progressive', [False, True])
def test_a_jpeg_that_lacks_pixels_is_told_from_one_that_lacks_its_end_marker(
    progressive: bool, tmp_path: Path
) -> None:
    whole = jpeg(progressive)
    picture = tmp_path / 'a.jpg'
    for ending in (
        whole[:-2],
        whole[:-1],
        whole,
        whole + b'\0' * 9,
        whole + whole[:40],
        whole[:-2] + b'\0\0',
    ):
        picture.write_bytes(ending)
        assert not is_cut_short(picture)
    for length in (len(whole) // 2, len(whole) // 4, len(whole) * 9 // 10, len(whole) - 40, 700):
        picture.write_bytes(whole[:length])
        assert is_cut_short(picture)


def test_only_the_whole_one_is_converted_and_it_is_copied(sources: Path, tmp_path: Path) -> None:
    source = shutil.copytree(sources / 'dm_v2', tmp_path / 'in')
    pictures = source / 'train/original_files'
    whole = (pictures / 'a.jpg').read_bytes()
    (pictures / 'a.jpg').write_bytes(whole[:-2])
    (pictures / 'b.jpg').write_bytes(whole[: len(whole) // 2])
    conversion = convert(source, tmp_path / 'out', to='yolo')
    assert Counter(path.name for path in conversion.path.rglob('*.jpg')) == Counter(
        ['a.jpg', 'c.jpg', 'd.jpg']
    )
    assert (pictures / 'a.jpg').stat().st_nlink == 1
    assert [(e.kind, e.reason, e.count) for e in conversion.report.quarantined] == [
        ('image', 'the file is cut short', 1)
    ]
    reader = open_dataset(source)
    assert [sample.key for sample in reader if reader.measure(sample.image, sample.key)] == [
        'train/a', 'train/c', 'train/d',
    ]  # fmt: skip
