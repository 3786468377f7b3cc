"""The outlines of masks against a tracer that walks from pixel to pixel, and their bound."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from synapse_plugins.datasets import outlines
from synapse_plugins.datasets.masks import Mask
from synapse_plugins.datasets.outlines import MOST_CORNERS, TooLargeMaskError, outlines_of

BITS = hnp.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))
STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up; inside lies to the right of each


def walked(bits: Any) -> list[tuple[list[tuple[int, int]], bool]]:
    """Return the closed paths, and whether each runs around a hole, one edge of a pixel after the other."""
    padded = np.pad(bits, 1)
    above, below, left, right = padded[:-1], padded[1:], padded[:, :-1], padded[:, 1:]
    leaving: dict[tuple[int, int], list[int]] = {}
    for outside, inside, direction, dx, dy in (
        (above, below, 0, -1, 0),
        (right, left, 1, 0, -1),
        (below, above, 2, 0, 0),
        (left, right, 3, 0, 0),
    ):
        for row, column in np.argwhere(inside > outside).tolist():
            leaving.setdefault((column + dx, row + dy), []).append(direction)
    loops = []
    for start in sorted(leaving, key=lambda corner: (corner[1], corner[0])):
        while leaving.get(start):
            loops.append(follow(leaving, start))
    return loops


def follow(
    leaving: dict[tuple[int, int], list[int]], start: tuple[int, int]
) -> tuple[list[tuple[int, int]], bool]:
    corner, direction = start, min(leaving[start])
    first, double, path = direction, 0, []
    previous = -1
    while True:
        leaving[corner].remove(direction)
        if direction != previous:
            path.append(corner)
        step = STEPS[direction]
        following = corner[0] + step[0], corner[1] + step[1]
        double += corner[0] * following[1] - following[0] * corner[1]
        corner, previous = following, direction
        ways = [*leaving[corner], first] if corner == start else leaving[corner]
        direction = next(way for way in ((previous + 1) % 4, previous, (previous + 3) % 4) if way in ways)
        if corner == start and direction == first:
            break
    if previous == first:
        path.pop(0)
    return path, double < 0


@given(BITS)
@example(np.array([[1, 0], [0, 1]], np.bool_))
@example(np.array([[0, 1], [1, 0]], np.bool_))
@example(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], np.bool_))
@example(np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]], np.bool_))
@example(np.array([[1, 1, 1, 1], [1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1]], np.bool_))
@example(np.zeros((3, 3), np.bool_))
@example(np.zeros((0, 0), np.bool_))
@pytest.mark.parametrize('strip', [1, 30, 1 << 20])
def test_the_rings_are_those_that_a_walk_finds(strip: int, bits: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlines, '_STRIP', strip)
        parts, holes = outlines_of(bits, 3, 5)
    expected: tuple[list[Any], list[Any]] = ([], [])
    for loop, is_hole in walked(bits):
        expected[is_hole].append([(x + 3.0, y + 5.0) for x, y in loop])
    assert (parts, holes) == expected


@pytest.mark.parametrize(
    'bits',
    [
        np.indices((1500, 1500)).sum(axis=0) % 2 == 0,  # a checkerboard
        np.arange(1_500_000).reshape(1, -1) % 2 == 0,
        np.arange(1_500_000).reshape(-1, 1) % 2 == 0,
    ],
)
def test_one_of_too_many_corners_is_refused_and_takes_little(bits: Any) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeMaskError, match=r'more than 1,048,576 corners'):
            Mask(bits).outlines()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 << 20


def test_the_bound_counts_corners() -> None:
    squares = MOST_CORNERS // 4
    bits = np.zeros((1, 2 * squares + 1), np.bool_)
    bits[0, : 2 * squares : 2] = True
    parts, holes = outlines_of(bits)
    assert (len(parts), holes) == (squares, [])
    bits[0, -1] = True
    with pytest.raises(TooLargeMaskError):
        outlines_of(bits)
