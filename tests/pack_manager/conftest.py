"""Installed packs, made as a folder on the import path with real metadata."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that installs a pack: a module and a dist-info folder beside it."""
    site = tmp_path / 'site'
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules: list[str] = []

    def install(
        distribution: str,
        code: str,
        *,
        version: str = '1.0',
        entry: str = 'pack',
        requires: str = 'synapse-plugins',
    ) -> None:
        module = distribution.replace('-', '_')
        modules.append(module)
        (site / f'{module}.py').write_text(textwrap.dedent(code), encoding='utf-8')
        info = site / f'{module}-{version}.dist-info'
        info.mkdir()
        metadata = (
            f'Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\nRequires-Dist: {requires}\n'
        )
        (info / 'METADATA').write_text(metadata, encoding='utf-8')
        (info / 'entry_points.txt').write_text(f'[synapse_plugins]\n{entry} = {module}\n', encoding='utf-8')

    yield install
    for module in modules:
        sys.modules.pop(module, None)
