"""Serves dm_v2 folders on the first core: ``python serve.py HOME FOLDER...``; ends when its input does.

Prints the address, the token, and the id of the version that each folder became.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from synapse_plugins import backends
from synapse_plugins.backends.server import Served


def main() -> None:
    home, *folders = sys.argv[1:]
    with backends.open(home=home) as backend:
        ids = [
            backend.import_dataset(folder, Path(folder).parent.name, link='hard')['id'] for folder in folders
        ]
        if hasattr(os, 'sched_setaffinity') and len(cores := sorted(os.sched_getaffinity(0))) > 1:
            os.sched_setaffinity(0, {cores[0]})
        with Served(backend) as served:
            print(served.url, served.token, *ids, flush=True)
            sys.stdin.read()


if __name__ == '__main__':
    main()
