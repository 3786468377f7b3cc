"""What the tests of runs share: a store of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from synapse_plugins.runs import RunStore
from synapse_plugins.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from synapse_plugins.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / 'home') as opened:
        yield opened


@pytest.fixture
def runs(store: Store) -> RunStore:
    return RunStore(store)
