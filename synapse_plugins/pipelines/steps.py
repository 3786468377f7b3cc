"""The older import path of `synapse_plugins.steps`: the same names, the same objects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..steps import *  # noqa: F403 - a re-export and nothing else


def __getattr__(name: str) -> Any:
    return getattr(import_module('synapse_plugins.steps'), name)


def __dir__() -> list[str]:
    return dir(import_module('synapse_plugins.steps'))
