"""What packs do to samples: functions ``Sample -> Sample | None``, by name or by reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DatasetError, UnknownNameError
from ..providers import resolve
from .formats import table
from .ledger import code_digest, content_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ['ROLE', 'find_transforms', 'transforms_digest']

ROLE = 'dataset.transform'
"""The role of providers whose ``step`` names such a function."""


def find_transforms(names: Sequence[str], target_format: str, task: str | None) -> tuple[str, ...]:
    """Return references to functions that change a sample, or leave it out by returning None.

    Args:
        names: What they are called: the names of providers, or references.
        target_format: The format that will be written; providers that do not serve it are passed over.
        task: The task that it is written for, where it is known.

    Raises:
        UnknownNameError: If no provider has the name.
        PackError: If a reference cannot be imported.
        DatasetError: If it is no function.
    """
    found = tuple(name if ':' in name else _provided(name, target_format, task) for name in names)
    for name, reference in zip(names, found, strict=True):
        function = resolve(reference)
        if isinstance(function, type) or not callable(function) or hasattr(function, 'execute'):
            raise DatasetError(
                f'The transform {name!r} ({reference}) is no function of a sample. A step of the role {ROLE} takes '
                'part in runs; to change samples while they are converted a pack names a function '
                'Sample -> Sample | None.'
            )
    return found


def transforms_digest(names: Sequence[str], target_format: str, task: str | None = None) -> str:
    """Return a digest of the functions of these names and of the code of their modules: another one, other results.

    Args:
        names: What they are called, as in `convert`.
        target_format: The format that will be written.
        task: The task that it is written for, where it is known.

    Raises:
        SynapsePluginsError: If there is no such function.
    """
    found = find_transforms(names, target_format, task)
    parts = [(reference, code_digest(reference)) for reference in found]
    return content_digest(repr(parts).encode('utf-8', 'backslashreplace'))


def _provided(name: str, target_format: str, task: str | None) -> str:
    manager = table.load_packs()
    claims = [] if manager is None else manager.candidates(ROLE, target_format, task)
    known = {claim.provider.name: claim.provider.step for claim in claims}
    if name not in known:
        raise UnknownNameError('transform', name, known, '`synapse-plugins steps` lists what packs provide.')
    reference: str = known[name]
    return reference
