"""What packs do to samples: functions ``Sample -> Sample | None``, by name or by reference."""

from __future__ import annotations

from inspect import signature
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, PackError, UnknownNameError
from ..providers import resolve
from .code import code_digest
from .formats import table
from .given import transform_names
from .imported import check_imported
from .ledger import content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .sample import Sample

__all__ = ['ROLE', 'find_transforms', 'transforms_digest']

ROLE = 'dataset.transform'
"""The role of providers whose ``step`` names such a function."""


def find_transforms(
    given: Sequence[str | Callable[[Sample], Sample | None]], target_format: str, task: str | None
) -> tuple[str, ...]:
    """Return references to functions that change a sample, or leave it out by returning None.

    Args:
        given: What they are called: the names of providers, or references; functions that can be imported.
        target_format: The format that will be written; providers that do not serve it are passed over.
        task: The task that it is written for, where it is known.

    Raises:
        UnknownNameError: If no provider has the name.
        PackError: If a reference cannot be imported.
        DatasetError: If it is no function, or other processes cannot import it, or would import other code.
    """
    names = transform_names(given)
    found = tuple(name if ':' in name else _provided(name, target_format, task) for name in names)
    for name, reference in zip(names, found, strict=True):
        if not _takes_a_sample(resolve(reference)):
            raise DatasetError(
                f'The transform {name!r} ({reference}) is no function of a sample. A step of the role {ROLE} takes '
                'part in runs; to change samples while they are converted a pack names a function '
                'Sample -> Sample | None.'
            )
        check_imported(reference)
    return found


def transforms_digest(
    names: Sequence[str | Callable[[Sample], Sample | None]], target_format: str, task: str | None = None
) -> str:
    """Return a digest of the functions of these names and of their code (`code_digest`): another one, other results.

    Where the code cannot be told, it is another one each time.

    Args:
        names: What they are called, as in `convert`.
        target_format: The format that will be written.
        task: The task that it is written for, where it is known.

    Raises:
        SynapsePluginsError: If there is no such function.
    """
    found = find_transforms(names, target_format, task)
    parts = [(reference, code_digest(reference) or token_hex(12)) for reference in found]
    return content_digest(repr(parts).encode('utf-8', 'backslashreplace'))


def _provided(name: str, target_format: str, task: str | None) -> str:
    manager = table.load_packs()
    claims = [] if manager is None else manager.candidates(ROLE, target_format, task)
    known = {claim.provider.name: claim.provider.step for claim in claims}
    if name not in known:
        functions = [other for other, reference in known.items() if _is_function(reference)]
        hint = '`synapse-plugins steps` lists what packs provide.'
        if '.' in name:
            hint = f'A function is named as pkg.module:function, so {":".join(name.rsplit(".", 1))!r}?'
        raise UnknownNameError('transform', name, functions, hint)
    reference: str = known[name]
    return reference


def _is_function(reference: str) -> bool:
    try:
        return _takes_a_sample(resolve(reference))
    except PackError:  # what cannot be imported here helps nobody who looks for a name
        return False


def _takes_a_sample(found: Any) -> bool:
    """Tell a function of a sample from a step, and from what makes one."""
    if isinstance(found, type) or not callable(found) or hasattr(found, 'execute'):
        return False
    try:
        signature(found).bind(None)
    except TypeError:
        return False
    except ValueError:  # written in C, and does not say
        return True
    return True
