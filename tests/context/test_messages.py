"""Message codes: the language is the argument's, the context's, the setting's, in that order."""

from __future__ import annotations

import string
from typing import Any

import pytest

from synapse_plugins.context import (
    CommonLogMessageCode,
    ExportLogMessageCode,
    LogMessageCode,
    PluginEnvironment,
    RuntimeContext,
    TrainLogMessageCode,
    UploadLogMessageCode,
    register_log_messages,
    resolve_log_message,
)
from synapse_plugins.steps import BaseStepContext


class Code(LogMessageCode):
    FOUND = ('MINE_FOUND', 'warning')
    PLAIN = ('MINE_PLAIN',)
    BARE = ('MINE_BARE', 'debug')


register_log_messages({Code.FOUND: {'en': '{n} found', 'ko': '{n}개 찾음'}, Code.PLAIN: 'only English'})


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(
    'codes', [CommonLogMessageCode, ExportLogMessageCode, TrainLogMessageCode, UploadLogMessageCode]
)
def test_every_code_has_both_languages_with_the_same_values(codes: Any) -> None:
    for code in codes:
        names = {language: names_in(text) for language, text in code.texts.items()}
        assert set(names) == {'en', 'ko'}, code
        assert names['en'] == names['ko'], code
        assert code.texts['en'] != code.texts['ko'] != code.value


@pytest.mark.parametrize(
    ('code', 'values', 'text'),
    [
        (UploadLogMessageCode.UPLOAD_FILES_UPLOADING, {'count': 3}, 'Uploading 3 files.'),
        (
            UploadLogMessageCode.UPLOAD_FILES_UPLOADING,
            {'count': 3, 'reused': 1},
            'Uploading 3 files; 1 are there already.',
        ),
        (UploadLogMessageCode.UPLOAD_INITIALIZED, {}, 'Looking for files.'),
        (ExportLogMessageCode.EXPORT_COMPLETED, {'count': 2, 'more': 0}, 'The export is done: 2 items.'),
        (TrainLogMessageCode.TRAIN_FAILED_STEP, {'failed_step': 'fit'}, 'The training failed in step fit.'),
    ],
)
def test_a_caller_that_knows_less_gets_the_shorter_text(
    keeper: Any, code: Any, values: dict[str, Any], text: str
) -> None:
    RuntimeContext(logger=keeper, env=PluginEnvironment()).log_message(code, **values)
    assert keeper.records[0].data['content'] == text
    assert resolve_log_message(code, **values)[0] == text


@pytest.mark.parametrize('codes', [ExportLogMessageCode, TrainLogMessageCode, UploadLogMessageCode])
def test_shorter_texts_are_there_in_both_languages(codes: Any) -> None:
    other = {'failed_step', 'map50', 'map50_95', 'files'}  # what older plugins call values
    for code in codes:
        names = sorted(other | names_in(code.texts['en']))
        for bits in range(1 << len(names)):
            given = {name for place, name in enumerate(names) if bits >> place & 1}
            texts = code.texts_for(given)
            assert names_in(texts['en']) == names_in(texts['ko']), (code, given)


@pytest.mark.parametrize(
    ('argument', 'of_context', 'setting', 'text'),
    [
        ('ko', 'en', 'en', '3개 찾음'),
        (None, 'ko', 'en', '3개 찾음'),
        (None, None, 'ko_KR', '3개 찾음'),
        (None, None, None, '3 found'),
        ('en', 'ko', 'ko', '3 found'),
        ('fr', 'ko', 'ko', '3 found'),
    ],
)
def test_the_language_is_chosen(
    keeper: Any, argument: str | None, of_context: str | None, setting: str | None, text: str
) -> None:
    env = PluginEnvironment({} if setting is None else {'SYNAPSE_LANGUAGE': setting})
    runtime = RuntimeContext(logger=keeper, env=env, language=of_context)
    runtime.log_message(Code.FOUND, language=argument, n=3)
    record = keeper.records[0]
    assert record.data == {'content': text, 'key': 'MINE_FOUND'}
    assert record.level == 'warning'


def test_a_level_that_is_given_wins_and_a_code_without_texts_is_its_own(keeper: Any) -> None:
    runtime = RuntimeContext(logger=keeper, env=PluginEnvironment())
    runtime.log_message(Code.FOUND, 'error', n=1)
    runtime.log_message(Code.PLAIN)
    runtime.log_message(Code.BARE, n=1)
    assert [(record.level, record.data['content']) for record in keeper.records] == [
        ('error', '1 found'), ('info', 'only English'), ('debug', 'MINE_BARE'),
    ]  # fmt: skip


def test_it_is_said_to_another_packages_runtime_as_texts() -> None:
    class Theirs:
        def __init__(self) -> None:
            self.said: list[Any] = []

        def log_message(self, message: Any, level: Any = 'x', *, step: Any = None, **values: Any) -> None:
            self.said.append((message, level, values))

    runtime = Theirs()
    BaseStepContext(runtime).log_message(Code.FOUND, n=2)
    assert runtime.said == [({'en': '{n} found', 'ko': '{n}개 찾음'}, 'warning', {'n': 2})]


def test_codes_are_resolved_by_hand_too() -> None:
    assert resolve_log_message(Code.FOUND, 'ko', n=4) == ('4개 찾음', 'warning')
    assert resolve_log_message(Code.PLAIN) == ('only English', 'info')
    with pytest.raises(TypeError, match='neither a text'):
        register_log_messages({Code.PLAIN: 5})
    with pytest.raises(TypeError, match='neither a text'):
        register_log_messages({Code.PLAIN: {'en': 5}})
