"""Datasets and models out of the store, as plain folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exporting import export_dataset, export_model
from .datasets import Datasets
from .models import Models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ['Exports']


class Exports(Datasets, Models):
    """What leaves the store."""

    def export_dataset(
        self,
        ref: int | str,
        destination: Path | str,
        *,
        format: str = 'dm_v2',  # noqa: A002 - the word that users know
        task: str | None = None,
        link: str = 'copy',
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Write a version to a folder of your own, see `synapse_plugins.backends.exporting.export_dataset`."""
        ways: dict[str, Any] = {'task': task, 'link': link, 'progress': progress}
        return export_dataset(self, ref, destination, format=format, **ways)

    def export_model(self, ref: int | str, destination: Path | str) -> list[str]:
        """Write a model to a plain folder, see `synapse_plugins.backends.exporting.export_model`."""
        return export_model(self, ref, destination)
