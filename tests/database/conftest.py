"""What the database's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from database.engine import Database
from tests.fixtures.counter import new_counter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the catalogue lies, in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "engine.sqlite"


@pytest.fixture
def counter(path: Path) -> Iterator[Database]:
    """A catalogue with one number in it."""
    database = new_counter(path)
    yield database
    database.close()
