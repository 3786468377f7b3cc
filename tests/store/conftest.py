"""What the tests of the store share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from synapse_plugins.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    from synapse_plugins.store import open_store

    with open_store(tmp_path / 'home') as opened:
        yield opened
