"""An upload that is killed at any instant leaves nothing that the next one trips over, and nothing twice."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any

from synapse_plugins import RuntimeContext
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.context import NullLogger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = """
import sys
from synapse_plugins import RuntimeContext, backends
from synapse_plugins.actions.upload import DefaultUploadAction, UploadParams
from synapse_plugins.context import NullLogger

class Upload(DefaultUploadAction[UploadParams]):
    pass

with backends.open(home=sys.argv[1]) as backend:
    params = {'path': sys.argv[2], 'data_collection': 'c', 'creating_data_unit_batch_size': 5}
    print('go', flush=True)
    Upload.dispatch(params, RuntimeContext(NullLogger(), client=backend))
"""


class Upload(DefaultUploadAction[UploadParams]):
    pass


def test_killed_at_any_instant_it_goes_on(
    backend: Any, tmp_path: Path, start: Callable[..., Any], rounds: int, seed: int
) -> None:
    """Whatever a killed run made is used by the next one: in the end every unit is there once."""
    (tmp_path / 'many' / 'text_1').mkdir(parents=True)
    for number in range(40):
        (tmp_path / 'many' / 'text_1' / f'{number}.txt').write_text(f'text {number}', encoding='utf-8')
    backend.create_data_collection(
        {'name': 'c', 'file_specifications': [{'name': 'text_1', 'file_type': 'text'}]}
    )
    random = Random(seed)
    made = []
    for _ in range(max(rounds // 20, 3)):
        process = start(RUN, backend.store.home, tmp_path / 'many')
        assert process.stdout.readline() == 'go\n', process.stderr.read()
        time.sleep(random.uniform(0, 0.3))
        process.kill()
        process.wait()
        made.append(backend.list_data_units()['count'])
    assert made == sorted(made)
    params = {'path': str(tmp_path / 'many'), 'data_collection': 'c'}
    result = Upload.dispatch(params, RuntimeContext(NullLogger(), client=backend))
    rows, count = backend.list_data_units(list_all=True)
    names = sorted(int(unit['meta']['origin_file_stem']) for unit in rows)
    assert (names, count) == (list(range(40)), 40)
    assert result['data_units'] + result['existing_units'] == 40
