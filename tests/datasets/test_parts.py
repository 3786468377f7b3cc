"""Objects of several parts as one ring each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.geometry import area
from synapse_plugins.datasets.masks import Mask
from synapse_plugins.datasets.parts import PARTS, bridged, one_ring_each, signed_area

SQUARE = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
FAR = [(20.0, 20.0), (20.0, 30.0), (30.0, 30.0)]
HOLE = [(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0)]


def test_every_policy_gives_what_it_says() -> None:
    assert one_ring_each([SQUARE, FAR], [], 'split') == [SQUARE, FAR]
    assert one_ring_each([FAR, SQUARE], [HOLE], 'largest') == [SQUARE]
    (ring,) = one_ring_each([SQUARE, FAR], [HOLE], 'bridge')
    assert area(ring) == 100 + 50 - 4
    assert set(ring) == {*SQUARE, *FAR, *HOLE}
    assert one_ring_each([SQUARE], [], 'bridge') == [SQUARE]
    assert set(PARTS) == {'split', 'largest', 'bridge'}


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.integers(1, 12))
def test_a_bridged_mask_has_its_area(flags: list[bool], width: int) -> None:
    height = -(-len(flags) // width)
    mask, _ = Mask.from_dm([place for place, flag in enumerate(flags) if flag], width, height)
    if mask.area:
        parts, holes = mask.outlines()
        assert area(bridged(parts, holes)) == mask.area


def test_large_polygons_are_joined_at_once() -> None:
    rings: list[Any] = [[(float(x), float(part + x % 2)) for x in range(10_000)] for part in range(0, 40, 10)]
    assert len(bridged(rings)) == 40_000 + 3 * 2


@pytest.mark.parametrize(('ring', 'expected'), [(SQUARE, 100), (SQUARE[::-1], -100), ([], 0)])
def test_clockwise_is_positive(ring: Any, expected: float) -> None:
    assert signed_area(ring) == expected


def test_noise_is_joined_in_one_go() -> None:
    """A search for the shortest lines would take minutes."""
    mask = Mask(np.random.default_rng(0).random((300, 300)) < 0.5)
    parts, holes = mask.outlines()
    assert len(parts) > 5000
    ring = bridged(parts, holes)
    assert area(ring) == mask.area
    assert set(ring) == {corner for loop in (*parts, *holes) for corner in loop}
