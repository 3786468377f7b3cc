"""The steps of an upload by themselves."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from synapse_plugins.actions.upload import steps
from synapse_plugins.errors import StepFailedError
from synapse_plugins.testing import assert_rollback_idempotent, run_step


def collected(context: Any) -> Any:
    for step in (steps.InitializeStep(), steps.AnalyzeCollectionStep(), steps.OrganizeFilesStep()):
        run_step(step, context)
        context.step_results.clear()
    return context


def validated(context: Any) -> Any:
    run_step(steps.ValidateFilesStep(), collected(context))
    context.step_results.clear()
    return context


def test_files_of_one_stem_make_a_unit(context: Any, files: Path, logger: Any) -> None:
    (files / 'image_1' / 'Thumbs.db').write_text('x', encoding='utf-8')
    (files / 'extra').mkdir()
    collected(context)
    assert [unit['stem'] for unit in context.organized_files] == [f'그림 {number}' for number in range(7)]
    assert all(set(unit['files']) == {'image_1', 'data_1'} for unit in context.organized_files)
    assert '2 hidden files are left out.' in logger.messages
    assert any('no file specification and are left out: extra' in text for text in logger.messages)


def test_a_stem_is_the_same_however_it_is_spelt(context: Any, files: Path) -> None:
    document = files / 'data_1' / '그림 1.json'
    document.rename(document.with_name(unicodedata.normalize('NFD', document.name)))
    collected(context)
    assert len(context.organized_files) == 7
    assert all(len(unit['files']) == 2 for unit in context.organized_files)


def test_two_files_of_one_stem_are_an_error_that_names_both(context: Any, files: Path) -> None:
    (files / 'image_1' / '그림 3.jpg').write_bytes(b'\xff\xd8\xff')
    with pytest.raises(StepFailedError) as caught:
        collected(context)
    assert str(files / 'image_1' / '그림 3.jpg') in str(caught.value)
    assert str(files / 'image_1' / '더 깊이' / '그림 3.png') in str(caught.value)


def test_no_files_are_an_error_that_says_where_they_were_looked_for(
    context: Any, files: Path, tmp_path: Path
) -> None:
    context.params['path'] = str(tmp_path / 'run')
    with pytest.raises(StepFailedError, match='no folder that is named after a file specification'):
        collected(context)
    (tmp_path / 'run' / 'image_1').mkdir()
    with pytest.raises(StepFailedError, match='There are no files to upload in'):
        collected(context)


BAD = {
    'empty.png': (b'', 'it is empty'),
    'liar.png': (b'\xff\xd8\xff\xe0 and more', 'its content is not png, it is jpg'),
    'text.jpg': (b'hello there', 'its content is not jpg'),
    'program.json': (b'\x7fELF' + b'\0' * 60, 'it is a program'),
    'windows.bin': (b'MZ' + b'\0' * 58 + (64).to_bytes(4, 'little') + b'PE\0\0', 'it is a program'),
    'script.json': (b'#!/bin/sh\n', 'it is a program'),
    'broken.json': (b'{"a": ', 'it is no JSON'),
    'deep.json': (b'[' * 200_000, 'it is no JSON'),
    'broken.xml': (b'<a><b></a>', 'it is no XML'),
    'zero.txt': (b'a\0b', 'it is no text'),
}


@pytest.mark.parametrize('name', BAD)
def test_contents_are_looked_at(context: Any, files: Path, name: str) -> None:
    content, reason = BAD[name]
    folder = files / ('image_1' if name.endswith(('.png', '.jpg')) else 'data_1')
    (folder / name).write_bytes(content)
    if folder.name == 'data_1':  # it has to be a unit, apart from this
        (files / 'image_1' / f'{Path(name).stem}.png').write_bytes(
            (files / 'image_1' / '그림 1.png').read_bytes()
        )
    with pytest.raises(
        StepFailedError, match=f'[12] files cannot be uploaded: [^;]*{name}: {reason}'
    ) as caught:
        validated(_warning(context, 'error'))
    assert 'on_loss=warn' in str(caught.value)


def _warning(context: Any, on_loss: str) -> Any:
    context.params['on_loss'] = on_loss
    return context


def test_a_picture_that_is_cut_short_and_one_that_is_too_large_are_refused(context: Any, files: Path) -> None:
    from PIL import Image

    folder = files / 'image_1'
    Image.effect_noise((64, 64), 60).convert('RGB').save(folder / 'cut.jpg')
    whole = (folder / 'cut.jpg').read_bytes()
    (folder / 'cut.jpg').write_bytes(whole[: len(whole) // 2])
    with (folder / 'large.png').open('wb') as file:
        file.truncate(3 * 1024 * 1024)
    context.params.update(max_file_size_mb=2, on_loss='warn')
    validated(context)
    assert {file['name']: file['reason'][:20] for file in context.lost_files} == {
        'cut.jpg': 'the picture is cut s', 'large.png': 'it has 3145728 bytes',
    }  # fmt: skip
    assert len(context.organized_files) == 7


def test_what_the_collection_requires_has_to_be_there(context: Any, files: Path) -> None:
    (files / 'image_1' / '그림 5.png').unlink()
    with pytest.raises(StepFailedError, match=r"there is no image_1 of the stem '그림 5'"):
        validated(context)


@pytest.mark.parametrize(('what', 'left'), [('warn', 8), ('drop', 7)])
def test_units_of_the_same_content_are_told(
    context: Any, files: Path, logger: Any, what: str, left: int
) -> None:
    for folder, suffix in (('image_1', 'png'), ('data_1', 'json')):
        place = files / folder
        (place / f'again.{suffix}').write_bytes((place / f'그림 1.{suffix}').read_bytes())
    context.params['on_duplicate'] = what
    validated(context)
    assert len(context.organized_files) == left
    assert any('그림 1 is the same as again' in text for text in logger.messages)
    context.params['on_duplicate'] = 'error'
    with pytest.raises(StepFailedError, match='1 units have the content of another one'):
        validated(context)


def test_files_that_vanish_are_told(context: Any, files: Path) -> None:
    collected(context)
    (files / 'data_1' / '그림 0.json').unlink()
    with pytest.raises(StepFailedError, match=r'그림 0\.json: it cannot be read: No such file'):
        run_step(steps.ValidateFilesStep(), context)


def test_each_content_is_sent_once(context: Any, backend: Any, files: Path, state: Any) -> None:
    for number in range(7):
        (files / 'data_1' / f'그림 {number}.json').write_text('{}', encoding='utf-8')
    run_step(steps.UploadFilesStep(), validated(context))
    assert len(context.uploaded_files) == 14
    assert state(backend)['data_file'] == 8


def test_the_rollbacks_can_be_repeated(context: Any, backend: Any, state: Any) -> None:
    validated(context)
    assert_rollback_idempotent(steps.UploadFilesStep(), context, state=lambda: state(backend))
    run_step(steps.UploadFilesStep(), context)
    context.step_results.clear()
    assert_rollback_idempotent(steps.GenerateDataUnitsStep(), context, state=lambda: state(backend))


def test_a_collection_that_was_made_goes_again(context: Any, backend: Any, state: Any) -> None:
    context.params.update(data_collection='new', create_collection=True)
    run_step(steps.InitializeStep(), context)
    context.step_results.clear()
    assert_rollback_idempotent(steps.AnalyzeCollectionStep(), context, state=lambda: state(backend))


def test_upload_works_without_a_validation_before(context: Any) -> None:
    run_step(steps.UploadFilesStep(), collected(context))
    assert len(context.uploaded_files) == 14


def test_a_file_that_changes_while_it_is_sent_is_told(context: Any, backend: Any, files: Path) -> None:
    validated(context)
    picture = files / 'image_1' / '그림 4.png'
    backend.before = lambda name, given: Path(given) == picture and picture.write_bytes(b'other')
    with pytest.raises(StepFailedError, match='was it changed meanwhile'):
        run_step(steps.UploadFilesStep(), context)


def test_metadata_joins_the_units(context: Any, files: Path, logger: Any) -> None:
    lines = ['filename,촬영일,note', '그림 1.png,2024-01-02,"a, b"', '그림 2,,', 'absent.png,x,y']
    (files / 'meta.csv').write_text('\n'.join(lines), encoding='utf-8-sig')
    context.params['excel_metadata_path'] = 'meta.csv'
    run_step(steps.InitializeStep(), context)
    context.step_results.clear()
    run_step(steps.ProcessMetadataStep(), context)
    context.step_results.clear()
    collected(context)
    assert context.organized_files[1]['meta'] == {
        'origin_file_stem': '그림 1', '촬영일': '2024-01-02', 'note': 'a, b',
    }  # fmt: skip
    assert context.organized_files[2]['meta'] == {'origin_file_stem': '그림 2'}
    assert 'The metadata names 1 files that are not there: absent.png.' in logger.messages


@pytest.mark.skipif(os.name == 'nt' or os.geteuid() == 0, reason='permissions do not bind here')
def test_a_folder_that_cannot_be_read_is_told(context: Any, files: Path) -> None:
    (files / 'image_1' / '더 깊이').chmod(0)
    try:
        with pytest.raises(StepFailedError, match='cannot be read'):
            collected(context)
    finally:
        (files / 'image_1' / '더 깊이').chmod(0o700)
