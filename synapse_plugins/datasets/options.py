"""The options of formats: what a person may give to a writer, with the values and what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, suggestion
from .shapes import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from .writer import Writer

__all__ = [
    'BOUNDS_OPTIONS',
    'FROM_ENGINE',
    'FormatOption',
    'near_name',
    'no_option',
    'one_of',
    'options_of',
    'several',
]

FROM_ENGINE = frozenset(('root', 'classes', 'splits', 'task', 'link', 'report', 'final_root'))
"""Arguments of every writer that the engine gives, and no user."""


@dataclass(frozen=True, kw_only=True)
class FormatOption:
    """An option of a format, as a writer declares it in `Writer.options`.

    Attributes:
        name: The argument of the writer's constructor.
        values: What may be given, in words or as the values themselves.
        about: What it is for, in a sentence.
        many: It takes a list, so that on the command line commas part its items.
        default: What holds when it is not given; found in the constructor.
    """

    name: str
    values: str
    about: str
    many: bool = False
    default: Any = None


BOUNDS_OPTIONS = (
    FormatOption(
        name='bounds',
        values=', '.join(BOUNDS),
        about='what becomes of geometry that reaches out of its picture by more than tolerance',
    ),
    FormatOption(
        name='tolerance',
        values='pixels, 0 or more',
        about='what reaches out by no more is clipped, or kept, whatever bounds says',
    ),
)
"""What every writer takes; where one leaves geometry as it is, the engine sees to what is not to be clipped."""


def options_of(writer: type[Writer]) -> list[FormatOption]:
    """Return the options that a user may give to a writer, its own first; undeclared ones by their name alone."""
    declared = {one.name: one for cls in reversed(writer.__mro__) for one in vars(cls).get('options', ())}
    found: dict[str, FormatOption] = {}
    for cls in writer.__mro__:
        maker = vars(cls).get('__init__') if cls is not object else None
        for one in signature(maker).parameters.values() if maker else ():
            by_name = one.kind is one.KEYWORD_ONLY or (
                one.kind is one.POSITIONAL_OR_KEYWORD and one.default is not one.empty
            )
            if not by_name or one.name in FROM_ENGINE | writer.inner | found.keys():
                continue
            known = declared.get(one.name) or FormatOption(name=one.name, values='', about='')
            default = None if one.default is Parameter.empty else one.default
            found[one.name] = replace(known, default=default)
    return list(found.values())


def no_option(writer: type[Writer], names: Collection[str]) -> DatasetError:
    """Return the error about options that a writer does not know."""
    known = sorted(one.name for one in options_of(writer))
    listed = ', '.join('bounds (--bounds)' if name == 'bounds' else name for name in known)
    near = ''.join(f' {hint}' for name in sorted(names) if (hint := near_name(name, known)))
    unknown = ', '.join(sorted(names))
    return DatasetError(f'{_called(writer)} knows no option {unknown}.{near} It knows {listed}.')


def near_name(name: str, known: Collection[str]) -> str:
    """Return "Did you mean ...?" for an option that is not known, or an empty text."""
    hint = suggestion(name, known)
    return hint if hint.startswith('Did') else ''  # what else there is is told anyway


def _called(writer: type[Writer]) -> str:
    """Return what users call the format of a writer, as the beginning of a sentence."""
    from .formats import table

    reference = f'{writer.__module__}:{writer.__qualname__}'
    names = [provider.name for provider in table if provider.writer == reference]
    return f'The format {names[0]}' if len(names) == 1 else 'This format'


def one_of(name: str, given: Any, known: Collection[str]) -> None:
    """Refuse what is none of the values of an option; that may be of any kind.

    Raises:
        DatasetError: If it is none.
    """
    if not isinstance(given, str) or given not in known:
        raise DatasetError(f'{name}={given!r} is none of {", ".join(known)}.')


def several(name: str, given: Any, example: str) -> None:
    """Refuse what is no list where one belongs, also a text: each of its letters would be an item; None may be.

    Raises:
        DatasetError: If it is none.
    """
    if isinstance(given, str | bytes):
        raise DatasetError(
            f'{name}={given!r} is one text where a list belongs; write it as {name}={example}.'
        )
    if given is not None and not isinstance(given, Iterable):
        raise DatasetError(f'{name}={given!r} is no list; write it as {name}={example}.')
