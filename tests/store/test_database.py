from __future__ import annotations

import os
import sqlite3
import threading

import pytest

from synapse_plugins.errors import StoreError
from synapse_plugins.store import Database, database, open_store

SCHEMA = (
    'CREATE TABLE thing (name TEXT PRIMARY KEY);\nCREATE TABLE other (thing TEXT REFERENCES thing (name));\n',
)


@pytest.fixture
def things(tmp_path):
    made = Database(tmp_path / 'things.db', SCHEMA)
    yield made
    made.close()


def names(things):
    return [row['name'] for row in things.rows('SELECT name FROM thing ORDER BY name')]


def test_a_transaction_is_whole_or_absent(things):
    with things.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES ('a')")
    with pytest.raises(RuntimeError), things.transaction() as connection:  # noqa: PT012
        connection.execute("INSERT INTO thing VALUES ('b')")
        raise RuntimeError
    with pytest.raises(KeyboardInterrupt), things.transaction() as connection:  # noqa: PT012
        connection.execute("INSERT INTO thing VALUES ('c')")
        raise KeyboardInterrupt
    assert names(things) == ['a']


def test_a_transaction_within_a_transaction_is_a_part_of_it(things):
    with pytest.raises(RuntimeError), things.transaction() as outer:  # noqa: PT012
        outer.execute("INSERT INTO thing VALUES ('a')")
        with things.transaction() as inner:
            assert inner is outer
            inner.execute("INSERT INTO thing VALUES ('b')")
        assert names(things) == ['a', 'b']
        raise RuntimeError
    assert names(things) == []


def test_a_broken_rule_of_the_schema_is_not_called_damage(things):
    with pytest.raises(sqlite3.IntegrityError), things.transaction() as connection:
        connection.execute("INSERT INTO other VALUES ('nowhere')")


def test_every_thread_has_a_connection_of_its_own(things):
    problems = []

    def write(number):
        try:
            for count in range(25):
                with things.transaction('NORMAL') as connection:
                    connection.execute('INSERT INTO thing VALUES (?)', (f'{number}-{count}',))
        except Exception as exc:
            problems.append(exc)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(names(things)) == 150


def test_a_closed_database_opens_again(things):
    with things.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES ('a')")
    things.close()
    assert names(things) == ['a']


def test_migrations_go_on_from_where_a_database_is(tmp_path):
    first = Database(tmp_path / 'x.db', SCHEMA)
    with first.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES ('kept')")
    first.close()
    more = (*SCHEMA, 'ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7;\n')
    second = Database(tmp_path / 'x.db', more)
    assert [tuple(row) for row in second.rows('SELECT * FROM thing')] == [('kept', 7)]
    assert second.rows('PRAGMA user_version')[0][0] == 2
    second.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path):
    Database(tmp_path / 'x.db', SCHEMA).close()
    broken = (*SCHEMA, 'CREATE TABLE more (a);\nCREATE TABLE thing (a);\n')
    with pytest.raises(StoreError, match='cannot be used'):
        Database(tmp_path / 'x.db', broken)
    again = Database(tmp_path / 'x.db', SCHEMA)
    assert again.rows('PRAGMA user_version')[0][0] == 1
    assert not again.rows("SELECT 1 FROM sqlite_master WHERE name = 'more'")
    again.close()


def test_a_busy_database_is_named(things, tmp_path, monkeypatch):
    monkeypatch.setattr(database, 'BUSY_SECONDS', 0.05)
    other = Database(tmp_path / 'things.db', SCHEMA)
    with things.transaction(), pytest.raises(StoreError, match='kept busy'), other.transaction():
        pass
    other.close()


def test_a_full_disk_is_named(things):
    page_count = things.rows('PRAGMA page_count')[0][0]
    things.connection.execute(f'PRAGMA max_page_count = {page_count + 2}')
    with pytest.raises(StoreError, match='full'), things.transaction() as connection:  # noqa: PT012
        for number in range(10_000):
            connection.execute('INSERT INTO thing VALUES (?)', (f'{number:0100}',))
    assert names(things) == []


