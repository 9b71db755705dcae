"""`imaging-hub admin device`: machines that send by DICOM."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.access import Scope
from core.errors import InvalidRequest, NotFound
from hub.admin.opening import Data, heading, opened_register
from hub.operator import operator

if TYPE_CHECKING:
    from registry.device import Device
    from registry.unknown_devices import UnknownDevice, UnknownDevices

app = typer.Typer(no_args_is_help=True, help="Machines that send by DICOM.")
CertificateFile = Annotated[
    Path | None,
    typer.Option(help="File with its X.509 certificate: it is known by that, wherever it calls from."),
]


@app.command("add")
def add_device(
    site: Annotated[str, typer.Argument(help="The site it stands in.")],
    ae_title: Annotated[str, typer.Argument(help="The AE title it calls itself.")],
    network: Annotated[
        str | None,
        typer.Option(
            help="Where it calls from: an address, or a network in CIDR form.",
            show_default="with a certificate anywhere, else needed",
        ),
    ] = None,
    called: Annotated[
        str | None, typer.Option(help="The AE title it calls.", show_default="the hub's own")
    ] = None,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    certificate: CertificateFile = None,
    data: Data = None,
) -> None:
    """Register a device."""
    from registry.certificate_file import read_certificate

    shown = None if certificate is None else read_certificate(certificate)
    with opened_register(data) as register:
        device = register.directory.add_device(
            site_id=site,
            name=name or ae_title,
            calling_ae_title=ae_title,
            called_ae_title=called or register.settings.ae_title,
            network=network,
            certificate=shown,
        )
    typer.echo(_registered(device))


@app.command("list")
def list_devices(data: Data = None) -> None:
    """List the devices, each with its certificates under it."""
    with opened_register(data) as register:
        heading("device", "site", "calling", "called", "network", "name", "state")
        for device in register.directory.devices():
            state = "disabled" if device.is_disabled else "in use"
            typer.echo(
                f"{device.device_id}\t{device.site_id}\t{device.calling_ae_title}\t{device.called_ae_title}"
                f"\t{device.network or 'anywhere'}\t{device.name}\t{state}"
            )
            for certificate in device.certificates:
                typer.echo(
                    f"\tcertificate {certificate.fingerprint}\t{certificate.subject}"
                    f"\tuntil {certificate.not_after:%Y-%m-%d}"
                )
            if device.needs_certificate and not device.certificates:
                typer.echo("\tcertificate withdrawn: it is refused until it has another")


@app.command("disable")
def disable_device(device_id: str, data: Data = None) -> None:
    """Refuse a device from now on."""
    with opened_register(data) as register:
        register.directory.disable_device(device_id)
    typer.echo(f"Device {device_id} is disabled.")


@app.command("enable")
def enable_device(device_id: str, data: Data = None) -> None:
    """Admit a device again, unless another has taken its place."""
    with opened_register(data) as register:
        register.readmission.enable_device(device_id)
    typer.echo(f"Device {device_id} is in use.")


@app.command("bind")
def bind_certificate(
    device_id: str,
    certificate: Annotated[Path, typer.Argument(help="File with an X.509 certificate.")],
    data: Data = None,
) -> None:
    """Let a device show one more certificate, before the old one ends; without any it is refused then."""
    from registry.certificate_file import read_certificate

    shown = read_certificate(certificate)
    with opened_register(data) as register:
        register.directory.bind_certificate(device_id, shown)
    typer.echo(f"Device {device_id} is known by certificate {shown.fingerprint}.")


@app.command("withdraw")
def withdraw_certificate(device_id: str, fingerprint: str, data: Data = None) -> None:
    """Refuse a certificate of a device from now on."""
    with opened_register(data) as register:
        register.directory.withdraw_certificate(device_id, fingerprint)
    typer.echo(f"Certificate {fingerprint} of device {device_id} is refused.")


@app.command("unknown")
def list_unknown_devices(data: Data = None) -> None:
    """List who called and is not registered, the latest first, and what each tried to send."""
    with opened_register(data) as register:
        heading("key", "calling", "called", "address", "certificate", "calls", "refused because", "proposed")
        for unknown in register.unknown_devices.listed(Scope(everything=True)):
            certificate = unknown.certificate.fingerprint if unknown.certificate else "no certificate"
            typer.echo(
                f"{unknown.unknown_device_id}\t{unknown.calling_ae_title}\t{unknown.called_ae_title}"
                f"\t{unknown.address}\t{certificate}\t{unknown.attempts} times, last"
                f" {unknown.last_seen_at:%Y-%m-%d %H:%M:%S} UTC\t{unknown.refusal}\t{unknown.proposed}"
            )


@app.command("adopt")
def adopt_device(
    site: Annotated[str, typer.Argument(help="The site it stands in.")],
    unknown: Annotated[
        str, typer.Argument(help="Its AE title, or where several called so, its key in the list.")
    ],
    network: Annotated[
        str | None,
        typer.Option(help="Where it may call from.", show_default="its address, or by its certificate"),
    ] = None,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    data: Data = None,
) -> None:
    """Register a device that called, with the titles and from where it did."""
    with opened_register(data) as register:
        everywhere = Scope(everything=True)
        device = register.unknown_devices.adopt(
            _meant(register.unknown_devices, unknown).unknown_device_id,
            site_id=site,
            scope=everywhere,
            by=operator(),
            name=name,
            network=network,
        )
    typer.echo(_registered(device))


def _meant(unknown_devices: "UnknownDevices", text: str) -> "UnknownDevice":
    found = [
        unknown
        for unknown in unknown_devices.listed(Scope(everything=True))
        if text in (unknown.unknown_device_id, unknown.calling_ae_title)
    ]
    if not found:
        raise NotFound(f"Nobody called as {text}.")
    if len(found) > 1:
        raise InvalidRequest(f"{len(found)} devices called as {text}: say which by its key in the list.")
    return found[0]


def _registered(device: "Device") -> str:
    """Name all that it is told from another by: two may differ only in the AE title they call."""
    titles = f"{device.calling_ae_title} {_known_by(device)}, calling {device.called_ae_title}"
    return f"Device {device.device_id} is registered: {titles}."


def _known_by(device: "Device") -> str:
    if device.certificates:
        return f"with certificate {device.certificates[0].fingerprint}"
    return f"from {device.network}"
