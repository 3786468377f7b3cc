"""What a conversion does that loses something, and which losses may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, LossError, suggestion
from .dm.media import MEDIA
from .dm.tools import TOOLS
from .given import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .report import Report

__all__ = ['KINDS', 'ON_LOSS', 'allowed_kinds', 'refuse_losses']

ON_LOSS = ('warn', 'error', 'ignore')
"""What to do when a conversion loses something."""

KINDS = frozenset(
    (*TOOLS, *MEDIA, 'group', 'annotation', 'annotation file', 'attribute', 'class', 'label line', 'meta')
)
"""What can get lost, in the words of the report."""


def allowed_kinds(allow: Any, on_loss: str) -> tuple[str, ...]:
    """Return the kinds of which a loss may be, as the report has them.

    Args:
        allow: What the caller gave: kinds, also with ``_`` or ``-`` for a space.
        on_loss: What a loss does.

    Raises:
        DatasetError: If there is no such kind, or nothing stops at a loss anyway.
    """
    kinds = []
    for given in listed('allow', allow, "['attribute']") or ():
        spelled = (
            given.strip() if given.strip() in KINDS else given.strip().replace('_', ' ').replace('-', ' ')
        )
        if spelled not in KINDS:
            hint = suggestion(given, KINDS) or f'There are: {", ".join(sorted(KINDS))}.'
            raise DatasetError(f'allow: nothing of the kind {given!r} can be lost. {hint}')
        kinds.append(spelled)
    if kinds and on_loss != 'error':
        raise DatasetError(
            f'allow={kinds!r} says which losses do not stop a conversion, but with on_loss={on_loss!r} none does. '
            "Say on_loss='error' (--on-loss error) too, or leave allow out."
        )
    return tuple(dict.fromkeys(kinds))


def refuse_losses(report: Report, allow: Sequence[str], sources: Sequence[Path]) -> None:
    """Stop a conversion that loses something which must not be lost.

    Raises:
        LossError: If it does.
    """
    lost = report.loss_lines(2, but=allow)
    if lost:
        source = ', '.join(map(str, sources))
        kinds = ' '.join(
            f'--allow {kind!r}' if ' ' in kind else f'--allow {kind}' for kind in report.lost(allow)
        )
        raise LossError(
            f'Converting {source} would lose something, so nothing was written: {"; ".join(lost)}. '
            f'Where that may be, allow it ({kinds}), or all of it (--on-loss warn).'
        )
