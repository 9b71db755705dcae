"""What a demonstration does not do."""

from pathlib import Path

import pytest

from core.access import Grant, Role
from core.errors import Misconfigured
from hub.demo import CREDENTIALS, prepare, require_demonstration
from hub.settings import load
from hub.wiring import open_house
from tests.fixtures.migrated import Migrated


def test_a_hub_that_people_work_with_is_no_place_for_a_demonstration(
    tmp_path: Path, migrated: Migrated, quick_passwords: None
) -> None:
    settings = load(data=migrated(tmp_path / "data"), disk_reserve=0)
    house = open_house(settings)
    require_demonstration(house)
    prepare(house)
    require_demonstration(house)
    house.accounts.add("chief", "Chief", [Grant(role=Role.ADMIN)], password="a-long-password")
    with pytest.raises(Misconfigured, match="--data"):
        require_demonstration(house)
    assert (settings.data / CREDENTIALS).exists()
