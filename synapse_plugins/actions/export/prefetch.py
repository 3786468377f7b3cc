"""Fetches the files of items ahead of those who save them, side by side and bounded."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...backends.fetch import fetch, local_path
from ...errors import SynapsePluginsError

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
    renew: Callable[[dict[str, Any]], str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the items in their order; the file of each that comes from elsewhere lies in *folder* by then.

    A file that could not be fetched is left to whoever saves the item: it says why.

    Args:
        items: The items.
        folder: Where the files wait; made when absent.
        workers: How many are fetched at once; twice as many wait at most.
        transport: What asks, over connections that are kept; None: a new one for each file.
        renew: Returns a fresh address of an item's file, for one that has expired.
    """

    def get(item: dict[str, Any], target: Path) -> Path:
        again = None if renew is None else lambda: renew(item)
        fetch(item['files'], target, 'copy', transport=transport, renew=again)
        return target

    folder.mkdir(parents=True, exist_ok=True)
    waiting: deque[tuple[dict[str, Any], Future[Path] | None]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='export') as pool:
        try:
            for number, item in enumerate(items):
                begun = pool.submit(get, item, folder / str(number)) if _is_elsewhere(item) else None
                waiting.append((item, begun))
                if len(waiting) > 2 * workers:
                    yield _finish(*waiting.popleft())
            while waiting:
                yield _finish(*waiting.popleft())
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()


def _is_elsewhere(item: dict[str, Any]) -> bool:
    url = str((item.get('files') or {}).get('url') or '')
    return bool(url) and local_path(url) is None


def _finish(item: dict[str, Any], future: Future[Path] | None) -> dict[str, Any]:
    if future is None:
        return item
    with suppress(SynapsePluginsError, OSError):
        return {**item, 'files': {**item['files'], 'fetched': future.result()}}
    return item
