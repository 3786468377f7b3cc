"""Checks that an installed pack is what it says."""

from __future__ import annotations

import shlex
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from ..errors import PackError, ProviderError, SynapsePluginsError, suggestion
from ..packs import PackManager
from ..packs.discovery import normalised
from ..providers import Role, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..packs import Claim, PackRecord
    from ..providers import ActionProvider, FormatProvider, LoggerProvider, StepProvider

__all__ = ['assert_pack_ok']


def assert_pack_ok(distribution: str) -> PackRecord:
    """Check that a pack is installed and loads, and that everything it registers can be used.

    Every reference is imported and is what it stands for: steps can be made and have a name and a weight,
    parameters are pydantic models, formats that a step serves exist, the lines of `requires` can be typed as
    they are. A step whose required module is not installed here need not be importable.

    Args:
        distribution: Name of the distribution, e.g. ``synapse-plugins-rtdetr``.

    Returns:
        Its record. Of a distribution with several packs all are checked, and the first one's is returned.

    Raises:
        AssertionError: Naming everything that is wrong.
    """
    packs = PackManager.from_environment()
    records = [
        record for record in packs.records if normalised(record.distribution) == normalised(distribution)
    ]
    if not records:
        near = suggestion(distribution, (record.distribution for record in packs.records))
        raise AssertionError(
            f'No pack of a distribution {distribution!r} is installed. {near} A pack has an entry point in the '
            "group 'synapse_plugins'; after a change of it, install again: pip install -e ."
        )
    problems = [f'{record.name}: {problem}' for record in records for problem in _problems(record, packs)]
    if problems:
        told = ''.join(f'\n  {problem}' for problem in problems)
        raise AssertionError(f'The pack {records[0].origin} is not all right:{told}')
    return records[0]


def _problems(record: PackRecord, packs: PackManager) -> Iterator[str]:
    if record.state != 'loaded':
        yield f'it is {record.state}: {record.error or "SYNAPSE_PLUGINS_LOAD or _DISABLE says so"}'
        return
    if not record.hooks:
        yield 'it implements no hook; mark its functions with @hookimpl'
    formats = [claim.provider.name for claim in packs.formats()]
    kinds: tuple[tuple[list[Claim], Callable[[Any], Iterator[str]]], ...] = (
        (packs.steps(), partial(_step_problems, formats=formats)),
        (packs.formats(), _format_problems),
        (packs.actions(), _action_problems),
        (packs.loggers(), _logger_problems),
    )
    for claims, check in kinds:
        for claim in claims:
            if claim.pack is record:
                name = f'{type(claim.provider).__name__} {claim.provider.name!r}'
                yield from (f'{name}: {problem}' for problem in check(claim.provider))


# -- one kind each ---------------------------------------------------------------------------------------------


def _step_problems(provider: StepProvider, formats: list[str]) -> Iterator[str]:
    if provider.role not in get_args(Role):
        yield f'role: {provider.role!r} is none of {", ".join(get_args(Role))}'
    for served in provider.formats:
        if served not in formats:
            yield f'formats: no installed pack has the format {served!r}. {suggestion(served, formats)}'.rstrip()
    for module, line in provider.requires.items():
        yield from (f'requires: {problem}' for problem in _line_problems(module, line))
    required = {module.partition('.')[0] for module in provider.requires}
    found, problem = _resolved(provider.step, required)
    if problem:
        yield f'step: {problem}'
    if found is not None and provider.role == 'dataset.transform' and _needs_arguments(found):
        yield from (f'step: {problem}' for problem in _function_problems(found))
    elif found is not None:
        options = (
            {'target_format': (*provider.formats, 'yolo')[0]} if provider.role == 'dataset.convert' else {}
        )
        yield from (f'step: {problem}' for problem in _made_step_problems(found, options))
    for field, check in (('params', _is_model), ('prepare', callable)):
        reference = getattr(provider, field)
        found, problem = (None, '') if reference is None else _resolved(reference, required)
        if problem:
            yield f'{field}: {problem}'
        elif found is not None and not check(found):
            yield f'{field}: {reference!r} is no {"pydantic model" if field == "params" else "function"}'