@pytest.mark.parametrize(('free', 'told'), [(0, r'no room for it \(0 B free\)'), (10**9, 'Check who owns')])
def test_what_sqlite_calls_an_io_error_says_what_to_do(things, monkeypatch, free, told):
    monkeypatch.setattr(database, 'free_space', lambda _: free)
    error = sqlite3.OperationalError('disk I/O error')
    with pytest.raises(StoreError, match=rf'disk I/O error\. .*{told}'), things.transaction():
        raise error


ROW = (
    'INSERT INTO run (id, action, params, state, backend, executor, dataset, versions, result, process, started) '
    "VALUES (?, 'a', '{}', 'RUNNING', '', '', '', '{}', 'null', '', '')"
)
OPEN_AND_WRITE = """
import sys
from synapse_plugins.store import open_store
sys.stdin.readline()
with open_store(sys.argv[1]) as store:
    for number in range(20):
        with store.database('runs').transaction('NORMAL') as connection:
            connection.execute(sys.argv[3], (f'{sys.argv[2]}-{number}',))
    print(store.id)
"""


def test_several_processes_make_and_use_one_store_at_once(tmp_path, start, rounds):
    for attempt in range(max(1, rounds // 50)):
        home = tmp_path / f'home-{attempt}'
        processes = [start(OPEN_AND_WRITE, home, number, ROW) for number in range(5)]
        for process in processes:
            process.stdin.write('go\n')
            process.stdin.flush()
        answers = [process.communicate(timeout=120) for process in processes]
        assert [problems for _, problems in answers] == [''] * 5
        with open_store(home) as store:
            assert {said.strip() for said, _ in answers} == {store.id}
            assert store.database('runs').rows('SELECT count(*) FROM run')[0][0] == 100


OPEN_AND_CLOSE = """
import sys
from synapse_plugins.store import open_store
for line in sys.stdin:
    with open_store(sys.argv[1]) as store:
        print(store.database('runs').rows('SELECT count(*) FROM run')[0][0], flush=True)
"""


def test_other_processes_that_come_and_go_take_no_row_from_one_that_stays(tmp_path, start, rounds):
    """Another process that closes last removes the write-ahead log, unless it sees the locks of this one."""
    home = tmp_path / 'home'
    others = [start(OPEN_AND_CLOSE, home) for _ in range(2)]
    stop, problems = threading.Event(), []
    written = [0, 0, 0]

    def write(number, runs):
        try:
            while not stop.is_set():
                with runs.transaction('NORMAL') as connection:
                    connection.execute(ROW, (f'{number}-{written[number]}',))
                written[number] += 1
                stop.wait(0.001)
        except BaseException as exc:
            problems.append(exc)

    def visit(process):
        process.stdin.write('again\n')
        process.stdin.flush()
        return int(process.stdout.readline())

    with open_store(home) as store:
        runs = store.database('runs')
        threads = [threading.Thread(target=write, args=(number, runs)) for number in range(3)]
        for thread in threads:
            thread.start()
        for attempt in range(max(4, rounds // 5)):
            before = sum(written)
            newcomer = threading.Thread(
                target=runs.rows, args=('SELECT 1',)
            )  # makes a connection, and closes it
            newcomer.start()
            newcomer.join()
            assert visit(others[attempt % 2]) >= before
        stop.set()
        for thread in threads:
            thread.join()
        assert problems == []
        assert visit(others[0]) == sum(written)
        assert runs.rows('SELECT count(*) FROM run')[0][0] == sum(written)
    assert [process.communicate(timeout=60)[1] for process in others] == ['', '']


def test_a_file_that_is_there_is_never_opened_beside_sqlite(things, monkeypatch):
    opened = []
    real = database.os.open
    monkeypatch.setattr(
        database.os, 'open', lambda *args: opened.append(descriptor := real(*args)) or descriptor
    )
    thread = threading.Thread(target=things.rows, args=('SELECT 1',))
    thread.start()
    thread.join()
    assert opened == []


def test_a_new_database_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        made = Database(tmp_path / 'new.db', SCHEMA)
    finally:
        os.umask(before)
    with made.transaction() as connection:
        connection.execute("INSERT INTO thing VALUES ('a')")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    made.close()


def test_a_database_in_a_folder_that_is_gone_is_named(tmp_path):
    with pytest.raises(StoreError, match='cannot be used'):
        Database(tmp_path / 'gone' / 'x.db', SCHEMA)
