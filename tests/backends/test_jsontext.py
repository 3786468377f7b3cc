"""JSON that comes from elsewhere stays what it was."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.backends.jsontext import json_bytes, json_value

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def _same(one: Any, other: Any) -> bool:
    """Tell whether two values are of the same kinds too: 1 is not 1.0, and NaN is NaN."""
    return repr(one) == repr(other)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert _same(json_value(json_bytes(value)), value)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_it_is_read_as_the_standard_library_does(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode('utf-8', 'surrogatepass')
    try:
        expected = json.loads(text)
    except UnicodeDecodeError:
        return
    assert _same(json_value(text), expected)


@pytest.mark.parametrize(
    'text',
    [
        '18446744073709551616', '-9223372036854775809', '[1,18446744073709551616]', '{"a": -9223372036854775809}',
        '{"a":18446744073709551616}', '1e400', 'NaN', '[-Infinity]', '"\\ud800"', '[\n18446744073709551616]',
        '{"checksum": "sha256:18446744073709551616"}', '0.12345678901234567890123', '-0.0', '\ufeff[1]',
    ],
)  # fmt: skip
def test_what_the_fast_reader_cannot_hold(text: str) -> None:
    assert _same(json_value(text.encode()), json.loads(text.encode()))


@pytest.mark.parametrize('text', [b'', b'{', b'[1,]', b'\xff', b'nul'])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what each reader says differs
        json_value(text)


def test_another_reader_may_stand_in() -> None:
    assert json_value(b'NaN', lambda: 7) == 7


def test_nan_is_not_written_as_null() -> None:
    assert json_bytes([None]) == b'[null]'
    assert math.isnan(json.loads(json_bytes([None, float('nan')]))[1])


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError):
        json_bytes({'a': object()})
