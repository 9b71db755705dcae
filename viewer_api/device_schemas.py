"""Devices that called without being registered, and what becomes of one, as JSON."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from registry.certificate import Certificate
from registry.certificate_file import LONGEST_FILE
from registry.device import Device
from registry.unknown_devices import UnknownDevice
from viewer_api.parameters import EXAMPLE_KEY, plain_text

_CERTIFICATE_EXAMPLE: Final[JsonDict] = {
    "fingerprint": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "subject": "CN=XL_US1",
    "not_after": "2028-11-20T00:00:00Z",
}
_UNKNOWN_EXAMPLE: Final[JsonDict] = {
    "unknown_device_id": EXAMPLE_KEY,
    "calling_ae_title": "XL_US1",
    "called_ae_title": "HUB",
    "address": "10.20.3.7",
    "refusal": "calling AE title not recognized",
    "proposed": "Ultrasound Image (JPEG Baseline (Process 1), Explicit VR Little Endian)",
    "certificate": None,
    "attempts": 3,
    "first_seen_at": "2026-11-20T08:29:50Z",
    "last_seen_at": "2026-11-20T08:31:00Z",
}
_DEVICE_EXAMPLE: Final[JsonDict] = {
    "device_id": EXAMPLE_KEY,
    "site_id": "xinglong-clinic",
    "name": "彩超",
    "calling_ae_title": "XL_US1",
    "called_ae_title": "HUB",
    "network": "10.20.3.7/32",
    "certificate": None,
    "certificates": [],
    "needs_certificate": False,
    "is_disabled": False,
}

# The register holds the limits and says so in a sentence; here they are only told in advance.
Text = Annotated[str, AfterValidator(plain_text), Field(json_schema_extra={"maxLength": 200})]


class CertificateResource(BaseModel):
    """The X.509 certificate that a device showed over TLS; its fingerprint says which one it is."""

    model_config = ConfigDict(title="Certificate", json_schema_extra={"example": _CERTIFICATE_EXAMPLE})

    fingerprint: str = Field(description="SHA-256 of the certificate, in hexadecimal.")
    subject: str
    not_after: datetime

    @classmethod
    def of(cls, certificate: Certificate | None) -> Self | None:
        """Return a certificate, if there is any."""
        return None if certificate is None else cls(**vars(certificate))


class UnknownDeviceResource(BaseModel):
    """A caller that was turned away; what does not print in its titles is escaped."""

    model_config = ConfigDict(title="UnknownDevice", json_schema_extra={"example": _UNKNOWN_EXAMPLE})

    unknown_device_id: str
    calling_ae_title: str
    called_ae_title: str
    address: str
    refusal: str = Field(description="Why it was turned away.")
    proposed: str = Field(description="Which SOP Classes and transfer syntaxes it proposed, in short.")
    certificate: CertificateResource | None
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, unknown: UnknownDevice) -> Self:
        """Return one row of the list."""
        return cls(**vars(unknown) | {"certificate": CertificateResource.of(unknown.certificate)})


class UnknownDeviceCollection(BaseModel):
    """Who was turned away, the latest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [_UNKNOWN_EXAMPLE]}})

    items: list[UnknownDeviceResource]


class AdoptBody(BaseModel):
    """Where an adopted device stands, and what it is called."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"site_id": "xinglong-clinic", "name": "彩超"}}
    )

    site_id: Text = Field(description="The site it stands in.")
    name: Text = Field(default="", description="What people call it; without, its AE title.")
    network: Text = Field(
        default="",
        description="Where it may call from, as a network in CIDR form; without, its address, or anywhere"
        " with its certificate.",
    )


class DeviceResource(BaseModel):
    """A registered device."""

    model_config = ConfigDict(title="Device", json_schema_extra={"example": _DEVICE_EXAMPLE})

    device_id: str
    site_id: str
    name: str
    calling_ae_title: str
    called_ae_title: str
    network: str = Field(description="Where it calls from; empty where its certificate alone counts.")
    certificate: CertificateResource | None = Field(description="The one that lasts longest.")
    certificates: list[CertificateResource] = Field(description="All that it may show.")
    needs_certificate: bool = Field(description="Whether it is refused without one, wherever it calls from.")
    is_disabled: bool = Field(description="Whether it is refused, by itself or with its site.")

    @classmethod
    def of(cls, device: Device) -> Self:
        """Return a device."""
        own = {
            name: getattr(device, name)
            for name in cls.model_fields
            if name not in {"certificate", "certificates"}
        }
        certificates = sorted(device.certificates, key=lambda each: each.not_after, reverse=True)
        shown = [CertificateResource(**vars(each)) for each in certificates]
        return cls(**own, certificate=next(iter(shown), None), certificates=shown)


class DeviceCollection(BaseModel):
    """Every device, disabled ones too."""

    model_config = ConfigDict(title="Devices", json_schema_extra={"example": {"items": [_DEVICE_EXAMPLE]}})

    items: list[DeviceResource]


class NewDeviceBody(BaseModel):
    """A device to be registered by titles and network; one with a certificate is adopted when it calls."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "site_id": "xinglong-clinic",
                "name": "彩超",
                "calling_ae_title": "XL_US1",
                "called_ae_title": "HUB",
                "network": "10.20.3.7/32",
            }
        },
    )

    site_id: Text = Field(description="The site it stands in.")
    name: Text = Field(default="", description="What people call it; without, its AE title.")
    calling_ae_title: Text = Field(description="What it calls itself.")
    called_ae_title: Text = Field(description="What it calls the hub.")
    network: Text = Field(description="Where it calls from: an address, or a network in CIDR form.")


class CertificateBody(BaseModel):
    """A certificate that a device may show from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"pem": "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----"}
        },
    )

    pem: Annotated[str, Field(max_length=LONGEST_FILE)] = Field(
        description="The certificate's file as text (PEM). A private key has no place here."
    )
