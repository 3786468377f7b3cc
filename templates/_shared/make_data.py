"""Draws a small dataset into `data`, so that there is something to work on: `python examples/make_data.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from synapse_plugins.testing import make_dataset

DATA = Path('data')

if __name__ == '__main__':
    if DATA.exists():
        sys.exit(f'{DATA.absolute()} is there already')
    make_dataset(DATA, task='{{ 'segment' if task == 'segmentation' else 'detect' }}', splits={'train': 8, 'valid': 4}, size=(96, 96))
    print(f'drew {DATA.absolute()}')
