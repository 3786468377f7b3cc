"""Shares as text: the same as printing each with eight decimals, but for what is no more than rounding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synapse_plugins.datasets.formats.shares import OFFSET, SCALE, WIDTH, as_text, points_as_text

SHARES = st.floats(0, 1)


@given(st.lists(SHARES, max_size=60))
def test_every_share_is_printed_to_the_nearest_of_eight_decimals(shares: list[float]) -> None:
    text = as_text([share * SCALE + OFFSET for share in shares])
    assert len(text) == WIDTH * len(shares)
    printed = text.decode().split(' ')[1:]
    assert all(len(one) == WIDTH - 1 for one in printed)
    assert all(abs(float(one) - share) <= 0.5e-8 + 1e-15 for one, share in zip(printed, shares, strict=True))


def test_the_ends_of_the_range() -> None:
    assert as_text([]) == b''
    assert as_text([OFFSET, SCALE + OFFSET, 1e-9 * SCALE + OFFSET]) == b' 0.00000000 1.00000000 0.00000000'
    assert as_text([OFFSET - 1e-7, SCALE + OFFSET + 1e-7]) == b' 0.00000000 1.00000000'  # rounding outside


@given(st.integers(1, 65535), st.integers(1, 65535), st.data())
def test_points_come_as_pairs_of_shares(width: int, height: int, data: st.DataObject) -> None:
    points = data.draw(
        st.lists(st.tuples(st.floats(0, width), st.floats(0, height)), min_size=1, max_size=30)
    )
    xs, ys = zip(*points, strict=True)
    numbers = [float(one) for one in points_as_text(xs, ys, width, height).split()]
    assert len(numbers) == 2 * len(points)
    for (x, y), across, down in zip(points, numbers[::2], numbers[1::2], strict=True):
        assert abs(across * width - x) <= 0.51e-8 * width
        assert abs(down * height - y) <= 0.51e-8 * height
