"""Taking turns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.store.turns import unless_taken

if TYPE_CHECKING:
    from pathlib import Path


def test_one_holds_it_and_the_others_are_told(tmp_path: Path) -> None:
    place, barrier = tmp_path / 'lock', Barrier(4)

    def hold(_: int) -> bool:
        with unless_taken(place) as is_held:
            barrier.wait(10)
            return is_held

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(hold, range(4))) == [False, False, False, True]
    assert not place.exists()
    with unless_taken(place) as is_held:
        assert is_held


def test_it_is_let_go_of_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), unless_taken(tmp_path / 'lock'):
        raise ZeroDivisionError
    with unless_taken(tmp_path / 'lock') as is_held:
        assert is_held


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match='absent'), unless_taken(tmp_path / 'absent' / 'lock'):
        pass
