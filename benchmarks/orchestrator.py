"""What a step costs beside its work: our orchestrator against the vendor's, in one interleaved run.

    python benchmarks/orchestrator.py [--vendor-python PATH] [--rounds 30] [--steps 1000] [--limit 2.0]

Two worker processes run trivial steps in turn, a round each, so that whatever else the machine does slows
both. The vendor's package (`pip install synapse-sdk`, Python 3.12 or later) may be in another interpreter;
where it is absent only our own time is printed. Ends with 1 when a ratio is above the limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

CASES = {
    'bare runtime': 'a runtime whose logger and progress do nothing',
    'null logger': 'the RuntimeContext of each package with its null logger',
}


# -- in the workers --------------------------------------------------------------------------------------------


class BareLogger:
    def set_step(self, step: str | None, order: int | None = None) -> None:
        pass


class BareRuntime:
    logger = BareLogger()

    def set_progress(self, current: int, total: int, step: str | None = None) -> None:
        pass


def null_runtime(package: str) -> Any:
    if package == 'synapse_plugins':
        from synapse_plugins.context import NullLogger, RuntimeContext

        return RuntimeContext(logger=NullLogger())
    context, loggers = import_module(f'{package}.plugins.context'), import_module(f'{package}.loggers')
    return context.RuntimeContext(logger=loggers.NoOpLogger(), env=context.PluginEnvironment())


def make_orchestrator(package: str, case: str, count: int) -> Any:
    steps = import_module(
        'synapse_plugins.steps' if package == 'synapse_plugins' else f'{package}.plugins.steps'
    )

    class Trivial(steps.BaseStep):  # type: ignore[misc, name-defined]
        progress_weight = 0.5
        progress_proportion = 1  # the vendor's reports progress for such steps only

        def __init__(self, name: str) -> None:
            self._name = name

        @property
        def name(self) -> str:
            return self._name

        def execute(self, context: Any) -> Any:
            return steps.StepResult()

    registry = steps.StepRegistry()
    for number in range(count):
        registry.register(Trivial(f'step{number}'))
    runtime = BareRuntime() if case == 'bare runtime' else null_runtime(package)
    context = steps.BaseStepContext(runtime_ctx=runtime)
    return steps.Orchestrator(registry, context, context.set_progress)


def work(package: str, count: int) -> None:
    """Answer each case read from stdin with the seconds that a step took."""
    for line in sys.stdin:
        orchestrator = make_orchestrator(
            package, line.strip(), count
        )  # a fresh one: results add up in a context
        started = perf_counter()
        orchestrator.execute()
        print(json.dumps((perf_counter() - started) / count), flush=True)


# -- in the parent ---------------------------------------------------------------------------------------------


class Worker:
    def __init__(self, python: str, package: str, count: int) -> None:
        command = [python, '-W', 'ignore', str(Path(__file__)), '--worker', package, '--steps', str(count)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding='utf-8'
        )

    def time(self, case: str) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(case + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f'The worker ended with {self.process.wait()}: {self.process.args}')
        return float(json.loads(line))

    def close(self) -> None:
        self.process.communicate()


def has_vendor(python: str) -> bool:
    code = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("synapse_sdk") is None)'
    return subprocess.run([python, '-c', code], check=False).returncode == 0


def compare(ours: Worker, theirs: Worker | None, case: str, rounds: int) -> float | None:
    """Run a case in turn, print it, and return the ratio of the best times."""
    times: dict[Worker, list[float]] = {worker: [] for worker in (ours, theirs) if worker is not None}
    for worker in times:
        worker.time(case)  # warm
    for number in range(rounds):
        for worker in list(times)[:: 1 if number % 2 else -1]:
            times[worker].append(worker.time(case))
    print(f'{case}: {CASES[case]}')
    for worker, name in ((ours, 'synapse-plugins'), (theirs, 'synapse-sdk')):
        if worker in times:
            best, middle = min(times[worker]), median(times[worker])
            print(f'  {name:<16} best {best * 1e6:5.2f}, median {middle * 1e6:5.2f} microseconds a step')
    if theirs is None:
        return None
    ratio = min(times[ours]) / min(times[theirs])
    print(f'  ratio            best {ratio:5.2f}, median {median(times[ours]) / median(times[theirs]):5.2f}')
    return ratio


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--vendor-python', default=sys.executable, help='interpreter that has synapse-sdk')
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument('--steps', type=int, default=1000)
    parser.add_argument('--limit', type=float, default=2.0, help='greatest ratio that is good enough')
    parser.add_argument('--worker', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.steps)
        return 0
    ours = Worker(sys.executable, 'synapse_plugins', options.steps)
    theirs = None
    if has_vendor(options.vendor_python):
        theirs = Worker(options.vendor_python, 'synapse_sdk', options.steps)
    else:
        print(
            f'{options.vendor_python} has no synapse-sdk: no comparison. It needs Python 3.12: '
            'pip install synapse-sdk there and pass --vendor-python.'
        )
    ratios = [compare(ours, theirs, case, options.rounds) for case in CASES]
    for worker in (ours, theirs):
        if worker is not None:
            worker.close()
    return int(any(ratio is not None and ratio > options.limit for ratio in ratios))


if __name__ == '__main__':
    sys.exit(main())
