"""Places and machines: what may be registered, what collides, and what disabling stops."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.access import Route
from core.errors import AlreadyRegistered, InvalidRequest, NotFound
from database.engine import Database
from registry.device import Device, match_device
from registry.directory import Directory
from tests.fixtures.clock import FixedClock


@pytest.fixture
def directory(database: Database, clock: FixedClock) -> Directory:
    """Two sites and a reading group."""
    made = Directory(database, clock)
    made.add_site("township", "Xinglong Township Health Centre")
    made.add_site("station", "河东社区卫生服务站")
    made.add_reading_group("heart", "County Hospital ECG")
    return made


def device(directory: Directory, **values: str) -> Device:
    ordinary = {
        "site_id": "township",
        "name": "Ultrasound",
        "calling_ae_title": "US1",
        "called_ae_title": "HUB",
        "network": "10.1.2.0/24",
    }
    return directory.add_device(**(ordinary | values))


def test_what_was_registered_is_listed(directory: Directory, clock: FixedClock) -> None:
    township = directory.site("township")
    assert (township.time_zone, township.quiet_seconds) == ("Asia/Shanghai", 60)
    assert (township.created_at, township.disabled_at, township.is_self_test) == (clock.now(), None, False)
    assert [site.name for site in directory.sites()] == [
        "河东社区卫生服务站",
        "Xinglong Township Health Centre",
    ]
    assert [group.reading_group_id for group in directory.reading_groups()] == ["heart"]
    own = directory.add_site("self-test", " Self test ", time_zone="UTC", quiet_seconds=0, is_self_test=True)
    assert directory.site("self-test") == own
    assert own.name == "Self test"


@pytest.mark.parametrize("site_id", ["a", "1", "a-b", "xinglong-clinic", "a" * 32, "0-9", "a--b"])
def test_a_site_has_a_plain_identifier(directory: Directory, site_id: str) -> None:
    assert directory.add_site(site_id, "A place").site_id == site_id


@pytest.mark.parametrize(
    ("values", "error"),
    [
        *(
            ({"site_id": text}, InvalidRequest)
            for text in (
                "",
                " ",
                "A",
                "a b",
                "a_b",
                "a/b",
                "..",
                "a.b",
                "-a",
                "a-",
                "-",
                "a" * 33,
                "站",
                "a\n",
                "ａ",
                "a%2fb",
            )
        ),
        *(({"name": text}, InvalidRequest) for text in ("", "   ", "x" * 201, "a\nb", "a\x00b", "a\u202eb")),
        *(
            ({"time_zone": text}, InvalidRequest)
            for text in (
                "",
                "Mars/Olympus",
                "+08:00",
                "../../etc/passwd",
                "/etc/passwd",
                "UTC\x00",
                "Asia",
                "America/Indiana",
                "x" * 300,
                "Asia/Shanghai ",
                "tzdata.zi",
            )
        ),
        *(({"quiet_seconds": seconds}, InvalidRequest) for seconds in (-1, 3601)),
        ({"site_id": "township"}, AlreadyRegistered),
    ],
)
def test_a_site_that_is_none_is_refused(
    directory: Directory, values: dict[str, Any], error: type[Exception]
) -> None:
    before = directory.sites()
    with pytest.raises(error):
        directory.add_site(**({"site_id": "new", "name": "New"} | values))
    assert directory.sites() == before


@pytest.mark.parametrize("group_id", ["", "A", "a b", "x" * 33])
def test_a_group_that_is_none_is_refused(directory: Directory, group_id: str) -> None:
    with pytest.raises(InvalidRequest):
        directory.add_reading_group(group_id, "A group")


def test_a_name_is_given_once(directory: Directory) -> None:
    with pytest.raises(AlreadyRegistered):
        directory.add_reading_group("heart", "Another")
    directory.disable_site("station")
    with pytest.raises(AlreadyRegistered):
        directory.add_site("station", "Again")


def test_racing_registrations_of_one_name_give_one(directory: Directory) -> None:
    def register(number: int) -> bool:
        try:
            directory.add_site("contested", f"Site {number}")
        except AlreadyRegistered:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(register, range(16))) == 1


@pytest.mark.parametrize(
    ("modality", "kept"),
    [
        (None, None),
        ("", None),
        ("US", "US"),
        ("us", "US"),
        (" us ", "US"),
        ("ECG", "ECG"),
        ("A_B 1", "A_B 1"),
    ],
)
def test_a_route_reads_one_modality_or_all(
    directory: Directory, modality: str | None, kept: str | None
) -> None:
    for _ in range(2):
        directory.add_route(Route(reading_group_id="heart", site_id="township", modality=modality))
    assert directory.routes() == [Route(reading_group_id="heart", site_id="township", modality=kept)]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"reading_group_id": "bones"}, NotFound),
        ({"site_id": "nowhere"}, NotFound),
        ({"modality": "U\\S"}, InvalidRequest),
        ({"modality": "US,DX"}, InvalidRequest),
        ({"modality": "U*"}, InvalidRequest),
        ({"modality": "超声"}, InvalidRequest),
        ({"modality": "X" * 17}, InvalidRequest),
    ],
)
def test_a_route_that_would_never_match_is_refused(
    directory: Directory, values: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        directory.add_route(
            Route(**({"reading_group_id": "heart", "site_id": "township", "modality": "US"} | values))
        )
    assert directory.routes() == []


def test_a_route_of_a_disabled_group_leads_nowhere_and_one_of_a_disabled_site_to_what_it_sent(
    directory: Directory,
) -> None:
    route = Route(reading_group_id="heart", site_id="township", modality=None)
    directory.add_route(route)
    directory.disable_site("township")
    assert directory.routes() == [route]
    directory.disable_reading_group("heart")
    assert (directory.routes(), directory.routes(of_disabled_groups=True)) == ([], [route])


def test_a_device_is_kept_as_it_will_be_matched(directory: Directory) -> None:
    made = device(
        directory, calling_ae_title="  US1 ", called_ae_title="HUB ", network="10.1.2.7", name=" 彩超 "
    )
    assert directory.devices() == [made]
    assert (made.calling_ae_title, made.called_ae_title, made.network, made.name) == (
        "US1",
        "HUB",
        "10.1.2.7/32",
        "彩超",
    )
    assert directory.devices("US1") == directory.devices(" US1 ") == [made]
    assert directory.devices("us1") == directory.devices("US") == directory.devices("US%") == []


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({}, True),
        ({"site_id": "station"}, True),
        ({"network": "10.1.2.7"}, True),
        ({"network": "10.0.0.0/8"}, True),
        ({"network": "0.0.0.0/0"}, True),
        ({"network": "::ffff:10.1.2.7"}, True),
        ({"calling_ae_title": " US1 "}, True),
        ({"called_ae_title": "HUB "}, True),
        ({"name": "Another"}, True),
        ({"network": "10.1.3.0/24"}, False),
        ({"network": "::/0"}, False),
        ({"calling_ae_title": "US2"}, False),
        ({"calling_ae_title": "us1"}, False),
        ({"called_ae_title": "HUB_TEST"}, False),
    ],
)
def test_two_devices_never_answer_to_one_call(
    directory: Directory, other: dict[str, str], refused: bool
) -> None:
    first = device(directory)
    if not refused:
        second = device(directory, **other)
        assert set(directory.devices()) == {first, second}
        return
    with pytest.raises(AlreadyRegistered) as refusal:
        device(directory, **other)
    assert directory.devices() == [first]
    assert "township" in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"site_id": "nowhere"}, NotFound),
        ({"name": ""}, InvalidRequest),
        ({"calling_ae_title": "X" * 17}, InvalidRequest),
        ({"called_ae_title": "A\\B"}, InvalidRequest),
        ({"network": "10.1.2.3/24"}, InvalidRequest),
    ],
)
def test_a_device_that_is_none_is_refused(
    directory: Directory, values: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        device(directory, **values)
    assert directory.devices() == []


@pytest.mark.parametrize("stop", ["device", "site"])
def test_a_disabled_device_is_refused_and_frees_its_place(directory: Directory, stop: str) -> None:
    first = device(directory)
    if stop == "device":
        directory.disable_device(first.device_id)
    else:
        directory.disable_site("township")
    (listed,) = directory.devices("US1")
    assert listed.is_disabled
    call = {"calling_ae_title": "US1", "called_ae_title": "HUB", "address": "10.1.2.7"}
    assert not isinstance(match_device(directory.devices(), **call), Device)
    second = device(directory, site_id="station")
    assert match_device(directory.devices(), **call) == second


@pytest.mark.parametrize("kind", ["site", "reading_group", "device"])
def test_disabling_what_does_not_exist_is_told(directory: Directory, kind: str) -> None:
    with pytest.raises(NotFound) as refusal:
        getattr(directory, f"disable_{kind}")("nothing")
    assert str(refusal.value) == f"There is no {kind.replace('_', ' ')} nothing."


def test_a_site_that_does_not_exist_is_told(directory: Directory) -> None:
    with pytest.raises(NotFound):
        directory.site("nowhere")


def test_disabling_keeps_the_row(directory: Directory, clock: FixedClock) -> None:
    stopped = clock.advance(days=1)
    directory.disable_site("township")
    directory.disable_reading_group("heart")
    assert directory.site("township").disabled_at == stopped
    assert directory.reading_groups()[0].disabled_at == stopped
