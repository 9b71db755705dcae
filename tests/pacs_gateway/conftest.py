"""Fixtures of the gateway's tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from database.engine import Database
from tests.pacs_gateway.running_gateway import RunningGateway, running_gateway


@pytest.fixture
def start_gateway(database: Database, tmp_path: Path) -> Iterator[Callable[..., RunningGateway]]:
    """Return a function that starts the test's gateway with settings of its own."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running_gateway(database, tmp_path, **settings))


@pytest.fixture
def gateway(start_gateway: Callable[..., RunningGateway]) -> RunningGateway:
    """A gateway with the settings that a deployment begins with."""
    return start_gateway()
