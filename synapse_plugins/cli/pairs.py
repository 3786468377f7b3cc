"""Options that list names, or pair a name with something: ``cat,dog``, ``old=new``, ``train=.8,val=.2``."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ..datasets.options import FormatOption

__all__ = ['in_quotes', 'read_list', 'read_options', 'read_pairs', 'read_shares']


def read_list(option: str, text: str) -> list[str]:
    """Return what ``cat,dog`` lists, as a line of a CSV file would: ``"dog, big",cat`` are two names.

    An item may be empty.
    """
    try:
        (items,) = csv.reader([text], skipinitialspace=True, strict=True) if text.strip() else [['']]
    except (csv.Error, ValueError) as exc:
        raise typer.BadParameter(
            f'{text!r} is no list: {exc}. A name with a comma stands between double quotes, as in \'"dog, big",cat\'; '
            'a quote in it is written twice.',
            param_hint=option,
        ) from exc
    return [item.strip() for item in items]


def in_quotes(name: str) -> str:
    """Return a name as `read_list` takes it."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"' if ',' in name or name.startswith('"') else name


def read_pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """Return what ``old=new`` says, given any number of times."""
    pairs: dict[str, str] = {}
    for text in texts or ():
        old, equals, new = (part.strip() for part in text.partition('='))
        if not (equals and old and new):
            raise typer.BadParameter(f'{text!r} is no pair of names; write it as old=new.', param_hint=option)
        if pairs.setdefault(old, new) != new:
            raise typer.BadParameter(
                f'{old!r} is given two names: {pairs[old]!r} and {new!r}.', param_hint=option
            )
    return pairs


def read_shares(option: str, text: str | None) -> dict[str, float] | None:
    """Return what ``train=.8,val=.2`` or ``train=80%,val=20%`` says; None for None."""
    if text is None:
        return None
    shares: dict[str, float] = {}
    for part in text.split(','):
        name, equals, share = part.partition('=')
        try:
            number = _share(share.strip())
        except ValueError:
            equals = ''
        if not (equals and name.strip()) or name.strip() in shares:
            raise typer.BadParameter(
                f'{text!r} is no list of splits; write it as train=.8,val=.2 or train=80%,val=20%.',
                param_hint=option,
            )
        shares[name.strip()] = number
    return shares


def _share(text: str) -> float:
    """Return a share.

    Raises:
        ValueError: If it is no number.
    """
    return float(text[:-1]) / 100 if text.endswith('%') else float(text)


def read_options(
    option: str,
    texts: Sequence[str] | None,
    known: Sequence[FormatOption],
    flags: Mapping[str, str],
    reserved: Collection[str],
) -> dict[str, Any]:
    """Return the options of a format: numbers as such, lists where the option takes one.

    Args:
        option: What they are given with.
        texts: Each as ``name=value``; an option that takes a list can be given several times.
        known: The options of the format.
        flags: Names that have an option of the command of their own -> that option.
        reserved: Names that no option can have. Any other one the writer of the format takes or refuses.
    """
    from ..datasets.options import FormatOption, near_name

    about = {one.name: one for one in known if one.name not in flags}
    found: dict[str, Any] = {}
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition('='))
        if name in flags:
            raise typer.BadParameter(
                f'{name!r} has an option of its own: write {flags[name]} {value}'.rstrip() + '.',
                param_hint=option,
            )
        if not name.isidentifier() or name in reserved:
            near = near_name(name, about)
            told = f'{name!r} is no option of this format. {near} {_listed(about)}'.replace('  ', ' ')
            raise typer.BadParameter(told, param_hint=option)
        option_of = about.get(name) or FormatOption(name=name, values='', about='')
        if not (equals and value):
            example = f' It takes {option_of.values}.' if option_of.values else ''
            raise typer.BadParameter(
                f'{name!r} has no value; write it as {name}=VALUE.{example}', param_hint=option
            )
        many = option_of.many
        commas = ',' in value and not option_of.values  # where nothing is said of it, they tell a list
        read = (
            list(filter(None, read_list(option, value)))
            if many or commas
            else _value(value, option_of.default)
        )
        if name in found and not many and found[name] != read:
            raise typer.BadParameter(f'{name!r} is given two values.', param_hint=option)
        found[name] = [*found.get(name, ()), *read] if many else read
    return found


def _listed(about: Collection[str]) -> str:
    return f'It knows {", ".join(sorted(about))}.' if about else 'It knows none.'


def _value(text: str, default: Any) -> Any:
    if isinstance(default, bool) and text.lower() in ('true', 'false'):
        return text.lower() == 'true'
    if text.isdecimal():
        return int(text)
    try:
        return float(text) if isinstance(default, float) else text
    except ValueError:
        return text
