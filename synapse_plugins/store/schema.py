"""What the databases hold: for each, the scripts that lead from one schema version to the next.

The version of a database is the number of scripts that it has seen. A script that was released is never
changed; a change of the schema is a script added to the end.
"""

from __future__ import annotations

from typing import Literal

__all__ = ['MIGRATIONS', 'DatabaseName']

DatabaseName = Literal['backend', 'runs']

_BACKEND_1 = """
CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    suffix TEXT NOT NULL,
    size INTEGER NOT NULL,
    reference TEXT NOT NULL DEFAULT '',     -- empty: the store holds it; else the path of a user's own file
    UNIQUE (digest, suffix, reference)
);
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    last_version INTEGER NOT NULL DEFAULT 0,  -- numbers of removed versions are not given again
    created TEXT NOT NULL
);
CREATE TABLE dataset_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    format TEXT NOT NULL,
    source TEXT NOT NULL,
    fingerprint TEXT NOT NULL,              -- what the source folder looked like, to know it again
    digest TEXT NOT NULL,                   -- of everything in the version
    classes TEXT NOT NULL,
    splits TEXT NOT NULL,
    count INTEGER NOT NULL,
    size INTEGER NOT NULL,
    is_categorized INTEGER NOT NULL,
    link TEXT NOT NULL,
    notes TEXT NOT NULL,
    created TEXT NOT NULL,
    UNIQUE (dataset, version)
);
CREATE INDEX dataset_version_source ON dataset_version (source);
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    version INTEGER NOT NULL REFERENCES dataset_version (id) ON DELETE CASCADE,
    category TEXT,
    data TEXT NOT NULL
);
CREATE INDEX event_version ON event (version);
CREATE INDEX event_category ON event (version, category);
CREATE TABLE event_file (
    event INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
    specification TEXT NOT NULL,
    file INTEGER NOT NULL REFERENCES file (id),
    name TEXT NOT NULL,
    file_type TEXT NOT NULL,
    is_primary INTEGER NOT NULL,
    meta TEXT NOT NULL,
    PRIMARY KEY (event, specification)
) WITHOUT ROWID;
CREATE INDEX event_file_file ON event_file (file);
CREATE TABLE model (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL,
    file INTEGER NOT NULL REFERENCES file (id),
    file_name TEXT NOT NULL,
    configuration TEXT NOT NULL,
    metrics TEXT NOT NULL,
    description TEXT NOT NULL,
    checkpoint INTEGER,
    plugin TEXT,
    version TEXT,
    created TEXT NOT NULL
);
CREATE INDEX model_file ON model (file);
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    status TEXT NOT NULL,
    action TEXT NOT NULL,
    params TEXT NOT NULL,
    progress_record TEXT NOT NULL,
    metrics_record TEXT NOT NULL,
    console_logs TEXT NOT NULL,
    result TEXT NOT NULL,
    meta TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL
);
CREATE TABLE job_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    datetime TEXT NOT NULL,
    step TEXT,
    level TEXT,
    file TEXT
);
CREATE INDEX job_log_job ON job_log (job, id);
CREATE TABLE data_collection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    file_specifications TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE TABLE data_file (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file INTEGER NOT NULL REFERENCES file (id),
    name TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX data_file_file ON data_file (file);
CREATE TABLE data_unit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    data_collection INTEGER NOT NULL REFERENCES data_collection (id) ON DELETE CASCADE,
    meta TEXT NOT NULL,
    files TEXT NOT NULL,
    groups TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX data_unit_collection ON data_unit (data_collection, id);
"""

_RUNS_1 = """
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    action TEXT NOT NULL,
    params TEXT NOT NULL,
    state TEXT NOT NULL,
    backend TEXT NOT NULL,
    executor TEXT NOT NULL,
    dataset TEXT NOT NULL,
    versions TEXT NOT NULL,
    result TEXT NOT NULL,
    error TEXT,
    process TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT
);
CREATE INDEX run_started ON run (started);
CREATE TABLE run_step (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    weight REAL NOT NULL,
    state TEXT NOT NULL,
    seconds REAL,
    result TEXT NOT NULL DEFAULT 'null',
    error TEXT,
    rollback TEXT NOT NULL DEFAULT '{}',
    rollback_error TEXT,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE run_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    time TEXT NOT NULL,
    step TEXT,
    level TEXT NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    file TEXT
);
CREATE INDEX run_event_run ON run_event (run, kind, id);
CREATE TABLE run_progress (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT NOT NULL,                     -- empty: the whole run
    time TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
"""

_BACKEND_2 = """
ALTER TABLE dataset_version ADD COLUMN declared_classes TEXT NOT NULL DEFAULT 'null';  -- null: the source declares none
"""

_BACKEND_3 = """
CREATE TABLE data_unit_file (
    unit INTEGER NOT NULL REFERENCES data_unit (id) ON DELETE CASCADE,
    specification TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',          -- as this unit calls the file; empty: as it was uploaded
    PRIMARY KEY (unit, specification)
) WITHOUT ROWID;
CREATE INDEX data_unit_file_digest ON data_unit_file (digest);
INSERT INTO data_unit_file (unit, specification, digest)
    SELECT data_unit.id, json_each.key, substr(json_each.value, 8) FROM data_unit, json_each(data_unit.files);
"""

_BACKEND_4 = """
ALTER TABLE data_file ADD COLUMN sha1 TEXT NOT NULL DEFAULT '';  -- for clients that know a file by it; empty: not told
CREATE INDEX data_file_sha1 ON data_file (sha1);
CREATE TABLE plugin_release (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin TEXT NOT NULL,
    version TEXT NOT NULL,
    config TEXT NOT NULL,
    requirements TEXT NOT NULL,
    debug INTEGER NOT NULL,
    file INTEGER NOT NULL REFERENCES file (id),
    created TEXT NOT NULL,
    UNIQUE (plugin, version)
);
CREATE INDEX plugin_release_file ON plugin_release (file);
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL,
    data_unit INTEGER REFERENCES data_unit (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX task_project ON task (project, id);
"""

_BACKEND_5 = """
CREATE TABLE assignment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL,               -- that of its task
    task INTEGER NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    user INTEGER,
    status_label TEXT NOT NULL,
    data TEXT NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX assignment_project ON assignment (project, id);
CREATE INDEX assignment_task ON assignment (task);
"""

_RUNS_2 = """
ALTER TABLE run ADD COLUMN heartbeat TEXT NOT NULL DEFAULT '';  -- when its process was last known to live
"""

MIGRATIONS: dict[DatabaseName, tuple[str, ...]] = {
    'backend': (_BACKEND_1, _BACKEND_2, _BACKEND_3, _BACKEND_4, _BACKEND_5),
    'runs': (_RUNS_1, _RUNS_2),
}
