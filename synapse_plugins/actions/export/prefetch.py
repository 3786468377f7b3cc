"""Fetches the files of items ahead of those who save them, side by side and bounded."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...backends.fetch import fetch, local_path
from ...errors import SynapsePluginsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ['prefetched']


def prefetched(items: Iterable[dict[str, Any]], folder: Path, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the items in their order; the file of each that comes from elsewhere lies in *folder* by then.

    A file that could not be fetched is left to whoever saves the item: it says why.

    Args:
        items: The items.
        folder: Where the files wait; made when absent.
        workers: How many are fetched at once; twice as many wait at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting: deque[tuple[dict[str, Any], Future[Path] | None]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix='export') as pool:
        try:
            for number, item in enumerate(items):
                waiting.append((item, _begin(pool, item, folder / str(number))))
                if len(waiting) > 2 * workers:
                    yield _finish(*waiting.popleft())
            while waiting:
                yield _finish(*waiting.popleft())
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()


def _begin(pool: ThreadPoolExecutor, item: dict[str, Any], target: Path) -> Future[Path] | None:
    file = item.get('files') or {}
    url = str(file.get('url') or '')
    if not url or local_path(url) is not None:
        return None

    def get() -> Path:
        fetch(file, target, 'copy')
        return target

    return pool.submit(get)


def _finish(item: dict[str, Any], future: Future[Path] | None) -> dict[str, Any]:
    if future is None:
        return item
    with suppress(SynapsePluginsError, OSError):
        return {**item, 'files': {**item['files'], 'fetched': future.result()}}
    return item
