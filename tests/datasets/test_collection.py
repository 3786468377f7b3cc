"""How often Python looks for cycles is as before when nobody converts any more, however blocks overlap."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from synapse_plugins.datasets.collection import THRESHOLDS, seldom

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def usual() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    yield gc.get_threshold()
    gc.set_threshold(*before)


def test_it_is_as_before_after_an_error(usual: tuple[int, int, int]) -> None:
    with pytest.raises(ZeroDivisionError), seldom():
        1 / (gc.get_threshold()[0] - THRESHOLDS[0])
    assert gc.get_threshold() == usual


def test_two_threads_that_overlap_leave_what_was_before(usual: tuple[int, int, int]) -> None:
    one, other = seldom(), seldom()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] == THRESHOLDS[0]  # one is still at work
    other.__exit__(None, None, None)
    assert gc.get_threshold() == usual


@pytest.mark.parametrize('own', [0, 100_000])
def test_whoever_wants_it_still_more_seldom_is_left_alone(own: int) -> None:
    gc.set_threshold(own)
    with seldom():
        assert gc.get_threshold()[0] == own
    assert gc.get_threshold()[0] == own
