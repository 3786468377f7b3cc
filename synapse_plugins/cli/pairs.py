"""Options that pair a name with something: ``old=new``, ``train=.8,val=.2``, ``layout=roboflow``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ['read_options', 'read_pairs', 'read_shares']


def read_pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """Return what ``old=new`` says, given any number of times."""
    pairs: dict[str, str] = {}
    for text in texts or ():
        old, equals, new = text.partition('=')
        if not (equals and old.strip() and new.strip()):
            raise typer.BadParameter(f'{text!r} is no pair of names; write it as old=new.', param_hint=option)
        if pairs.setdefault(old, new) != new:
            raise typer.BadParameter(
                f'{old!r} is given two names: {pairs[old]!r} and {new!r}.', param_hint=option
            )
    return pairs


def read_shares(option: str, text: str | None) -> dict[str, float] | None:
    """Return what ``train=.8,val=.2`` says; None for None."""
    if text is None:
        return None
    shares: dict[str, float] = {}
    for part in text.split(','):
        name, equals, share = part.partition('=')
        try:
            number = float(share)
        except ValueError:
            equals = ''
        if not (equals and name.strip()) or name.strip() in shares:
            raise typer.BadParameter(
                f'{text!r} is no list of splits; write it as train=.8,val=.2.', param_hint=option
            )
        shares[name.strip()] = number
    return shares


def read_options(option: str, texts: Sequence[str] | None, taken: Collection[str]) -> dict[str, Any]:
    """Return the options of a format: numbers as such, what has commas as a list; none of the names *taken*."""
    options: dict[str, Any] = {}
    for name, text in read_pairs(option, texts).items():
        if not name.isidentifier() or name in taken:
            raise typer.BadParameter(f'{name!r} is no option of a format.', param_hint=option)
        value: Any = int(text) if text.isdecimal() else text
        options[name] = [part.strip() for part in text.split(',')] if ',' in text else value
    return options
