"""What the tests of loggers share."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from synapse_plugins.context import BaseLogger

logging.getLogger('synapse_plugins')  # there before a test looks whether it left one behind


class Keeper(BaseLogger):
    """A logger that keeps its records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: Any) -> None:
        self.records.append(record)

    def of_kind(self, kind: str) -> list[Any]:
        return [record for record in self.records if record.kind == kind]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture(scope='session')
def new_keeper() -> type[Keeper]:
    return Keeper


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope='session')
def new_clock() -> type[Clock]:
    return Clock
