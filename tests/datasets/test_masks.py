from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from synapse_plugins.datasets.geometry import area
from synapse_plugins.datasets.masks import Mask, TooLargeMaskError

BITS = hnp.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))


def runs_of(bits: Any) -> list[list[int]]:
    return [[int(index), 1] for index in np.flatnonzero(bits)]


@given(BITS)
def test_indices_and_runs_hold_the_same(bits: Any) -> None:
    height, width = bits.shape
    by_runs, _ = Mask.from_dm(runs_of(bits), width, height)
    by_index, outside = Mask.from_dm(np.flatnonzero(bits).tolist(), width, height)
    assert outside == 0
    assert by_runs.to_runs(width) == by_index.to_runs(width)
    assert by_runs.area == bits.sum()
    again, _ = Mask.from_dm(by_runs.to_runs(width), width, height)
    assert np.array_equal(again.bits, by_runs.bits)
    assert (again.left, again.top) == (by_runs.left, by_runs.top)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=1, max_size=12))
def test_runs_may_overlap_and_stand_in_any_order(runs: list[tuple[int, int]]) -> None:
    width, height = 7, 8
    wanted = np.zeros(width * height, np.bool_)
    for start, length in runs:
        wanted[start : start + length] = True
    mask, outside = Mask.from_dm([list(run) for run in runs], width, height)
    whole = np.zeros((height, width), np.bool_)
    rows, columns = mask.bits.shape
    whole[mask.top : mask.top + rows, mask.left : mask.left + columns] = mask.bits
    assert np.array_equal(whole.reshape(-1), wanted)
    inside = sum(max(0, min(start + length, width * height) - start) for start, length in runs)
    assert inside + outside == sum(length for _, length in runs)


def test_a_mask_takes_a_byte_a_pixel() -> None:
    width, height = 4000, 3000
    tracemalloc.start()
    try:
        mask, _ = Mask.from_dm([[0, 1], [width * height - 1, 1]], width, height)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert mask.bits.size == width * height
    assert most < 1.2 * width * height


@given(BITS)
def test_the_run_length_code_is_that_of_pycocotools(bits: Any) -> None:
    coco = pytest.importorskip('pycocotools.mask')
    height, width = bits.shape
    mask, _ = Mask.from_dm(runs_of(bits), width, height)
    theirs = coco.encode(np.asfortranarray(bits.astype(np.uint8)))
    ours = mask.to_coco(width, height)
    assert ours['counts'].encode() == theirs['counts']
    assert ours['size'] == theirs['size']
    again, again_width, again_height = Mask.from_coco(ours)
    assert (again_width, again_height) == (width, height)
    assert again.to_runs(width) == mask.to_runs(width)


@given(st.lists(st.integers(0, 200_000) | st.integers(0, 1 << 40), min_size=1, max_size=20))
def test_plain_and_packed_lengths_hold_the_same(lengths: list[int]) -> None:
    from synapse_plugins.datasets.masks import _pack, _unpack

    assert _unpack(_pack(np.array(lengths, np.int64))).tolist() == lengths


@pytest.mark.parametrize(
    ('width', 'height', 'share'), [(640, 480, 0.5), (1, 1, 1), (7, 1, 0), (3, 900, 0.01)]
)
def test_large_and_odd_masks_have_the_code_of_pycocotools(width: int, height: int, share: float) -> None:
    coco = pytest.importorskip('pycocotools.mask')
    bits = np.random.default_rng(0).random((height, width)) < share
    theirs = coco.encode(np.asfortranarray(bits.astype(np.uint8)))
    ours = Mask(bits).to_coco(width, height)
    assert ours['counts'].encode() == theirs['counts']
    if bits.any():
        again, _, _ = Mask.from_coco(ours)
        assert np.array_equal(again.bits, Mask(bits).bits)
        assert again.area == coco.area(theirs)
        left, top, right, bottom = again.box
        assert [left, top, right - left, bottom - top] == coco.toBbox(theirs).tolist()


