"""`imaging-hub admin` as an engineer types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import AlreadyRegistered, HubError, InvalidRequest, Misconfigured, NotFound
from hub.cli import app

Admin = Callable[..., str]


@pytest.fixture
def admin(tmp_path: Path) -> Admin:
    """Runs one admin command on a migrated hub and returns what it printed."""
    runner = CliRunner()
    data = ["--data", str(tmp_path / "data")]
    assert runner.invoke(app, ["migrate", *data]).exit_code == 0

    def run(*arguments: str) -> str:
        done = runner.invoke(app, ["admin", *arguments, *data])
        if isinstance(done.exception, HubError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

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


def test_what_is_disabled_stays_on_the_list_as_disabled(admin: Admin) -> None:
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
        (("device", "add", "xinglong", "A_TITLE_TOO_LONG_", "--network", "10.0.0.1"), InvalidRequest),
        (("group", "add", "county", "name", "--reads", "nowhere"), NotFound),
        (("user", "add", "reader", "--role", "reader"), InvalidRequest),
        (("user", "add", "clinic", "--role", "clinic"), InvalidRequest),
        (("user", "disable", "nobody"), NotFound),
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


def test_without_a_catalogue_the_command_that_makes_one_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["admin", "site", "list", "--data", str(tmp_path / "none")])
    assert isinstance(done.exception, Misconfigured)
    assert "imaging-hub migrate" in str(done.exception)
