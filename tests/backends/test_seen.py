"""What was there already is known, in memory and on disk."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.backends.seen import Seen
from synapse_plugins.backends.synapse.paging import _Keys
from synapse_plugins.datasets.names import Namer
from synapse_plugins.errors import BackendError


@given(st.lists(st.text(st.characters(codec=None), max_size=3)), st.integers(0, 5))
def test_each_is_new_once(texts: list[str], few: int) -> None:
    seen, known = Seen(few), set()
    for text in texts:
        assert (text in seen) == (text in known)
        assert seen.add(text) == (text not in known)
        known.add(text)
    seen.close()


@given(st.lists(st.none() | st.integers(-3, 12) | st.integers(2**62, 2**80) | st.text(max_size=1)))
def test_keys_of_rows_in_any_order(keys: list[int | str | None]) -> None:
    seen, known = _Keys(), set()
    for key in keys:
        assert seen.add(key) == (key is None or key not in known)
        if key is not None:
            known.add(key)
    assert seen.count == len(known) + keys.count(None)
    seen.close()


@given(
    st.lists(
        st.tuples(st.sampled_from(['', 'train']), st.sampled_from(['a', 'A', 'b', 'ß', 'SS'])), max_size=12
    )
)
def test_names_are_the_same_wherever_they_are_kept(asked: list[tuple[str, str]]) -> None:
    seen = Seen(1)
    here, there = Namer(), Namer(seen.add)
    for number, (folder, stem) in enumerate(asked):
        assert here.name(folder, stem, str(number)) == there.name(folder, stem, str(number))
    seen.close()


def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError('unable to open database file')

    seen = Seen(1)
    assert seen.add('a')
    monkeypatch.setattr(sqlite3, 'connect', fail)
    with pytest.raises(BackendError, match='TMPDIR'):
        seen.add('b')
