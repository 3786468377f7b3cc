"""What a conversion does that loses something, and which losses may be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, LossError, suggestion
from .dm.media import MEDIA
from .dm.tools import TOOLS
from .given import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .report import Report

__all__ = ['KINDS', 'ON_LOSS', 'allowed_kinds', 'refuse_losses']

ON_LOSS = ('warn', 'error', 'ignore')
"""What to do when a conversion loses something."""

KINDS = frozenset(
    (
        *TOOLS,
        *MEDIA,
        'group',
        'annotation',
        'annotation file',
        'annotationGroup',
        'attribute',
        'class',
        'label line',
        'meta',
    )
)
"""What can get lost, in the words of the report; documents of Datamaker may have further tools."""


def allowed_kinds(allow: Any, on_loss: str) -> tuple[str, ...]:
    """Return the kinds of which a loss may be, as the report has them.

    Args:
        allow: What the caller gave: kinds, also with ``_`` or ``-`` for a space. What is none of `KINDS` may be the
            tool of a document; `refuse_losses` tells of it where it is not.
        on_loss: What a loss does.

    Raises:
        DatasetError: If one has no name, or nothing stops at a loss anyway.
    """
    kinds = []
    for given in listed('allow', allow, "['attribute']") or ():
        stripped = given.strip()
        if not stripped:
            raise DatasetError(f'allow: a kind has no name. There are: {", ".join(sorted(KINDS))}.')
        spellings = (stripped, stripped.replace('_', ' ').replace('-', ' '))
        kinds.append(next((one for one in spellings if one in KINDS), given))
    if kinds and on_loss != 'error':
        raise DatasetError(
            f'allow={kinds!r} says which losses do not stop a conversion, but with on_loss={on_loss!r} none does. '
            "Say on_loss='error' (--on-loss error) too, or leave allow out."
        )
    return tuple(dict.fromkeys(kinds))


def refuse_losses(report: Report, allow: Sequence[str], sources: Sequence[Path]) -> None:
    """Stop a conversion that loses something which must not be lost, and tell of kinds that nobody knows.

    Raises:
        LossError: If it does.
    """
    unknown = list(_unknown(allow, report.lost()))
    for sentence in unknown:
        report.warn(sentence)
    lost = report.loss_lines(2, but=allow)
    if lost:
        source = ', '.join(map(str, sources))
        kinds = ' '.join(f'--allow {shlex.quote(kind)}' for kind in report.lost(allow))
        raise LossError(
            f'Converting {source} would lose something, so nothing was written: {"; ".join(lost)}. '
            f'Where that may be, allow it ({kinds}), or all of it (--on-loss warn). '
            f'{" ".join(unknown)}'.rstrip()
        )


def _unknown(allow: Sequence[str], lost: Sequence[str]) -> Iterator[str]:
    """Yield what to say of each kind that nobody knows and of which nothing was lost."""
    for kind in allow:
        if kind not in KINDS and kind not in lost:
            hint = suggestion(kind, KINDS.union(lost)) or f'There are: {", ".join(sorted(KINDS))}.'
            yield f'allow: nothing of the kind {kind!r} was lost. {hint}'
