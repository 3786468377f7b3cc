"""Which values ultralytics allows for its numbers, read from its source without importing it."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ['Ranges', 'ranges']


class Ranges(NamedTuple):
    """Bounds of arguments; what is not in them is left to ultralytics.

    Attributes:
        fractions: Arguments between 0 and 1.
        least: The least value of others.
    """

    fractions: frozenset[str]
    least: dict[str, int]

    def problem(self, name: str, value: Any) -> str | None:
        """Return what is wrong with a value; None if nothing is known to be."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if name in self.fractions and not 0 <= value <= 1:
            return 'it is between 0 and 1'
        if name in self.least and value < self.least[name]:
            return f'it is at least {self.least[name]}'
        return None


@lru_cache(maxsize=4)
def ranges(source: Path) -> Ranges:
    """Return the bounds that a version of ``ultralytics/cfg/__init__.py`` has; none if it keeps them elsewhere."""
    found: dict[str, Any] = {}
    for node in ast.parse(source.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in {'CFG_FRACTION_KEYS', 'CFG_INT_MIN'}:
                value = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
                found[name] = ast.literal_eval(value)
    # `fraction` is a count or a list as well; its table says so in words only.
    fractions = frozenset(found.get('CFG_FRACTION_KEYS', ())) - {'fraction'}
    return Ranges(fractions, dict(found.get('CFG_INT_MIN', {})))