def _needs_arguments(found: Any) -> bool:
    """Tell a function of a sample from what makes a step: a class, or what is called without arguments."""
    return callable(found) and not isinstance(found, type) and not _takes(found)


def _function_problems(found: Any) -> Iterator[str]:
    if not _takes(found, None):
        yield 'it does not take one argument; a transform is a function Sample -> Sample | None, or a step'


def _takes(found: Any, *arguments: Any) -> bool:
    from inspect import signature

    try:
        signature(found).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # written in C, and does not say
        return True
    return True


def _made_step_problems(found: Any, options: dict[str, str]) -> Iterator[str]:
    """Make the step as a run would, and look at it."""
    from math import isfinite

    try:
        step = found(**options)
        name, weight = step.name, float(step.progress_weight)
    except Exception as exc:  # noqa: BLE001 - a stranger's code; told
        yield f'it cannot be made: {type(exc).__name__}: {exc}'
        return
    if not (isinstance(name, str) and name):
        yield f'its name is {name!r}'
    if not (isfinite(weight) and weight >= 0):
        yield f'its progress_weight is {weight}'
    if not callable(getattr(step, 'execute', None)):
        yield 'it has no execute(context)'


def _format_problems(provider: FormatProvider) -> Iterator[str]:
    from ..datasets import Reader, Writer

    if provider.reader is None and provider.writer is None:
        yield 'it has neither a reader nor a writer'
    for field, kind in (('reader', Reader), ('writer', Writer), ('detect', None)):
        reference = getattr(provider, field)
        found, problem = (None, '') if reference is None else _resolved(reference)
        if problem:
            yield f'{field}: {problem}'
        elif reference is None:
            continue
        elif kind is not None and not (isinstance(found, type) and issubclass(found, kind)):
            yield f'{field}: {reference!r} is no subclass of synapse_plugins.datasets.{kind.__name__}'
        elif not callable(found):
            yield f'{field}: {reference!r} is no function'


def _action_problems(provider: ActionProvider) -> Iterator[str]:
    from ..actions.base import check_action_class
    from ..executors.prepare import FoundAction, check_names

    found, problem = _resolved(provider.action)
    if problem:
        yield f'action: {problem}'
        return
    try:
        check_action_class(found, provider.action)
        with suppress(
            ProviderError
        ):  # who runs it has to choose a provider, and only then is known what it takes
            check_names(FoundAction(provider.name, found, provider.defaults, ''), provider.defaults)
    except SynapsePluginsError as exc:
        yield str(exc)


def _logger_problems(provider: LoggerProvider) -> Iterator[str]:
    found, problem = _resolved(provider.factory)
    if problem:
        yield f'factory: {problem}'
    elif not callable(found):
        yield f'factory: {provider.factory!r} cannot be called'


# -- what they share -------------------------------------------------------------------------------------------


def _resolved(reference: str, required: set[str] | frozenset[str] = frozenset()) -> tuple[Any, str]:
    """Return what a reference names, or why it names nothing; neither if a required module is not installed."""
    try:
        return resolve(reference), ''
    except PackError as exc:
        cause = exc.__cause__
        if isinstance(cause, ModuleNotFoundError) and (cause.name or '').partition('.')[0] in required:
            return None, ''
        return None, str(exc)


def _is_model(found: Any) -> bool:
    from pydantic import BaseModel

    return isinstance(found, type) and issubclass(found, BaseModel)


def _line_problems(module: str, line: str) -> Iterator[str]:
    """Tell what a shell, or a person, would stumble over."""
    if not all(part.isidentifier() for part in module.split('.')):
        yield f'{module!r} is no name of a module; it is what is imported, not what is installed'
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as exc:
        yield f'{line!r} cannot be typed as it is: {exc}'
        return
    if len(words) < 2 or '\n' in line or line.startswith('$'):
        yield f'{line!r} is no line to type, such as "pip install {module}"'
    if any(not set(word) - set('<>|&;()') for word in words):
        yield f'{line!r} cannot be typed as it is: quote the part with {"".join(sorted(set(line) & set("<>|&;()")))}'
