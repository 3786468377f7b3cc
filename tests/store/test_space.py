from __future__ import annotations

import pytest

from synapse_plugins.errors import StoreError
from synapse_plugins.store import free_space, require_space
from synapse_plugins.units import human_size


def test_what_fits_is_let_through(tmp_path):
    free = free_space(tmp_path)
    assert free > 0
    assert require_space(tmp_path / 'not' / 'there' / 'yet', 1) > 0


def test_what_does_not_fit_is_refused_with_both_figures(tmp_path):
    with pytest.raises(StoreError) as caught:
        require_space(tmp_path, 10**18, 'Importing the world')
    message = str(caught.value)
    assert message.startswith('Importing the world needs 1000000.0 TB')
    assert str(tmp_path) in message
    assert human_size(free_space(tmp_path))[:2] in message


@pytest.mark.parametrize(
    ('count', 'text'),
    [
        (0, '0 B'),
        (999, '999 B'),
        (1000, '1.0 kB'),
        (99_960, '100 kB'),
        (999_700, '1.0 MB'),
        (1500, '1.5 kB'),
        (250_000, '250 kB'),
        (7_575_393, '7.6 MB'),
        (3 * 10**9, '3.0 GB'),
        (2 * 10**13, '20.0 TB'),
    ],
)
def test_sizes_are_written_as_people_do(count, text):
    assert human_size(count) == text
