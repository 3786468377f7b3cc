"""What reporting costs before there is anything to report."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
bare = set(sys.modules)
{code}
new = {{name.partition('.')[0] for name in set(sys.modules) - bare}}
print(json.dumps(sorted(name for name in new if name not in sys.stdlib_module_names and not name.startswith('_'))))
"""


@pytest.mark.parametrize(
    'code',
    [
        'import synapse_plugins.context',
        'from synapse_plugins.context import *',
        'from synapse_plugins.context import RuntimeContext; RuntimeContext()',
        "from synapse_plugins.context import RuntimeContext; RuntimeContext().log_message('안녕')",
        'import synapse_plugins.pipelines, synapse_plugins.pipelines.steps',
        'from synapse_plugins.pipelines.steps import Orchestrator, BaseStep',
    ],
)
def test_nothing_but_the_standard_library_is_loaded(code: str) -> None:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT.format(code=code)], capture_output=True, encoding='utf-8', check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ['synapse_plugins']


def test_the_older_path_gives_the_same_objects() -> None:
    import synapse_plugins.pipelines
    import synapse_plugins.pipelines.steps as older
    import synapse_plugins.steps as newer

    assert synapse_plugins.pipelines.steps is older
    assert older.__all__ == newer.__all__
    for name in ('BaseStep', 'Orchestrator', 'StepRegistry', 'StepResult', 'BaseStepContext', 'LoggingStep'):
        assert getattr(older, name) is getattr(newer, name)
    assert 'Orchestrator' in dir(older)
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = older.no_such_name
    with pytest.raises(AttributeError, match='nothing'):
        _ = synapse_plugins.pipelines.nothing
