"""What the archive's tests share."""

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from core.origin import Origin
from storage.archive import Archive
from storage.instance import StoredInstance
from tests.fixtures.archive import device_at
from tests.fixtures.clock import FixedClock
from tests.fixtures.instances import data_set, receive


@pytest.fixture
def keep(archive: Archive, clock: FixedClock) -> Callable[..., str]:
    """Store an instance at a site, a second after the one before, and return its Study Instance UID."""

    def store(site_id: str = "township", **values: Any) -> str:
        clock.advance(seconds=1)
        encoded = receive(archive.incoming, data_set(**values), now=clock.now())
        return archive.store(encoded, device_at(site_id)).study_instance_uid

    return store


@pytest.fixture
def store(archive: Archive) -> Callable[..., StoredInstance]:
    """Let something arrive and store it, as a door does: what is in `incoming` goes at the end."""

    def act(sent: Dataset | bytes, origin: Origin | None = None, **values: Any) -> StoredInstance:
        arrived = receive(archive.incoming, sent, **values)
        try:
            return archive.store(arrived, origin or device_at("township"))
        finally:
            arrived.path.unlink()

    return act
