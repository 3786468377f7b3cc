"""A store that an earlier version wrote opens, with everything in it."""

from __future__ import annotations

import sqlite3

from synapse_plugins import backends
from synapse_plugins.store import open_store
from synapse_plugins.store.database import _run_script
from synapse_plugins.store.schema import MIGRATIONS

ROWS = """
INSERT INTO data_collection VALUES (7, 'old', '[{"name": "image_1"}]', 'then');
INSERT INTO file VALUES (1, 'aa', '.png', 3, '');
INSERT INTO data_file (id, file, name, created) VALUES (5, 1, 'a.png', 'then');
INSERT INTO data_unit VALUES (9, 7, '{"n": 1}', '{"image_1": "sha256:aa"}', '["g"]', 'then');
INSERT INTO dataset VALUES (1, 'pets', 1, 'then');
INSERT INTO dataset_version
    (id, dataset, version, format, source, fingerprint, digest, classes, splits, count, size, is_categorized, link,
     notes, created)
    VALUES (2, 1, 1, 'yolo', '/x', 'f', 'd', '["cat"]', '{"train": 1}', 1, 3, 1, 'copy', '[]', 'then');
INSERT INTO event VALUES (3, 2, 'train', '{"images": []}');
INSERT INTO event_file VALUES (3, 'image_1', 1, 'a.png', 'image', 1, '{}');
INSERT INTO job (id, status, action, params, progress_record, metrics_record, console_logs, result, meta, created,
    modified) VALUES (4, 'FAILED', 'train', '{}', '{}', '{}', 'null', 'null', '{}', 'then', 'then');
INSERT INTO job_log VALUES (1, 4, 'message', '{"content": "x"}', 'then', NULL, 'info', NULL);
"""


def write_old(home, version):
    home.mkdir()
    connection = sqlite3.connect(home / 'backend.db', isolation_level=None)
    for script in MIGRATIONS['backend'][:version]:
        _run_script(connection, script)
    connection.execute('CREATE TABLE store_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)')
    connection.execute("INSERT INTO store_meta VALUES ('id', 'the-old-one')")
    _run_script(connection, ROWS)
    connection.execute(f'PRAGMA user_version = {version}')
    connection.close()


def test_the_first_schema_and_each_one_since_is_brought_up_to_date(tmp_path):
    for version in (1, 2):  # whatever was released with `data_unit.files` alone
        home = tmp_path / f'v{version}'
        write_old(home, version)
        with open_store(home) as store:
            database = store.database('backend')
            assert database.rows('PRAGMA user_version')[0][0] == len(MIGRATIONS['backend'])
            assert store.id == 'the-old-one'
        with backends.open(home=home) as backend:
            _check(backend)
        with backends.open(home=home) as backend:  # and once more: nothing is done twice
            _check(backend)


def _check(backend):
    unit = backend.list_data_units({'data_collection': 7})['results'][0]
    assert (unit['id'], unit['meta'], unit['groups']) == (9, {'n': 1}, ['g'])
    file = unit['files']['image_1']
    assert (file['checksum'], file['file_name_original'], file['size']) == ('sha256:aa', 'a.png', 3)
    version = backend.get_dataset('pets')
    assert (version['id'], version['classes'], version['declared_classes']) == (2, ['cat'], None)
    rows, count = backend.list_ground_truth_events({'ground_truth_dataset_versions': 2}, list_all=True)
    assert ([row['id'] for row in rows], count) == ([3], 1)
    assert backend.get_job(4)['status'] == 'FAILED'
    assert backend.list_logs({'job': 4})['count'] == 1


def test_tasks_of_an_earlier_version_take_assignments(tmp_path):
    home = tmp_path / 'v4'
    write_old(home, 4)
    connection = sqlite3.connect(home / 'backend.db')
    with connection:
        connection.execute("INSERT INTO task VALUES (6, 3, 9, '{}', 'then')")
    connection.close()
    with backends.open(home=home) as backend:
        assert backend.list_assignments({'project': 3})['count'] == 0
        (made,) = backend.create_assignments({'project': 3, 'data': [{'task': 6, 'data': {'n': 1}}]})
        assert backend.get_assignment(made['id'])['data'] == {'n': 1}
