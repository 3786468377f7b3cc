"""Which samples a conversion takes, and the split that each goes to: by the hash of its name, the same everywhere.

Its name is the path of its picture below the split, without suffix. That does not depend on how many sources there are,
nor on the split that it had, so copies of a picture in several sources stay together. COCO files may name pictures by
a path with the split in it (``train/a.jpg``, ``images/val2017/a.jpg``), so such folders at its beginning do not count.
"""

from __future__ import annotations

import re
from hashlib import sha256
from heapq import nsmallest
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError
from .names import SPLIT_ORDER, SPLIT_RULE, check_apart, is_split_name, nfc, order_splits, split_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .reader import Unit

__all__ = ['Selection', 'read_sample', 'read_shares']

_WHOLE = 1 << 64
_YEAR = re.compile(r'(?:19|20)\d\d$', re.ASCII)
_EXAMPLE = "split={'train': 0.8, 'valid': 0.2}"


class Selection:
    """What a user chose of the samples.

    Args:
        sample: How many samples to take: a number, or a share as in ``'10%'``; None takes all.
        split: Split -> its share, as in ``{'train': 0.8, 'valid': 0.2}``; None leaves the splits as they are.
        seed: Another number gives another choice.
    """

    def __init__(
        self, sample: int | str | None = None, split: Mapping[str, float] | None = None, seed: int = 0
    ) -> None:
        self._number, self._share = read_sample(sample)
        self._shares = None if split is None else read_shares(split)
        self._seed = seed
        self._last: tuple[int, int, str] | None = None
        self.found = 0

    @property
    def splits(self) -> list[str] | None:
        """The splits that samples go to, in order; None if they keep their own."""
        return None if self._shares is None else order_splits(set(self._shares))

    def to_dict(self) -> dict[str, Any]:
        """Return what was chosen as plain data."""
        sample = self._number if self._share is None else f'{self._share * 100:.12g}%'
        return {'sample': sample, 'split': self._shares, 'seed': self._seed}

    @property
    def takes_all(self) -> bool:
        """Whether no sample is left out."""
        return self._number is None and self._share is None

    @property
    def needs_keys(self) -> bool:
        """Whether all keys must be seen before the first sample is chosen."""
        return self._number is not None

    def look(self, units: Iterable[tuple[int, Unit]]) -> None:
        """See all units, each with the place of its source, so that the given number of them can be chosen."""
        if self._number is not None:
            chosen = nsmallest(self._number, (self._rank(source, unit) for source, unit in units))
            self.found = len(chosen)
            self._last = chosen[-1] if len(chosen) == self._number else None

    def takes(self, source: int, unit: Unit) -> bool:
        """Tell whether the sample of a unit is taken."""
        if self._number is not None:
            return self._last is None or self._rank(source, unit) <= self._last
        return self._share is None or self._hash('sample', unit) < self._share * _WHOLE

    def split_of(self, unit: Unit) -> str | None:
        """Return the split that a sample goes to; its own if the user chose none."""
        if self._shares is None:
            return unit.split
        point, last = self._hash('split', unit) / _WHOLE, ''
        for name, share in self._shares.items():
            last = name
            point -= share
            if point < 0:
                return name
        return last

    @property
    def missing(self) -> str:
        """What to say if there are fewer samples than were asked for; empty if there are enough."""
        if self._number is None or self.found >= self._number:
            return ''
        return (
            f'A sample of {self._number} was asked for, but there are {self.found} pictures; all were taken.'
        )

    def _rank(self, source: int, unit: Unit) -> tuple[int, int, str]:
        """Return what samples are chosen by: of those of one name the first source's come first."""
        return self._hash('sample', unit), source, unit.key

    def _hash(self, purpose: str, unit: Unit) -> int:
        text = f'{purpose}\0{self._seed}\0{nfc(_name_of(unit))}'.encode('utf-8', 'surrogatepass')
        return int.from_bytes(sha256(text).digest()[:8], 'big')


def _name_of(unit: Unit) -> str:
    """Return the path of a picture below its split, without suffix."""
    key, split, file, _ = unit
    own = key.removeprefix(f'{split}/') if split else key
    folder, slash, last = own.rpartition('/')
    if slash:
        folder = _below_split(folder, split)
        slash = '/' if folder else ''
        own = f'{folder}{slash}{last}'
    return f'{folder}{slash}{file.rpartition(".")[0]}' if last == file else own


def _below_split(folder: str, split: str | None) -> str:
    """Return a folder without what stands in front of it for a split, and for pictures as a whole."""
    parts = folder.split('/')
    while parts:
        name = _YEAR.sub('', parts[0])
        if parts[0].casefold() != 'images' and name != split and split_name(name) not in SPLIT_ORDER:
            break
        del parts[0]
    return '/'.join(parts)


def read_sample(sample: int | str | None) -> tuple[int | None, float | None]:
    """Return what ``--sample`` says: a number, or a share.

    Raises:
        DatasetError: If it says neither.
    """
    if sample is None:
        return None, None
    match = re.fullmatch(r'(\d{1,18})|(\d{1,3}(?:\.\d+)?)\s*%', str(sample).strip(), re.ASCII)
    if match and match[1] and int(match[1]):
        return int(match[1]), None
    if match and match[2] and 0 < float(match[2]) <= 100:
        return None, float(match[2]) / 100
    raise DatasetError(f'sample={sample!r} is neither a number of pictures, as 500, nor a share, as 10%.')


def read_shares(split: Mapping[str, float]) -> dict[str, float]:
    """Return the canonical splits with their shares, which make one.

    Raises:
        DatasetError: If they do not, or name one split twice, be it in another case.
    """
    shares: dict[str, float] = {}
    name: Any  # a caller may give anything
    share: Any
    for name, share in split.items():
        if not isinstance(name, str):
            raise DatasetError(f'split: {name!r} is no text; write the splits as {_EXAMPLE}.')
        own = split_name(name.strip())
        if own in shares or not is_split_name(own):
            raise DatasetError(
                f'split: {name!r} is no name of a split, or names one a second time; {SPLIT_RULE}.'
            )
        if not isinstance(share, Real) or not isfinite(share) or share < 0:
            raise DatasetError(f'split: the share of {name} is {share!r}; it should be a number such as 0.8.')
        shares[own] = float(share)
    check_apart(shares, 'split: there are', 'Give one of them another name.')
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise DatasetError(
            f'split: the shares make {sum(shares.values()):.6g}, not 1; write them as in train=.8,val=.2.'
        )
    return {name: shares[name] for name in order_splits(set(shares))}
