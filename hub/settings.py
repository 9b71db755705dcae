"""What a deployment decides: one frozen value, read from `HUB_...` in the environment and the command line.

Everything has a default that works on one machine and is reachable from that machine only. What would open
the hub further without protection is refused (`refusals`): it fails closed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core import limits
from core.errors import Misconfigured
from core.networks import Network, is_loopback
from hub import setting_values
from hub.network_settings import networks, shared_networks
from pacs_gateway.places import SharedNetwork
from storage.s3_location import S3Location

PREFIX: Final = "HUB_"
OPTIONS: Final = (
    "data",
    "host",
    "dicom_host",
    "http_host",
    "dicom_port",
    "http_port",
    "ae_title",
    "api_processes",
)
"""The settings that the command line takes as options too; an option overrides the environment."""


def _absolute(value: Path) -> Path:
    """Make it mean the same directory in every process, wherever that is started."""
    return value.expanduser().absolute()


def _object_store(value: str) -> str:
    S3Location.parse(value)
    return value


def _database(value: str) -> str:
    from database.address import require_usable  # SQLAlchemy takes its time, and `--help` needs none of it

    if value:
        require_usable(value)
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _sqlite_file(validated: Mapping[str, Any]) -> str:
    """Name the embedded database; what has a meaning in an address (`?`, `#`, `%`) is escaped."""
    data: Path | None = validated.get("data")
    return "" if data is None else f"sqlite:///{quote(str(data / 'hub.sqlite3'), safe=' +/')}"


def _anchors(validated: Mapping[str, Any]) -> Path:
    return Path(validated.get("data", "")) / "audit-anchors"


def _host(validated: Mapping[str, Any]) -> str:
    return str(validated.get("host", ""))


Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(networks)]
SharedNetworks = Annotated[tuple[SharedNetwork, ...], NoDecode, BeforeValidator(shared_networks)]
File = Annotated[Path, AfterValidator(_absolute)]
Seconds = Annotated[float, Field(ge=1, le=24 * 60 * 60)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """All that can be set; `docs/settings.md` shows this class as a table."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", validate_default=True
    )

    data: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=Path("hub-data"),
        description="Directory that holds everything the hub keeps; on a local disk.",
        json_schema_extra={"default_text": "`./hub-data`"},
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address on which both DICOM and HTTP listen."
    )
    dicom_host: str = Field(
        default_factory=_host,
        min_length=1,
        description="Address on which DICOM listens.",
        json_schema_extra={"default_text": "as `HUB_HOST`"},
    )
    http_host: str = Field(
        default_factory=_host,
        min_length=1,
        description="Address on which HTTP listens.",
        json_schema_extra={"default_text": "as `HUB_HOST`"},
    )
    dicom_port: Port = Field(default=11112, description="Port of DICOM; 0 takes a free one.")
    http_port: Port = Field(default=8000, description="Port of HTTP; 0 takes a free one.")
    ae_title: Annotated[str, AfterValidator(setting_values.ae_title)] = Field(
        default="HUB", description="The hub's AE title: 1 to 16 characters, no backslash."
    )
    api_processes: int = Field(
        default_factory=setting_values.api_processes,
        ge=1,
        le=16,
        description="Processes of `serve` that answer HTTP, all on one port; as many requests are worked on"
        " at the same moment.",
        json_schema_extra={"default_text": "`2`, on one core `1`"},
    )
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        default_factory=_sqlite_file,
        repr=False,  # may hold a password
        description="Database: `postgresql+psycopg://login:password@host:5432/name`, in the password `%40`"
        " for `@`, `%2F` for `/`, `%3A` for `:` and `%25` for `%`; or `sqlite:///` and a file.",
        json_schema_extra={"default_text": "the file `hub.sqlite3` in `HUB_DATA`"},
    )
    object_store: Annotated[str, AfterValidator(_object_store)] | None = Field(
        default=None,
        description="Bucket of an S3-compatible object store that keeps the instances, as"
        " `s3://bucket?endpoint=host:port&region=us-east-1&tls=true`; region and tls may be left out.",
        json_schema_extra={"default_text": "files in `blobs` in `HUB_DATA`"},
    )
    s3_access_key: SecretStr = Field(
        default=SecretStr(""),
        description="Access key of the object store; never shown nor logged.",
        json_schema_extra={"default_text": "none"},
    )
    s3_secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Secret key of the object store; never shown nor logged.",
        json_schema_extra={"default_text": "none"},
    )
    plain_dicom_networks: Networks = Field(
        default=(),
        description="Networks (CIDR, comma separated) whose devices may speak DICOM without TLS. Needed to"
        " listen for DICOM beyond loopback; other addresses are turned away.",
    )
    trusted_proxy: Networks = Field(
        default=(),
        description="Addresses or networks (comma separated) of the HTTPS proxy in front of the API. Needed"
        " to listen for HTTP beyond loopback; nobody else is answered, and only its headers are believed.",
    )
    public_url: Annotated[str, AfterValidator(setting_values.public_url)] | None = Field(
        default=None,
        description="How clients reach the API through the proxy; used in the addresses that answers hold.",
        json_schema_extra={"default_text": "from the request"},
    )
    accept_any_storage_class: bool = Field(
        default=True,
        description="Keep instances of storage classes that the conformance statement does not list.",
    )
    maximum_associations: int = Field(
        default=limits.ASSOCIATIONS,
        ge=1,
        le=limits.ASSOCIATIONS,
        description="DICOM associations served at the same time.",
    )
    maximum_associations_per_address: int = Field(
        default=limits.ASSOCIATIONS_PER_ADDRESS,
        ge=1,
        le=limits.ASSOCIATIONS,
        description="Of these, from one address.",
    )
    maximum_associations_per_device: int = Field(
        default=limits.ASSOCIATIONS_PER_DEVICE,
        ge=1,
        le=limits.ASSOCIATIONS,
        description="Of these, of one AE title at one address.",
    )
    shared_networks: SharedNetworks = Field(
        default=(),
        description="Addresses or networks (CIDR, comma separated) that many devices share, such as a clinic"
        " behind one router: each is counted as one caller, with as many associations as stand after the `=`,"
        " as in `10.20.0.0/16=32`.",
    )
    dicom_request_seconds: Seconds = Field(
        default=limits.ASSOCIATION_REQUEST_SECONDS,
        description="Seconds that a device has to ask for an association, once it is connected.",
    )
    dicom_silence_seconds: Seconds = Field(
        default=limits.SILENCE_SECONDS,
        description="Seconds for a whole PDU, and without a byte inside an instance, until the association"
        " is cut.",
    )
    dicom_idle_seconds: Seconds = Field(
        default=limits.BETWEEN_MESSAGES_SECONDS,
        description="Seconds without a message until an association is aborted; earlier where all places are"
        " taken.",
    )
    tls_dicom_port: Port | None = Field(
        default=None,
        description="Port of DICOM over TLS, by custom 2762; 0 takes a free one.",
        json_schema_extra={"default_text": "no DICOM over TLS"},
    )
    tls_dicom_host: str = Field(
        default_factory=_host,
        min_length=1,
        description="Address on which DICOM over TLS listens.",
        json_schema_extra={"default_text": "as `HUB_HOST`"},
    )
    tls_dicom_certificate: File | None = Field(
        default=None,
        description="File (PEM) with the hub's certificate for DICOM over TLS, and those between it and its"
        " authority.",
    )
    tls_dicom_key: File | None = Field(
        default=None,
        description="File (PEM) with the private key of that certificate, without a password; refused where"
        " others can read it.",
    )
    tls_dicom_client_ca: File | None = Field(
        default=None,
        description="File (PEM) with the authorities that stand for devices' certificates, or with these"
        " certificates themselves where a device made its own.",
    )
    quiet_seconds: int = Field(
        default=60,
        ge=0,
        le=600,
        description="Seconds without a new instance until a case can be claimed; a site may have its own.",
    )
    retake_wait_minutes: int = Field(
        default=60,
        ge=1,
        le=24 * 60,
        description="Minutes that a case waits for the better images that its reader asked for, until it can"
        " be claimed as it is.",
    )
    sweep_grace_hours: int = Field(
        default=24,
        ge=1,
        description="Hours that a stored file without a catalogue row is left; longer than any transfer.",
    )
    kept_aside_size: ByteSize = Field(
        default=ByteSize(limits.KEPT_ASIDE_BYTES),
        gt=0,
        description="How much of each site may be kept aside (quarantine, conflicts), as bytes or `2GB`;"
        " beyond it a device is told to send again later.",
        json_schema_extra={"default_text": f"{limits.KEPT_ASIDE_BYTES // limits.GIB}GiB"},
    )
    kept_aside_rows: int = Field(
        default=limits.KEPT_ASIDE_ROWS, ge=1, description="How many instances of each site may be kept aside."
    )
    discard_grace_days: int = Field(
        default=30,
        ge=1,
        description="Days that the bytes of what an administrator discarded are left.",
    )
    disk_reserve: ByteSize = Field(
        default=ByteSize(limits.DISK_RESERVE_BYTES),
        description="Free disk space below which new instances are refused for now, as bytes or `2GB`.",
        json_schema_extra={"default_text": f"{limits.DISK_RESERVE_BYTES // limits.MIB}MiB"},
    )
    audit_anchors: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_anchors,
        description="Directory where the worker writes the heads of the audit's chains down, every hour and"
        " when it stops. On another disk or machine it also tells a rollback of the whole database.",
        json_schema_extra={"default_text": "`audit-anchors` in `HUB_DATA`"},
    )
    metrics_port_gateway: Port | None = Field(
        default=None,
        description="Port on loopback where the gateway tells a monitor its figures, which `GET /metrics` of"
        " the api then gives too; 0 takes a free one, which its log names.",
        json_schema_extra={"default_text": "none"},
    )
    metrics_port_worker: Port | None = Field(
        default=None,
        description="The same for the worker.",
        json_schema_extra={"default_text": "none"},
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", description="The least serious lines to log: DEBUG, INFO, WARNING or ERROR."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="`json`: one object per line; `console`: for eyes; `auto`: console on a terminal.",
    )

    @field_validator("s3_access_key", "s3_secret_key")
    @classmethod
    def _given_with_object_store(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if not value and info.data.get("object_store"):
            raise ValueError(f"needed, since {variable('object_store')} is set")
        return value

    def environment(self) -> dict[str, str]:
        """Return these settings as variables, secrets in clear, for a process that is to have the same."""
        return {
            variable(name): _as_text(value)
            for name in type(self).model_fields
            if (value := getattr(self, name)) is not None
        }


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def option(name: str) -> str:
    """Return the command-line option of a setting."""
    return "--" + name.replace("_", "-")


def load(**options: Any) -> Settings:
    """Read the settings; options that are not None override the environment.

    Raises Misconfigured naming each setting that is wrong, without its value: it may be a password.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [
            _problem(str(detail["loc"][0]), detail["msg"], str(detail.get("ctx", {}).get("error", "")))
            for detail in error.errors(include_input=False, include_url=False)
            if detail["type"] != "default_factory_not_called"  # only follows from another problem
        ]
        # the cause quotes the values, so it is not chained
        raise Misconfigured("\n".join(dict.fromkeys(problems))) from None


def refusals(settings: Settings, *, dicom: bool = True, http: bool = True) -> list[str]:
    """Return why the hub may not listen as told; `dicom` and `http` say which doors are to be opened."""
    found = []
    if dicom and not is_loopback(settings.dicom_host) and not settings.plain_dicom_networks:
        found.append(
            f"DICOM without TLS on {settings.dicom_host} is refused: name the clinics' networks in"
            f" {variable('plain_dicom_networks')}, or listen on 127.0.0.1 with {option('dicom_host')}"
            f" and use TLS ({variable('tls_dicom_port')})"
        )
    if http and not is_loopback(settings.http_host) and not settings.trusted_proxy:
        found.append(
            f"HTTP without TLS on {settings.http_host} is refused: name the HTTPS proxy in front in"
            f" {variable('trusted_proxy')}, or listen on 127.0.0.1 with {option('http_host')}"
        )
    if dicom and settings.tls_dicom_port is not None:
        found += [
            f"{variable(name)} is needed, since {variable('tls_dicom_port')} is set"
            for name in ("tls_dicom_certificate", "tls_dicom_key", "tls_dicom_client_ca")
            if getattr(settings, name) is None
        ]
        if settings.dicom_port == settings.tls_dicom_port != 0:
            found.append(
                f"DICOM with and without TLS cannot both have port {settings.dicom_port}: choose another in"
                f" {variable('tls_dicom_port')}"
            )
    same_port = settings.dicom_port == settings.http_port != 0
    if dicom and http and same_port:
        found.append(
            f"DICOM and HTTP cannot both have port {settings.http_port}: choose another with"
            f" {option('dicom_port')} or {option('http_port')}"
        )
    return found


def require_permitted(settings: Settings, *, dicom: bool = True, http: bool = True) -> None:
    """Raise Misconfigured with every reason why these settings may not be served."""
    if found := refusals(settings, dicom=dicom, http=http):
        raise Misconfigured("\n".join(found))


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(str(entry) for entry in value)
    return str(int(value)) if isinstance(value, ByteSize) else str(value)


def _problem(name: str, message: str, reason: str) -> str:
    named = f"{variable(name)} ({option(name)})" if name in OPTIONS else variable(name)
    return f"{named}: {reason or message}"
