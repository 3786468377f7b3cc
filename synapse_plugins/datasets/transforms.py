"""What users and packs do to samples: functions ``Sample -> Sample | None``, by name, by reference or as they are."""

from __future__ import annotations

from inspect import signature
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, PackError, UnknownNameError
from ..providers import resolve
from .code import code_digest
from .formats import table
from .given import OwnFunction, transform_names
from .imported import edited_since, why_hidden
from .ledger import content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .given import Change
    from .report import Report
    from .sample import Sample

__all__ = ['ROLE', 'find_transforms', 'may_remember', 'transforms_digest']

ROLE = 'dataset.transform'
"""The role of providers whose ``step`` names such a function."""

_ANY_PROCESS = (
    'Other processes find a function at the top of a module that can be imported, as of my_changes.py.'
)


def find_transforms(
    given: Sequence[str | Callable[[Sample], Sample | None] | OwnFunction],
    target_format: str,
    task: str | None,
) -> tuple[Change, ...]:
    """Return functions that change a sample, or leave it out by returning None.

    Args:
        given: What they are called: the names of providers, or references; functions.
        target_format: The format that will be written; providers that do not serve it are passed over.
        task: The task that it is written for, where it is known.

    Returns:
        References where other processes would import the same code, else the functions that this one has.

    Raises:
        UnknownNameError: If no provider has the name.
        PackError: If a reference cannot be imported.
        DatasetError: If it is no function.
    """
    return tuple(_found(one, target_format, task) for one in transform_names(given))


def _found(one: Change, target_format: str, task: str | None) -> Change:
    if isinstance(one, OwnFunction):
        called, reference, function = one.name, '', one.function
    else:
        called, reference = one, one if ':' in one else _provided(one, target_format, task)
        function = resolve(reference)
    if not _takes_a_sample(function):
        place = f' ({reference})' if reference else ''
        raise DatasetError(
            f'The transform {called!r}{place} is no function of a sample. A step of the role {ROLE} takes '
            'part in runs; to change samples while they are converted a pack names a function '
            'Sample -> Sample | None.'
        )
    if isinstance(one, OwnFunction):
        return one
    module = reference.partition(':')[0]
    hidden = None if module == '__main__' else why_hidden(module)
    if module == '__main__' or hidden is not None:
        return OwnFunction(reference, function, hidden=hidden)
    edited = edited_since(module)
    return reference if edited is None else OwnFunction(reference, function, edited)


def may_remember(changes: Sequence[Change], report: Report, *, wanted: bool, is_large: bool) -> bool:
    """Tell whether to remember what these functions do: if it is wanted, and the code of all of them can be told.

    Of those that this process alone has is warned, where that makes a difference, or they may be out of date.

    Args:
        changes: The functions.
        report: Where to warn.
        wanted: Whether it is wanted.
        is_large: Other processes would help.
    """
    for one in changes:
        if isinstance(one, str):
            continue
        if one.edited is not None:
            report.warn(
                f'The module {one.edited} was edited since this process imported it, and {one.name} was used as it was '
                f'then. Start Python anew, or call importlib.reload({one.edited}), to use it as it is now.'
            )
        elif wanted or is_large:
            report.warn(
                f'{one.name} is known to this process alone, so it did all the work itself and remembers nothing of '
                f'it. {one.hidden or _ANY_PROCESS}'
            )
    return wanted and all(isinstance(one, str) and code_digest(one) for one in changes)


def transforms_digest(
    names: Sequence[str | Callable[[Sample], Sample | None] | OwnFunction],
    target_format: str,
    task: str | None = None,
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
    parts = [
        (one, code_digest(one) or token_hex(12)) if isinstance(one, str) else (one.name, token_hex(12))
        for one in found
    ]
    return content_digest(repr(parts).encode('utf-8', 'backslashreplace'))


def _provided(name: str, target_format: str, task: str | None) -> str:
    manager = table.load_packs()
    claims = [] if manager is None else manager.candidates(ROLE, target_format, task)
    known = {claim.provider.name: claim.provider.step for claim in claims}
    if name not in known:
        functions = [other for other, reference in known.items() if _is_function(reference)]
        told = '' if manager is None else manager.who_brings('steps', f'{ROLE}:{name}')
        hint = told or '`synapse-plugins steps` lists what packs provide.'
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
