"""Fetches the files of items ahead of those who save them, side by side and bounded."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ...backends.fetch import fetch, local_name
from ...errors import SynapsePluginsError
from .further import further_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ...backends.synapse.transport import Transport

__all__ = ['prefetched']


def prefetched(
    items: Iterable[dict[str, Any]],
    folder: Path,
    workers: int,
    *,
    transport: Transport | None = None,
    renew: Callable[..., str] | None = None,
    further: bool = True,
) -> Iterator[dict[str, Any]]:
    """Yield the items in their order; the files of each that come from elsewhere lie in *folder* by then.

    A file that could not be fetched is left to whoever saves the item: it says why.

    Args:
        items: The items.
        folder: Where the files wait; made when absent.
        workers: How many are fetched at once; the items of twice as many wait at most.
        transport: What asks, over connections that are kept; None: a new one for each file.
        renew: Returns a fresh address of an item's file, or of that of a specification, for one that has expired.
        further: Whether the files beside the primary one are wanted, too.
    """

    def get(item: dict[str, Any], name: str, file: dict[str, Any], target: str) -> str:
        again = None if renew is None else partial(renew, item, *([name] if name else ()))
        fetch(file, target, 'copy', transport=transport, renew=again)
        return target

    folder.mkdir(parents=True, exist_ok=True)
    waiting: deque[tuple[dict[str, Any], dict[str, Future[str]]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='export') as pool:
        try:
            for number, item in enumerate(items):
                files = [('', item.get('files') or {}), *(further_files(item) if further else ())]
                begun = {
                    name: pool.submit(get, item, name, file, f'{folder}{os.sep}{number}-{place}')
                    for place, (name, file) in enumerate(files)
                    if _is_elsewhere(file)
                }
                waiting.append((item, begun))
                if len(waiting) > 2 * workers:
                    yield _finish(*waiting.popleft())
            while waiting:
                yield _finish(*waiting.popleft())
        finally:
            for _, begun in waiting:
                for future in begun.values():
                    future.cancel()


def _is_elsewhere(file: dict[str, Any]) -> bool:
    url = str(file.get('url') or '')
    return bool(url) and local_name(url) is None


def _finish(item: dict[str, Any], begun: dict[str, Future[str]]) -> dict[str, Any]:
    """Return the item with the places of its files, those that could be fetched; the primary is without a name."""
    for name, future in begun.items():
        with suppress(SynapsePluginsError, OSError):
            fetched = {'fetched': future.result()}
            if not name:
                item = {**item, 'files': {**item['files'], **fetched}}
            else:
                every = item['all_files']
                item = {**item, 'all_files': {**every, name: {**every[name], **fetched}}}
    return item
