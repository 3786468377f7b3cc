"""One JSON object a line, whatever is reported."""

from __future__ import annotations

import io
import json
import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.context import JsonLinesLogger

if TYPE_CHECKING:
    import pytest


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f'{constant} is not JSON')

    return json.loads(text, parse_constant=refuse)


def test_a_line_holds_the_whole_record(tmp_path: Path) -> None:
    path = tmp_path / '새 폴더' / 'log.jsonl'
    logger = JsonLinesLogger(path)
    assert not path.parent.exists(), 'nothing is made before there is something to write'
    logger.set_step('훈련', order=1)
    logger.log('warning', 'event', {'값': 1}, 'a.png')
    logger.finish()
    text = path.read_text(encoding='utf-8')
    assert '훈련' in text, 'people read these files too'
    step, event = [strict(line) for line in text.splitlines()]
    assert datetime.fromisoformat(event.pop('time')).utcoffset() is not None
    assert event == {
        'kind': 'event', 'level': 'warning', 'event': 'event', 'step': '훈련', 'order': 1,
        'data': {'값': 1}, 'file': 'a.png',
    }  # fmt: skip
    assert (step['kind'], step['step']) == ('step', '훈련')


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / 'log.jsonl'
    for text in ('one', 'two'):
        logger = JsonLinesLogger(str(path))
        logger.info(text)
        logger.finish()
    assert [strict(line)['data']['content'] for line in path.read_bytes().splitlines()] == ['one', 'two']


def test_a_record_is_on_disk_when_the_report_returns(tmp_path: Path) -> None:
    logger = JsonLinesLogger(tmp_path / 'log.jsonl')
    logger.set_progress(1, 2, 'a')
    logger.info('now')
    assert len((tmp_path / 'log.jsonl').read_text(encoding='utf-8').splitlines()) == 2
    logger.finish()


def test_a_stream_of_the_caller_stays_open() -> None:
    stream = io.StringIO()
    logger = JsonLinesLogger(stream)
    logger.info('x')
    logger.finish()
    assert strict(stream.getvalue())['data'] == {'content': 'x'}


def test_a_logger_that_was_never_used_makes_no_file(tmp_path: Path) -> None:
    JsonLinesLogger(tmp_path / 'log.jsonl').finish()
    assert list(tmp_path.iterdir()) == []


def test_numbers_and_objects_that_json_does_not_know() -> None:
    stream = io.StringIO()
    values = {'nan': math.nan, 'inf': [math.inf, -math.inf], 'path': Path('x'), (1, 2): 'key', 'set': {3}}
    JsonLinesLogger(stream).log('info', 'x', values)
    data = strict(stream.getvalue())['data']
    assert data == {
        'nan': 'NaN',
        'inf': ['Infinity', '-Infinity'],
        'path': 'x',
        '(1, 2)': 'key',
        'set': '{3}',
    }


def test_a_name_that_is_not_utf_8_is_escaped(tmp_path: Path) -> None:
    logger = JsonLinesLogger(tmp_path / 'log.jsonl')
    logger.log('info', 'x', {}, 'bad-\udcff.png')
    logger.finish()
    assert strict((tmp_path / 'log.jsonl').read_text(encoding='utf-8'))['file'] == 'bad-\udcff.png'


DATA = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(max_size=8),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(
    data=DATA, event=st.text(min_size=1, max_size=10).filter(lambda text: text not in {'message', 'metric'})
)
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, data: Any, event: str) -> None:
    path = tmp_path_factory.mktemp('jsonl') / 'log.jsonl'
    logger = JsonLinesLogger(path)
    logger.log('info', event, data)
    logger.finish()
    [line] = path.read_bytes().decode('utf-8').rstrip('\n').split('\n')
    document = strict(line)
    assert (document['event'], document['data']) == (event, data)
