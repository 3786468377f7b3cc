from __future__ import annotations

import os
import sys
import time
from dataclasses import replace

import pytest

from synapse_plugins.store.process import PATIENCE, ProcessId, is_alive, started_at, started_ps, this_process
from synapse_plugins.store.temporary import claim_folder, remove_tree, sweep


def test_this_process_lives():
    assert is_alive(this_process())
    assert ProcessId.parse(str(this_process())) == this_process()


SAY = """
from synapse_plugins.store.process import this_process
print(this_process(), flush=True)
input()
"""


def test_a_process_that_ended_is_gone(start):
    child = start(SAY)
    known = ProcessId.parse(child.stdout.readline())
    assert known.pid == child.pid
    assert is_alive(known)
    child.communicate('\n', timeout=30)
    assert started_at(child.pid) is None
    assert not is_alive(known)


def test_a_process_that_nobody_waited_for_is_gone_too(start):
    child = start(SAY)
    known = ProcessId.parse(child.stdout.readline())
    child.kill()
    until = time.monotonic() + 30
    while is_alive(known):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_same_number_at_another_time_is_another_process():
    assert not is_alive(replace(this_process(), start='0123456789ab'))


def test_of_another_machine_nobody_can_tell():
    assert is_alive(replace(this_process(), machine='0123456789ab', pid=999_999_999))


@pytest.mark.skipif(sys.platform == 'win32', reason='ps is of Unix')
def test_ps_tells_it_too(start):
    child = start('input()')
    first = started_ps(child.pid)
    assert first
    assert started_ps(child.pid) == first
    child.communicate('\n', timeout=30)
    assert started_ps(child.pid) is None


FORKED = """
import os
from synapse_plugins.store.process import this_process
mother = this_process()
child = os.fork()
if child:
    os.waitpid(child, 0)
    print(mother)
else:
    print(this_process(), flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork')
def test_a_forked_child_is_itself(start):
    said, problems = start(FORKED).communicate(timeout=30)
    assert problems == ''
    child, mother = map(ProcessId.parse, said.splitlines())
    assert child.pid != mother.pid


def test_only_folders_of_gone_processes_are_swept(tmp_path):
    mine, other = (claim_folder(tmp_path) for _ in range(2))
    gone = replace(this_process(), start='0123456789ab')
    other = other.rename(tmp_path / f'.tmp-{gone}.{"0" * 12}')
    (other / 'sub').mkdir()
    (other / 'sub' / 'file').write_text('x', encoding='utf-8')
    (tmp_path / '.tmp-of-somebody').mkdir()
    assert sweep(tmp_path) == [other]
    assert sorted(tmp_path.iterdir()) == sorted([mine, tmp_path / '.tmp-of-somebody'])


def test_removing_what_is_not_there_is_no_error(tmp_path):
    remove_tree(tmp_path / 'absent')


def test_of_another_machine_silence_tells():
    unseen = replace(this_process(), machine='0123456789ab')
    assert is_alive(unseen, silent_for=PATIENCE - 1)
    assert not is_alive(unseen, silent_for=PATIENCE + 1)
    assert is_alive(this_process(), silent_for=PATIENCE + 1)


def test_folders_of_another_machine_are_swept_when_nobody_writes_to_them_for_a_day(tmp_path):
    owner = replace(this_process(), machine='0123456789ab')
    silent, busy = (tmp_path / f'.tmp-{owner}.{digit * 12}' for digit in '01')
    day_ago = time.time() - 25 * 3600
    for folder in (silent, busy):
        folder.mkdir()
        (folder / 'file').write_bytes(b'x')
        os.utime(folder / 'file', (day_ago, day_ago))
        os.utime(folder, (day_ago, day_ago))
    (busy / 'file').write_bytes(b'y')
    os.utime(busy, (day_ago, day_ago))
    assert sweep(tmp_path) == [silent]
    assert list(tmp_path.iterdir()) == [busy]
