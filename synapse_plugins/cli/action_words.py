"""A command line with words that are parameters of an action, and do not say so."""

from itertools import pairwise
from shlex import quote
from typing import Any

import typer
from typer.core import TyperCommand

__all__ = ['TakingParameters']

_UsageError: Any = typer.BadParameter.__mro__[1]
"""What is raised for bad usage; typer moved its class between its releases."""


class TakingParameters(TyperCommand):
    """A command that takes parameters with ``-p``, and says so where one is given like an argument or an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        context: typer.Context = ctx
        given = list(args)
        try:
            return super().parse_args(context, args)
        except _UsageError as exc:
            error: Any = exc
            if pairs := _meant(error, given):
                words = ' '.join(f'-p {quote(pair)}' for pair in pairs)
                error.message = (
                    f'{error.message.rstrip(".")}. Parameters of an action are given with -p: {words}'
                )
            raise


def _meant(error: Any, given: list[str]) -> list[str]:
    """Return what may be meant as ``name=value`` among the words that an error complains of."""
    option = str(getattr(error, 'option_name', ''))
    if type(error).__name__ == 'NoSuchOption' and option.startswith('--') and not error.possibilities:
        name = option.removeprefix('--').replace('-', '_')
        word = next((one for one in given if one.partition('=')[0] == option), option)
        _, equals, value = word.partition('=')
        after = given[given.index(word) + 1 :] if not equals and word in given else []
        if after and not after[0].startswith('-'):
            value = after[0]
        return [f'{name}={value or "VALUE"}'] if name.isidentifier() else []
    if 'unexpected extra argument' in str(getattr(error, 'message', '')):
        values = {one for flag, one in pairwise(given) if flag in ('-p', '--param')}
        return [
            one for one in given if one.partition('=')[0].isidentifier() and '=' in one and one not in values
        ]
    return []
