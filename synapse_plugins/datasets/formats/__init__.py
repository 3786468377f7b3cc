"""The table of dataset formats; packs add to it when they load.

The module itself is the table: ``formats.names()``, ``formats.get('yolo')``, ``formats.add(provider)``,
``formats.discard('mine')``. Every entry is a record with references, so that asking for the names imports no
format.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from ...errors import FormatError, PackConflictError, UnknownNameError
from ...providers import FormatProvider, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..writer import Writer

__all__ = ['BUILTIN', 'FormatTable', 'add', 'discard', 'get', 'names', 'table', 'writer_of']


class FormatTable:
    """Formats by name.

    Args:
        providers: What it holds at first.
        packs: Reference to the function that loads the packs, which then add to this table; None: there are none.
    """

    def __init__(self, providers: Iterable[FormatProvider] = (), *, packs: str | None = None) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._packs = packs
        self._loading = False
        self._lock = RLock()

    def __iter__(self) -> Iterator[FormatProvider]:
        """Yield the records, by name."""
        return iter([self._providers[name] for name in self.names()])

    def names(self) -> list[str]:
        """Return the names, sorted."""
        return sorted(self._providers)

    def get(self, name: str) -> FormatProvider:
        """Return the record of a format; packs are loaded when it is not there without them.

        Raises:
            UnknownNameError: If there is no such format.
            PackConflictError: If several packs claim the name.
        """
        found = self._providers.get(name)
        if found is not None:
            return found
        manager = self.load_packs()
        found = self._providers.get(name)
        if found is not None:
            return found
        if manager is not None and (conflict := manager.format_conflict(name)) is not None:
            raise conflict
        known = manager.who_brings('formats', name) if manager is not None else ''
        hint = known or '`synapse-plugins formats` lists them.'
        raise UnknownNameError('dataset format', name, self._providers, hint)

    def load_packs(self) -> Any:
        """Let the installed packs add their formats, and return their manager; None while they are being loaded."""
        with self._lock:
            if self._packs is None or self._loading:
                return None
            self._loading = True  # a pack may ask for a format while it is loaded
            try:
                return resolve(self._packs)()
            finally:
                self._loading = False

    def add(self, provider: FormatProvider) -> None:
        """Add a format. Adding the same record again changes nothing.

        Raises:
            PackConflictError: If the name is taken by another record.
        """
        known = self._providers.setdefault(provider.name, provider)
        if known != provider:
            raise PackConflictError(
                f'The dataset format {provider.name!r} exists already ({known.reader or known.writer}); '
                f'{provider.reader or provider.writer} needs another name.'
            )

    def discard(self, name: str) -> None:
        """Take a format out, if it is there."""
        self._providers.pop(name, None)


def _builtin(
    name: str, summary: str, stem: str, *, version: int = 1, reader: str = '', detect: str = ''
) -> FormatProvider:
    """Return the record of a format whose parts lie in the module of its name, or where *reader* and *detect* say."""
    return FormatProvider(
        name=name,
        reader=f'{__name__}.{reader or name}:{stem}Reader',
        writer=f'{__name__}.{name}:{stem}Writer',
        detect=f'{__name__}.{detect or reader or name}:detect',
        summary=summary,
        version=version,
    )


BUILTIN = (
    _builtin(
        'coco',
        'COCO: instances, person_keypoints and stuff, one JSON file a split',
        'Coco',
        version=3,
        reader='coco_reader',
        detect='coco_places',
    ),
    _builtin('dm_v1', 'Datamaker v1: one document of the platform an image', 'DmV1', version=2),
    _builtin('dm_v2', 'Datamaker v2: one JSON document an image', 'DmV2', version=3),
    _builtin('imagefolder', 'ImageFolder: a folder of pictures a class', 'ImageFolder', version=3),
    _builtin(
        'pascal_voc', 'Pascal VOC: one XML file an image, ImageSets for the splits', 'PascalVoc', version=3
    ),
    _builtin(
        'yolo',
        'YOLO of ultralytics, of the tasks detect, segment, pose, obb and classify',
        'Yolo',
        version=5,
        reader='yolo_reader',
    ),
)
"""The formats that ship with the package."""

table = FormatTable(
    BUILTIN, packs='synapse_plugins.packs:get_manager'
)  # by name, because packs stand above this
"""The table of this process."""


def writer_of(name: str) -> type[Writer]:
    """Return the writer of a format.

    Raises:
        UnknownNameError: If there is no such format.
        FormatError: If it can be read but not written.
        PackError: If the writer cannot be imported.
    """
    provider = table.get(name)
    if provider.writer is None:
        raise FormatError(f'The format {name} can be read but not written.')
    return cast('type[Writer]', resolve(provider.writer))


names = table.names
get = table.get
add = table.add
discard = table.discard
