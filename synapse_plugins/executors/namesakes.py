"""Which dataset a name means where a folder is called so too, or the folder that the dataset came from has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ['Meant', 'meant_by', 'registered']


class Meant(NamedTuple):
    """What a name means.

    Attributes:
        folder: The folder, if it is to be taken as it is now; None: the stored dataset.
        note: What to say of it; empty for nothing.
        is_warning: Whether the user may have meant something else.
    """

    folder: Path | None = None
    note: str = ''
    is_warning: bool = False


def meant_by(reference: object, client: Any) -> Meant:
    """Return what the name of a dataset means.

    A dataset that is a folder registered in place is that folder: where it has changed it is taken as it is now, just
    as the command that registered it took it. All other datasets are what was stored.

    Args:
        reference: What was given; ids, ``name@version`` and paths say themselves what they mean.
        client: The backend; only the embedded one has datasets that came from folders here.
    """
    text = str(reference).strip()
    if (
        not hasattr(client, 'source_has_changed')
        or text.isdecimal()
        or '@' in text
        or text != Path(text).name
    ):
        return Meant()
    try:
        version = client.get_dataset(text)
    except NotFoundError:
        return Meant()
    here, source = Path(text), Path(version['source'])
    is_here, in_place = here.is_dir(), version['link'] == 'reference'
    is_source = is_here and here.resolve() == source
    called = f'{text} is the stored dataset {_called(version)}'
    if is_here and not is_source:
        note = f'{called} (imported {_day(version)} from {source}), not the folder ./{text}; for that say ./{text}.'
        return Meant(note=note, is_warning=True)
    if not (is_source or in_place) or not client.source_has_changed(version['id']):
        return Meant()
    if is_source and in_place:
        return Meant(here.resolve())
    if in_place:
        note = (
            f'{called}: the folder {source} as it was registered in place {_day(version)}. It has changed since; to '
            f'take it as it is now, say {source}.'
        )
        return Meant(note=note, is_warning=True)
    note = (
        f'{called}, imported {_day(version)} from the folder ./{text}, which has changed since. To take the folder as '
        f'it is now, say ./{text}, or import it again (datasets import).'
    )
    return Meant(note=note, is_warning=True)


def registered(folder: Path, expected: Mapping[str, Any], made: Mapping[str, Any] | None = None) -> str:
    """Return what to say of a folder that is registered in place; empty if that made nothing new.

    Args:
        folder: The folder.
        expected: The version that it would become, by `inspect_folder`.
        made: The version that it became; None: nothing is registered yet.
    """
    told = expected if made is None else made
    if told['version'] < expected['version']:
        return ''
    since = (
        f'has changed since it was {told["name"]}@{told["version"] - 1}, and ' if told['version'] > 1 else ''
    )
    does = 'would now be' if made is None else 'is now'
    return (
        f'The folder {folder} {since}{does} registered in place as the dataset {_called(told)}: '
        f'{told["count"]:,} pictures, none copied.'
    )


def _called(version: Mapping[str, Any]) -> str:
    return f'{version["name"]}@{version["version"]}'


def _day(version: Mapping[str, Any]) -> str:
    return str(version['created'])[:16].replace('T', ' ')
