"""Settings: what they read, what they refuse, and that a process started with them has the same."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from core import limits
from core.errors import Misconfigured
from hub.settings import load, option, refusals, require_permitted, variable


def test_without_any_setting_the_hub_is_reachable_from_its_own_machine_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert settings.data == tmp_path / "hub-data"
    assert (settings.dicom_host, settings.dicom_port) == ("127.0.0.1", 11112)
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8000)
    assert settings.ae_title == "HUB"
    assert make_url(settings.database_url).database == str(tmp_path / "hub-data" / "hub.sqlite3")
    assert settings.quiet_seconds == 60
    assert settings.maximum_associations == limits.ASSOCIATIONS
    assert refusals(settings) == []


def test_an_option_overrides_the_environment_and_an_absent_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_DICOM_PORT", "104")
    monkeypatch.setenv("HUB_AE_TITLE", "COUNTY")
    settings = load(dicom_port=11113, ae_title=None)
    assert settings.dicom_port == 11113
    assert settings.ae_title == "COUNTY"


def test_each_door_takes_the_host_unless_it_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_HOST", "10.20.0.1")
    monkeypatch.setenv("HUB_HTTP_HOST", "127.0.0.1")
    settings = load()
    assert (settings.dicom_host, settings.http_host) == ("10.20.0.1", "127.0.0.1")


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DICOM_PORT", "")
    assert load().dicom_port == 11112


def test_networks_are_read_from_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PLAIN_DICOM_NETWORKS", "10.20.0.0/16, 10.30.0.7,,fd00::/8")
    assert load().plain_dicom_networks == (
        ip_network("10.20.0.0/16"),
        ip_network("10.30.0.7/32"),
        ip_network("fd00::/8"),
    )


@pytest.mark.parametrize("title", ["HUB", " HUB ", "A", "SIXTEEN_BYTES_16", "COUNTY HUB", "~!]["])
def test_an_ae_title_is_kept_without_its_outer_spaces(title: str) -> None:
    assert load(ae_title=title).ae_title == title.strip()


@pytest.mark.parametrize(
    ("variable_name", "value"),
    [
        ("HUB_AE_TITLE", "SEVENTEEN_BYTES_1"),
        ("HUB_AE_TITLE", "   "),
        ("HUB_AE_TITLE", "A\\B"),
        ("HUB_AE_TITLE", "A\nB"),
        ("HUB_AE_TITLE", "A\x7f"),
        ("HUB_AE_TITLE", "乡镇"),
        ("HUB_DICOM_PORT", "65536"),
        ("HUB_DICOM_PORT", "-1"),
        ("HUB_HTTP_PORT", "http"),
        ("HUB_PLAIN_DICOM_NETWORKS", "clinic"),
        ("HUB_PLAIN_DICOM_NETWORKS", "10.20.0.1/16"),
        ("HUB_PLAIN_DICOM_NETWORKS", "0.0.0.0/0"),
        ("HUB_TRUSTED_PROXY", "::/0"),
        ("HUB_PUBLIC_URL", "hub.clinic"),
        ("HUB_PUBLIC_URL", "ftp://hub.clinic"),
        ("HUB_PUBLIC_URL", "https://user:word@hub.clinic"),
        ("HUB_PUBLIC_URL", "https://hub.clinic/?a=1"),
        ("HUB_MAXIMUM_ASSOCIATIONS", "0"),
        ("HUB_MAXIMUM_ASSOCIATIONS", str(limits.ASSOCIATIONS + 1)),
        ("HUB_QUIET_SECONDS", "601"),
        ("HUB_SWEEP_GRACE_HOURS", "0"),
        ("HUB_DISK_RESERVE", "much"),
        ("HUB_LOG_LEVEL", "LOUD"),
        ("HUB_LOG_FORMAT", "xml"),
        ("HUB_ACCEPT_ANY_STORAGE_CLASS", "perhaps"),
        ("HUB_OBJECT_STORE", "hub"),
        ("HUB_OBJECT_STORE", "s3://hub"),
        ("HUB_OBJECT_STORE", "s3://key:word@hub?endpoint=store:9000"),
    ],
)
def test_a_wrong_value_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable_name: str, value: str
) -> None:
    monkeypatch.setenv(variable_name, value)
    with pytest.raises(Misconfigured) as refused:
        load()
    assert str(refused.value).startswith(variable_name)
    assert "\n" not in str(refused.value)


def test_a_wrong_option_is_named_and_its_consequences_are_not() -> None:
    with pytest.raises(Misconfigured) as refused:
        load(host="", dicom_port=70_000)
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "HUB_HOST (--host)",
        "HUB_DICOM_PORT (--dicom-port)",
    ]


def test_a_password_in_the_database_address_is_not_shown() -> None:
    assert "canary" not in repr(load(database_url="postgresql://hub:canary@db/hub"))
    with pytest.raises(Misconfigured) as refused:
        load(database_url=["canary"])
    assert "canary" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "address",
    [
        "canary",
        "postgresql+psycopg://hub:canary@host:port/hub",
        "postgresql+psycopg://hub:canary@host:5432:1/hub",
        "postgresql+psycopg://hub:can@ary@host/hub",
        "postgresql+psycopg://hub:canary@host",
        "postgresql+psycopg://hub:canary@host/hub?canary=1",
        "postgresql+asyncpg://hub:canary@host/hub",
        "mysql://hub:canary@host/hub",
    ],
)
def test_a_database_address_that_cannot_be_is_refused_in_one_sentence_without_it(address: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load(database_url=address)
    told = str(refused.value)
    assert told.startswith("HUB_DATABASE_URL: ")
    assert "\n" not in told
    assert not any(each in told for each in ("canary", "can@", "ary"))
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg:///hub?host=/run/postgresql",
        "postgresql+psycopg://hub@[::1]:5432/hub?sslmode=verify-full",
        "sqlite:////srv/hub.sqlite3",
    ],
)
def test_other_addresses_of_a_database_are_taken_as_they_are(address: str) -> None:
    assert load(database_url=address).database_url == address


STORE = {
    "object_store": "s3://hub?endpoint=store:9000",
    "s3_access_key": "canary-1",
    "s3_secret_key": "canary-2",
}


@pytest.mark.parametrize("missing", ["s3_access_key", "s3_secret_key"])
def test_an_object_store_needs_both_its_keys(missing: str) -> None:
    assert load(**STORE).object_store == STORE["object_store"]
    with pytest.raises(Misconfigured) as refused:
        load(**{**STORE, missing: ""})
    assert str(refused.value) == f"{variable(missing)}: needed, since HUB_OBJECT_STORE is set"
    assert "canary" not in str(refused.value)


def test_the_keys_of_an_object_store_are_shown_to_nobody_but_a_process_that_needs_them() -> None:
    settings = load(**STORE)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert "canary" not in shown
    assert settings.environment()["HUB_S3_SECRET_KEY"] == "canary-2"


def test_settings_cannot_be_changed_once_read() -> None:
    settings = load()
    with pytest.raises(ValidationError):
        settings.dicom_port = 1


def test_a_process_started_with_these_settings_has_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = load(
        data=tmp_path / "a ?#%41 directory",
        dicom_host="10.20.0.1",
        dicom_port=0,
        ae_title="COUNTY HUB",
        plain_dicom_networks="10.20.0.0/16,fd00::/8",
        trusted_proxy="10.20.0.5",
        public_url="https://hub.clinic/imaging/",
        accept_any_storage_class=False,
        disk_reserve="2GB",
        log_level="warning",
        **STORE,
    )
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    assert load() == settings
    assert make_url(load().database_url).database == str(settings.data / "hub.sqlite3")


@pytest.mark.parametrize(
    ("given", "doors", "named"),
    [
        ({"host": "0.0.0.0"}, {}, ["HUB_PLAIN_DICOM_NETWORKS", "HUB_TRUSTED_PROXY"]),
        ({"dicom_host": "10.20.0.1"}, {}, ["HUB_PLAIN_DICOM_NETWORKS"]),
        ({"dicom_host": "hub.clinic"}, {}, ["HUB_PLAIN_DICOM_NETWORKS"]),
        ({"dicom_host": "::"}, {"http": False}, ["HUB_PLAIN_DICOM_NETWORKS"]),
        ({"dicom_host": "0.0.0.0"}, {"dicom": False}, []),
        ({"dicom_host": "0.0.0.0", "plain_dicom_networks": "10.20.0.0/16"}, {}, []),
        ({"http_host": "0.0.0.0"}, {}, ["HUB_TRUSTED_PROXY"]),
        ({"http_host": "0.0.0.0"}, {"http": False}, []),
        ({"http_host": "0.0.0.0", "trusted_proxy": "10.20.0.5"}, {}, []),
        ({"http_host": "0.0.0.0", "plain_dicom_networks": "10.20.0.0/16"}, {}, ["HUB_TRUSTED_PROXY"]),
        ({"host": "::1"}, {}, []),
        ({"host": "localhost"}, {}, []),
        ({"dicom_port": 8000}, {}, ["--dicom-port"]),
        ({"dicom_port": 0, "http_port": 0}, {}, []),
    ],
)
def test_a_door_beyond_loopback_is_refused_without_what_protects_it(
    given: dict[str, object], doors: dict[str, bool], named: list[str]
) -> None:
    settings = load(**given)
    found = refusals(settings, **doors)
    assert len(found) == len(named)
    assert all(name in refusal for name, refusal in zip(named, found, strict=True))
    if named:
        with pytest.raises(Misconfigured, match=named[-1]):
            require_permitted(settings, **doors)
    else:
        require_permitted(settings, **doors)


def test_variables_and_options_are_the_names_of_the_settings() -> None:
    assert variable("dicom_port") == "HUB_DICOM_PORT"
    assert option("dicom_port") == "--dicom-port"
