"""`imaging-hub admin` as an engineer types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import AlreadyRegistered, HubError, InvalidRequest, Misconfigured, NotFound
from hub.cli import app
from hub.register import open_register
from hub.settings import load
from registry.unknown_devices import Attempts
from tests.fixtures.encrypted_line import Authority
from tests.fixtures.migrated import Migrated

Admin = Callable[..., str]


@pytest.fixture
def admin(tmp_path: Path, migrated: Migrated) -> Admin:
    """Runs one admin command on a migrated hub and returns what it printed."""
    runner = CliRunner()
    data = ["--data", str(migrated(tmp_path / "data"))]

    def run(*arguments: str) -> str:
        done = runner.invoke(app, ["admin", *arguments, *data])
        if isinstance(done.exception, HubError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_a_clinic_with_all_that_belongs_to_it_is_registered_and_listed(admin: Admin) -> None:
    admin("site", "add", "xinglong", "兴隆镇卫生院", "--quiet-seconds", "30")
    admin("group", "add", "county", "县医院影像诊断中心", "--reads", "xinglong:US", "--reads", "xinglong:ECG")
    admin("device", "add", "xinglong", "XL_US1", "--network", "10.20.0.0/16", "--name", "彩超")
    admin("user", "add", "reader", "--role", "reader", "--group", "county", "--name", "阅片医师")
    assert "xinglong\t兴隆镇卫生院\tAsia/Shanghai\t30 s\tin use" in admin("site", "list")
    assert "county\t县医院影像诊断中心\txinglong:US, xinglong:ECG\tin use" in admin("group", "list")
    assert "\txinglong\tXL_US1\tHUB\t10.20.0.0/16\t彩超\tin use" in admin("device", "list")
    assert "reader\t阅片医师\treader@county\tin use" in admin("user", "list")


def test_what_is_disabled_stays_on_the_list_as_disabled_and_can_be_put_back_into_use(admin: Admin) -> None:
    admin("site", "add", "xinglong", "兴隆镇卫生院")
    admin("group", "add", "county", "县医院")
    admin("device", "add", "xinglong", "XL_US1", "--network", "10.20.0.7")
    admin("user", "add", "clinic", "--role", "clinic", "--site", "xinglong")
    token = admin("token", "add", "clinic", "pacs").strip()
    assert len(token) >= 40
    keys = {
        "site": "xinglong",
        "group": "county",
        "device": admin("device", "list").split("\t")[0],
        "user": "clinic",
        "token": admin("token", "list").split("\t")[0],
    }
    for what, key in keys.items():
        admin(what, "disable", key)
        assert "\tdisabled" in admin(what, "list"), what
    for what, key in keys.items():
        assert "in use" in admin(what, "enable", key)
        assert "\tdisabled" not in admin(what, "list"), what


def test_a_device_with_a_certificate_is_known_by_it(admin: Admin, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    first, second = authority.issue("CART"), authority.issue("CART-2")
    admin("site", "add", "xinglong", "兴隆镇卫生院")
    done = admin("device", "add", "xinglong", "CART", "--certificate", str(first.certificate))
    assert f"CART with certificate {first.read.fingerprint}" in done
    listed = admin("device", "list")
    assert "\tCART\tHUB\tanywhere\tCART\tin use" in listed
    assert f"\tcertificate {first.read.fingerprint}\t" in listed
    assert f"until {first.read.not_after:%Y-%m-%d}" in listed
    key = listed.split("\t")[0]
    with pytest.raises(AlreadyRegistered):
        admin("device", "add", "xinglong", "CART", "--certificate", str(first.certificate))
    assert admin("device", "add", "xinglong", "CART2", "--certificate", str(first.certificate))
    admin("device", "bind", key, str(second.certificate))
    admin("device", "withdraw", key, first.read.fingerprint)
    assert admin("device", "list").count(first.read.fingerprint) == 1, "only that of the other is left"
    admin("device", "withdraw", key, second.read.fingerprint)
    assert "certificate withdrawn" in admin("device", "list")


def test_a_device_that_called_is_adopted_by_one_command(admin: Admin, tmp_path: Path) -> None:
    register = open_register(load(data=tmp_path / "data"))
    now = register.clock.now()
    register.unknown_devices.record(
        Attempts(
            calling_ae_title=title,
            called_ae_title="HUB",
            address=address,
            refusal="calling AE title not recognized",
            proposed="Ultrasound Image (JPEG Baseline (Process 1))",
            certificate=None,
            count=3,
            first_seen_at=now,
            last_seen_at=now,
        )
        for title, address in (("XL_US1", "10.20.3.7"), ("TWICE", "10.20.3.8"), ("TWICE", "10.20.3.9"))
    )
    register.database.close()
    admin("site", "add", "xinglong", "兴隆镇卫生院")
    lines = admin("device", "unknown").splitlines()
    assert len(lines) == 3
    (line,) = [line for line in lines if "XL_US1" in line]
    assert "\tXL_US1\tHUB\t10.20.3.7\tno certificate\t3 times, last" in line
    told = admin("device", "adopt", "xinglong", "XL_US1")
    assert "is registered: XL_US1 from 10.20.3.7/32, calling HUB." in told
    assert "\txinglong\tXL_US1\tHUB\t10.20.3.7/32\tXL_US1\tin use" in admin("device", "list")
    with pytest.raises(NotFound):
        admin("device", "adopt", "xinglong", "XL_US1")
    with pytest.raises(InvalidRequest, match="by its key"):
        admin("device", "adopt", "xinglong", "TWICE")
    key = admin("device", "unknown").split("\t")[0]
    admin("device", "adopt", "xinglong", key, "--network", "10.20.0.0/16", "--name", "彩超")
    assert "\tTWICE\tHUB\t10.20.0.0/16\t彩超\tin use" in admin("device", "list")


def test_a_password_for_one_use_is_printed_and_can_be_reset(admin: Admin) -> None:
    first = admin("user", "add", "chief", "--role", "admin").rpartition(": ")[2].strip()
    second = admin("user", "reset", "chief").rpartition(": ")[2].strip()
    assert len(first) >= 10
    assert len(second) >= 10
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("site", "add", "Not A Slug", "name"), InvalidRequest),
        (("site", "add", "xinglong", "again"), AlreadyRegistered),
        (("site", "add", "other", "name", "--time-zone", "Mars/Base"), InvalidRequest),
        (("device", "add", "nowhere", "US1", "--network", "10.0.0.1"), NotFound),
        (("device", "add", "xinglong", "US1", "--network", "10.0.0.0/33"), InvalidRequest),
        (("device", "add", "xinglong", "US1"), InvalidRequest),
        (("device", "add", "xinglong", "US1", "--certificate", "/dev/null"), InvalidRequest),
        (("device", "add", "xinglong", "US1", "--certificate", "/no/such/file"), InvalidRequest),
        (("device", "adopt", "xinglong", "NOBODY"), NotFound),
        (("device", "add", "xinglong", "A_TITLE_TOO_LONG_", "--network", "10.0.0.1"), InvalidRequest),
        (("group", "add", "county", "name", "--reads", "nowhere"), NotFound),
        (("user", "add", "reader", "--role", "reader"), InvalidRequest),
        (("user", "add", "clinic", "--role", "clinic"), InvalidRequest),
        (("user", "disable", "nobody"), NotFound),
        *(((noun, "enable", "nothing"), NotFound) for noun in ("site", "group", "device", "user", "token")),
        (("token", "add", "nobody"), NotFound),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    admin: Admin, arguments: tuple[str, ...], error: type[HubError]
) -> None:
    admin("site", "add", "xinglong", "兴隆镇卫生院")
    with pytest.raises(error) as refused:
        admin(*arguments)
    assert len(str(refused.value)) > 10


@pytest.mark.parametrize(
    ("reads", "error"),
    [
        (("xinglong:US", "nowhere:US"), NotFound),
        (("xinglong", "xinglong:超声"), InvalidRequest),
        (("xinglong", ":US"), InvalidRequest),
    ],
)
def test_a_refused_group_or_route_leaves_nothing(
    admin: Admin, reads: tuple[str, ...], error: type[HubError]
) -> None:
    admin("site", "add", "xinglong", "兴隆镇卫生院")
    with pytest.raises(error):
        admin("group", "add", "county", "县医院", *(word for text in reads for word in ("--reads", text)))
    assert admin("group", "list") == ""
    admin("group", "add", "county", "县医院", "--reads", "xinglong:ECG")
    with pytest.raises(error):
        admin("group", "route", "county", *reads)
    assert "county\t县医院\txinglong:ECG\tin use" in admin("group", "list")


def test_without_a_catalogue_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["admin", "site", "list", "--data", str(tmp_path / "none")])
    assert isinstance(done.exception, Misconfigured)
    assert "imaging-hub migrate" in str(done.exception)


@pytest.mark.parametrize("command", [("admin", "quarantine", "list"), ("import", "/", "--site", "xinglong")])
def test_a_mistyped_directory_is_told_and_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    for folder in (tmp_path / "none", tmp_path):
        done = CliRunner().invoke(app, [*command, "--data", str(folder)])
        assert isinstance(done.exception, Misconfigured)
        assert f"There is no hub in {folder}." in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_list_says_to_people_what_its_columns_are(tmp_path: Path, migrated: Migrated) -> None:
    data = str(migrated(tmp_path / "data"))
    for noun in ("site", "group", "device", "user", "token", "quarantine", "character-set"):
        done = CliRunner().invoke(app, ["admin", noun, "list", "--data", data])
        assert done.exit_code == 0, done.output
        assert done.stdout == ""
        assert done.stderr.count("\t") >= 3, noun