@given(BITS)
@example(np.array([[cell == '#' for cell in row] for row in ('#####', '#...#', '#.#.#', '#...#', '#####')]))
def test_outlines_and_holes_add_up_to_the_mask(bits: Any) -> None:
    height, width = bits.shape
    mask, _ = Mask.from_dm(runs_of(bits), width, height)
    if not mask.bits.size:
        return
    rings, holes = mask.outlines()
    filled = np.zeros_like(bits)
    for ring in rings:
        filled ^= rasterised(ring, width, height)  # a part may lie in a hole of another one
        assert all(ring[i - 1] != ring[i] for i in range(len(ring)))
    for hole in holes:
        filled ^= rasterised(hole, width, height)
    assert np.array_equal(filled, bits)
    assert sum(map(area, rings)) - sum(map(area, holes)) == bits.sum()


def rasterised(ring: list[tuple[float, float]], width: int, height: int) -> Any:
    """Return the pixels whose centre lies in a polygon, by counting crossings."""
    bits = np.zeros((height, width), np.bool_)
    for y in range(height):
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if (ay <= y + 0.5) != (by <= y + 0.5):
                bits[y, max(0, round(ax if ax == bx else (ax + bx) / 2)) :] ^= True
    return bits


def test_parts_that_touch_at_a_corner_are_two() -> None:
    mask, _ = Mask.from_dm([0, 3], 2, 2)
    rings, holes = mask.outlines()
    assert holes == []
    assert [sorted(ring) for ring in rings] == [
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        [(1, 1), (1, 2), (2, 1), (2, 2)],
    ]


def test_a_hole_is_counted() -> None:
    mask, _ = Mask.from_dm([[0, 3], [3, 1], [5, 1], [6, 3]], 3, 3)
    rings, holes = mask.outlines()
    assert ([area(ring) for ring in rings], [area(hole) for hole in holes]) == ([9], [1])


def test_pixels_outside_are_counted() -> None:
    mask, outside = Mask.from_dm([[10, 4]], 4, 3)
    assert (mask.area, outside) == (2, 2)


@pytest.mark.parametrize(
    'data',
    [
        None,
        'x',
        [[1, 2, 3]],
        [-1],
        [[0, -2]],
        [1 << 60],
        {'a': 1},
        [[1], [2, 3]],
        float('inf'),
        [float('-inf')],
        [float('nan'), 1],
        [0.5],
        [1e300],
    ],
)
def test_what_is_no_mask_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match='pixel'):
        Mask.from_dm(data, 4, 4)


@pytest.mark.parametrize(
    'code',
    [
        {},
        {'size': [2, 2], 'counts': [1, 2]},
        {'size': [2, 2], 'counts': [-1, 5]},
        {'size': [2, 2], 'counts': '\x10'},
        {'size': [2, 2], 'counts': 'P'},
        {'size': [1 << 20, 1 << 20], 'counts': '0'},
        {'size': [2, 2], 'counts': '\u2028'},
        {'size': [2, 2], 'counts': 'o' * 40 + '0'},
        {'size': [2, 2], 'counts': [1 << 62, 1 << 62, 1 << 62, 1 << 62, 4]},
        {'size': [-2, -2], 'counts': [4]},
    ],
)
def test_what_is_no_run_length_code_is_refused(code: Any) -> None:
    with pytest.raises(ValueError, match=r'run.length|more than'):
        Mask.from_coco(code)


def test_stripes_that_are_cut_into_very_many_runs_are_refused() -> None:
    side = 4096
    stripes = np.zeros((side, side), np.bool_)
    stripes[:, ::2] = True
    code = Mask(stripes).to_coco(side, side)  # some kilobytes
    mask, _, _ = Mask.from_coco(code)
    with pytest.raises(TooLargeMaskError, match=r'more than 2,097,152 runs'):
        mask.to_runs(side)
    lying, _ = Mask.from_dm([[row * side, side] for row in range(0, side, 2)], side, side)
    with pytest.raises(TooLargeMaskError):
        lying.to_coco(side, side)


@pytest.mark.parametrize('counts', ['0' * (1 << 22) + '00', [0] * ((1 << 22) + 2)])
def test_a_code_of_very_many_lengths_is_refused(counts: Any) -> None:
    with pytest.raises(TooLargeMaskError):
        Mask.from_coco({'size': [9, 9], 'counts': counts})
