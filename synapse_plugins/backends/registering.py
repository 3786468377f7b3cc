"""Registering a model with any client: not every one takes the file among the data."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ['register_model']


def register_model(client: Any, data: Mapping[str, Any], file: str | Path) -> dict[str, Any]:
    """Register a model, and return it.

    Args:
        client: A backend. The platform's own client takes the file by itself alone; others, such as one that a test
            writes, only as an entry of the data.
        data: What is known of the model, without its file.
        file: Its file, or the folder that it is.
    """
    takes = signature(client.create_model).parameters
    if 'file' in takes:
        return dict(client.create_model(dict(data), file=str(file)))
    return dict(client.create_model({**data, 'file': str(file)}))
