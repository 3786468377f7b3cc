"""Pascal VOC with names that its plain lists and its XML were not made for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synapse_plugins.datasets import convert, open_dataset

if TYPE_CHECKING:
    from pathlib import Path


def test_names_with_blanks_keep_their_splits(make: Any, tmp_path: Path) -> None:
    tools = {'bounding_box': [make.box('x', 1, 1, 9, 9)]}
    names = ('train/photo 1.jpg', 'train/photo 0.jpg', 'valid/한글 그림 -1.jpg', 'valid/plain.jpg')
    source = make.dm(tmp_path / 'in', dict.fromkeys(names, tools))
    out = convert(source, tmp_path / 'out', to='pascal_voc').path
    sets = out / 'ImageSets/Main'
    (sets / 'x_train.txt').write_text('photo  1\nplain -1\n', encoding='utf-8')  # the list of a class
    (sets / 'test.txt').write_text('photo 7\nplain 2\n', encoding='utf-8')  # names without a file
    reader = open_dataset(out)
    assert sorted((sample.split, sample.key) for sample in reader) == sorted(
        (name.partition('/')[0], name.rpartition('.')[0]) for name in names
    )
    missing = [entry for entry in reader.report.dropped if 'no annotation file' in entry.reason]
    assert [entry.examples for entry in missing] == [['photo 7', 'plain 2']]


def test_what_xml_cannot_hold_is_replaced_and_counted(make: Any, tmp_path: Path) -> None:
    tools = {
        'bounding_box': [make.box('a\x01b\ufffe', 1, 1, 9, 9), make.box('한 <b>\r\t😀', 1, 1, 9, 9)],
    }
    source = make.dm(tmp_path / 'in', {'a.jpg': tools})
    conversion = convert(source, tmp_path / 'out', to='pascal_voc')
    assert [(entry.kind, entry.count) for entry in conversion.report.changed] == [('text', 1)]
    (sample,) = open_dataset(conversion.path)
    assert [annotation.label for annotation in sample.annotations] == ['a\ufffdb\ufffd', '한 <b>\r\t😀']


def test_boxes_that_count_from_zero_are_noted(make: Any, tmp_path: Path) -> None:
    source = make.dm(
        tmp_path / 'in', {'a.jpg': {'bounding_box': [make.box('x', 0, 0, 9, 9), make.box('x', 5, 5, 9, 9)]}}
    )
    voc = convert(source, tmp_path / 'voc', to='pascal_voc').path
    assert not convert(voc, tmp_path / 'plain', to='yolo').report.noted
    document = voc / 'Annotations' / 'a.xml'
    text = document.read_text('utf-8')
    document.write_text(text.replace('<xmin>1</xmin>', '<xmin>0</xmin>'), encoding='utf-8')
    (noted,) = convert(voc, tmp_path / 'out', to='yolo').report.noted
    assert (noted.kind, noted.count) == ('bounding_box', 1)
    assert 'its xmin or ymin is 0' in noted.reason
