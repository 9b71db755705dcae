"""`imaging-hub admin device`: machines that send by DICOM."""

from typing import Annotated

import typer

from hub.admin.opening import Data, opened_register

app = typer.Typer(no_args_is_help=True, help="Machines that send by DICOM.")


@app.command("add")
def add_device(
    site: Annotated[str, typer.Argument(help="The site it stands in.")],
    ae_title: Annotated[str, typer.Argument(help="The AE title it calls itself.")],
    network: Annotated[str, typer.Option(help="Where it calls from: an address, or a network in CIDR form.")],
    called: Annotated[
        str | None, typer.Option(help="The AE title it calls.", show_default="the hub's own")
    ] = None,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    data: Data = None,
) -> None:
    """Register a device."""
    with opened_register(data) as register:
        device = register.directory.add_device(
            site_id=site,
            name=name or ae_title,
            calling_ae_title=ae_title,
            called_ae_title=called or register.settings.ae_title,
            network=network,
        )
    typer.echo(f"Device {device.device_id} is registered: {device.calling_ae_title} from {device.network}.")


@app.command("list")
def list_devices(data: Data = None) -> None:
    """List the devices."""
    with opened_register(data) as register:
        for device in register.directory.devices():
            state = "disabled" if device.is_disabled else "in use"
            typer.echo(
                f"{device.device_id}\t{device.site_id}\t{device.calling_ae_title}\t{device.called_ae_title}"
                f"\t{device.network}\t{device.name}\t{state}"
            )


@app.command("disable")
def disable_device(device_id: str, data: Data = None) -> None:
    """Refuse a device from now on."""
    with opened_register(data) as register:
        register.directory.disable_device(device_id)
    typer.echo(f"Device {device_id} is disabled.")
