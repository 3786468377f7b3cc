"""Large JSON read piece by piece: the same as read at once, whatever the pieces."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets import json_stream
from synapse_plugins.datasets.json_stream import lists_of
from synapse_plugins.errors import FormatError

WANTED = frozenset(('images', 'annotations'))

tricky = st.sampled_from(['"', '\\', '},{', ']}', '{'])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6) | tricky,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
lists = st.dictionaries(st.sampled_from(sorted(WANTED)), st.lists(values, max_size=8), max_size=2)
others = st.dictionaries(st.text(max_size=4).filter(lambda name: name not in WANTED), values, max_size=3)
documents = st.tuples(others, lists, st.booleans()).map(
    lambda parts: {**parts[0], **parts[1]} if parts[2] else {**parts[1], **parts[0]}
)


def read(path: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, items in lists_of(path, WANTED):
        found.setdefault(name, []).extend(items)
    return found


def read_text(text: str | bytes, window: int = 16) -> dict[str, list[Any]]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, 'WINDOW', window)
        path = Path(folder, 'x.json')
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read(path)


@given(documents, st.sampled_from([None, 1]), st.integers(1, 40), st.booleans())
def test_pieces_make_the_whole(
    document: dict[str, Any], indent: int | None, window: int, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert read_text(text, window) == {name: document[name] for name in document if name in WANTED}


@given(documents, st.integers(1, 40), st.data())
def test_what_is_cut_short_is_refused(document: dict[str, Any], window: int, data: st.DataObject) -> None:
    text = json.dumps(document)
    with pytest.raises(FormatError):
        read_text(text[: data.draw(st.integers(0, len(text) - 1))], window)


@given(st.binary(max_size=60), st.integers(1, 20))
def test_no_bytes_make_it_fail_otherwise(content: bytes, window: int) -> None:
    try:
        read_text(b'{"images": [' + content, window)
    except FormatError:
        return
    json.loads(b'{"images": [' + content)


@pytest.mark.parametrize(
    'text',
    [
        '', '[]', '1', '{', '{}}', '{"a"}', '{"a":}', '{"a":1,}', '{"images":1}', '{"images":null}', '{"images":[1,]}',
        '{"images":[,1]}', '{"images":[{"a":1}}', '{"images":[1] "b":2}', '{"images":[],"images":[]}', '{"a":[1}',
        '{"images":[NaN]}', '{"images":[{"a":1},{"b":2]}', '{"images":[1 2]}', '{}x', '{,}',
    ],
)  # fmt: skip
def test_what_is_no_such_object_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_text(text)


def test_an_empty_object_has_no_lists() -> None:
    assert read_text('{}') == {}
    assert read_text(b'\xef\xbb\xbf { } ') == {}
    assert read_text('{"images": [ ]}') == {'images': []}


def test_a_deep_nest_is_no_danger() -> None:
    deep = '[' * 900 + ']' * 900
    assert read_text(f'{{"x": {deep}, "images": [1]}}', 1 << 8) == {'images': [1]}
    assert read_text(f'{{"images": [{deep}]}}', 1 << 8) == {'images': [json.loads(deep)]}
    for text in ('{"x": ' + '[' * 2000, '{"images": ' + '[' * 2000):
        with pytest.raises(FormatError, match='levels deep'):
            read_text(text, 1 << 8)


def test_an_item_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, 'LARGEST', 1 << 12)
    with pytest.raises(FormatError, match='larger than'):
        read_text('{"images": [{"a": "' + 'x' * (1 << 15))
